//! What is kept beside the entries: documents, pinned versions and waits, and the content that a run began with.
//!
//! Entries name documents and versions by their digests; so whether they are there, and are what they were, can be said
//! without the store's word. A body that was erased names nothing any more, and what it named may be erased with it.

use std::collections::{BTreeMap, HashMap, HashSet};

use dragoman_model::{Digest, RunId, Timestamp, Value};

use super::trail::{KeptRow, WaitRow};
use super::{DOCUMENT_DIFFERS, Report, VERSION_DIFFERS, WAIT_DIFFERS};
use crate::entry::Header;
use crate::record::{Parent, Record};

/// How a wait stands by the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Nothing that could have ended it came after it.
    Open,
    /// Something came at its step, or above it: only the engine can say what that meant.
    Unsure,
    /// It was answered, or its run has ended.
    Over,
}

struct Asked {
    row: WaitRow,
    stands: Stands,
}

/// What the entries say of all this, gathered along the walk.
#[derive(Default)]
pub(super) struct Kept {
    /// The first entry that names it, by digest.
    documents: HashMap<Digest, u64>,
    versions: HashMap<Digest, u64>,
    waits: BTreeMap<String, Asked>,
    /// The waits of a run that may still be open.
    open: HashMap<RunId, Vec<String>>,
    contents: HashMap<RunId, Digest>,
    /// Where a child's content stands: in the list of its parent.
    children: HashMap<RunId, Parent>,
    items: HashMap<(RunId, String, String), Digest>,
}

impl Kept {
    /// Adds an entry; the body where it can be read.
    pub(super) fn add(&mut self, position: u64, header: &Header, body: Option<&Value>) {
        let versions = [Some(header.versions.pipeline), header.versions.plugin];
        for digest in versions.into_iter().flatten() {
            self.versions.entry(digest).or_insert(position);
        }
        self.touch(header);
        match &header.record {
            Record::Accepted { parent, .. } => {
                self.name_documents(position, body);
                self.begin(header.run, parent.as_ref(), body);
            }
            Record::Read { .. } | Record::Done { .. } => self.name_documents(position, body),
            Record::Children { .. } => self.list(header, body),
            Record::Waiting { .. } => self.ask(header),
            Record::Answer { wait, .. } => self.end(wait),
            Record::Closed { .. } => {
                for wait in self.open.remove(&header.run).unwrap_or_default() {
                    self.end(&wait);
                }
            }
            _ => {}
        }
    }

    fn name_documents(&mut self, position: u64, body: Option<&Value>) {
        let named = body.and_then(|body| body.get("documents")?.as_object());
        for document in named.into_iter().flat_map(|named| named.values()) {
            if let Some(digest) = digest(&document["digest"]) {
                self.documents.entry(digest).or_insert(position);
            }
        }
    }

    /// The content is the typed message, or of a message that could not be read its bytes; of an item it is the item.
    fn begin(&mut self, run: RunId, parent: Option<&Parent>, body: Option<&Value>) {
        let Some(body) = body else { return };
        let content = match (body.get("message"), parent) {
            (Some(message), _) => Some(Digest::of_value(message)),
            (None, Some(parent)) => {
                self.children.insert(run, parent.clone());
                None
            }
            (None, None) => digest(&body["documents"]["message"]["digest"]),
        };
        self.contents.extend(content.map(|content| (run, content)));
    }

    fn list(&mut self, header: &Header, body: Option<&Value>) {
        let items = body.and_then(|body| body.get("items")?.as_array());
        for item in items.into_iter().flatten() {
            if let (Some(key), Some(value)) = (item["key"].as_str(), item.get("item")) {
                let place = (header.run, header.path.clone(), key.to_owned());
                self.items.insert(place, Digest::of_value(value));
            }
        }
    }

    fn ask(&mut self, header: &Header) {
        let Record::Waiting {
            wait,
            decision,
            roles,
            due,
            shown,
            reference,
        } = &header.record
        else {
            return;
        };
        let row = WaitRow {
            id: wait.clone(),
            run: header.run,
            path: header.path.clone(),
            decision: decision.clone(),
            roles: roles.clone(),
            due: *due,
            shown: *shown,
            show: *shown,
            reference: reference.clone(),
        };
        let stands = Stands::Open;
        self.waits.insert(wait.clone(), Asked { row, stands });
        self.open.entry(header.run).or_default().push(wait.clone());
    }

