//! One append or beginning: decided on the tables of a transaction, and written or refused as a whole.

use dragoman_model::{Digest, RunId};

use super::ledger::{account_of, give_back};
use super::prepared::{Addition, Beginning};
use super::runs::{Outcome, RunRow};
use super::tables::{OnceWrite, Settlement, Tables};
use super::{Claim, Opening, state};
use crate::error::{CONTRADICTION, Error};
use crate::query::{OnceState, Wait};
use crate::record::OnceKey;
use crate::seal::Sealed;
use crate::store::{Begun, Lease, NOBODYS, Operation, Refusal, Settled};

/// Writes an append, or says why not. What came before a refusal or an error of it may be written: whoever calls gives it up.
///
/// # Errors
/// D0708 where it contradicts the run; what the tables say.
pub fn append<T: Tables>(tables: &mut T, addition: &Addition) -> Result<Result<(), Refusal>, T::Trouble> {
    let run = addition.lease.run;
    let Some(row) = tables.run(run)? else {
        return Ok(Err(Refusal::Fenced));
    };
    if let Some(refusal) = row.admits(addition)? {
        return Ok(Err(refusal));
    }
    let outcome = Outcome::of(run, &addition.entries, addition.standing)?;
    if let Some(refusal) = operate_all(tables, run, &addition.entries, &addition.operations)? {
        return Ok(Err(refusal));
    }
    tables.add_entries(&addition.entries)?;
    tables.change_run(run, &addition.entries, &row.after(addition), &outcome)?;
    for child in &addition.begins {
        let why = match begin(tables, child)? {
            Begun::Conflict { run: other } => format!("child {other} of run {run} was begun with another content"),
            Begun::Refused(refusal) => format!("a child of run {run} cannot begin: {refusal:?}"),
            Begun::New(_) | Begun::Queued { .. } | Begun::Known { .. } => continue,
        };
        return Err(Error::new(CONTRADICTION, format!("{why}; nothing of it was written")).into());
    }
    Ok(Ok(()))
}

/// Begins a run, or says which run has its key.
///
/// # Errors
/// As [`append`].
pub fn begin<T: Tables>(tables: &mut T, begin: &Beginning) -> Result<Begun, T::Trouble> {
    if let Some((run, content, standing)) = tables.known(begin)? {
        return Ok(if content == begin.content {
            Begun::Known { run, standing }
        } else {
            Begun::Conflict { run }
        });
    }
    let outcome = Outcome::of(begin.run, &begin.entries, begin.standing)?;
    if let Some(refusal) = operate_all(tables, begin.run, &begin.entries, &begin.operations)? {
        return Ok(Begun::Refused(Box::new(refusal)));
    }
    tables.add_entries(&begin.entries)?;
    tables.add_run(begin, &RunRow::first(begin), &outcome)?;
    if begin.lease_until == NOBODYS {
        return Ok(Begun::Queued { run: begin.run });
    }
    Ok(Begun::New(Lease {
        run: begin.run,
        epoch: 1,
        until: begin.lease_until,
    }))
}

/// All operations that come with entries of a run, or none and the refusal.
fn operate_all<T: Tables>(
    tables: &mut T,
    run: RunId,
    entries: &[Sealed],
    operations: &[Operation],
) -> Result<Option<Refusal>, T::Trouble> {
    // An operation decides before it writes, so only a later one can leave something of an earlier one behind.
    let guarded = operations.len() > 1 && operations.iter().skip(1).any(may_refuse);
    if guarded {
        tables.mark()?;
    }
    for operation in operations {
        if let Some(refusal) = operate(tables, run, entries, operation)? {
            if guarded {
                tables.undo()?;
            }
            return Ok(Some(refusal));
        }
    }
    if guarded {
        tables.unmark()?;
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
            | Operation::Erase { .. }
            | Operation::Emit { .. }
    )
}

/// One operation of a run.
fn operate<T: Tables>(
    tables: &mut T,
    run: RunId,
    entries: &[Sealed],
    operation: &Operation,
) -> Result<Option<Refusal>, T::Trouble> {
    match operation {
        Operation::Release { once, ledger } => release(tables, once, ledger)?,
        Operation::Void { reference } => tables.void(reference, run)?,
        Operation::Keep { document, bytes } => tables.keep(run, document, bytes)?,
        Operation::Erase { erasure } => tables.erase(erasure)?,
        Operation::Emit { event } => tables.emit(event)?,
        Operation::Settle {
            once,
            reference,
            path,
            state,
        } => {
            let reference = reference.as_deref();
            settle(tables, &Opening { run, path, reference }, once.as_ref(), state)?;
        }
        _ => return decide(tables, run, entries, operation),
    }
    Ok(None)
}

/// One operation that may be refused.
fn decide<T: Tables>(
    tables: &mut T,
    run: RunId,
    entries: &[Sealed],
    operation: &Operation,
) -> Result<Option<Refusal>, T::Trouble> {
    match operation {
        Operation::OnceOpen {
            once,
            path,
            input,
            reference,
            input_body,
        } => {
            let reference = reference.as_deref();
            open(tables, Opening { run, path, reference }, once, input, input_body)
        }
        Operation::Refer { reference, path, scope } => {
            let reference = Some(&**reference);
            refer(tables, &Opening { run, path, reference }, scope, entries)
        }
        Operation::Claim { path, reference, .. } => {
            let reference = reference.as_deref();
            claim(tables, Opening { run, path, reference }, operation)
        }
        Operation::WaitBegin { wait } => begin_wait(tables, wait),
        Operation::WaitEnd { wait } => {
            let ended = tables.end_wait(wait)?;
            Ok((!ended).then(|| Refusal::WaitOver { wait: wait.clone() }))
        }
        _ => decide_state(tables, operation),
    }
}

