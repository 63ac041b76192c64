//! The sockets of a store: what the engine asks of it, and what it answers.
//!
//! One transaction per [`Append`], decided by the store's writer: either all of it is durable when the future
//! resolves, or a [`Refusal`] says why nothing of it was written. A store groups appends of many runs into one sync.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use dragoman_model::{Digest, DocumentReference, Part, RunId, Timestamp};

use crate::chain::Head;
use crate::entry::{Draft, Entry};
use crate::error::Error;
use crate::query::{AccountSummary, Due, Effect, Emitted, Once, RunFilter, RunSummary, Wait};
use crate::record::OnceKey;

/// A boxed future, so that the traits can be used as objects.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The value of a connection's state, and its version.
pub type VersionedValue = (Vec<u8>, u64);

/// An event with the number that it has in the store; numbers grow, and none comes twice.
pub type NumberedEvent = (u64, Emitted);

/// A document and its bytes.
pub type KeptDocument = (DocumentReference, Vec<u8>);

/// The right to append to a run: one owner at a time. The epoch grows with every new owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// Checked by every append.
    pub epoch: u64,
    /// Nothing leaves for the run past this time.
    pub until: Timestamp,
}

/// How a run stands, as the store's index has it. Always the fold of its entries; the index only makes it quick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// At work, or ready to be.
    Active,
    /// Sleeps until the time given.
    Sleeping(Timestamp),
    /// Waits for a person or for another run, at the latest until the time given.
    Waiting(Option<Timestamp>),
    /// A person must repair it.
    Parked,
    /// Ended; nothing follows.
    Closed,
}

/// A line of a claim: so much of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimLine {
    /// The item in the account.
    pub item: String,
    /// A decimal number as text, and its unit; never a float.
    pub value: String,
    /// The unit; must be that of the limit.
    pub unit: String,
}

/// What an append does besides adding entries: decided in the same transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Opens a business key for this run's step, or takes it over where it is open for this same step or has failed
    /// without effect. Refused with [`Refusal::Once`] otherwise, and with [`Refusal::Voided`] where `reference` is closed.
    OnceOpen {
        /// Scope and key.
        once: OnceKey,
        /// The step's path.
        path: String,
        /// Of the input's canonical text: a second input under the key is refused.
        input: Digest,
        /// The business reference, if any.
        reference: Option<String>,
        /// The input, kept for people to compare.
        input_body: Part,
    },
    /// Registers a step's effect under a reference, without a business key. Refused with [`Refusal::Voided`].
    Refer {
        /// The business reference.
        reference: String,
        /// The step's path.
        path: String,
        /// Connection and operation.
        scope: String,
    },
    /// Settles what was opened by `OnceOpen` or `Refer` for this path: done with its output, failed without effect, or parked.
    Settle {
        /// The business key, where one was opened.
        once: Option<OnceKey>,
        /// The reference, where only that was opened.
        reference: Option<String>,
        /// The step's path.
        path: String,
        /// How it ended.
        state: Settled,
    },
    /// Takes quantities from an account: all lines or none. `limits` are the account's (known from the first claim on;
    /// a later claim with other limits replaces them); an item in `decided` has as its limit what is taken of it;
    /// `single`: only one claim may ever stand.
    /// Refused with [`Refusal::Once`] (joined), [`Refusal::Voided`], [`Refusal::Ledger`].
    Claim {
        /// The business key; its scope is `ledger:` and the name.
        once: OnceKey,
        /// The ledger's name.
        ledger: String,
        /// The account in it.
        account: String,
        /// The step's path.
        path: String,
        /// The business reference, if any.
        reference: Option<String>,
        /// What is taken.
        lines: Vec<ClaimLine>,
        /// The account's limits; empty, as `decided` is: those that are known.
        limits: Vec<ClaimLine>,
        /// Items whose limit nobody knows and of which a person has decided how much is taken: that is counted, and not
        /// refused for being too much.
        decided: Vec<String>,
        /// Only one claim may ever stand.
        single: bool,
    },
    /// Gives a claim back; nothing happens where it was given back already.
    Release {
        /// The business key of the claim.
        once: OnceKey,
        /// The ledger's name.
        ledger: String,
    },
    /// Closes a reference: later `OnceOpen`, `Refer`, `Claim` and waits under it are refused.
    Void {
        /// The business reference.
        reference: String,
    },
    /// Writes a connection's state; `expected` as in the contract. Refused with [`Refusal::State`].
    StatePut {
        /// The connection.
        connection: String,
        /// The key.
        key: String,
        /// The new value.
        value: Vec<u8>,
        /// The version that must be there (0: none there yet); none: whatever is there.
        expected: Option<u64>,
    },
    /// Removes a key of a connection's state.
    StateDelete {
        /// The connection.
        connection: String,
        /// The key.
        key: String,
        /// The version that must be there; none: whatever is there.
        expected: Option<u64>,
    },
    /// Writes nothing: a key of a connection's state must still be as it was read. Refused with [`Refusal::State`].
    StateRelied {
        /// The connection.
        connection: String,
        /// The key.
        key: String,
        /// The version that must be there (0: none).
        expected: u64,
    },
    /// Keeps a document, once.
    Keep {
        /// Digest, media type and size.
        document: DocumentReference,
        /// What has that digest.
        bytes: Vec<u8>,
    },
    /// Registers a wait; answered or dropped by `WaitEnd`. Refused with [`Refusal::Voided`].
    WaitBegin {
        /// The wait.
        wait: Wait,
    },
    /// Erases what runs that have ended have said. Their headers stay, and the entries that this comes with say that it was done.
    Erase {
        /// What is erased.
        erasure: Box<Erasure>,
    },
    /// Hands an event to the site: it is there for waits, and to be delivered to triggers.
    Emit {
        /// The event.
        event: Emitted,
    },
    /// Ends a wait. Refused with [`Refusal::WaitOver`] where it was ended before.
    WaitEnd {
        /// The wait's id.
        wait: String,
    },
}

