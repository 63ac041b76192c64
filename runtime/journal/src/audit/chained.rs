//! The chain: batches that name the one before, roots over headers, salted digests of bodies, and heads.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use dragoman_model::Digest;

use super::indexed::Facts;
use super::trail::{StoredBatch, StoredEntry, Trail};
use super::{
    BODY_ALTERED, CHAIN_BROKEN, ENTRIES_MISSING, ENTRY_ALTERED, ENTRY_UNCHAINED, Report, TRAIL_REWRITTEN, TRAIL_SHORTER,
};
use crate::chain::{self, Batch, Head};
use crate::entry::Header;
use crate::error::Error;
use crate::seal;

/// Rows read at a time.
const PAGE: usize = 2000;

/// Where a writer's chain has come to.
struct Link {
    number: u64,
    digest: Digest,
}

/// The walk along the chain.
pub(super) struct Chain<'a> {
    heads: &'a [Head],
    /// The end of each writer's chain so far.
    ends: HashMap<String, Link>,
    /// The batches that heads name.
    wanted: HashSet<(String, u64)>,
    /// The digest and the number of entries at each of them that is there.
    named: HashMap<(String, u64), (Digest, u64)>,
    /// The position behind the last batch.
    next: u64,
}

/// Entries in order of position, read page by page.
struct Entries<'a> {
    trail: &'a dyn Trail,
    after: u64,
    page: VecDeque<StoredEntry>,
}

impl Entries<'_> {
    /// The next entry below a position.
    fn below(&mut self, position: u64) -> Result<Option<StoredEntry>, Error> {
        if self.page.is_empty() {
            self.page = self.trail.entries(self.after, PAGE)?.into();
        }
        match self.page.front() {
            Some(entry) if entry.position < position => {
                self.after = entry.position;
                Ok(self.page.pop_front())
            }
            _ => Ok(None),
        }
    }
}

impl<'a> Chain<'a> {
    pub(super) fn new(heads: &'a [Head]) -> Self {
        let wanted = heads.iter().map(|head| (head.writer.clone(), head.number)).collect();
        Chain {
            heads,
            wanted,
            ends: HashMap::new(),
            named: HashMap::new(),
            next: 1,
        }
    }