/// One operation on a connection's state.
fn decide_state<T: Tables>(tables: &mut T, operation: &Operation) -> Result<Option<Refusal>, T::Trouble> {
    let (connection, key, expected) = match operation {
        Operation::StatePut {
            connection,
            key,
            expected,
            ..
        }
        | Operation::StateDelete {
            connection,
            key,
            expected,
        } => (connection, key, *expected),
        Operation::StateRelied {
            connection,
            key,
            expected,
        } => (connection, key, Some(*expected)),
        // The others were done before.
        _ => return Ok(None),
    };
    let version = tables.version(connection, key)?;
    if let Some(refusal) = state::refused(connection, key, version, expected) {
        return Ok(Some(refusal));
    }
    match operation {
        Operation::StatePut { value, .. } => tables.write_state(connection, key, Some((version + 1, value)))?,
        Operation::StateDelete { .. } => tables.write_state(connection, key, None)?,
        _ => {}
    }
    Ok(None)
}

/// The refusal where the opening's reference is closed.
fn voided<T: Tables>(tables: &mut T, opening: &Opening<'_>) -> Result<Option<Refusal>, T::Trouble> {
    let by = match opening.reference {
        Some(reference) => tables.voided_by(reference)?,
        None => None,
    };
    Ok(opening.closed(by))
}

/// Opens a business key: a new one, one that failed without effect, or this very step's own.
fn open<T: Tables>(
    tables: &mut T,
    opening: Opening<'_>,
    once: &OnceKey,
    input: &Digest,
    input_body: &dragoman_model::Value,
) -> Result<Option<Refusal>, T::Trouble> {
    let found = tables.once(once)?;
    let closed = match opening.reference {
        Some(reference) => tables.voided_by(reference)?,
        None => None,
    };
    if let Some(refusal) = opening.refused(found.as_ref(), *input, closed) {
        return Ok(Some(refusal));
    }
    tables.write_once(OnceWrite {
        opening,
        once,
        state: &OnceState::Open,
        input,
        input_body,
        output: None,
    })?;
    Ok(None)
}

/// Registers an effect without a business key. Its input is that of the intent in the same append.
fn refer<T: Tables>(
    tables: &mut T,
    opening: &Opening<'_>,
    scope: &str,
    entries: &[Sealed],
) -> Result<Option<Refusal>, T::Trouble> {
    // As with a business key: what this very step has under way must come to certainty.
    if !tables.is_under_way(opening)?
        && let Some(refusal) = voided(tables, opening)?
    {
        return Ok(Some(refusal));
    }
    tables.open_effect(opening, scope, opening.intended(entries))?;
    Ok(None)
}

/// Says how an opened step ended.
fn settle<T: Tables>(
    tables: &mut T,
    opening: &Opening<'_>,
    once: Option<&OnceKey>,
    settled: &Settled,
) -> Result<(), T::Trouble> {
    let (state, output) = settled.state();
    let settlement = Settlement { state, output };
    if let Some(once) = once {
        // Only the holder settles its key; an undo may be the work of another run, which found the act by its reference.
        let holder = (settlement.state != OnceState::Undone).then_some(opening.run);
        tables.settle_once(once, holder, &settlement)?;
    } else if opening.reference.is_some() {
        tables.settle_effect(opening, &settlement)?;
    }
    Ok(())
}

/// Takes all lines of an operation `Claim`, or none; any other operation asks for nothing.
fn claim<T: Tables>(
    tables: &mut T,
    opening: Opening<'_>,
    operation: &Operation,
) -> Result<Option<Refusal>, T::Trouble> {
    if let Some(refusal) = voided(tables, &opening)? {
        return Ok(Some(refusal));
    }
    let claim = match Claim::read(operation) {
        Ok(Some(claim)) => claim,
        Ok(None) => return Ok(None),
        Err(refusal) => return Ok(Some(refusal)),
    };
    if let Some(refusal) = claim.refused(tables.once(claim.once)?.as_ref()) {
        return Ok(Some(refusal));
    }
    let mut account = tables.account(claim.ledger, claim.account)?;
    if let Some(refusal) = claim.take(&mut account) {
        return Ok(Some(refusal));
    }
    tables.write_account(claim.ledger, claim.account, &account)?;
    tables.write_once(OnceWrite {
        opening,
        once: claim.once,
        state: &OnceState::Done,
        input: &claim.input,
        input_body: &claim.body,
        output: Some(&claim.body),
    })?;
    Ok(None)
}

/// Gives the lines of a claim back; nothing happens where it does not stand.
fn release<T: Tables>(tables: &mut T, once: &OnceKey, ledger: &str) -> Result<(), T::Trouble> {
    let Some(record) = tables.once(once)? else {
        return Ok(());
    };
    let Some(name) = account_of(&record)? else {
        return Ok(());
    };
    let mut account = tables.account(ledger, name)?;
    give_back(&record, &mut account)?;
    tables.write_account(ledger, name, &account)?;
    let settlement = Settlement {
        state: OnceState::Undone,
        output: None,
    };
    tables.settle_once(once, None, &settlement)
}

fn begin_wait<T: Tables>(tables: &mut T, wait: &Wait) -> Result<Option<Refusal>, T::Trouble> {
    let opening = Opening {
        run: wait.run,
        path: &wait.path,
        reference: wait.reference.as_deref(),
    };
    if let Some(refusal) = voided(tables, &opening)? {
        return Ok(Some(refusal));
    }
    tables.begin_wait(wait)?;
    Ok(None)
}
