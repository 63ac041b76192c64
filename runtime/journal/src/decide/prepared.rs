//! Appends and beginnings, sealed by their callers: the costly part of writing needs nothing of the store.

use dragoman_model::{Digest, RunId, Timestamp};

use crate::entry::Draft;
use crate::error::{CONTRADICTION, Error};
use crate::record::{Parent, Record};
use crate::seal::Sealed;
use crate::store::{Append, Begin, Lease, Operation, Standing};

/// An append, sealed by its caller.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The right to append.
    pub lease: Lease,
    /// Consecutive entries of the run.
    pub entries: Vec<Sealed>,
    /// Decided with them.
    pub operations: Vec<Operation>,
    /// Runs that begin with them.
    pub begins: Vec<Beginning>,
    /// How the run stands afterwards.
    pub standing: Standing,
}

/// A run that begins, sealed by its caller.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// The run.
    pub run: RunId,
    /// Its pipeline.
    pub pipeline: String,
    /// Its key in that pipeline.
    pub run_key: String,
    /// The run that it belongs to.
    pub parent: Option<Parent>,
    /// Runs with the same take turns.
    pub serial: Option<String>,
    /// `accepted`, and what comes with it.
    pub entries: Vec<Sealed>,
    /// Documents and the like.
    pub operations: Vec<Operation>,
    /// Of the message.
    pub content: Digest,
    /// How it stands.
    pub standing: Standing,
    /// Until when its first lease lasts.
    pub lease_until: Timestamp,
}

impl Addition {
    /// Seals an append.
    ///
    /// # Errors
    /// D0708 where its entries are not consecutive or not of its run, or a document is not what its reference says; D0709
    /// where something cannot be kept.
    pub fn new(append: Append) -> Result<Self, Error> {
        check_documents(&append.operations)?;
        Ok(Addition {
            lease: append.lease,
            entries: seal(append.lease.run, append.entries)?,
            operations: append.operations,
            begins: append
                .begins
                .into_iter()
                .map(Beginning::new)
                .collect::<Result<_, _>>()?,
            standing: append.standing,
        })
    }
}

impl Beginning {
    /// Seals a beginning.
    ///
    /// # Errors
    /// D0708 where it does not begin with `accepted` as entry 0, or a document is not what its reference says; D0709 where
    /// something cannot be kept.
    pub fn new(begin: Begin) -> Result<Self, Error> {
        check_documents(&begin.operations)?;
        let refuse = || {
            Error::new(
                CONTRADICTION,
                "a run begins with `accepted` as its entry 0; nothing was written",
            )
        };
        let first = begin.entries.first().ok_or_else(refuse)?;
        let run = first.run;
        let Record::Accepted {
            pipeline,
            run_key,
            parent,
            serial,
            ..
        } = &first.record
        else {
            return Err(refuse());
        };
        if first.seq != 0 {
            return Err(refuse());
        }
        let (pipeline, run_key, parent) = (pipeline.clone(), run_key.clone(), parent.clone());
        let serial = serial.clone();
        Ok(Beginning {
            run,
            pipeline,
            run_key,
            parent,
            serial,
            entries: seal(run, begin.entries)?,
            operations: begin.operations,
            content: begin.content,
            standing: begin.standing,
            lease_until: begin.lease_until,
        })
    }
}

/// Refuses documents that are not what their reference says.
fn check_documents(operations: &[Operation]) -> Result<(), Error> {
    for operation in operations {
        if let Operation::Keep { document, bytes } = operation
            && (Digest::of(bytes) != document.digest || bytes.len() as u64 != document.size)
        {
            return Err(Error::new(
                CONTRADICTION,
                format!(
                    "the bytes given are not document {}; nothing was written",
                    document.digest
                ),
            ));
        }
    }
    Ok(())
}

/// Seals drafts, which must be consecutive and of one run.
fn seal(run: RunId, drafts: Vec<Draft>) -> Result<Vec<Sealed>, Error> {
    let mut sealed: Vec<Sealed> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if draft.run != run {
            return Err(Error::new(
                CONTRADICTION,
                format!("an entry of run {} in an append to run {run}", draft.run),
            ));
        }
        if let Some(last) = sealed.last()
            && draft.seq != last.header.seq + 1
        {
            return Err(gap(run, last.header.seq + 1, draft.seq));
        }
        sealed.push(draft.seal()?);
    }
    Ok(sealed)
}

/// The error of an append that does not continue its run.
pub(super) fn gap(run: RunId, expected: u64, given: u64) -> Error {
    Error::new(
        CONTRADICTION,
        format!("run {run} goes on with entry {expected}, the append brings {given}; nothing of it was written"),
    )
}
