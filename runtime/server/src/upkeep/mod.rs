//! A store as its operator keeps it: looked through, copied, put back, made smaller.
//!
//! All of it is about a store in a folder, but the first: of a database others watch over its files.

mod backup;
mod carry;
mod restore;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dragoman_journal::audit::{Report, verify};
use dragoman_journal::error::{CANNOT_OPEN, CORRUPT, NOT_A_KEY};
use dragoman_journal::{Keyring, Standing};
use dragoman_journals_postgres::encrypt;
use dragoman_journals_sqlite::{Size, SqliteTrail, Unused};
use dragoman_model::Value;
use serde_json::json;

pub use backup::back_up;
pub use carry::move_store;
pub use restore::{Losing, restore};

use crate::error::{Error, IN_DATABASE};
use crate::site::read;
use crate::stores::{At, OpenTrail, Place, is_in};

/// Lines of damage that are told; one bad page can give thousands.
const SHOWN: usize = 5;

/// What was found in a store.
#[derive(Debug)]
pub struct Checked {
    /// Where it is.
    pub place: String,
    /// How large its file is; none: a database keeps it.
    pub size: Option<Size>,
    /// What the file is damaged by: then its trail was not read.
    pub damage: Vec<String>,
    /// What is wrong with the trail and the tables that follow from it; none: the file is damaged.
    pub report: Option<Report>,
    /// The name of the key that messages are encrypted with; none: they are not.
    pub key: Option<String>,
    /// How many runs stand how.
    pub runs: Vec<(&'static str, usize)>,
}

impl Checked {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty() && self.report.as_ref().is_some_and(Report::is_clean)
    }

    fn look_through(&mut self, place: &Place) -> Result<(), Error> {
        let trail = place.trail()?;
        if let OpenTrail::File(file) = &trail {
            self.size = Some(file.size()?);
        }
        self.damage = trail.damage()?;
        // A damaged page may be why an entry cannot be read: it is said alone.
        if self.damage.is_empty() {
            self.report = Some(verify(trail.trail(), &[])?);
            self.runs = standings(&trail)?;
        }
        Ok(())
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let runs: serde_json::Map<String, Value> = self
            .runs
            .iter()
            .map(|(standing, count)| ((*standing).to_owned(), json!(count)))
            .collect();
        let findings: Vec<Value> = self
            .report
            .iter()
            .flat_map(|report| &report.findings)
            .map(finding)
            .collect();
        json!({ "store": self.place, "bytes": self.size.map(|size| size.bytes), "free": self.size.map(|size| size.free),
                "entries": self.report.as_ref().map(|report| report.entries),
                "batches": self.report.as_ref().map(|report| report.batches),
                "key": self.key, "runs": runs, "damage": self.damage, "findings": findings })
    }
}

fn finding(finding: &dragoman_journal::audit::Finding) -> Value {
    json!({ "code": finding.code.id, "message": finding.message })
}

/// Looks through the store of a site, also while it is served: the file itself, the trail, and the tables against the trail.
///
/// # Errors
/// D0701 where there is no store, or it cannot be read at all.
pub fn check_store(site_file: &Path) -> Result<Checked, Error> {
    let place = place_of(site_file)?;
    if let At::Folder(folder) = &place.at
        && !place.may_be_there()
    {
        return Err(no_store(folder));
    }
    let mut checked = Checked {
        place: place.to_string(),
        size: None,
        damage: Vec::new(),
        report: None,
        key: place.keyring.ids().next(),
        runs: Vec::new(),
    };
    match checked.look_through(&place) {
        // It is so damaged that it cannot even be looked through.
        Err(Error::Plain { code, message, .. }) if code == CORRUPT => checked.damage.push(message),
        looked => looked?,
    }
    Ok(checked)
}

/// How many runs stand how, in the order of a run's life.
fn standings(trail: &OpenTrail) -> Result<Vec<(&'static str, usize)>, Error> {
    let mut counts = [
        ("active", 0),
        ("sleeping", 0),
        ("waiting", 0),
        ("parked", 0),
        ("closed", 0),
    ];
    for run in trail.trail().runs()? {
        let place = match run.standing {
            Standing::Active => 0,
            Standing::Sleeping(_) => 1,
            Standing::Waiting(_) => 2,
            Standing::Parked => 3,
            Standing::Closed => 4,
        };
        counts[place].1 += 1;
    }
    Ok(counts.into())
}

