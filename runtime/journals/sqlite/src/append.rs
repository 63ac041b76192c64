//! One append: decided, and written or refused as a whole.

use dragoman_journal::error::{CONTRADICTION, Error};
use dragoman_journal::{Append, Begun, Lease, Operation, Refusal, Sealed, Standing};
use dragoman_model::RunId;

use crate::begin::{self, Beginning};
use crate::business::{self, Opening};
use crate::entries;
use crate::events;
use crate::failure::Trouble;
use crate::ledger;
use crate::runs::{self, RunRow};
use crate::state;
use crate::writer::Writing;

/// An append, sealed by its caller.
pub(crate) struct Addition {
    lease: Lease,
    entries: Vec<Sealed>,
    operations: Vec<Operation>,
    begins: Vec<Beginning>,
    standing: Standing,
}

/// Seals an append.
///
/// # Errors
/// D0708 where its entries are not consecutive or not of its run.
pub(crate) fn prepare(append: Append) -> Result<Addition, Error> {
    Ok(Addition {
        lease: append.lease,
        entries: entries::seal(append.lease.run, append.entries)?,
        operations: append.operations,
        begins: append
            .begins
            .into_iter()
            .map(begin::prepare)
            .collect::<Result<_, _>>()?,
        standing: append.standing,
    })
}

/// Writes an append, or says why not.
pub(crate) fn apply(writing: &mut Writing<'_>, addition: &Addition) -> Result<Result<(), Refusal>, Trouble> {
    let run = addition.lease.run;
    let row = match runs::find(writing, run)? {
        Some(row) if row.epoch == addition.lease.epoch && row.standing != Standing::Closed => row,
        _ => return Ok(Err(Refusal::Fenced)),
    };
    if let Some(first) = addition.entries.first()
        && first.header.seq != row.entries
    {
        return Err(entries::gap(run, row.entries, first.header.seq).into());
    }
    let outcome = runs::outcome(run, &addition.entries, addition.standing)?;
    if let Some(refusal) = operate_all(writing, addition)? {
        return Ok(Err(refusal));
    }
    let first = entries::insert(writing, &addition.entries)?;
    for child in &addition.begins {
        if let Begun::Conflict { run: other } = begin::apply(writing, child)? {
            return Err(Error::new(
                CONTRADICTION,
                format!("child {other} of run {run} was begun with another content; nothing of it was written"),
            )
            .into());
        }
    }
    let lease_until = lease_after(&row, addition);
    let after = RunRow {
        entries: row.entries + addition.entries.len() as u64,
        lease_until,
        due: runs::due(addition.standing, lease_until),
        standing: addition.standing,
        ..row
    };
    runs::update(writing, run, &row, after, &outcome, first)?;
    Ok(Ok(()))
}

/// A run that goes on keeps its owner; one that sleeps, waits, is parked or closed gives the lease back. An owner that
/// still has the epoch may go on with a run that it put to sleep: nobody else has had it since.
fn lease_after(row: &RunRow, addition: &Addition) -> i64 {
    match (addition.standing, row.lease_until) {
        (Standing::Active, 0) => addition.lease.until.millis(),
        (Standing::Active, until) => until,
        _ => 0,
    }
}

/// All operations of an append, or none and the refusal.
fn operate_all(writing: &mut Writing<'_>, addition: &Addition) -> Result<Option<Refusal>, Trouble> {
    // An operation decides before it writes, so only a later one can leave something of an earlier one behind.
    let guarded = addition.operations.len() > 1 && addition.operations.iter().skip(1).any(may_refuse);
    if guarded {
        writing.connection.prepare_cached("SAVEPOINT operations")?.execute([])?;
    }
    for operation in &addition.operations {
        if let Some(refusal) = operate(writing, addition.lease.run, &addition.entries, operation)? {
            if guarded {
                writing
                    .connection
                    .prepare_cached("ROLLBACK TO operations")?
                    .execute([])?;
                writing.connection.prepare_cached("RELEASE operations")?.execute([])?;
            }
            return Ok(Some(refusal));
        }
    }
    if guarded {
        writing.connection.prepare_cached("RELEASE operations")?.execute([])?;
    }
    Ok(None)
}

fn may_refuse(operation: &Operation) -> bool {
    !matches!(
        operation,
        Operation::Settle { .. }
            | Operation::Release { .. }
            | Operation::Void { .. }
            | Operation::Keep { .. }
            | Operation::Emit { .. }
    )
}

/// One operation of a run.
pub(crate) fn operate(
    writing: &Writing<'_>,
    run: RunId,
    entries: &[Sealed],
    operation: &Operation,
) -> Result<Option<Refusal>, Trouble> {
    match operation {
        Operation::Release { once, ledger } => ledger::release(writing, once, ledger)?,
        Operation::Void { reference } => business::void(writing, run, reference)?,
        Operation::Keep { document, bytes } => state::keep(writing, document, bytes)?,
        Operation::Emit { event } => events::emit(writing, event)?,
        Operation::Settle {
            once,
            reference,
            path,
            state,
        } => {
            let opening = Opening {
                run,
                path,
                reference: reference.as_deref(),
            };
            business::settle(writing, &opening, once.as_ref(), state)?;
        }
        _ => return decide(writing, run, entries, operation),
    }
    Ok(None)
}

/// One operation that may be refused.
fn decide(
    writing: &Writing<'_>,
    run: RunId,
    entries: &[Sealed],
    operation: &Operation,
) -> Result<Option<Refusal>, Trouble> {
    match operation {
        Operation::OnceOpen {
            once,
            path,
            input,
            reference,
            input_body,
        } => {
            let opening = Opening {
                run,
                path,
                reference: reference.as_deref(),
            };
            business::open(writing, &opening, once, input, input_body)
        }
        Operation::Refer { reference, path, scope } => {
            let opening = Opening {
                run,
                path,
                reference: Some(reference),
            };
            business::refer(writing, &opening, scope, entries)
        }
        Operation::Claim { path, reference, .. } => {
            let opening = Opening {
                run,
                path,
                reference: reference.as_deref(),
            };
            ledger::claim(writing, &opening, operation)
        }
        _ => decide_kept(writing, operation),
    }
}

/// One operation on state or waits.
fn decide_kept(writing: &Writing<'_>, operation: &Operation) -> Result<Option<Refusal>, Trouble> {
    match operation {
        Operation::StatePut {
            connection,
            key,
            value,
            expected,
        } => state::put(writing, connection, key, value, *expected),
        Operation::StateDelete {
            connection,
            key,
            expected,
        } => state::delete(writing, connection, key, *expected),
        Operation::StateRelied {
            connection,
            key,
            expected,
        } => state::relied(writing, connection, key, *expected),
        Operation::WaitBegin { wait } => state::begin_wait(writing, wait),
        Operation::WaitEnd { wait } => state::end_wait(writing, wait),
        // The others were done before.
        _ => Ok(None),
    }
}
