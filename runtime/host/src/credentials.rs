//! Signing with credentials whose values the guest never sees.

use aws_lc_rs::signature::KeyPair;
use aws_lc_rs::{hmac, signature};

use crate::settings::CredentialGrant;

/// Why a credential could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CredentialError {
    /// No such credential, or not granted.
    NotFound,
    /// Another kind of credential, or an unknown algorithm.
    Unsupported(String),
}

/// HMAC with SHA-256 over the secret's bytes.
const HMAC_SHA256: &str = "hmac-sha256";
/// Ed25519 with a private key in PKCS#8.
const ED25519: &str = "ed25519";

fn unknown<T>(algorithm: &str) -> Result<T, CredentialError> {
    let name = crate::log::escape(algorithm, 60);
    Err(CredentialError::Unsupported(format!(
        "`{name}` is not known; there are `{HMAC_SHA256}` and `{ED25519}`"
    )))
}

fn key_pair(credential: &CredentialGrant) -> Result<signature::Ed25519KeyPair, CredentialError> {
    signature::Ed25519KeyPair::from_pkcs8(&credential.secret)
        .map_err(|_| CredentialError::Unsupported("the credential is not an Ed25519 key in PKCS#8".to_owned()))
}

/// Signs data.
pub(crate) fn sign(credential: &CredentialGrant, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, CredentialError> {
    match algorithm {
        HMAC_SHA256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &credential.secret);
            Ok(hmac::sign(&key, data).as_ref().to_vec())
        }
        ED25519 => Ok(key_pair(credential)?.sign(data).as_ref().to_vec()),
        other => unknown(other),
    }
}

/// Verifies a signature that was made with the same credential.
pub(crate) fn verify(
    credential: &CredentialGrant,
    algorithm: &str,
    data: &[u8],
    given: &[u8],
) -> Result<bool, CredentialError> {
    match algorithm {
        HMAC_SHA256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &credential.secret);
            Ok(hmac::verify(&key, data, given).is_ok())
        }
        ED25519 => {
            let pair = key_pair(credential)?;
            let public = signature::UnparsedPublicKey::new(&signature::ED25519, pair.public_key().as_ref());
            Ok(public.verify(data, given).is_ok())
        }
        other => unknown(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_is_verified_and_nothing_else() {
        let pkcs8 = signature::Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        for (algorithm, secret) in [(HMAC_SHA256, &b"secret"[..]), (ED25519, pkcs8.as_ref())] {
            let credential = CredentialGrant {
                secret: secret.into(),
                certificates: vec![],
                reveal: false,
            };
            let signed = sign(&credential, algorithm, b"data").unwrap();
            assert_eq!(verify(&credential, algorithm, b"data", &signed), Ok(true));
            assert_eq!(verify(&credential, algorithm, b"date", &signed), Ok(false));
            assert!(matches!(
                sign(&credential, "md5", b""),
                Err(CredentialError::Unsupported(_))
            ));
        }
        let text = CredentialGrant {
            secret: b"text"[..].into(),
            certificates: vec![],
            reveal: false,
        };
        assert!(matches!(
            sign(&text, ED25519, b""),
            Err(CredentialError::Unsupported(_))
        ));
    }
}
