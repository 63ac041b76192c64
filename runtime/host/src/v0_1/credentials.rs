//! `credentials` and `credentials-reveal`.

use super::wit::credentials::{self as wit, Error};
use super::wit::credentials_reveal;
use crate::credentials::{self, CredentialError};
use crate::session::Session;
use crate::settings::CredentialGrant;

impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::NotFound => Error::NotFound,
            CredentialError::Unsupported(message) => Error::Unsupported(message),
        }
    }
}

/// A credential of the connection.
fn find<'s>(session: &'s Session, name: &str) -> Result<&'s CredentialGrant, CredentialError> {
    let powers = session.powers.as_ref().ok_or(CredentialError::NotFound)?;
    powers.connection.credentials.get(name).ok_or(CredentialError::NotFound)
}

impl wit::Host for Session {
    fn has(&mut self, name: String) -> wasmtime::Result<bool> {
        self.enter()?;
        Ok(find(self, &name).is_ok())
    }

    fn certificate(&mut self, name: String) -> wasmtime::Result<Result<Vec<Vec<u8>>, Error>> {
        self.enter()?;
        Ok(find(self, &name)
            .map(|credential| credential.certificates.clone())
            .map_err(Error::from))
    }

    fn sign(&mut self, name: String, algorithm: String, data: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        self.enter()?;
        let signed = find(self, &name).and_then(|credential| credentials::sign(credential, &algorithm, &data));
        Ok(signed.map_err(Error::from))
    }

    fn verify(
        &mut self,
        name: String,
        algorithm: String,
        data: Vec<u8>,
        signature: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, Error>> {
        self.enter()?;
        let verified =
            find(self, &name).and_then(|credential| credentials::verify(credential, &algorithm, &data, &signature));
        Ok(verified.map_err(Error::from))
    }
}

impl credentials_reveal::Host for Session {
    fn reveal(&mut self, name: String) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        self.enter()?;
        let revealed = find(self, &name)
            .and_then(|credential| {
                if credential.reveal {
                    Ok(credential)
                } else {
                    Err(CredentialError::NotFound)
                }
            })
            .map(|credential| credential.secret.to_vec());
        Ok(revealed.map_err(Error::from))
    }
}
