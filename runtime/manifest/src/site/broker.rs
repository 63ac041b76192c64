//! Brokers of messages: where they are, and how the site proves who it is.

use dragoman_model::Diagnostic;

use super::address::{host_and_port, named_in};
use super::secret::secret;
use super::{Broker, BrokerAddress, Sender};
use crate::reading::Reading;
use crate::yaml::Node;
use crate::{Spanned, codes};

const EXAMPLE: &str = "amqps://broker.example/orders";
/// Messages that may be held unacknowledged at once where nothing is said.
const PREFETCH: u64 = 50;
/// How often a message may be delivered without being taken where nothing is said.
const DELIVERIES: u64 = 10;

pub(super) fn brokers(reading: &mut Reading, node: &Node) -> Vec<(Spanned<String>, Broker)> {
    let example = "`{ national: { url: amqps://broker.example, user: dragoman, password: env:BROKER_PASSWORD } }`";
    let Some(fields) = reading.fields(node, "the brokers", example) else {
        return Vec::new();
    };
    let mut brokers = Vec::new();
    for entry in fields.entries() {
        let good = reading.check_name(&entry.key, "_-");
        if let Some(broker) = broker(reading, &entry.value).filter(|_| good) {
            brokers.push((entry.key.clone(), broker));
        }
    }
    brokers
}

fn broker(reading: &mut Reading, node: &Node) -> Option<Broker> {
    let example = "`{ url: amqps://broker.example, user: dragoman, password: env:BROKER_PASSWORD }`";
    let mut fields = reading.fields(node, "a broker", example)?;
    let url = fields
        .need(reading, "url", EXAMPLE)
        .and_then(|n| reading.text(n, EXAMPLE));
    let user = fields
        .need(reading, "user", "dragoman")
        .and_then(|n| reading.text(n, "dragoman"));
    let password = fields
        .need(reading, "password", "env:BROKER_PASSWORD")
        .and_then(|n| secret(reading, n));
    let prefetch = fields.take("prefetch").and_then(|n| reading.whole(n, 1, 10_000));
    let deliveries = fields.take("deliveries").and_then(|n| reading.whole(n, 1, 1_000));
    let private = fields.take("private").and_then(|n| reading.flag(n));
    let private = private.is_some_and(|p| p.value);
    fields.finish(reading);
    let url = url?;
    let address = address(reading, &url)?;
    if !address.tls && !private {
        let message = "with `amqp://` the password and all messages are sent for anybody on the way to read";
        reading.push(Diagnostic::error(codes::PLAIN_BROKER, url.span.clone(), message).help(
            "write `amqps://`; where the broker stands in a network that is your own, say so with `private: true`",
        ));
    }
    Some(Broker {
        url,
        address,
        user: user?.value,
        password: password?,
        prefetch: prefetch.map_or(PREFETCH, |p| p.value),
        deliveries: deliveries.map_or(DELIVERIES, |d| d.value),
        private,
    })
}

/// The parts of a broker's URL; reports why it cannot be one.
fn address(reading: &mut Reading, url: &Spanned<String>) -> Option<BrokerAddress> {
    if named_in(reading, url) {
        return None;
    }
    let address = parts(url);
    if address.is_none() {
        let message = format!("`{}` is not the URL of a broker", url.value);
        let help = format!("write scheme, host and virtual host, for example `{EXAMPLE}`");
        reading.push(Diagnostic::error(codes::WRONG_VALUE, url.span.clone(), message).help(help));
    }
    address
}

/// Takes a URL apart. A path is a virtual host: none and `/` alone are the first one, which is named `/`.
fn parts(url: &str) -> Option<BrokerAddress> {
    let (scheme, rest) = url.split_once("://")?;
    let tls = match scheme {
        "amqp" => false,
        "amqps" => true,
        _ => return None,
    };
    if rest.contains(|c: char| c.is_whitespace() || c.is_control() || "?#".contains(c)) {
        return None;
    }
    let (authority, vhost) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = host_and_port(authority)?;
    if vhost.contains('/') {
        return None;
    }
    let port = port.unwrap_or(if tls { 5671 } else { 5672 });
    let vhost = if vhost.is_empty() { "/".into() } else { decoded(vhost)? };
    Some(BrokerAddress { tls, host, port, vhost })
}

/// A text with `%2F` and its kin as what they stand for.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

/// Senders that come by a broker which the site does not have.
pub(super) fn unknown(
    reading: &mut Reading,
    senders: &[(Spanned<String>, Sender)],
    brokers: &[(Spanned<String>, Broker)],
    written: &[String],
) {
    for (_, sender) in senders {
        let Sender::Broker(named) = sender else { continue };
        // One that was written with a mistake is there: the mistake is said already.
        if written.contains(&named.value) {
            continue;
        }
        let known: Vec<&str> = brokers.iter().map(|(name, _)| name.value.as_str()).collect();
        let help = match dragoman_model::nearest::nearest(&named.value, known.iter().copied()) {
            Some(meant) => format!("write `{meant}`"),
            None if known.is_empty() => format!(
                "write `brokers: {{ {}: {{ url: {EXAMPLE}, user: NAME, password: env:NAME }} }}` into the site file",
                named.value
            ),
            None => format!("there is {}", known.join(", ")),
        };
        let message = format!("there is no broker `{}`", named.value);
        reading.push(
            Diagnostic::error(codes::UNKNOWN_BROKER, named.span.clone(), message)
                .mark("not in `brokers`")
                .help(help),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a URL as one text, or `none`.
    fn check(url: &str, expected: &str) {
        let found = parts(url).map_or("none".into(), |a| {
            format!(
                "{} {} {} {}",
                if a.tls { "tls" } else { "plain" },
                a.host,
                a.port,
                a.vhost
            )
        });
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn a_url_is_scheme_host_port_and_virtual_host() {
        check("amqps://broker.example", "tls broker.example 5671 /");
        check("amqp://127.0.0.1:5673/", "plain 127.0.0.1 5673 /");
        check("amqps://b/orders", "tls b 5671 orders");
        check("amqps://b/%2Fa%20b", "tls b 5671 /a b");
        check("amqps://[::1]:1/x", "tls ::1 1 x");
        for bad in [
            "",
            "broker",
            "http://broker",
            "amqps://",
            "amqps:///orders",
            "amqps://b/a/b",
            "amqps://b/%2",
            "amqps://b/%+f",
            "amqps://b/%ff",
            "amqps://b:0",
            "amqps://b:65536",
            "amqps://b:x",
            "amqps://[::1",
            "amqps://[::1]x",
            "amqps://b?heartbeat=1",
            "amqps://b /x",
        ] {
            check(bad, "none");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_brings_it_down(tail in ".{0,24}", scheme in "(amqp|amqps|x)?(://)?") {
            let _ = parts(&format!("{scheme}{tail}"));
        }

        #[test]
        fn what_is_taken_has_a_host_and_a_port(host in "[a-z0-9.-]{1,12}", port in 1u16.., vhost in "[a-z]{1,8}") {
            let found = parts(&format!("amqp://{host}:{port}/{vhost}")).unwrap();
            proptest::prop_assert_eq!((found.host, found.port, found.vhost), (host, port, vhost));
        }
    }
}