/// What runs that have ended have said: all of it, in the tables that have it. Whoever erases has looked that they have ended,
/// which nothing changes any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erasure {
    /// The runs: the bodies of their entries, and the documents that they kept and no other run keeps.
    pub runs: Vec<RunId>,
    /// Inputs and outputs of their business keys, each with the run that must hold it; how a key stands stays. None of a
    /// ledger: what is counted stays.
    pub onces: Vec<(OnceKey, RunId)>,
    /// Inputs and outputs under references, each with run and path.
    pub effects: Vec<(String, RunId, String)>,
    /// Events by name and key, each with the run that emitted it; those that were not delivered yet stay.
    pub events: Vec<(String, String, RunId)>,
}

/// How a step that was opened ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// It took effect; the recorded output.
    Done(Part),
    /// It had no effect and will not be tried again by this run: the key is free.
    Failed,
    /// Its outcome is not known, or it stopped for a person.
    Parked,
    /// It had taken effect and was undone (an act withdrawn). Any run may say so of a business key, because an undo can
    /// be the work of another run that found the act by its reference; the recorded output stays.
    Undone,
}

/// One transaction for one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Append {
    /// The right to append.
    pub lease: Lease,
    /// Consecutive entries of this run.
    pub entries: Vec<Draft>,
    /// Decided with them.
    pub operations: Vec<Operation>,
    /// Runs that begin with them (children).
    pub begins: Vec<Begin>,
    /// How the run stands afterwards.
    pub standing: Standing,
}

/// The end of the lease of a run that begins and that nobody has.
pub const NOBODYS: Timestamp = Timestamp::from_millis(0);

/// A run that begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// Its first entries: `accepted` at least.
    pub entries: Vec<Draft>,
    /// Documents and the like.
    pub operations: Vec<Operation>,
    /// Of the message's canonical text or bytes: the same key with another content is refused.
    pub content: Digest,
    /// How it stands: `Active` for the caller to own it, with the lease's epoch 1.
    pub standing: Standing,
    /// Until when the first lease lasts; [`NOBODYS`]: nobody has it, and it is due for anyone.
    pub lease_until: Timestamp,
}

/// The answer to [`Begin`].
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// It is durable; the caller owns it.
    New(Lease),
    /// It is durable, and nobody has it: it is due for anyone, at once or, where the turn is another's of its serial, when its
    /// own has come.
    Queued {
        /// The run.
        run: RunId,
    },
    /// There is a run with this key and content.
    Known {
        /// The run that has the key.
        run: RunId,
        /// How it stands.
        standing: Standing,
    },
    /// There is a run with this key and another content.
    Conflict {
        /// The run that has the key.
        run: RunId,
    },
    /// An operation that it begins with is refused; nothing was written.
    Refused(Box<Refusal>),
}