    /// Walks along all batches and their entries, and hands each entry that can be read to the facts.
    pub(super) fn walk(&mut self, trail: &dyn Trail, report: &mut Report, facts: &mut Facts) -> Result<(), Error> {
        let mut entries = Entries {
            trail,
            after: 0,
            page: VecDeque::new(),
        };
        let mut after = 0;
        loop {
            let page = trail.batches(after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.number;
            for stored in &page {
                report.batches += 1;
                if let Some(batch) = self.link(stored, report) {
                    self.fill(&batch, &mut entries, report, facts)?;
                }
            }
        }
        while let Some(entry) = entries.below(u64::MAX)? {
            let what = format!(
                "entry {} (run {}, number {}) belongs to no batch",
                entry.position, entry.run, entry.seq
            );
            report.find(ENTRY_UNCHAINED, what);
            read(&entry, report, facts);
        }
        Ok(())
    }

    /// Whether a batch follows the one before it.
    fn link(&mut self, stored: &StoredBatch, report: &mut Report) -> Option<Batch> {
        let batch: Batch = match serde_json::from_str(&stored.text) {
            Ok(batch) => batch,
            Err(e) => {
                let what = format!("batch {} cannot be read ({e})", stored.number);
                report.find(CHAIN_BROKEN, what);
                return None;
            }
        };
        for what in self.breaks(stored, &batch) {
            report.find(CHAIN_BROKEN, what);
        }
        let (number, digest) = (batch.number, Digest::of(stored.text.as_bytes()));
        let name = (batch.writer.clone(), number);
        if self.wanted.contains(&name) {
            self.named.insert(name, (digest, batch.end().saturating_sub(1)));
        }
        self.ends.insert(batch.writer.clone(), Link { number, digest });
        Some(batch)
    }

    /// In what a batch does not follow the one before it.
    fn breaks(&self, stored: &StoredBatch, batch: &Batch) -> Vec<String> {
        let last = self.ends.get(&batch.writer);
        let (number, previous) = last.map_or((0, Batch::origin()), |link| (link.number, link.digest));
        let (this, next) = (batch.number, number + 1);
        let mut breaks = Vec::new();
        if this != stored.number {
            breaks.push(format!("batch {this} is stored as batch {}", stored.number));
        }
        if this != next {
            let missing = many(this.saturating_sub(next), "batch is", "batches are");
            breaks.push(format!("{missing} missing between batches {number} and {this}"));
        } else if batch.previous != previous {
            breaks.push(format!(
                "batch {this} does not follow the batch {number} that is there: one of the two was altered"
            ));
        }
        // Where a batch is missing, its entries are found as belonging to none.
        if batch.first_position > self.next && this == next {
            let (from, to) = (self.next, batch.first_position - 1);
            breaks.push(format!("positions {from} to {to} belong to no batch"));
        }
        breaks
    }

    /// Whether the entries of a batch are those that it was made of.
    fn fill(
        &mut self,
        batch: &Batch,
        entries: &mut Entries<'_>,
        report: &mut Report,
        facts: &mut Facts,
    ) -> Result<(), Error> {
        while let Some(entry) = entries.below(batch.first_position)? {
            let what = format!(
                "entry {} (run {}, number {}) belongs to no batch",
                entry.position, entry.run, entry.seq
            );
            report.find(ENTRY_UNCHAINED, what);
            read(&entry, report, facts);
        }
        let end = batch.end();
        let mut leaves = Vec::new();
        let mut expected = batch.first_position;
        let mut missing = Vec::new();
        while let Some(entry) = entries.below(end)? {
            missing.push(expected..entry.position);
            expected = entry.position + 1;
            leaves.push(chain::leaf(entry.header.as_bytes()));
            read(&entry, report, facts);
        }
        missing.push(expected..end);
        missing.retain(|range| !range.is_empty());
        if !missing.is_empty() {
            let count = missing.iter().map(|range| range.end - range.start).sum();
            let what = format!(
                "{} missing from batch {} of {}: {}",
                many(count, "entry is", "entries are"),
                batch.number,
                batch.at,
                ranges(&missing)
            );
            report.find(ENTRIES_MISSING, what);
        } else if chain::root(&leaves) != batch.root {
            let what = format!(
                "at least one of the entries {} to {} is not the one that batch {} of {} was made of",
                batch.first_position,
                end - 1,
                batch.number,
                batch.at
            );
            report.find(ENTRY_ALTERED, what);
        }
        self.next = self.next.max(end);
        Ok(())
    }

    /// Whether the trail is the one that the heads were taken of, and has not become shorter.
    pub(super) fn compare_heads(&self, report: &mut Report) {
        for head in self.heads.iter().filter(|head| head.number > 0) {
            let last = self.ends.get(&head.writer).map_or(0, |link| link.number);
            match self.named.get(&(head.writer.clone(), head.number)) {
                Some((digest, entries)) if *digest == head.batch && *entries == head.entries => {}
                Some(_) => {
                    let what = format!(
                        "batch {} is not the one that the head of {} names: the trail was rewritten, or a backup from before was restored and used",
                        head.number, head.at
                    );
                    report.find(TRAIL_REWRITTEN, what);
                }
                None if last < head.number => {
                    let what = format!(
                        "the trail ends with batch {last}, the head of {} knows batch {} and {} entries: its end was cut off, or an old backup restored",
                        head.at, head.number, head.entries
                    );
                    report.find(TRAIL_SHORTER, what);
                }
                None => {
                    let what = format!("batch {}, which the head of {} names, is missing", head.number, head.at);
                    report.find(TRAIL_REWRITTEN, what);
                }
            }
        }
    }
}

/// Reads one entry: its header must be one, stored under its own run and number, and its body the one it names.
fn read(entry: &StoredEntry, report: &mut Report, facts: &mut Facts) {
    report.entries += 1;
    let header = match Header::read(&entry.header) {
        Ok(header) => header,
        Err(error) => {
            report.find(ENTRY_ALTERED, format!("entry {}: {error}", entry.position));
            return;
        }
    };
    if (header.run, header.seq) != (entry.run, entry.seq) {
        let what = format!(
            "entry {} is number {} of run {}, but stored as number {} of run {}",
            entry.position, header.seq, header.run, entry.seq, entry.run
        );
        report.find(ENTRY_ALTERED, what);
    }
    let body = entry.body.as_ref();
    let intact = body.is_none_or(|(salt, text)| header.body == Some(seal::digest(salt, text)));
    if !intact {
        let what = format!(
            "the body of entry {} (run {}, number {}) was altered",
            entry.position, header.run, header.seq
        );
        report.find(BODY_ALTERED, what);
    }
    let value = body.filter(|_| intact).and_then(|(_, text)| seal::value(text).ok());
    facts.add(entry.position, header, body.is_some(), value, report);
}

fn many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// `3, 5 to 9`.
fn ranges(missing: &[Range<u64>]) -> String {
    let text = |range: &Range<u64>| match range.end - range.start {
        1 => range.start.to_string(),
        _ => format!("{} to {}", range.start, range.end - 1),
    };
    missing.iter().map(text).collect::<Vec<_>>().join(", ")
}