    fn end(&mut self, wait: &str) {
        if let Some(asked) = self.waits.get_mut(wait) {
            asked.stands = Stands::Over;
        }
    }

    /// An entry at the step of a wait, or above it, may have ended the wait.
    fn touch(&mut self, header: &Header) {
        for wait in self.open.get(&header.run).into_iter().flatten() {
            if let Some(asked) = self.waits.get_mut(wait)
                && asked.stands == Stands::Open
                && is_at_or_below(&asked.row.path, &header.path)
            {
                asked.stands = Stands::Unsure;
            }
        }
    }

    /// What a run began with; none where the entries do not tell (any more).
    pub(super) fn content(&self, run: RunId) -> Option<Digest> {
        self.contents.get(&run).copied().or_else(|| {
            let parent = self.children.get(&run)?;
            let place = (parent.run, parent.path.clone(), parent.item.clone());
            self.items.get(&place).copied()
        })
    }

    pub(super) fn compare_documents(&self, rows: &[KeptRow], report: &mut Report) {
        for what in differences("document", "names", &self.documents, rows) {
            report.find(DOCUMENT_DIFFERS, what);
        }
    }

    pub(super) fn compare_versions(&self, rows: &[KeptRow], report: &mut Report) {
        for what in differences("version", "was made with", &self.versions, rows) {
            report.find(VERSION_DIFFERS, what);
        }
    }

    pub(super) fn compare_waits(&self, rows: &[WaitRow], report: &mut Report) {
        let mut there = HashSet::new();
        for row in rows {
            there.insert(row.id.as_str());
            let what = match self.waits.get(&row.id) {
                None => "the index has it, no entry has".to_owned(),
                Some(asked) if asked.stands == Stands::Over => {
                    "it is open in the index, but over by the entries".into()
                }
                Some(asked) => match contradiction(&asked.row, row) {
                    None => continue,
                    Some(what) => format!("{what} in the index than in its entry"),
                },
            };
            report.find(WAIT_DIFFERS, format!("wait {} of run {}: {what}", row.id, row.run));
        }
        let missing = |asked: &&Asked| asked.stands == Stands::Open && !there.contains(asked.row.id.as_str());
        for Asked { row, .. } in self.waits.values().filter(missing) {
            let what = "it is open by the entries, but not in the index: nobody could answer it";
            report.find(WAIT_DIFFERS, format!("wait {} of run {}: {what}", row.id, row.run));
        }
    }
}

/// What is kept but is not what it was, and what is named but is not kept; in the order of the entries.
fn differences(what: &str, names: &str, named: &HashMap<Digest, u64>, rows: &[KeptRow]) -> Vec<String> {
    let altered = rows.iter().filter(|row| row.found != row.digest);
    let altered = altered.map(|row| format!("{what} {} is not what it was kept as: it was altered", row.digest));
    let there: HashSet<Digest> = rows.iter().map(|row| row.digest).collect();
    let mut missing: Vec<_> = named.iter().filter(|(digest, _)| !there.contains(digest)).collect();
    missing.sort_by_key(|(_, position)| **position);
    let missing = missing
        .iter()
        .map(|(digest, position)| format!("{what} {digest}, which entry {position} {names}, is missing"));
    altered.chain(missing).collect()
}

/// In what a wait has something else in the index.
fn contradiction(entry: &WaitRow, row: &WaitRow) -> Option<&'static str> {
    let due = |row: &WaitRow| row.due.map(Timestamp::millis);
    let differs = [
        ((entry.run, &entry.path) != (row.run, &row.path), "it has another step"),
        (entry.decision != row.decision, "it has another decision"),
        (entry.roles != row.roles, "it has other roles"),
        (due(entry) != due(row), "it has another deadline"),
        (
            (entry.shown, entry.show) != (row.shown, row.show),
            "it shows something else",
        ),
        (entry.reference != row.reference, "it has another reference"),
    ];
    differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
}

fn is_at_or_below(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above);
    above.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn digest(value: &Value) -> Option<Digest> {
    value.as_str()?.parse().ok()
}
