//! The keys with which something in the store may be encrypted, as its table of facts has them.

use dragoman_journal::Keyring;
use dragoman_journal::error::Error;
use tokio_postgres::Client;

use crate::failure;

/// The names of those that were used, without what all their names begin with.
const USED: &str = "SELECT substr(name, 5) FROM meta WHERE starts_with(name, 'key:') ORDER BY name";
const REMEMBER: &str = "INSERT INTO meta(name, value) VALUES('key:' || $1::text, 'locks') ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM meta WHERE starts_with(name, 'key:') AND name <> 'key:' || $1::text";

/// Refuses a store for which a key is missing.
///
/// # Errors
/// D0726; D0701 where the database does not answer.
pub(crate) async fn demand(client: &Client, keyring: &Keyring) -> Result<(), Error> {
    let rows = client.query(USED, &[]).await.map_err(|e| failure::at_opening(&e))?;
    let used: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    keyring.must_have(used)
}

/// Remembers the key that locks from now on, before it locks anything.
///
/// # Errors
/// D0701 where the database does not do it.
pub(crate) async fn remember(client: &Client, keyring: &Keyring) -> Result<(), Error> {
    let Some(id) = keyring.ids().next() else { return Ok(()) };
    let remembered = client.execute(REMEMBER, &[&id]).await;
    remembered.map(drop).map_err(|e| failure::at_opening(&e))
}

/// Forgets all keys but the one that locks: nothing is locked with them any more.
///
/// # Errors
/// D0701 where the database does not do it.
pub(crate) async fn forget_others(client: &Client, keyring: &Keyring) -> Result<(), Error> {
    let id = keyring.ids().next().unwrap_or_default();
    let forgotten = client.execute(FORGET, &[&id]).await;
    forgotten.map(drop).map_err(|e| failure::at_opening(&e))
}
