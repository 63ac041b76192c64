//! Business keys and references: acts that happen once over all runs, and what was done under a reference.

use dragoman_journal::decide::{OnceWrite, Opening, Settlement};
use dragoman_journal::{Effect, Once, OnceKey, canonical};
use dragoman_model::{RunId, Value};
use rusqlite::{Connection, OptionalExtension};

use crate::columns;
use crate::failure::Trouble;

/// The run that closed a reference; none: it is open, or there is none.
pub(crate) fn voided_by(connection: &Connection, reference: &str) -> Result<Option<RunId>, Trouble> {
    let by = connection
        .prepare_cached("SELECT voided_by FROM reference WHERE name = ?1")?
        .query_row([reference], |row| columns::run(row, 0))
        .optional()?;
    Ok(by)
}

/// The record of a business key.
pub(crate) fn find(connection: &Connection, once: &OnceKey) -> Result<Option<Once>, rusqlite::Error> {
    let sql = "SELECT run, path, state, input, unlock(input_body), unlock(output) FROM once_key
               WHERE scope = ?1 AND key = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    statement
        .query_row((&once.scope, &once.key), |row| {
            Ok(Once {
                once: once.clone(),
                run: columns::run(row, 0)?,
                path: row.get(1)?,
                state: columns::once(row, 2)?,
                input: columns::digest(row, 3)?,
                input_body: columns::value(row, 4)?,
                output: columns::optional_value(row, 5)?,
            })
        })
        .optional()
}

/// What was claimed of an account, in the order in which it was claimed first.
pub(crate) fn claims(connection: &Connection, ledger: &str, account: &str) -> Result<Vec<Once>, rusqlite::Error> {
    let scope = format!("ledger:{ledger}");
    let sql = "SELECT key, run, path, state, input, input_body, unlock(output) FROM once_key
               WHERE scope = ?1 AND json_extract(input_body, '$.account') = ?2 ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((&scope, account), |row| {
        Ok(Once {
            once: OnceKey {
                scope: scope.clone(),
                key: row.get(0)?,
            },
            run: columns::run(row, 1)?,
            path: row.get(2)?,
            state: columns::once(row, 3)?,
            input: columns::digest(row, 4)?,
            input_body: columns::value(row, 5)?,
            output: columns::optional_value(row, 6)?,
        })
    })?;
    rows.collect()
}

/// Writes the row of a business key, in place of the one that is there.
pub(crate) fn write(connection: &Connection, row: &OnceWrite<'_>, since: i64) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "INSERT INTO once_key(scope, key, run, path, state, input, input_body, output, reference, since)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, iif(?11, ?7, lock(?7)), lock(?8), ?9, ?10)
             ON CONFLICT(scope, key) DO UPDATE SET run = excluded.run, path = excluded.path, state = excluded.state,
               input = excluded.input, input_body = excluded.input_body, output = excluded.output,
               reference = excluded.reference, since = excluded.since",
        )?
        .execute(rusqlite::params![
            row.once.scope,
            row.once.key,
            row.opening.run.0.as_bytes(),
            row.opening.path,
            columns::of_once(row.state),
            row.input.0,
            canonical::text(row.input_body)?,
            row.output.map(canonical::text).transpose()?,
            row.opening.reference,
            since,
            // Claims are looked through by their accounts.
            row.once.is_claim(),
        ])?;
    Ok(())
}

/// Says how a business key stands.
pub(crate) fn settle(
    connection: &Connection,
    once: &OnceKey,
    holder: Option<RunId>,
    settlement: &Settlement<'_>,
) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "UPDATE once_key SET state = ?3, output = iif(?3 = 2, NULL, coalesce(lock(?4), output))
             WHERE scope = ?1 AND key = ?2 AND (?5 IS NULL OR run = ?5)",
        )?
        .execute((
            &once.scope,
            &once.key,
            columns::of_once(&settlement.state),
            output(settlement)?,
            holder.map(|run| run.0.as_bytes().to_vec()),
        ))?;
    Ok(())
}

fn output(settlement: &Settlement<'_>) -> Result<Option<String>, Trouble> {
    let output = settlement.output.map(|output| canonical::text(&**output));
    Ok(output.transpose()?)
}

/// Whether an effect without business key is open for a step.
pub(crate) fn is_under_way(connection: &Connection, opening: &Opening<'_>) -> Result<bool, Trouble> {
    let under_way = connection
        .prepare_cached("SELECT 1 FROM reference_effect WHERE reference = ?1 AND run = ?2 AND path = ?3 AND state = 0")?
        .exists((opening.reference, opening.run.0.as_bytes(), opening.path))?;
    Ok(under_way)
}

/// Opens an effect without business key.
pub(crate) fn refer(
    connection: &Connection,
    opening: &Opening<'_>,
    scope: &str,
    input: &Value,
    since: i64,
) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO reference_effect(reference, run, path, scope, state, input, output, since)
             VALUES(?1, ?2, ?3, ?4, 0, lock(?5), NULL, ?6)",
        )?
        .execute(rusqlite::params![
            opening.reference,
            opening.run.0.as_bytes(),
            opening.path,
            scope,
            canonical::text(input)?,
            since,
        ])?;
    Ok(())
}

/// Says how an effect without business key ended.
pub(crate) fn settle_effect(
    connection: &Connection,
    opening: &Opening<'_>,
    settlement: &Settlement<'_>,
) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "UPDATE reference_effect SET state = ?4, output = coalesce(lock(?5), output)
             WHERE reference = ?1 AND run = ?2 AND path = ?3",
        )?
        .execute((
            opening.reference,
            opening.run.0.as_bytes(),
            opening.path,
            columns::of_once(&settlement.state),
            output(settlement)?,
        ))?;
    Ok(())
}

/// Closes a reference; the first to close it stays on record.
pub(crate) fn void(connection: &Connection, run: RunId, reference: &str) -> Result<(), Trouble> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO reference(name, voided_by) VALUES(?1, ?2)")?
        .execute((reference, run.0.as_bytes()))?;
    Ok(())
}

/// What was done, or is open, under a reference, in the order in which it was opened.
pub(crate) fn effects(connection: &Connection, reference: &str) -> Result<Vec<Effect>, rusqlite::Error> {
    let sql = "SELECT run, path, scope, key, state, unlock(input_body), unlock(output), since, number FROM once_key
               WHERE reference = ?1
               UNION ALL
               SELECT run, path, scope, NULL, state, unlock(input), unlock(output), since, number FROM reference_effect
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
