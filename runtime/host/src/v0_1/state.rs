//! `state`.

use super::wit::state::{self as wit, Entry, Error};
use crate::session::Session;
use crate::state::{StateError, Versioned};

/// Keys that one question may ask for.
const KEYS: u32 = 1_000;

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Conflict(version) => Error::Conflict(version),
            StateError::Quota(message) => Error::Quota(message),
            StateError::Other(message) => Error::Other(message),
        }
    }
}

fn denied() -> StateError {
    StateError::Other("there is no state while a plugin describes itself".to_owned())
}

/// What the store has under a key.
async fn stored(session: &mut Session, key: &str) -> Result<Versioned, StateError> {
    let powers = session.powers.clone().ok_or_else(denied)?;
    let connection = session.facts.connection.clone();
    powers
        .storage
        .state_get(connection, key.to_owned())
        .await
        .map_err(StateError::Other)
}

/// What the store has under a key, for the call to rely on.
async fn read(session: &mut Session, key: &str) -> Result<Versioned, StateError> {
    let found = stored(session, key).await?;
    let version = found.as_ref().map_or(0, |(_, version)| *version);
    session.state.reads(key, version)?;
    Ok(found)
}

async fn write(
    session: &mut Session,
    key: &str,
    value: Option<Vec<u8>>,
    expected: Option<u64>,
) -> Result<(), StateError> {
    let version = stored(session, key).await?.map_or(0, |(_, version)| version);
    session.state.write(key, value, expected, version)
}

async fn keys(
    session: &mut Session,
    prefix: String,
    after: Option<String>,
    limit: u32,
) -> Result<Vec<String>, StateError> {
    let powers = session.powers.clone().ok_or_else(denied)?;
    let limit = limit.min(KEYS);
    // Own writes may hide as many of the store's keys as there are of them, so as many more are asked for.
    let hidden = u32::try_from(session.state.len()).unwrap_or(KEYS);
    let connection = session.facts.connection.clone();
    let asked = powers
        .storage
        .state_keys(connection, prefix.clone(), after.clone(), limit.saturating_add(hidden));
    let found = asked.await.map_err(StateError::Other)?;
    Ok(session.state.overlay(found, &prefix, after.as_deref(), limit as usize))
}

impl wit::Host for Session {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Entry>, Error>> {
        self.enter()?;
        let found = match self.state.own(&key) {
            Some(own) => Ok(own),
            None => read(self, &key).await,
        };
        let entry = |(value, version)| Entry { value, version };
        Ok(found.map(|found| found.map(entry)).map_err(Error::from))
    }

    async fn put(&mut self, key: String, value: Vec<u8>, expected: Option<u64>) -> wasmtime::Result<Result<(), Error>> {
        self.enter()?;
        Ok(write(self, &key, Some(value), expected).await.map_err(Error::from))
    }

    async fn delete(&mut self, key: String, expected: Option<u64>) -> wasmtime::Result<Result<(), Error>> {
        self.enter()?;
        Ok(write(self, &key, None, expected).await.map_err(Error::from))
    }

    async fn keys(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<String>, Error>> {
        self.enter()?;
        Ok(keys(self, prefix, after, limit).await.map_err(Error::from))
    }
}
