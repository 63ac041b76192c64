//! One append: decided, and written or refused as a whole.

use dragoman_journal::decide::{Addition, Opening, Outcome};
use dragoman_journal::error::{CONTRADICTION, Error};
use dragoman_journal::{Begun, Operation, Refusal, Sealed};
use dragoman_model::RunId;

use crate::begin;
use crate::business;
use crate::entries;
use crate::events;
use crate::failure::Trouble;
use crate::ledger;
use crate::runs;
use crate::state;
use crate::writer::Writing;

/// Writes an append, or says why not.
pub(crate) fn apply(writing: &mut Writing<'_>, addition: &Addition) -> Result<Result<(), Refusal>, Trouble> {
    let run = addition.lease.run;
    let Some(found) = runs::find(writing, run)? else {
        return Ok(Err(Refusal::Fenced));
    };
    if let Some(refusal) = found.row.admits(addition)? {
        return Ok(Err(refusal));
    }
    let outcome = Outcome::of(run, &addition.entries, addition.standing)?;
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
    runs::update(writing, run, found, found.row.after(addition), &outcome, first)?;
    Ok(Ok(()))
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
