//! Business keys and references: acts that happen once over all runs, and what was done under a reference.

use dragoman_journal::decide::Opening;
use dragoman_journal::{Effect, Once, OnceKey, OnceState, Refusal, Sealed, Settled, canonical};
use dragoman_model::{Digest, RunId, Value};
use rusqlite::{Connection, OptionalExtension};

use crate::columns;
use crate::failure::Trouble;
use crate::writer::Writing;

/// The run that closed a reference; none: it is open, or there is none.
fn voided_by(writing: &Writing<'_>, reference: Option<&str>) -> Result<Option<RunId>, Trouble> {
    let Some(reference) = reference else {
        return Ok(None);
    };
    let by = writing
        .connection
        .prepare_cached("SELECT voided_by FROM reference WHERE name = ?1")?
        .query_row([reference], |row| columns::run(row, 0))
        .optional()?;
    Ok(by)
}

/// The refusal where the opening's reference is closed.
pub(crate) fn voided(writing: &Writing<'_>, opening: &Opening<'_>) -> Result<Option<Refusal>, Trouble> {
    Ok(opening.closed(voided_by(writing, opening.reference)?))
}

/// A business key's row number and record.
pub(crate) fn find(connection: &Connection, once: &OnceKey) -> Result<Option<(i64, Once)>, rusqlite::Error> {
    let sql = "SELECT number, run, path, state, input, input_body, output FROM once_key WHERE scope = ?1 AND key = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    statement
        .query_row((&once.scope, &once.key), |row| {
            let record = Once {
                once: once.clone(),
                run: columns::run(row, 1)?,
                path: row.get(2)?,
                state: columns::once(row, 3)?,
                input: columns::digest(row, 4)?,
                input_body: columns::value(row, 5)?,
                output: columns::optional_value(row, 6)?,
            };
            Ok((row.get(0)?, record))
        })
        .optional()
}

/// Opens a business key: a new one, one that failed without effect, or this very step's own.
pub(crate) fn open(
    writing: &Writing<'_>,
    opening: &Opening<'_>,
    once: &OnceKey,
    input: &Digest,
    input_body: &Value,
) -> Result<Option<Refusal>, Trouble> {
    let found = find(writing.connection, once)?;
    let closed = voided_by(writing, opening.reference)?;
    let record = found.as_ref().map(|(_, record)| record);
    if let Some(refusal) = opening.refused(record, *input, closed) {
        return Ok(Some(refusal));
    }
    let number = found.map(|(number, _)| number);
    write(
        writing,
        opening,
        once,
        number,
        &OnceState::Open,
        input,
        input_body,
        None,
    )?;
    Ok(None)
}

/// Writes the row of a business key, in place of the one it takes over.
#[expect(clippy::too_many_arguments, reason = "they are the columns of the row")]
pub(crate) fn write(
    writing: &Writing<'_>,
    opening: &Opening<'_>,
    once: &OnceKey,
    number: Option<i64>,
    state: &OnceState,
    input: &Digest,
    input_body: &Value,
    output: Option<&Value>,
) -> Result<(), Trouble> {
    writing
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO once_key(
               number, scope, key, run, path, state, input, input_body, output, reference, since)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(rusqlite::params![
            number,
            once.scope,
            once.key,
            opening.run.0.as_bytes(),
            opening.path,
            columns::of_once(state),
            input.0,
            canonical::text(input_body)?,
            output.map(canonical::text).transpose()?,
            opening.reference,
            columns::number(writing.memory.next_position),
        ])?;
    Ok(())
}

/// Registers an effect without a business key. Its input is that of the intent in the same append.
pub(crate) fn refer(
    writing: &Writing<'_>,
    opening: &Opening<'_>,
    scope: &str,
    entries: &[Sealed],
) -> Result<Option<Refusal>, Trouble> {
    // As with a business key: what this very step has under way must come to certainty.
    let under_way = writing
        .connection
        .prepare_cached("SELECT 1 FROM reference_effect WHERE reference = ?1 AND run = ?2 AND path = ?3 AND state = 0")?
        .exists((opening.reference, opening.run.0.as_bytes(), opening.path))?;
    if !under_way && let Some(refusal) = voided(writing, opening)? {
        return Ok(Some(refusal));
    }
    let input = opening.intended(entries);
    writing
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO reference_effect(reference, run, path, scope, state, input, output, since)
             VALUES(?1, ?2, ?3, ?4, 0, ?5, NULL, ?6)",
        )?
        .execute(rusqlite::params![
            opening.reference,
            opening.run.0.as_bytes(),
            opening.path,
            scope,
            canonical::text(input)?,
            columns::number(writing.memory.next_position),
        ])?;
    Ok(None)
}

/// Says how an opened step ended.
pub(crate) fn settle(
    writing: &Writing<'_>,
    opening: &Opening<'_>,
    once: Option<&OnceKey>,
    settled: &Settled,
) -> Result<(), Trouble> {
    let (state, output) = settled.state();
    let output = output.map(|output| canonical::text(&**output)).transpose()?;
    let state_column = columns::of_once(&state);
    if let Some(once) = once {
        // Only the holder settles its key; an undo may be the work of another run, which found the act by its reference.
        let holder = (state != OnceState::Undone).then(|| opening.run.0.as_bytes().to_vec());
        writing
            .connection
            .prepare_cached(
                "UPDATE once_key SET state = ?3, output = iif(?3 = 2, NULL, coalesce(?4, output))
                 WHERE scope = ?1 AND key = ?2 AND (?5 IS NULL OR run = ?5)",
            )?
            .execute((&once.scope, &once.key, state_column, &output, holder))?;
    } else if let Some(reference) = opening.reference {
        writing
            .connection
            .prepare_cached(
                "UPDATE reference_effect SET state = ?4, output = coalesce(?5, output)
                 WHERE reference = ?1 AND run = ?2 AND path = ?3",
            )?
            .execute((reference, opening.run.0.as_bytes(), opening.path, state_column, &output))?;
    }
    Ok(())
}

/// Closes a reference; the first to close it stays on record.
pub(crate) fn void(writing: &Writing<'_>, run: RunId, reference: &str) -> Result<(), Trouble> {
    writing
        .connection
        .prepare_cached("INSERT OR IGNORE INTO reference(name, voided_by) VALUES(?1, ?2)")?
        .execute((reference, run.0.as_bytes()))?;
    Ok(())
}

/// What was done, or is open, under a reference, in the order in which it was opened.
pub(crate) fn effects(connection: &Connection, reference: &str) -> Result<Vec<Effect>, rusqlite::Error> {
    let sql =
        "SELECT run, path, scope, key, state, input_body, output, since, number FROM once_key WHERE reference = ?1
               UNION ALL
               SELECT run, path, scope, NULL, state, input, output, since, number FROM reference_effect
               WHERE reference = ?1 ORDER BY 8, 9";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([reference], |row| {
        Ok(Effect {
            run: columns::run(row, 0)?,
            path: row.get(1)?,
            scope: row.get(2)?,
            key: row.get(3)?,
            state: columns::once(row, 4)?,
            input: columns::value(row, 5)?,
            output: columns::optional_value(row, 6)?,
        })
    })?;
    rows.collect()
}
