//! The tables of a store, as a decision reads and writes them.

use dragoman_model::{Digest, DocumentReference, Part, RunId, Value};

use super::Opening;
use super::ledger::Account;
use super::prepared::Beginning;
use super::runs::{Outcome, RunRow};
use crate::error::Error;
use crate::query::{Emitted, Once, OnceState, Wait};
use crate::record::OnceKey;
use crate::seal::Sealed;
use crate::store::{Erasure, Standing};

/// The row of a business key as a decision writes it.
#[derive(Debug, Clone, Copy)]
pub struct OnceWrite<'a> {
    /// The step that has it.
    pub opening: Opening<'a>,
    /// Scope and key.
    pub once: &'a OnceKey,
    /// How it stands.
    pub state: &'a OnceState,
    /// Of the input.
    pub input: &'a Digest,
    /// The input.
    pub input_body: &'a Value,
    /// The output, where it is done.
    pub output: Option<&'a Value>,
}

/// What a transaction under way reads and writes: its own writes are seen by what follows in it. Nobody else writes these
/// rows before it ends.
pub trait Tables {
    /// Why a table cannot be read or written.
    type Trouble: From<Error>;

    /// A run's row.
    ///
    /// # Errors
    /// Where the table cannot be read; so for all of these.
    fn run(&mut self, run: RunId) -> Result<Option<RunRow>, Self::Trouble>;
    /// The run that has a beginning's key, with its content: a child is known by its id, which is derived from parent, path
    /// and item.
    ///
    /// # Errors
    /// As above.
    fn known(&mut self, begin: &Beginning) -> Result<Option<(RunId, Digest, Standing)>, Self::Trouble>;
    /// Adds entries at the end of the trail.
    ///
    /// # Errors
    /// As above.
    fn add_entries(&mut self, entries: &[Sealed]) -> Result<(), Self::Trouble>;
    /// Adds the row of a run, whose first entries were the last to be added.
    ///
    /// # Errors
    /// As above.
    fn add_run(&mut self, begin: &Beginning, row: &RunRow, outcome: &Outcome) -> Result<(), Self::Trouble>;
    /// Changes the row of a run. `entries`: what was added for it, last.
    ///
    /// # Errors
    /// As above.
    fn change_run(
        &mut self,
        run: RunId,
        entries: &[Sealed],
        after: &RunRow,
        outcome: &Outcome,
    ) -> Result<(), Self::Trouble>;

    /// A business key.
    ///
    /// # Errors
    /// As above.
    fn once(&mut self, once: &OnceKey) -> Result<Option<Once>, Self::Trouble>;
    /// Writes the row of a business key, in place of the one that is there.
    ///
    /// # Errors
    /// As above.
    fn write_once(&mut self, row: OnceWrite<'_>) -> Result<(), Self::Trouble>;
    /// Says how a business key stands, where it is there: the run that `holder` names has it, or any (none).
    ///
    /// # Errors
    /// As above.
    fn settle_once(
        &mut self,
        once: &OnceKey,
        holder: Option<RunId>,
        settlement: &Settlement<'_>,
    ) -> Result<(), Self::Trouble>;

    /// The run that closed a reference; none: it is open, or there is none.
    ///
    /// # Errors
    /// As above.
    fn voided_by(&mut self, reference: &str) -> Result<Option<RunId>, Self::Trouble>;
    /// Closes a reference; the first to close it stays on record.
    ///
    /// # Errors
    /// As above.
    fn void(&mut self, reference: &str, by: RunId) -> Result<(), Self::Trouble>;
    /// Whether an effect without business key is open for a step, under its reference.
    ///
    /// # Errors
    /// As above.
    fn is_under_way(&mut self, opening: &Opening<'_>) -> Result<bool, Self::Trouble>;
    /// Opens an effect without business key, in place of one that this step had.
    ///
    /// # Errors
    /// As above.
    fn open_effect(&mut self, opening: &Opening<'_>, scope: &str, input: &Value) -> Result<(), Self::Trouble>;
    /// Says how an effect without business key ended, where it is there.
    ///
    /// # Errors
    /// As above.
    fn settle_effect(&mut self, opening: &Opening<'_>, settlement: &Settlement<'_>) -> Result<(), Self::Trouble>;

    /// An account of a ledger; none is there: an empty one.
    ///
    /// # Errors
    /// As above.
    fn account(&mut self, ledger: &str, name: &str) -> Result<Account, Self::Trouble>;
    /// Writes an account and its items.
    ///
    /// # Errors
    /// As above.
    fn write_account(&mut self, ledger: &str, name: &str, account: &Account) -> Result<(), Self::Trouble>;

    /// The version of a key of a connection's state; 0: none is there.
    ///
    /// # Errors
    /// As above.
    fn version(&mut self, connection: &str, key: &str) -> Result<u64, Self::Trouble>;
    /// Writes a key of a connection's state; no value: it goes.
    ///
    /// # Errors
    /// As above.
    fn write_state(&mut self, connection: &str, key: &str, value: Option<(u64, &[u8])>) -> Result<(), Self::Trouble>;
    /// Keeps a document, once, for a run.
    ///
    /// # Errors
    /// As above.
    fn keep(&mut self, run: RunId, document: &DocumentReference, bytes: &[u8]) -> Result<(), Self::Trouble>;
    /// Erases what runs that have ended have said.
    ///
    /// # Errors
    /// As above.
    fn erase(&mut self, erasure: &Erasure) -> Result<(), Self::Trouble>;
    /// Registers a wait, in place of one with its id.
    ///
    /// # Errors
    /// As above.
    fn begin_wait(&mut self, wait: &Wait) -> Result<(), Self::Trouble>;
    /// Ends a wait; whether it was there.
    ///
    /// # Errors
    /// As above.
    fn end_wait(&mut self, wait: &str) -> Result<bool, Self::Trouble>;
    /// Keeps an event.
    ///
    /// # Errors
    /// As above.
    fn emit(&mut self, event: &Emitted) -> Result<(), Self::Trouble>;

    /// Remembers this moment.
    ///
    /// # Errors
    /// As above.
    fn mark(&mut self) -> Result<(), Self::Trouble>;
    /// Undoes what was written since the mark, and forgets it.
    ///
    /// # Errors
    /// As above.
    fn undo(&mut self) -> Result<(), Self::Trouble>;
    /// Forgets the mark.
    ///
    /// # Errors
    /// As above.
    fn unmark(&mut self) -> Result<(), Self::Trouble>;
}

/// How something that was opened stands from now on, and the output that it keeps; none: the one that it has. A key that
/// failed keeps none.
#[derive(Debug, Clone)]
pub struct Settlement<'a> {
    /// The state.
    pub state: OnceState,
    /// The output.
    pub output: Option<&'a Part>,
}
