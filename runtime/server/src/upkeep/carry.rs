//! Moving a store out of its folder into a database.

use std::path::{Path, PathBuf};

use dragoman_journal::Head;
use dragoman_journal::audit::verify;
use dragoman_journal::error::{CANNOT_OPEN, CORRUPT};
use dragoman_journal::rows::Page;
use dragoman_journals_postgres::{Imported, import};
use dragoman_journals_sqlite::{SqliteTrail, Unused, copy_file};
use dragoman_model::Value;
use serde_json::json;
use tokio::sync::mpsc::{Receiver, channel};

use super::backup::KEYS;
use super::{folder_of, no_store, sound};
use crate::error::Error;
use crate::site::read;
use crate::stores::{At, Place, is_in, store_folder};

/// So many pages may be on their way.
const PAGES: usize = 4;

/// Moves the store of a site into the database that another site file names, in one transaction; nobody may serve it
/// meanwhile. What is there then is looked through and compared before what was here is set aside. Interrupted, it is done
/// again: what was carried already is known by the end of its trail. Says what was moved.
///
/// # Errors
/// D0701 where there is no store, it was moved before, or the database's schema holds another one; D0704 where the store or
/// what came of it is not whole; D0706 where it is served; D0939 where a database keeps it already.
pub async fn move_store(site_file: &Path, to: &Path) -> Result<Value, Error> {
    let (folder, keyring) = folder_of(site_file)?;
    let (said, _) = read(to).map_err(Error::Diagnostics)?;
    let place = Place::of(to, &said)?;
    let At::Database { name, server, schema } = &place.at else {
        let message = format!("{} names no database", to.display());
        let help = "write `store: { postgres: { url: ... } }` there; from folder to folder a store goes with `store \
                    backup` and `store restore`";
        return Err(Error::new(CANNOT_OPEN, message, help));
    };
    let there = format!("the schema `{schema}` of {name}");
    if !is_in(&folder) {
        return Err(no_store(&folder));
    }
    let unused = Unused::take(&folder)?;
    let keys = KeysTo::look(&folder, &store_folder(to, &said))?;
    unused.move_up(&keyring)?;
    // With the keys of the other site file: what it cannot read is not moved there.
    let trail = SqliteTrail::open(&folder, &place.keyring)?;
    let report = sound(&trail, &folder)?;
    let end = trail.heads()?.into_iter().next();
    let imported = import(server, schema, end.as_ref(), pages(trail)).await?;
    same(place, end).await?;
    keys.copy()?;
    let aside = unused.set_aside(&there)?;
    let rows = match imported {
        Imported::Rows(rows) => Some(rows),
        Imported::Before => None,
    };
    Ok(json!({ "from": folder, "to": there, "entries": report.entries, "rows": rows, "aside": aside }))
}

/// The rows of a store, read beside whoever takes them; the last of them is none.
fn pages(trail: SqliteTrail) -> Receiver<Result<Option<Page>, dragoman_journal::Error>> {
    let (send, pages) = channel(PAGES);
    tokio::task::spawn_blocking(move || {
        let exported = trail.export(|page| send.blocking_send(Ok(Some(page))).is_ok());
        // Whoever takes them may be gone, and has said why.
        let _ = send.blocking_send(exported.map(|()| None));
    });
    pages
}

/// What is in the database is whole, and ends as what was carried.
async fn same(place: Place, end: Option<Head>) -> Result<(), Error> {
    let looked = tokio::task::spawn_blocking(move || {
        let trail = place.trail()?;
        let report = verify(trail.trail(), &[])?;
        let here = trail.heads()?.into_iter().next();
        let ends = |head: &Option<Head>| head.as_ref().map(|head| (head.writer.clone(), head.number, head.batch));
        Ok::<_, Error>(report.is_clean() && ends(&here) == ends(&end))
    });
    let is_same = looked
        .await
        .map_err(|e| Error::new(CORRUPT, format!("it cannot be compared: {e}"), ""))??;
    if is_same {
        return Ok(());
    }
    let message = "what is in the database now is not what was in the folder; nothing was set aside";
    let help =
        "the folder is as it was: go on with it. `dragoman audit verify` with the new site file says what differs";
    Err(Error::new(CORRUPT, message, help))
}

/// The keys that belong to the store, where the new site file has another folder.
struct KeysTo {
    missing: Vec<(PathBuf, PathBuf)>,
}

impl KeysTo {
    /// # Errors
    /// D0701 where the new folder has other keys.
    fn look(from: &Path, to: &Path) -> Result<Self, Error> {
        let mut missing = Vec::new();
        for key in KEYS {
            let (here, there) = (from.join(key), to.join(key));
            match (std::fs::read(&here), std::fs::read(&there)) {
                (Ok(_), Err(_)) => missing.push((here, there)),
                (Ok(one), Ok(other)) if one != other => {
                    let message = format!("{} is another key than {}", there.display(), here.display());
                    let help = "the heads that are kept outside are signed with the one that the store has: move the \
                                other one away";
                    return Err(Error::new(CANNOT_OPEN, message, help));
                }
                _ => {}
            }
        }
        Ok(KeysTo { missing })
    }

    fn copy(self) -> Result<(), Error> {
        for (here, there) in self.missing {
            copy_file(&here, &there)?;
        }
        Ok(())
    }
}
