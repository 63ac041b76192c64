//! The ledger: quantities that are taken from accounts, never more than there is.
//!
//! Quantities are decimal numbers as text, computed exactly. Every decision is the writer's own, so two claims of one
//! account can never both see the same quantity left.

use std::collections::BTreeMap;

use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::{ClaimLine, OnceKey, OnceState, Operation, Refusal};
use dragoman_model::{Digest, Value};
use rusqlite::{Connection, OptionalExtension};
use rust_decimal::Decimal;

use crate::business::{self, Opening};
use crate::columns;
use crate::failure::Trouble;
use crate::writer::Writing;

/// More than is left of an item.
const OVER_LIMIT: &str = "over_limit";
/// A line has another unit than the limit.
const UNIT_MISMATCH: &str = "unit_mismatch";
/// The account has no limit for the item.
const UNKNOWN_ITEM: &str = "unknown_item";
/// The account may be claimed once, and was.
const SINGLE_USE: &str = "single_use";
/// A quantity is not a positive decimal number.
const BAD_QUANTITY: &str = "bad_quantity";

/// An item of an account.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    unit: String,
    most: Decimal,
    taken: Decimal,
}

#[derive(Debug, Default)]
struct Account {
    number: Option<i64>,
    single: bool,
    claims: i64,
    lines: BTreeMap<String, Line>,
}

fn refuse(code: &'static str, item: Option<&str>, left: Option<Decimal>, message: String) -> Option<Refusal> {
    Some(Refusal::Ledger {
        code,
        message,
        item: item.map(Into::into),
        left: left.map(|left| left.normalize().to_string()),
    })
}

/// Takes all lines of an operation `Claim`, or none; any other operation asks for nothing.
pub(crate) fn claim(
    writing: &Writing<'_>,
    opening: &Opening<'_>,
    operation: &Operation,
) -> Result<Option<Refusal>, Trouble> {
    let Operation::Claim {
        once,
        ledger,
        account: name,
        lines,
        limits,
        decided,
        single,
        ..
    } = operation
    else {
        return Ok(None);
    };
    if let Some(refusal) = business::voided(writing, opening.reference)? {
        return Ok(Some(refusal));
    }
    let lines = match quantities(lines) {
        Ok(lines) => lines,
        Err(refusal) => return Ok(refusal),
    };
    let body = body(name, &lines);
    let input = Digest::of_value(&body);
    let found = business::find(writing.connection, once)?;
    if let Some((_, record)) = &found
        // A claim that was given back, or never stood, leaves its key free.
        && !matches!(record.state, OnceState::Undone | OnceState::Failed)
    {
        let (same_input, record) = (record.input == input, Box::new(record.clone()));
        return Ok(Some(Refusal::Once { record, same_input }));
    }
    let mut account = read(writing.connection, ledger, name)?;
    if !(limits.is_empty() && decided.is_empty())
        && let Some(refusal) = limit(&mut account, limits)
    {
        return Ok(Some(refusal));
    }
    // A limit that is known stands, whoever decides.
    for item in decided.iter().filter(|item| limits.iter().all(|l| l.item != **item)) {
        if let Some((value, unit)) = lines.get(item)
            && let Some(refusal) = allow(&mut account, item, *value, unit)
        {
            return Ok(Some(refusal));
        }
    }
    account.single |= single;
    if let Some(refusal) = take(&mut account, name, &lines) {
        return Ok(Some(refusal));
    }
    account.claims += 1;
    write(writing.connection, ledger, name, &account)?;
    let (number, done) = (found.map(|(number, _)| number), OnceState::Done);
    business::write(writing, opening, once, number, &done, &input, &body, Some(&body))?;
    Ok(None)
}

/// Gives the lines of a claim back; nothing happens where it does not stand.
pub(crate) fn release(writing: &Writing<'_>, once: &OnceKey, ledger: &str) -> Result<(), Trouble> {
    let Some((number, record)) = business::find(writing.connection, once)? else {
        return Ok(());
    };
    if record.state != OnceState::Done {
        return Ok(());
    }
    let damaged = || Error::new(CORRUPT, format!("the claim `{}` in the store cannot be read", once.key));
    let name = record.input_body["account"].as_str().ok_or_else(damaged)?;
    let lines = record.input_body["lines"].as_array().ok_or_else(damaged)?;
    let mut account = read(writing.connection, ledger, name)?;
    for line in lines {
        let item = line["item"].as_str().ok_or_else(damaged)?;
        let value: Decimal = line["value"]
            .as_str()
            .and_then(|v| v.parse().ok())
            .ok_or_else(damaged)?;
        if let Some(line) = account.lines.get_mut(item) {
            line.taken -= value;
        }
    }
    account.claims -= 1;
    write(writing.connection, ledger, name, &account)?;
    writing
        .connection
        .prepare_cached("UPDATE once_key SET state = ?2 WHERE number = ?1")?
        .execute((number, columns::of_once(&OnceState::Undone)))?;
    Ok(())
}

