//! A trail as an auditor reads it: the bytes of the store, without its promises.

use dragoman_model::{Digest, RunId, Timestamp, Value};

use crate::error::Error;
use crate::query::OnceState;
use crate::record::{Ending, OnceKey};
use crate::store::{ClaimLine, Standing};

/// A batch as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBatch {
    /// The number it is stored under.
    pub number: u64,
    /// Its canonical text.
    pub text: String,
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its place in the trail.
    pub position: u64,
    /// The run it is stored under.
    pub run: RunId,
    /// The number it is stored under.
    pub seq: u64,
    /// The header's text.
    pub header: String,
    /// Salt and text of the body; none where there is none, or it was erased.
    pub body: Option<(Vec<u8>, Vec<u8>)>,
}

/// A run in the index.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub run: RunId,
    /// The pipeline.
    pub pipeline: String,
    /// The run key.
    pub run_key: String,
    /// The parent, for a child.
    pub parent: Option<RunId>,
    /// How it stands.
    pub standing: Standing,
    /// How it ended.
    pub ending: Option<Ending>,
    /// When it began.
    pub began: Timestamp,
    /// The last entry's time.
    pub touched: Timestamp,
    /// How many entries.
    pub entries: u64,
    /// Of what it began with.
    pub content: Digest,
}

/// A business key in the index.
#[derive(Debug, Clone, PartialEq)]
pub struct OnceRow {
    /// Scope and key.
    pub once: OnceKey,
    /// The run that holds or held it.
    pub run: RunId,
    /// The step's path.
    pub path: String,
    /// How it stands.
    pub state: OnceState,
    /// Of the input.
    pub input: Digest,
    /// The lines, of a claim; none for a call.
    pub claim: Option<Claimed>,
    /// Of the recorded output's canonical text, where there is one.
    pub output: Option<Digest>,
}

/// What a claim took.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The account.
    pub account: String,
    /// What was taken.
    pub lines: Vec<ClaimLine>,
}

impl Claimed {
    /// Read off the input that is kept with the business key of a claim; none: it is not one.
    pub fn of(body: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let line = |line: &Value| {
            Some(ClaimLine {
                item: text(&line["item"])?,
                value: text(&line["value"])?,
                unit: text(&line["unit"])?,
            })
        };
        let lines = body["lines"].as_array()?.iter().map(line).collect::<Option<_>>()?;
        Some(Claimed {
            account: text(&body["account"])?,
            lines,
        })
    }
}

/// An item of an account in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The ledger.
    pub ledger: String,
    /// The account.
    pub account: String,
    /// The item; none for the account as a whole.
    pub item: Option<String>,
    /// What was taken of the item, a decimal number; of the account: how many claims stand.
    pub taken: String,
    /// The unit of an item's quantities.
    pub unit: Option<String>,
}

/// A document or a version that is kept under its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptRow {
    /// The digest that it is kept under.
    pub digest: Digest,
    /// The digest of the bytes that are there.
    pub found: Digest,
}

/// A wait in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitRow {
    /// Its id.
    pub id: String,
    /// The run.
    pub run: RunId,
    /// The step's path.
    pub path: String,
    /// The decision.
    pub decision: String,
    /// Who may answer.
    pub roles: Vec<String>,
    /// Until.
    pub due: Option<Timestamp>,
    /// The digest that answers are bound to.
    pub shown: Digest,
    /// The digest of what is shown.
    pub show: Digest,
    /// A void of this reference ends it.
    pub reference: Option<String>,
}

/// An effect without business key in the index of references.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReferenceRow {
    /// The business reference.
    pub reference: String,
    /// The run.
    pub run: RunId,
    /// The step's path.
    pub path: String,
}

/// A trail that can be read from end to end. All answers are of one moment.
pub trait Trail {
    /// Batches with a number above `after`, in order, at most `limit`.
    ///
    /// # Errors
    /// Where the store cannot be read at all; what is merely wrong is given as it is.
    fn batches(&self, after: u64, limit: usize) -> Result<Vec<StoredBatch>, Error>;
    /// Entries with a position above `after`, in order, at most `limit`.
    ///
    /// # Errors
    /// As above.
    fn entries(&self, after: u64, limit: usize) -> Result<Vec<StoredEntry>, Error>;
    /// All runs of the index.
    ///
    /// # Errors
    /// As above.
    fn runs(&self) -> Result<Vec<RunRow>, Error>;
    /// All business keys.
    ///
    /// # Errors
    /// As above.
    fn once_keys(&self) -> Result<Vec<OnceRow>, Error>;
    /// All accounts and items of all ledgers.
    ///
    /// # Errors
    /// As above.
    fn ledger(&self) -> Result<Vec<LedgerRow>, Error>;
    /// All closed references, with the run that closed each.
    ///
    /// # Errors
    /// As above.
    fn voided(&self) -> Result<Vec<(String, RunId)>, Error>;
    /// All effects without business key.
    ///
    /// # Errors
    /// As above.
    fn references(&self) -> Result<Vec<ReferenceRow>, Error>;
    /// All open waits.
    ///
    /// # Errors
    /// As above.
    fn waits(&self) -> Result<Vec<WaitRow>, Error>;
    /// All documents.
    ///
    /// # Errors
    /// As above.
    fn documents(&self) -> Result<Vec<KeptRow>, Error>;
    /// All versions of pipelines and plugins.
    ///
    /// # Errors
    /// As above.
    fn versions(&self) -> Result<Vec<KeptRow>, Error>;
}