/// Writes the store's file anew without what it holds free. Says how large it was and is.
///
/// # Errors
/// D0706 where it is served, D0939 where a database keeps it; as `Unused::compact`.
pub fn compact(site_file: &Path) -> Result<(Size, Size), Error> {
    let (folder, keyring) = folder_of(site_file)?;
    if !is_in(&folder) {
        return Err(no_store(&folder));
    }
    sound(&SqliteTrail::open(&folder, &keyring)?, &folder)?;
    Ok(Unused::take(&folder)?.compact(&keyring)?)
}

/// Encrypts all that a store has with the first key of the site, also what is plain or encrypted with another. Says what was
/// done. A file is written anew, and nobody may serve it meanwhile; a database is worked through while others use it.
///
/// # Errors
/// D0727 where the site names no key, D0726 where one is missing; as [`compact`] where a folder has the store.
pub async fn encrypt_store(site_file: &Path) -> Result<Value, Error> {
    let place = place_of(site_file)?;
    let Some(key) = place.keyring.ids().next() else {
        let help =
            "write `encryption: [file:store.key]` under `store:` of the site file; `dragoman store key` makes the key";
        return Err(Error::new(
            NOT_A_KEY,
            "the site names no key to encrypt its store with",
            help,
        ));
    };
    Ok(match &place.at {
        At::Folder(folder) if !is_in(folder) => return Err(no_store(folder)),
        At::Folder(folder) => {
            sound(&SqliteTrail::open(folder, &place.keyring)?, folder)?;
            let (before, after) = Unused::take(folder)?.encrypt(&place.keyring)?;
            json!({ "key": key, "before": before.bytes, "after": after.bytes })
        }
        At::Database { server, schema, .. } => {
            let changed = encrypt(server, schema, &place.keyring).await?;
            json!({ "key": key, "changed": changed })
        }
    })
}

/// Where the runs of a site are.
fn place_of(site_file: &Path) -> Result<Place, Error> {
    let (said, _) = read(site_file).map_err(Error::Diagnostics)?;
    Place::of(site_file, &said)
}

/// The folder of a site's store, and its keys.
fn folder_of(site_file: &Path) -> Result<(PathBuf, Arc<Keyring>), Error> {
    let place = place_of(site_file)?;
    match place.at {
        At::Folder(folder) => Ok((folder, place.keyring)),
        At::Database { name, schema, .. } => {
            let message =
                format!("the runs of this site are in the schema `{schema}` of {name}, which keeps its own files");
            let help = format!(
                "copy it with `pg_dump --schema={schema}`, or go back to a moment with what the server archives; its vacuum \
                 keeps it small; `dragoman store check` looks through it"
            );
            Err(Error::new(IN_DATABASE, message, help))
        }
    }
}

fn no_store(folder: &Path) -> Error {
    let help = "look whether `store:` in the site file is right";
    Error::new(CANNOT_OPEN, format!("there is no store in {}", folder.display()), help)
}

/// Whether the file of a store is whole and its trail too; what it has.
///
/// # Errors
/// D0704 where it is not.
fn sound(trail: &SqliteTrail, folder: &Path) -> Result<Report, Error> {
    let mut wrong = trail.check_file()?;
    if wrong.is_empty() {
        let report = trail.verify(&[])?;
        if report.is_clean() {
            return Ok(report);
        }
        let findings = report.findings.iter();
        wrong.extend(findings.map(|finding| format!("[{}] {}", finding.code, finding.message)));
    }
    let more = wrong.len().saturating_sub(SHOWN);
    let mut shown = wrong[..wrong.len() - more].join("\n  ");
    if more > 0 {
        shown.push_str(&format!("\n  and {more} more"));
    }
    let help = "`dragoman audit verify --store FOLDER` shows all of it; take a backup that is whole";
    Err(Error::new(
        CORRUPT,
        format!("the store in {} is not whole:\n  {shown}", folder.display()),
        help,
    ))
}