/// Lines by item, added up, in order: two claims for the same are equal whatever the order of their lines.
fn quantities(lines: &[ClaimLine]) -> Result<BTreeMap<String, (Decimal, String)>, Option<Refusal>> {
    let mut sums: BTreeMap<String, (Decimal, String)> = BTreeMap::new();
    for line in lines {
        let value = match line.value.parse::<Decimal>() {
            Ok(value) if value > Decimal::ZERO => value,
            _ => {
                let message = format!("`{}` of item `{}` is not a quantity above 0", line.value, line.item);
                return Err(refuse(BAD_QUANTITY, Some(&line.item), None, message));
            }
        };
        let sum = sums
            .entry(line.item.clone())
            .or_insert_with(|| (Decimal::ZERO, line.unit.clone()));
        if sum.1 != line.unit {
            let message = format!("item `{}` is claimed in `{}` and in `{}`", line.item, sum.1, line.unit);
            return Err(refuse(UNIT_MISMATCH, Some(&line.item), None, message));
        }
        match sum.0.checked_add(value) {
            Some(total) => sum.0 = total,
            None => {
                let message = format!("the quantities of item `{}` are beyond all numbers", line.item);
                return Err(refuse(BAD_QUANTITY, Some(&line.item), None, message));
            }
        }
    }
    Ok(sums)
}

fn body(account: &str, lines: &BTreeMap<String, (Decimal, String)>) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(item, (value, unit))| {
            serde_json::json!({ "item": item, "value": value.normalize().to_string(), "unit": unit })
        })
        .collect();
    serde_json::json!({ "account": account, "lines": lines })
}

/// Sets the limits of an account. Items that are no longer in it keep what was taken, with nothing left.
fn limit(account: &mut Account, limits: &[ClaimLine]) -> Option<Refusal> {
    let mut sums: BTreeMap<&str, (Decimal, &str)> = BTreeMap::new();
    for limit in limits {
        let Some(most) = limit
            .value
            .parse::<Decimal>()
            .ok()
            .filter(|most| *most >= Decimal::ZERO)
        else {
            let message = format!("the limit `{}` of item `{}` is not a quantity", limit.value, limit.item);
            return refuse(BAD_QUANTITY, Some(&limit.item), None, message);
        };
        sums.insert(&limit.item, (most, &limit.unit));
    }
    for (item, line) in &mut account.lines {
        line.most = Decimal::ZERO;
        if let Some((_, unit)) = sums.get(item.as_str())
            && *unit != line.unit
            && line.taken != Decimal::ZERO
        {
            let message = format!(
                "item `{item}` was claimed in `{}`, its limit is now in `{unit}`",
                line.unit
            );
            return refuse(UNIT_MISMATCH, Some(item), None, message);
        }
    }
    for (item, (most, unit)) in sums {
        let line = account.lines.entry(item.into()).or_insert_with(|| Line {
            unit: String::new(),
            most,
            taken: Decimal::ZERO,
        });
        line.most = most;
        line.unit = unit.into();
    }
    None
}

/// Raises the limit of an item so that a quantity that a person decided on can be taken, and nothing beyond it.
fn allow(account: &mut Account, item: &str, value: Decimal, unit: &str) -> Option<Refusal> {
    let line = account.lines.entry(item.into()).or_insert_with(|| Line {
        unit: unit.into(),
        most: Decimal::ZERO,
        taken: Decimal::ZERO,
    });
    if line.taken == Decimal::ZERO {
        line.unit = unit.into();
    }
    match line.taken.checked_add(value) {
        Some(most) => {
            line.most = most;
            None
        }
        None => {
            let message = format!("the quantities of item `{item}` are beyond all numbers");
            refuse(BAD_QUANTITY, Some(item), None, message)
        }
    }
}

/// Takes lines from an account in memory, or says what is in the way.
fn take(account: &mut Account, name: &str, lines: &BTreeMap<String, (Decimal, String)>) -> Option<Refusal> {
    if account.single && account.claims > 0 {
        return refuse(SINGLE_USE, None, None, format!("`{name}` may be used once, and was"));
    }
    for (item, (value, unit)) in lines {
        let Some(line) = account.lines.get_mut(item) else {
            let message = format!("`{name}` has no limit for an item `{item}`");
            return refuse(UNKNOWN_ITEM, Some(item), None, message);
        };
        let left = line.most - line.taken;
        if line.unit != *unit {
            let message = format!(
                "item `{item}` of `{name}` is counted in `{}`, not in `{unit}`",
                line.unit
            );
            return refuse(UNIT_MISMATCH, Some(item), Some(left), message);
        }
        if *value > left {
            let message = format!(
                "item `{item}` of `{name}`: {} {unit} wanted, {} {unit} left of {}",
                value.normalize(),
                left.normalize(),
                line.most.normalize()
            );
            return refuse(OVER_LIMIT, Some(item), Some(left), message);
        }
        line.taken += value;
    }
    None
}

fn read(connection: &Connection, ledger: &str, name: &str) -> Result<Account, Trouble> {
    let found = connection
        .prepare_cached("SELECT number, single, claims FROM ledger_account WHERE ledger = ?1 AND account = ?2")?
        .query_row((ledger, name), |row| {
            Ok(Account {
                number: Some(row.get(0)?),
                single: row.get(1)?,
                claims: row.get(2)?,
                lines: BTreeMap::new(),
            })
        })
        .optional()?;
    let Some(mut account) = found else {
        return Ok(Account::default());
    };
    let mut statement =
        connection.prepare_cached("SELECT item, unit, most, taken FROM ledger_line WHERE account = ?1")?;
    let mut rows = statement.query([account.number])?;
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

fn write(connection: &Connection, ledger: &str, name: &str, account: &Account) -> Result<(), Trouble> {
    let number = match account.number {
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
