//! A backup in the place of a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dragoman_engine::shell::{Clock, SystemClock};
use dragoman_journal::audit::{TRAIL_REWRITTEN, TRAIL_SHORTER, Trail};
use dragoman_journal::error::{CANNOT_OPEN, KEY_MISSING};
use dragoman_journal::{Head, Keyring};
use dragoman_journals_sqlite::{SqliteTrail, Unused};
use dragoman_model::{Code, Digest, Value};
use serde_json::json;

use super::backup::{KEYS, named, unwritten};
use super::{folder_of, sound};
use crate::error::Error;
use crate::heads::{self, Outside};
use crate::os_user::os_user;
use crate::site::{folder_of as site_folder, read};
use crate::stores::is_in;

/// That what the store or its outside heads have beyond the backup may be lost, and why.
#[derive(Debug, Clone)]
pub struct Losing {
    /// For those who ask later.
    pub reason: String,
}

/// What the store or its heads have that a backup does not.
struct Loss {
    code: Code,
    what: String,
}

/// Puts a backup in the place of a site's store. What stood there is moved into a folder `before-restore-TIME` of the store,
/// with a note of who did it, when and why. Where the store or its outside heads know more than the backup, that is refused
/// unless it is said that it may be lost: whatever was done since would be done again where nothing else prevents it. The
/// file of heads is then moved beside itself. Says what was done.
///
/// # Errors
/// D0720 where the backup is older, D0721 where it is of another trail; D0704 where it is not whole, D0701 where it is none;
/// D0706 where the store is served, D0939 where a database keeps it.
pub fn restore(site_file: &Path, from: &Path, losing: Option<&Losing>) -> Result<Value, Error> {
    let (folder, keyring) = folder_of(site_file)?;
    if !is_in(from) {
        let help = "name the folder that `dragoman store backup` made; it has a `journal.db`";
        return Err(Error::new(
            CANNOT_OPEN,
            format!("there is no backup in {}", from.display()),
            help,
        ));
    }
    let unused = Unused::take(&folder)?;
    let backup = SqliteTrail::open(from, &keyring)?;
    let report = sound(&backup, from)?;
    let (said, _) = read(site_file).map_err(Error::Diagnostics)?;
    let outside = Outside::of(&said, &site_folder(site_file)).map(|outside| outside.file);
    let losses = losses(&backup, &folder, outside.as_deref(), &keyring)?;
    if let (Some(loss), None) = (losses.first(), losing) {
        let help = "look for a newer backup; where the rest is to be lost, say `--lose-newer --reason TEXT`: runs that were \
                    begun since are gone, and what was done since may be done again, so stop the messages first and \
                    compare with the partners after";
        return Err(Error::new(
            loss.code,
            format!("{} has {}", from.display(), loss.what),
            help,
        ));
    }
    let head = backup.heads()?.into_iter().next();
    drop(backup);
    let at = SystemClock.now();
    let aside = folder.join(format!("before-restore-{}", named(at)));
    let keys: Vec<PathBuf> = KEYS
        .iter()
        .map(PathBuf::from)
        .filter(|key| from.join(key).is_file())
        .collect();
    unused.replace(from, &keys, &aside, &keyring)?;
    let mut told = json!({
        "at": at, "by": os_user(), "from": from, "reason": losing.map(|losing| &losing.reason), "entries": report.entries,
        "head": head, "lost": losses.iter().map(|loss| &loss.what).collect::<Vec<_>>(), "aside": aside,
    });
    if let Some(file) = outside.filter(|file| !losses.is_empty() && file.is_file()) {
        told["heads"] = json!(moved_aside(&file, &named(at)));
    }
    let note = aside.join("restored.json");
    std::fs::write(&note, format!("{told:#}\n")).map_err(|e| unwritten(&note, &e))?;
    Ok(told)
}

/// Moves the file of heads beside itself: with what it knows the store would not be opened. Where to; none: it cannot be
/// moved from here, as it should be.
fn moved_aside(file: &Path, at: &str) -> Option<PathBuf> {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".before-restore-{at}"));
    let to = file.with_file_name(name);
    std::fs::rename(file, &to).is_ok().then_some(to)
}

/// What would be lost with the store that is there, and with what its heads know.
fn losses(
    backup: &SqliteTrail,
    folder: &Path,
    heads_file: Option<&Path>,
    keyring: &Arc<Keyring>,
) -> Result<Vec<Loss>, Error> {
    let Some(kept) = backup.heads()?.into_iter().next() else {
        return Ok(Vec::new());
    };
    let mut losses = Vec::new();
    if is_in(folder) {
        match SqliteTrail::open(folder, keyring) {
            Ok(store) => {
                let heads = store.heads().unwrap_or_default();
                losses.extend(heads.iter().filter_map(|head| beyond(&kept, backup, &store, head)));
            }
            Err(error) if error.code == KEY_MISSING => return Err(error.into()),
            // One that cannot be read is what restoring is for: only its heads can say what it had.
            Err(_) => {}
        }
    }
    if let Some(file) = heads_file {
        let newest = heads::last_heads(file)
            .into_iter()
            .rev()
            .find(|head| head.writer == kept.writer);
        losses.extend(newest.and_then(|head| unknown_to(backup, &kept, &head, &file.display().to_string())));
    }
    Ok(losses)
}

/// What a store has beyond the backup.
fn beyond(kept: &Head, backup: &SqliteTrail, store: &SqliteTrail, head: &Head) -> Option<Loss> {
    let here = "the store that is there";
    if head.number == 0 {
        return None;
    }
    if head.writer != kept.writer {
        return Some(another(&format!("{here}, which has {} entries", head.entries)));
    }
    if head.number <= kept.number {
        return unknown_to(backup, kept, head, here);
    }
    // The store goes on where the backup ends, or it went another way before.
    match kept.number == 0 || has(store, kept) {
        true => Some(older(kept, head, here)),
        false => Some(another(here)),
    }
}

/// What a head knows that the backup does not have.
fn unknown_to(backup: &SqliteTrail, kept: &Head, head: &Head, place: &str) -> Option<Loss> {
    if head.number > kept.number {
        return Some(older(kept, head, place));
    }
    (head.number > 0 && !has(backup, head)).then(|| another(place))
}

/// Whether a trail has the batch that a head names.
fn has(trail: &SqliteTrail, head: &Head) -> bool {
    let found = trail.batches(head.number - 1, 1).unwrap_or_default();
    found
        .first()
        .is_some_and(|batch| batch.number == head.number && Digest::of(batch.text.as_bytes()) == head.batch)
}

fn older(kept: &Head, head: &Head, place: &str) -> Loss {
    Loss {
        code: TRAIL_SHORTER,
        what: format!(
            "{} entries less than {place}: {} against {}",
            head.entries - kept.entries.min(head.entries),
            kept.entries,
            head.entries
        ),
    }
}

fn another(place: &str) -> Loss {
    Loss {
        code: TRAIL_REWRITTEN,
        what: format!("another trail than {place}"),
    }
}
