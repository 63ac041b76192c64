//! The senders of the site file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dragoman_manifest::Site;
use dragoman_manifest::site::{Secret as Reference, SecretPlace, Sender as Said};
use dragoman_model::Diagnostic;
use dragoman_security::{Bearer, Hmac, Secret, SecretSource};
use dragoman_transports_http::inbound::{Proof, Sender};

use super::Secrets;
use crate::error::SECRET;

pub(super) fn load(
    folder: &Path,
    said: &Site,
    secrets: Secrets,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Arc<Sender>> {
    let mut senders = BTreeMap::new();
    for (name, sender) in &said.senders {
        let proof = match sender {
            Said::Unauthenticated => Some(Proof::Nothing),
            Said::Bearer(secret) => {
                resolve(folder, secret, secrets, diagnostics).map(|s| Proof::Bearer(Bearer::new(s)))
            }
            Said::Hmac { secret, header } => resolve(folder, secret, secrets, diagnostics)
                .map(|s| Proof::Hmac(Hmac::new(&s), header.to_ascii_lowercase())),
            // Nothing comes from it over HTTP.
            Said::Broker(_) => None,
        };
        if let Some(proof) = proof {
            senders.insert(
                name.value.clone(),
                Arc::new(Sender {
                    name: name.value.clone(),
                    proof,
                }),
            );
        }
    }
    senders
}

/// Looks a secret up. None: it is missing (which is said), or is not to be used. Of a secret that is only looked for it is
/// said once that it is missing, wherever else it is named: it is one thing to do.
pub(crate) fn resolve(
    folder: &Path,
    reference: &Reference,
    secrets: Secrets,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Secret> {
    if secrets == Secrets::Name {
        return None;
    }
    let (source, help) = match &reference.place {
        SecretPlace::Environment(name) => (
            SecretSource::Environment(name.clone()),
            format!("set the environment variable {name}"),
        ),
        SecretPlace::File(path) => (
            SecretSource::File(path.into()),
            format!("write the secret into {path}, readable by this user only"),
        ),
        SecretPlace::Credential(name) => (
            SecretSource::Credential(name.clone()),
            format!("add `LoadCredential={name}:PATH` to the service's unit"),
        ),
    };
    match source.resolve(folder) {
        Ok(secret) => (secrets == Secrets::Resolve).then_some(secret),
        Err(error) if secrets == Secrets::Look => {
            if !diagnostics
                .iter()
                .any(|d| d.code == SECRET && d.message == error.message)
            {
                diagnostics.push(
                    Diagnostic::error(SECRET, reference.span.clone(), error.message.clone())
                        .note()
                        .mark("named here")
                        .help(format!("before the site is served here, {help}")),
                );
            }
            None
        }
        Err(error) => {
            diagnostics.push(
                Diagnostic::error(SECRET, reference.span.clone(), error.message.clone())
                    .mark("named here")
                    .help(help),
            );
            None
        }
    }
}
