//! Accounts of the ledger: rows read, and written as they were decided.

use std::collections::BTreeMap;

use dragoman_journal::decide::ledger::{account_of, give_back};
use dragoman_journal::decide::{Account, Claim, Line, Opening};
use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::{OnceKey, OnceState, Operation, Refusal};
use rusqlite::{Connection, OptionalExtension};
use rust_decimal::Decimal;

use crate::business;
use crate::columns;
use crate::failure::Trouble;
use crate::writer::Writing;

/// Takes all lines of an operation `Claim`, or none; any other operation asks for nothing.
pub(crate) fn claim(
    writing: &Writing<'_>,
    opening: &Opening<'_>,
    operation: &Operation,
) -> Result<Option<Refusal>, Trouble> {
    if let Some(refusal) = business::voided(writing, opening)? {
        return Ok(Some(refusal));
    }
    let claim = match Claim::read(operation) {
        Ok(Some(claim)) => claim,
        Ok(None) => return Ok(None),
        Err(refusal) => return Ok(Some(refusal)),
    };
    let found = business::find(writing.connection, claim.once)?;
    if let Some(refusal) = claim.refused(found.as_ref().map(|(_, record)| record)) {
        return Ok(Some(refusal));
    }
    let (number, mut account) = read(writing.connection, claim.ledger, claim.account)?;
    if let Some(refusal) = claim.take(&mut account) {
        return Ok(Some(refusal));
    }
    write(writing.connection, (claim.ledger, claim.account), number, &account)?;
    let (number, done) = (found.map(|(number, _)| number), OnceState::Done);
    let (once, input, body) = (claim.once, &claim.input, &claim.body);
    business::write(writing, opening, once, number, &done, input, body, Some(body))?;
    Ok(None)
}

/// Gives the lines of a claim back; nothing happens where it does not stand.
pub(crate) fn release(writing: &Writing<'_>, once: &OnceKey, ledger: &str) -> Result<(), Trouble> {
    let Some((key, record)) = business::find(writing.connection, once)? else {
        return Ok(());
    };
    let Some(name) = account_of(&record)? else {
        return Ok(());
    };
    let (number, mut account) = read(writing.connection, ledger, name)?;
    give_back(&record, &mut account)?;
    write(writing.connection, (ledger, name), number, &account)?;
    writing
        .connection
        .prepare_cached("UPDATE once_key SET state = ?2 WHERE number = ?1")?
        .execute((key, columns::of_once(&OnceState::Undone)))?;
    Ok(())
}

/// An account's row number and what it holds; a new one has neither.
fn read(connection: &Connection, ledger: &str, name: &str) -> Result<(Option<i64>, Account), Trouble> {
    let found = connection
        .prepare_cached("SELECT number, single, claims FROM ledger_account WHERE ledger = ?1 AND account = ?2")?
        .query_row((ledger, name), |row| {
            let account = Account {
                single: row.get(1)?,
                claims: row.get(2)?,
                lines: BTreeMap::new(),
            };
            Ok((row.get::<_, i64>(0)?, account))
        })
        .optional()?;
    let Some((number, mut account)) = found else {
        return Ok((None, Account::default()));
    };
    let mut statement =
        connection.prepare_cached("SELECT item, unit, most, taken FROM ledger_line WHERE account = ?1")?;
    let mut rows = statement.query([number])?;
    while let Some(row) = rows.next()? {
        let item: String = row.get(0)?;
        let decimal = |column: usize| -> Result<Decimal, Trouble> {
            row.get::<_, String>(column)?.parse().map_err(|_| {
                Error::new(
                    CORRUPT,
                    format!("item `{item}` of `{name}` in ledger `{ledger}` is damaged"),
                )
                .into()
            })
        };
        let line = Line {
            unit: row.get(1)?,
            most: decimal(2)?,
            taken: decimal(3)?,
        };
        account.lines.insert(item, line);
    }
    Ok((Some(number), account))
}

fn write(
    connection: &Connection,
    (ledger, name): (&str, &str),
    number: Option<i64>,
    account: &Account,
) -> Result<(), Trouble> {
    let number = match number {
        Some(number) => {
            connection
                .prepare_cached("UPDATE ledger_account SET single = ?2, claims = ?3 WHERE number = ?1")?
                .execute((number, account.single, account.claims))?;
            number
        }
        None => connection
            .prepare_cached("INSERT INTO ledger_account(ledger, account, single, claims) VALUES(?1, ?2, ?3, ?4)")?
            .insert((ledger, name, account.single, account.claims))?,
    };
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO ledger_line(account, item, unit, most, taken) VALUES(?1, ?2, ?3, ?4, ?5)",
    )?;
    for (item, line) in &account.lines {
        let text = |value: Decimal| value.normalize().to_string();
        statement.execute((number, item, &line.unit, text(line.most), text(line.taken)))?;
    }
    Ok(())
}