/// Why an append was not written.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// Another owner has the run: stop at once.
    Fenced,
    /// The business key is taken. The record says by whom and how it stands; `same_input` whether the input is the same.
    Once {
        /// Who holds the key, and how it stands.
        record: Box<Once>,
        /// Whether the input is the same: then the result may be joined.
        same_input: bool,
    },
    /// The reference is closed, by this run.
    Voided {
        /// The reference.
        reference: String,
        /// The run that closed it.
        by: RunId,
    },
    /// The ledger cannot give so much. `left`: what is left of the item, where it is a matter of quantity.
    Ledger {
        /// Stable: `over_limit`, `unit_mismatch`, `unknown_item`, `single_use`, `bad_quantity`.
        code: &'static str,
        /// For people.
        message: String,
        /// The item concerned, if one is.
        item: Option<String>,
        /// What is left of it, where that is the matter.
        left: Option<String>,
    },
    /// A state key has another version than expected.
    State {
        /// The connection.
        connection: String,
        /// The key.
        key: String,
        /// The version that is there (0: none).
        version: u64,
    },
    /// The wait was ended before.
    WaitOver {
        /// The wait's id.
        wait: String,
    },
}

/// Which of the runs that an earlier process left have to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// Those that were at work.
    Active,
    /// Those that wait and for which something may have come: a run that it began has ended, none of them is there any more,
    /// an event came, a reference was closed. Whoever waits for a person alone is not among them.
    Waiting,
    /// Those that sleep and wake then or sooner.
    Sleeping(Timestamp),
}

