//! Credentials by name. Their values stay in the host, which puts them into requests and signs with them.

use crate::boundary;
use crate::failure::Failure;

/// Why a credential could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// No such credential, or not granted.
    NotFound,
    /// The credential is of another kind, or the algorithm is not known.
    Unsupported(String),
    /// Anything else.
    Other(String),
}

/// Whether a credential of that name is granted.
pub fn has(name: &str) -> bool {
    boundary::credential_has(name)
}

/// The certificate chain in DER, leaf first.
///
/// # Errors
/// If it is not granted or has no certificate.
pub fn certificate(name: &str) -> Result<Vec<Vec<u8>>, Error> {
    boundary::credential_certificate(name)
}

/// Signs `data`; the signature's form is that of the algorithm.
///
/// # Errors
/// If it is not granted, or of another kind.
pub fn sign(name: &str, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, Error> {
    boundary::credential_sign(name, algorithm, data)
}

/// Whether `signature` is the credential's over `data`.
///
/// # Errors
/// If it is not granted, or of another kind.
pub fn verify(name: &str, algorithm: &str, data: &[u8], signature: &[u8]) -> Result<bool, Error> {
    boundary::credential_verify(name, algorithm, data, signature)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => {
                Failure::permanent("credential.not_found", "the credential is not there, or not granted")
            }
            Error::Unsupported(message) => Failure::permanent("credential.unsupported", message),
            Error::Other(message) => Failure::retryable("credential.unavailable", message),
        }
    }
}
