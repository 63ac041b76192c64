//! The ledger: quantities that are taken from accounts, never more than there is.
//!
//! Quantities are decimal numbers as text, computed exactly.

use std::collections::BTreeMap;

use dragoman_model::{Digest, Value};
use rust_decimal::Decimal;

use crate::error::{CORRUPT, Error};
use crate::query::{Once, OnceState};
use crate::record::OnceKey;
use crate::store::{ClaimLine, Operation, Refusal};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is counted in.
    pub unit: String,
    /// The limit.
    pub most: Decimal,
    /// What is taken of it.
    pub taken: Decimal,
}

/// An account of a ledger; a new one has nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Only one claim may ever stand.
    pub single: bool,
    /// Claims that stand.
    pub claims: i64,
    /// Its items.
    pub lines: BTreeMap<String, Line>,
}

/// A claim as it is decided.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The business key.
    pub once: &'a OnceKey,
    /// The ledger's name.
    pub ledger: &'a str,
    /// The account in it.
    pub account: &'a str,
    /// Account and lines: the input of the business key, and its output.
    pub body: Value,
    /// Of the body.
    pub input: Digest,
    lines: BTreeMap<String, (Decimal, String)>,
    limits: &'a [ClaimLine],
    decided: &'a [String],
    single: bool,
}

fn refusal(code: &'static str, item: Option<&str>, left: Option<Decimal>, message: String) -> Refusal {
    Refusal::Ledger {
        code,
        message,
        item: item.map(Into::into),
        left: left.map(|left| left.normalize().to_string()),
    }
}

fn refuse(code: &'static str, item: Option<&str>, left: Option<Decimal>, message: String) -> Option<Refusal> {
    Some(refusal(code, item, left, message))
}

impl<'a> Claim<'a> {
    /// Reads an operation `Claim`; any other asks for nothing.
    ///
    /// # Errors
    /// The refusal where a quantity is none.
    pub fn read(operation: &'a Operation) -> Result<Option<Self>, Refusal> {
        let Operation::Claim {
            once,
            ledger,
            account,
            lines,
            limits,
            decided,
            single,
            ..
        } = operation
        else {
            return Ok(None);
        };
        let lines = quantities(lines)?;
        let body = body(account, &lines);
        Ok(Some(Claim {
            once,
            ledger,
            account,
            input: Digest::of_value(&body),
            body,
            lines,
            limits,
            decided,
            single: *single,
        }))
    }

    /// The refusal where the business key is taken. A claim that was given back, or never stood, leaves its key free.
    pub fn refused(&self, found: Option<&Once>) -> Option<Refusal> {
        let record = found.filter(|record| !matches!(record.state, OnceState::Undone | OnceState::Failed))?;
        Some(Refusal::Once {
            same_input: record.input == self.input,
            record: Box::new(record.clone()),
        })
    }

    /// Takes all lines from the account, or says what is in the way; then the account is to be forgotten.
    pub fn take(&self, account: &mut Account) -> Option<Refusal> {
        if !(self.limits.is_empty() && self.decided.is_empty())
            && let Some(refusal) = limit(account, self.limits)
        {
            return Some(refusal);
        }
        // A limit that is known stands, whoever decides.
        let open = self
            .decided
            .iter()
            .filter(|item| self.limits.iter().all(|l| l.item != **item));
        for item in open {
            if let Some((value, unit)) = self.lines.get(item)
                && let Some(refusal) = allow(account, item, *value, unit)
            {
                return Some(refusal);
            }
        }
        account.single |= self.single;
        let refusal = take(account, self.account, &self.lines);
        if refusal.is_none() {
            account.claims += 1;
        }
        refusal
    }
}

/// The account of a claim that is to be given back; none where it does not stand.
///
/// # Errors
/// D0704 where the record is damaged.
pub fn account_of(record: &Once) -> Result<Option<&str>, Error> {
    if record.state != OnceState::Done {
        return Ok(None);
    }
    let name = record.input_body["account"].as_str();
    name.map(Some).ok_or_else(|| damaged(record))
}

/// Gives the lines of a claim that stands back to its account.
///
/// # Errors
/// D0704 where the record is damaged.
pub fn give_back(record: &Once, account: &mut Account) -> Result<(), Error> {
    let damaged = || damaged(record);
    let lines = record.input_body["lines"].as_array().ok_or_else(damaged)?;
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
    Ok(())
}

fn damaged(record: &Once) -> Error {
    let message = format!("the claim `{}` in the store cannot be read", record.once.key);
    Error::new(CORRUPT, message)
}

/// Lines by item, added up, in order: two claims for the same are equal whatever the order of their lines.
fn quantities(lines: &[ClaimLine]) -> Result<BTreeMap<String, (Decimal, String)>, Refusal> {
    let mut sums: BTreeMap<String, (Decimal, String)> = BTreeMap::new();
    for line in lines {
        let value = match line.value.parse::<Decimal>() {
            Ok(value) if value > Decimal::ZERO => value,
            _ => {
                let message = format!("`{}` of item `{}` is not a quantity above 0", line.value, line.item);
                return Err(refusal(BAD_QUANTITY, Some(&line.item), None, message));
            }
        };
        let sum = sums
            .entry(line.item.clone())
            .or_insert_with(|| (Decimal::ZERO, line.unit.clone()));
        if sum.1 != line.unit {
            let message = format!("item `{}` is claimed in `{}` and in `{}`", line.item, sum.1, line.unit);
            return Err(refusal(UNIT_MISMATCH, Some(&line.item), None, message));
        }
        match sum.0.checked_add(value) {
            Some(total) => sum.0 = total,
            None => {
                let message = format!("the quantities of item `{}` are beyond all numbers", line.item);
                return Err(refusal(BAD_QUANTITY, Some(&line.item), None, message));
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