/// What a store holds of its runs, for those who look: no lease and no lock is needed.
pub trait Records: Send + Sync {
    /// All entries of a run, in order.
    fn load(&self, run: RunId) -> Answer<'_, Result<Vec<Entry>, Error>>;
    /// Runs, newest first.
    fn runs(&self, filter: RunFilter) -> Answer<'_, Result<Vec<RunSummary>, Error>>;
    /// Children of a run at a path: key, run and standing, by index.
    fn children(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>>;
    /// Of these children, those that are not closed, and those that failed or were given up: what a parent of thousands
    /// has to look at while it waits for them, in a time that does not grow with those that ended well.
    fn unfinished(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>>;
    /// Runs whose id begins with these hexadecimal digits (dashes say nothing), the first two in the order of their ids:
    /// whoever shortens an id wants one run and must hear of a second.
    fn beginning(&self, digits: String) -> Answer<'_, Result<Vec<RunId>, Error>>;
    /// Open waits; all, or those of a run.
    fn waits(&self, run: Option<RunId>) -> Answer<'_, Result<Vec<Wait>, Error>>;
    /// Accounts of ledgers, by ledger and name; all, or those of a ledger, or one.
    fn accounts(
        &self,
        ledger: Option<String>,
        account: Option<String>,
    ) -> Answer<'_, Result<Vec<AccountSummary>, Error>>;
    /// What was claimed of an account, also what was given back, in the order in which it was claimed first.
    fn claims(&self, ledger: String, account: String) -> Answer<'_, Result<Vec<Once>, Error>>;
    /// A text that runs are pinned to, by its digest.
    fn version(&self, digest: Digest) -> Answer<'_, Result<Option<Vec<u8>>, Error>>;
}

/// The journal with its ledger, leases and documents.
pub trait Journal: Records {
    /// Begins a run: durable when it resolves.
    fn begin(&self, begin: Begin) -> Answer<'_, Result<Begun, Error>>;
    /// Appends: durable when it resolves with `Ok(Ok(()))`.
    fn append(&self, append: Append) -> Answer<'_, Result<Result<(), Refusal>, Error>>;
    /// Takes a run that nobody owns, or whose lease is over, at the time `now`.
    fn acquire(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>>;
    /// As [`Journal::acquire`], also where the turn is another's of the run's serial: for a run that is given up.
    fn seize(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>> {
        self.acquire(run, now, until)
    }
    /// Lengthens leases; gives back those that are still held.
    fn renew(&self, leases: Vec<Lease>, until: Timestamp) -> Answer<'_, Result<Vec<Lease>, Error>>;
    /// Runs that are due at `now` and owned by nobody, oldest first; those behind a place only, where one is given.
    fn due(&self, now: Timestamp, behind: Option<(i64, u64)>, limit: usize) -> Answer<'_, Result<Vec<Due>, Error>>;
    /// How many runs of a pipeline that a message began could be at work at once, and are nobody's; counted to `most`.
    fn ready(&self, pipeline: String, most: usize) -> Answer<'_, Result<usize, Error>>;
    /// The earliest time after `after` at which a run becomes due if nobody owns it then.
    fn next_due(&self, after: Timestamp) -> Answer<'_, Result<Option<Timestamp>, Error>>;
    /// Runs that whoever is alone on the store has to look at when it begins, in the order in which they were accepted, behind
    /// the one that is named. In a store that several can have, what is to be looked at is due, and there is none.
    fn left(&self, _which: Unfinished, _behind: Option<RunId>, _limit: usize) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    /// Runs that wait for an event of a name and key. A store that several can have wakes them by itself, and names none.
    fn awaiting(&self, _name: String, _key: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    /// Runs with an open wait under a reference.
    fn waiting_under(&self, reference: String) -> Answer<'_, Result<Vec<RunId>, Error>>;
    /// Resolves when something may have become due that was not due before, by what this process has written. A store that no
    /// other process can have need not say so: its owner knows.
    fn stirred(&self) -> Answer<'_, ()> {
        Box::pin(std::future::pending())
    }
    /// A business key.
    fn once(&self, once: OnceKey) -> Answer<'_, Result<Option<Once>, Error>>;
    /// What was done, or is open, under a reference.
    fn effects(&self, reference: String) -> Answer<'_, Result<Vec<Effect>, Error>>;
    /// The newest event of a name and key that was emitted at a time or later, after the one with a number. Events are
    /// kept for waits for 90 days.
    fn event(
        &self,
        name: String,
        key: String,
        since: Timestamp,
        after: u64,
    ) -> Answer<'_, Result<Option<NumberedEvent>, Error>>;
    /// Events that were not delivered, after the one with a number, in the order in which they were emitted.
    fn undelivered(&self, after: u64, limit: usize) -> Answer<'_, Result<Vec<NumberedEvent>, Error>>;
    /// Remembers that events were delivered to all triggers that are there for them.
    fn delivered(&self, numbers: Vec<u64>) -> Answer<'_, Result<(), Error>>;
    /// A connection's state: value and version.
    fn state_get(&self, connection: String, key: String) -> Answer<'_, Result<Option<VersionedValue>, Error>>;
    /// Keys of a connection's state under a prefix, after a key.
    fn state_keys(
        &self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<'_, Result<Vec<String>, Error>>;
    /// A document.
    fn document(&self, digest: Digest) -> Answer<'_, Result<Option<KeptDocument>, Error>>;
    /// Keeps a text that runs are pinned to (a pipeline, a component, the values of a site), under its digest.
    fn keep_version(&self, bytes: Bytes) -> Answer<'_, Result<Digest, Error>>;
}

/// What a store has done since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commits, each with one sync.
    pub syncs: u64,
    /// Batches of the chain.
    pub batches: u64,
    /// Entries.
    pub entries: u64,
    /// Bytes of headers and bodies.
    pub bytes: u64,
}

/// A store as a server has it.
pub trait Store: Journal {
    /// The first pipeline, by name, behind one, of which there are runs that have ended and are not erased.
    fn next_ended(&self, behind: String) -> Answer<'_, Result<Option<String>, Error>>;
    /// Runs of a pipeline that ended before a time and are not erased, the first to end first, behind one. Children are not
    /// among them: they go with those that began them.
    fn ended(
        &self,
        pipeline: String,
        before: Timestamp,
        behind: Option<RunId>,
        limit: usize,
    ) -> Answer<'_, Result<Vec<RunId>, Error>>;
    /// The end of each chain as of now, not yet signed.
    fn heads(&self) -> Answer<'_, Result<Vec<Head>, Error>>;
    /// What time it is where the store is, which those who share it go by; none: its owner is alone, and goes by its own.
    fn time(&self) -> Answer<'_, Result<Option<Timestamp>, Error>> {
        Box::pin(async { Ok(None) })
    }
    /// Gives back all runs that its owner has, which works no more: whoever shares the store goes on with them at once.
    fn leave(&self) -> Answer<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
    /// What it has done since it was opened.
    fn stats(&self) -> Stats;
    /// Whether no other process can have it: then no other can own a run.
    fn is_alone(&self) -> bool;
}
