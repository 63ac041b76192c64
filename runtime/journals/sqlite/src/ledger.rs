//! Accounts of the ledger: rows read, and written as they were decided.

use std::collections::BTreeMap;

use dragoman_journal::decide::{Account, Line};
use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::{AccountLine, AccountSummary};
use rusqlite::{Connection, OptionalExtension};
use rust_decimal::Decimal;

use crate::failure::Trouble;

/// An account; none is there: an empty one.
pub(crate) fn read(connection: &Connection, ledger: &str, name: &str) -> Result<Account, Trouble> {
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
        return Ok(Account::default());
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
    Ok(account)
}

/// Accounts by ledger and name; all, or those of a ledger, or one.
pub(crate) fn accounts(
    connection: &Connection,
    ledger: Option<&str>,
    account: Option<&str>,
) -> Result<Vec<AccountSummary>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT a.ledger, a.account, a.single, a.claims, l.item, l.unit, l.most, l.taken
         FROM ledger_account a LEFT JOIN ledger_line l ON l.account = a.number
         WHERE (?1 IS NULL OR a.ledger = ?1) AND (?2 IS NULL OR a.account = ?2) ORDER BY a.ledger, a.account, l.item",
    )?;
    let mut rows = statement.query((ledger, account))?;
    let mut found: Vec<AccountSummary> = Vec::new();
    while let Some(row) = rows.next()? {
        let (ledger, account): (String, String) = (row.get(0)?, row.get(1)?);
        let same = |last: &&mut AccountSummary| last.ledger == ledger && last.account == account;
        let line = match row.get(4)? {
            Some(item) => Some(AccountLine {
                item,
                unit: row.get(5)?,
                most: row.get(6)?,
                taken: row.get(7)?,
            }),
            None => None,
        };
        match found.last_mut().filter(same) {
            Some(last) => last.lines.extend(line),
            None => found.push(AccountSummary {
                ledger,
                account,
                single: row.get(2)?,
                claims: row.get::<_, i64>(3)?.try_into().unwrap_or_default(),
                lines: line.into_iter().collect(),
            }),
        }
    }
    Ok(found)
}

/// Writes an account and its items.
pub(crate) fn write(connection: &Connection, ledger: &str, name: &str, account: &Account) -> Result<(), Trouble> {
    let number: i64 = connection
        .prepare_cached(
            "INSERT INTO ledger_account(ledger, account, single, claims) VALUES(?1, ?2, ?3, ?4)
             ON CONFLICT(ledger, account) DO UPDATE SET single = ?3, claims = ?4 RETURNING number",
        )?
        .query_row((ledger, name, account.single, account.claims), |row| row.get(0))?;
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO ledger_line(account, item, unit, most, taken) VALUES(?1, ?2, ?3, ?4, ?5)",
    )?;
    for (item, line) in &account.lines {
        let text = |value: Decimal| value.normalize().to_string();
        statement.execute((number, item, &line.unit, text(line.most), text(line.taken)))?;
    }
    Ok(())
}
