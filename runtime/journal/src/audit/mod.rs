//! The verification of a trail.
//!
//! In: a [`Trail`] and heads that were kept outside. Out: a [`Report`]. The chain says whether entries were altered,
//! taken out or put in; the heads say whether its end was cut off or the whole rewritten; the fold of the entries says
//! whether the indexes (runs, business keys, references, ledger, waits) are what they should be, and whether the documents
//! and versions that entries name are there.
//!
//! Without a head from outside nobody can tell a trail whose last batches were removed together with all their traces
//! from one that never had them. That is what heads are for.

mod chained;
mod indexed;
mod kept;
mod trail;

pub use trail::{Claimed, KeptRow, LedgerRow, OnceRow, ReferenceRow, RunRow, StoredBatch, StoredEntry, Trail, WaitRow};

use dragoman_model::Code;

use crate::chain::Head;
use crate::error::Error;

/// Entries are missing.
pub const ENTRIES_MISSING: Code = Code::new("D0710", "entries are missing from the trail");
/// An entry is not what was written.
pub const ENTRY_ALTERED: Code = Code::new("D0711", "an entry was altered");
/// The chain of batches has a break.
pub const CHAIN_BROKEN: Code = Code::new("D0712", "the chain of batches is broken");
/// A body is not what was written.
pub const BODY_ALTERED: Code = Code::new("D0713", "the body of an entry was altered");
/// A body is missing, and no erasure is on record.
pub const BODY_MISSING: Code = Code::new("D0714", "the body of an entry is missing");
/// An entry belongs to no batch.
pub const ENTRY_UNCHAINED: Code = Code::new("D0715", "an entry belongs to no batch");
/// A run's entries do not follow one another.
pub const RUN_BROKEN: Code = Code::new("D0716", "the entries of a run do not follow one another");
/// The index of runs contradicts the entries.
pub const RUN_DIFFERS: Code = Code::new("D0717", "the index of runs contradicts the entries");
/// Business keys or references contradict the entries.
pub const KEY_DIFFERS: Code = Code::new("D0718", "a business key or reference contradicts the entries");
/// The ledger contradicts its claims.
pub const LEDGER_DIFFERS: Code = Code::new("D0719", "the ledger contradicts the entries");
/// A head knows of more than there is.
pub const TRAIL_SHORTER: Code = Code::new("D0720", "the trail is shorter than a head says");
/// A head is of another trail.
pub const TRAIL_REWRITTEN: Code = Code::new("D0721", "the trail is not the one of a head");
/// A document is not what it was, or is not there.
pub const DOCUMENT_DIFFERS: Code = Code::new("D0722", "a document was altered or is missing");
/// A version that runs are pinned to is not what it was, or is not there.
pub const VERSION_DIFFERS: Code = Code::new("D0723", "a pinned version was altered or is missing");
/// The index of waits contradicts the entries.
pub const WAIT_DIFFERS: Code = Code::new("D0724", "a wait contradicts the entries");
/// Nobody can say whether a head is genuine.
pub const HEAD_UNCHECKED: Code = Code::new("D0725", "a head was not checked");

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What sort.
    pub code: Code,
    /// A sentence that says what and where.
    pub message: String,
}

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries that are there.
    pub entries: u64,
    /// Batches that are there.
    pub batches: u64,
    /// Bodies that were erased, with an erasure on record.
    pub erased: u64,
    /// What is wrong, in the order of the trail; empty: nothing is.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds a finding.
    pub fn find(&mut self, code: Code, message: impl Into<String>) {
        self.findings.push(Finding {
            code,
            message: message.into(),
        });
    }
}

/// Verifies a trail from its first entry to its last, against heads from outside (none: without them).
///
/// The signatures of the heads are not looked at here: whoever brings them has checked them, or trusts the place.
///
/// # Errors
/// Where the store cannot be read at all.
pub fn verify(trail: &dyn Trail, heads: &[Head]) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut facts = indexed::Facts::default();
    let mut chain = chained::Chain::new(heads);
    chain.walk(trail, &mut report, &mut facts)?;
    chain.compare_heads(&mut report);
    facts.missing_bodies(&mut report);
    facts.compare_runs(&trail.runs()?, &mut report);
    let keys = trail.once_keys()?;
    facts.compare_keys(&keys, &mut report);
    facts.compare_references(&trail.voided()?, &trail.references()?, &mut report);
    facts.compare_ledger(&keys, &trail.ledger()?, &mut report);
    facts.kept.compare_waits(&trail.waits()?, &mut report);
    facts.kept.compare_documents(&trail.documents()?, &mut report);
    facts.kept.compare_versions(&trail.versions()?, &mut report);
    Ok(report)
}
