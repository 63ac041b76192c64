//! The brokers of the site file, by the senders that come by them.

use std::collections::BTreeMap;
use std::path::Path;

use dragoman_manifest::Site;
use dragoman_manifest::site::Sender;
use dragoman_model::Diagnostic;
use dragoman_transports_amqp::Broker;

use super::Secrets;
use super::senders::resolve;

/// The broker of each sender that has one. Of one whose password is missing, which is said, there is none.
pub(super) fn load(
    folder: &Path,
    said: &Site,
    secrets: Secrets,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Broker> {
    let brokers: BTreeMap<&str, Broker> = said
        .brokers
        .iter()
        .filter_map(|(name, broker)| {
            let address = &broker.address;
            let broker = Broker {
                name: name.value.clone(),
                tls: address.tls,
                host: address.host.clone(),
                port: address.port,
                vhost: address.vhost.clone(),
                user: broker.user.clone(),
                password: resolve(folder, &broker.password, secrets, diagnostics)?,
                prefetch: u16::try_from(broker.prefetch).unwrap_or(u16::MAX),
                deliveries: broker.deliveries,
            };
            Some((name.value.as_str(), broker))
        })
        .collect();
    let by_sender = said.senders.iter().filter_map(|(name, sender)| match sender {
        Sender::Broker(broker) => Some((name.value.clone(), brokers.get(broker.value.as_str())?.clone())),
        Sender::Bearer(_) | Sender::Hmac { .. } | Sender::Unauthenticated => None,
    });
    by_sender.collect()
}
