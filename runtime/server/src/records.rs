//! What a store holds, read beside whoever has it open: no lock is taken, nothing is made, no engine is started.
//!
//! It needs the store's file alone: neither secrets nor plugins, and no pipeline without mistakes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dragoman_journal::audit::{RunRow, StoredEntry, Trail};
use dragoman_journal::error::{CANNOT_OPEN, CORRUPT};
use dragoman_journal::{Entry, Header, Record, RunFilter, RunSummary, Standing, Wait, query, seal};
use dragoman_journals_sqlite::SqliteTrail;
use dragoman_model::{RunId, Value};
use serde_json::json;

use crate::desk::Refusal;
use crate::error::Error;
use crate::view;

/// Entries that are looked at in one go, from the end of the trail backwards: what is asked for is mostly new.
const WINDOW: u64 = 4096;
/// How many runs a list has where the filter does not say.
const USUAL: usize = 100;

/// A store as it is at one moment, for those who only look.
pub struct Records {
    trail: SqliteTrail,
}

impl Records {
    /// Opens the store in a folder for reading.
    ///
    /// # Errors
    /// D0701 where there is none, D0704 where it is damaged, D0705 where a newer version wrote it.
    pub fn open(store: &Path) -> Result<Self, Error> {
        if !is_there(store) {
            let message = format!("there is no store in {}", store.display());
            let help = "nothing has run here yet; `dragoman serve` and `dragoman run` make the store. If something has, look \
                        whether `store:` in the site file is right";
            return Err(Error::new(CANNOT_OPEN, message, help));
        }
        let trail = SqliteTrail::open(store)?;
        Ok(Records { trail })
    }

    /// Runs, newest first: as [`crate::Desk::runs`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Value, Error> {
        // As at the desk: whoever asks what is parked or waits wants to see the item itself.
        let children = filter.children || matches!(filter.status.as_deref(), Some("parked" | "waiting"));
        let limit = if filter.limit == 0 { USUAL } else { filter.limit };
        let rows: Vec<RunRow> = self.trail.runs()?;
        let wanted = |row: &&RunRow| {
            (children || row.parent.is_none())
                && filter.pipeline.as_ref().is_none_or(|name| *name == row.pipeline)
                && filter
                    .status
                    .as_deref()
                    .is_none_or(|status| status == view::status(&summary(row, &[])))
        };
        let listed: Vec<&RunRow> = rows.iter().rev().filter(wanted).take(limit).collect();
        // Only these have something to tell beside their row.
        let tell = listed
            .iter()
            .filter(|row| matches!(row.standing, Standing::Parked | Standing::Closed));
        let told = self.walk(tell.map(|row| row.run).collect(), tells)?;
        let entries = |row: &RunRow| told.get(&row.run).map_or(&[][..], Vec::as_slice);
        let runs: Vec<Value> = listed
            .iter()
            .map(|row| view::run(&summary(row, entries(row))))
            .collect();
        Ok(json!({ "runs": runs }))
    }

    /// A run with its timeline: as [`crate::Desk::run`].
    ///
    /// # Errors
    /// Where the store cannot be read; the inner one where there is no such run.
    pub fn run(&self, id: &str, bodies: bool) -> Result<Result<Value, Refusal>, Error> {
        let rows = self.trail.runs()?;
        let mut fitting = rows.iter().filter(|row| row.run.to_string().starts_with(id));
        let run = match (fitting.next(), fitting.next()) {
            (Some(row), None) => row,
            (Some(_), Some(_)) => {
                return Ok(Err(Refusal::Conflict(format!(
                    "more than one run's id begins with {id}"
                ))));
            }
            _ => return Ok(Err(Refusal::Unknown(format!("there is no run {id}")))),
        };
        let family: Vec<&RunRow> = rows.iter().filter(|row| row.parent == Some(run.run)).collect();
        let wanted = family.iter().map(|row| row.run).chain([run.run]).collect();
        let entries = self.walk(wanted, |header| header.seq == 0)?;
        let of = |row: &RunRow| entries.get(&row.run).map_or(&[][..], Vec::as_slice);
        let shown = |row: &RunRow| {
            let entries = of(row);
            (view::run(&summary(row, entries)), view::history(entries, bodies))
        };
        let children: Vec<Value> = family
            .iter()
            .map(|row| shown(row))
            .map(|(run, timeline)| json!({ "run": run, "timeline": timeline }))
            .collect();
        let (run, timeline) = shown(run);
        Ok(Ok(json!({ "run": run, "timeline": timeline, "children": children })))
    }

    /// Open waits, oldest first: as [`crate::Desk::waits`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn waits(&self) -> Result<Value, Error> {
        let rows = self.trail.runs()?;
        let open = rows.iter().filter(|row| row.standing != Standing::Closed);
        let entries = self.walk(open.map(|row| row.run).collect(), |header| header.seq == 0)?;
        let mut waits: Vec<Wait> = entries.values().flat_map(|entries| open_waits(entries)).collect();
        waits.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
        Ok(json!({ "waits": waits.iter().map(view::wait).collect::<Vec<_>>() }))
    }

    /// The entries of these runs in their order, from the end of the trail back to the one at which a run has told enough.
    fn walk(
        &self,
        mut wanted: BTreeSet<RunId>,
        enough: impl Fn(&Header) -> bool,
    ) -> Result<BTreeMap<RunId, Vec<Entry>>, Error> {
        let mut found: BTreeMap<RunId, Vec<Entry>> = BTreeMap::new();
        let heads = self.trail.heads()?;
        let mut end = heads.iter().map(|head| head.entries).max().unwrap_or_default();
        while end > 0 && !wanted.is_empty() {
            let before = end.saturating_sub(WINDOW);
            let window = self
                .trail
                .entries(before, usize::try_from(end - before).unwrap_or(usize::MAX))?;
            for stored in window.into_iter().rev().filter(|stored| stored.position <= end) {
                if wanted.contains(&stored.run) {
                    let entry = read(stored)?;
                    if enough(&entry.header) {
                        wanted.remove(&entry.header.run);
                    }
                    found.entry(entry.header.run).or_default().push(entry);
                }
            }
            end = before;
        }
        found.values_mut().for_each(|entries| entries.reverse());
        Ok(found)
    }
}

