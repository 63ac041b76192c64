//! Copies of a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dragoman_engine::shell::{Clock, SystemClock};
use dragoman_journal::{Head, Keyring};
use dragoman_journals_sqlite::{SqliteTrail, copy_file, sync_folder};
use dragoman_model::{Timestamp, Value};
use dragoman_security::Keys;
use serde_json::json;

use super::{folder_of, no_store, sound};

use crate::error::{Error, UNWRITTEN};
use crate::heads;
use crate::stores::is_in;

/// What a backup says of itself.
pub(super) const SAID: &str = "backup.json";
/// The keys that belong to a store: without the one that signs nobody can go on with its heads.
pub(super) const KEYS: [&str; 2] = ["keys/signing.key", "keys/cache.key"];

/// Copies the store of a site into a new folder, as it is at this moment; it may be served meanwhile. The copy is looked
/// through before it gets its name: what stands there is whole, and is a store in itself. Says what it has.
///
/// # Errors
/// D0701 where there is no store, D0704 where it or the copy is not whole, D0905 where the folder is there or cannot be
/// made, D0939 where a database keeps the store.
pub fn back_up(site_file: &Path, to: &Path, with_keys: bool) -> Result<Value, Error> {
    let (folder, keyring) = folder_of(site_file)?;
    if !is_in(&folder) {
        return Err(no_store(&folder));
    }
    if to.exists() {
        let help = "name a new folder; nothing is written over";
        return Err(Error::new(
            UNWRITTEN,
            format!("{} is there already", to.display()),
            help,
        ));
    }
    let part = beside(to, "part");
    let made = copy(&folder, &part, with_keys, &keyring);
    let named = made.and_then(|told| {
        std::fs::rename(&part, to).map_err(|e| unwritten(to, &e))?;
        if let Some(above) = to.parent().filter(|above| !above.as_os_str().is_empty()) {
            sync_folder(above)?;
        }
        Ok(told)
    });
    if named.is_err() && part.exists() {
        // What went wrong is said; that half a copy stays as well would only be noise.
        let _ = std::fs::remove_dir_all(&part);
    }
    named
}

/// The same place with something behind its name.
fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{what}-{}", std::process::id()));
    path.with_file_name(name)
}

pub(super) fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("{} cannot be written: {error}", path.display());
    Error::new(UNWRITTEN, message, "look at the rights and the space of the folder")
}

/// Makes the copy, and looks through it.
fn copy(folder: &Path, part: &Path, with_keys: bool, keyring: &Arc<Keyring>) -> Result<Value, Error> {
    std::fs::create_dir_all(part).map_err(|e| unwritten(part, &e))?;
    let store = SqliteTrail::open(folder, keyring)?;
    store.back_up(&part.join("journal.db"))?;
    drop(store);
    let mut keys = Vec::new();
    for key in KEYS.iter().filter(|key| with_keys && folder.join(key).is_file()) {
        copy_file(&folder.join(key), &part.join(key))?;
        keys.push(*key);
    }
    let copied = SqliteTrail::open(part, keyring)?;
    let report = sound(&copied, part)?;
    let head = copied.heads()?.into_iter().next().map(|head| signed(head, folder));
    let said = json!({
        "dragoman": env!("CARGO_PKG_VERSION"), "made": SystemClock.now(), "entries": report.entries, "batches": report.batches,
        "bytes": copied.size()?.bytes, "keys": keys, "encrypted": keyring.ids().collect::<Vec<_>>(), "head": head,
    });
    drop(copied);
    let file = part.join(SAID);
    std::fs::write(&file, format!("{said:#}\n")).map_err(|e| unwritten(&file, &e))?;
    private(part).map_err(|e| unwritten(part, &e))?;
    sync_folder(part)?;
    Ok(said)
}

/// The end of its trail, signed where the key is there: it belongs to the heads that are kept outside.
fn signed(head: Head, folder: &Path) -> Head {
    let keys = folder.join("keys");
    if !keys.join("signing.key").is_file() {
        return head;
    }
    let signed = Keys::open(&keys).map_err(|e| e.to_string());
    signed.and_then(|keys| heads::sign(head.clone(), &keys)).unwrap_or(head)
}

#[cfg(unix)]
fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A time as a part of a name.
pub(super) fn named(at: Timestamp) -> String {
    at.to_string().replace([':', '-'], "").replace('.', "_")
}