/// Whether a folder has a store in it.
pub fn is_there(store: &Path) -> bool {
    store.join("journal.db").exists()
}

fn tells(header: &Header) -> bool {
    matches!(header.record, Record::Closed { .. } | Record::Parked { .. })
}

/// A run in a list: its row, and what the last of its entries that tells something says.
fn summary(row: &RunRow, entries: &[Entry]) -> RunSummary {
    let last = entries.iter().rev().find(|entry| tells(&entry.header));
    let body = last.and_then(|entry| entry.body.clone());
    // The last parking says nothing any more once somebody has repaired the run.
    let body = body.filter(|_| matches!(row.standing, Standing::Parked | Standing::Closed));
    let failure = query::failure(row.ending, body.as_ref());
    let (note, output) = query::told(row.ending, body);
    RunSummary {
        run: row.run,
        pipeline: row.pipeline.clone(),
        run_key: row.run_key.clone(),
        standing: row.standing,
        ending: row.ending,
        began: row.began,
        touched: row.touched,
        entries: row.entries,
        parent: row.parent,
        note,
        output,
        failure,
    }
}

/// The waits of a run that nothing has ended: whatever ends one is an entry at the same path.
fn open_waits(entries: &[Entry]) -> Vec<Wait> {
    let mut open: BTreeMap<&str, Wait> = BTreeMap::new();
    for entry in entries {
        let header = &entry.header;
        open.remove(&*header.path);
        let Record::Waiting {
            wait,
            decision,
            roles,
            due,
            shown,
            reference,
        } = &header.record
        else {
            continue;
        };
        let show = entry.body.as_ref().and_then(|body| body.get("show"));
        let wait = Wait {
            id: wait.clone(),
            run: header.run,
            path: header.path.to_string(),
            decision: decision.clone(),
            roles: roles.clone(),
            since: header.at,
            due: *due,
            show: show.cloned().unwrap_or_default(),
            shown: *shown,
            reference: reference.clone(),
        };
        open.insert(&header.path, wait);
    }
    open.into_values().collect()
}

fn read(stored: StoredEntry) -> Result<Entry, Error> {
    let header = Header::read(&stored.header)?;
    let whole = |salt: &[u8], text: &[u8]| header.body == Some(seal::digest(salt, text));
    let body = match &stored.body {
        None => None,
        Some((salt, text)) if whole(salt, text) => Some(seal::value(text)?),
        Some(_) => {
            let message = format!(
                "the body of entry {} of run {} is not what was written",
                header.seq, header.run
            );
            return Err(Error::new(CORRUPT, message, "run `dragoman audit verify`"));
        }
    };
    Ok(Entry {
        position: stored.position,
        header,
        body,
    })
}
