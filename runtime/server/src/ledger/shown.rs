//! Accounts and their claims as JSON.

use dragoman_journal::decide::{Account, Line};
use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::{AccountSummary, Entry, Once, OnceKey, OnceState, Record, Records};
use dragoman_model::Value;
use rust_decimal::Decimal;
use serde_json::json;

/// Accounts: `{ accounts: [{ ledger, account, single, claims, items: [{ item, unit, limit, taken, left }] }] }`; all, or
/// those of a ledger, or one.
pub(crate) async fn accounts(
    records: &dyn Records,
    ledger: Option<String>,
    account: Option<String>,
) -> Result<Value, Error> {
    let mut shown = Vec::new();
    for summary in records.accounts(ledger, account).await? {
        let items = items(&read(&summary)?);
        shown.push(json!({
            "ledger": summary.ledger, "account": summary.account, "single": summary.single,
            "claims": summary.claims, "items": items,
        }));
    }
    Ok(json!({ "accounts": shown }))
}

/// The items of an account.
pub(super) fn items(account: &Account) -> Vec<Value> {
    let item = |(item, line): (&String, &Line)| {
        let text = |value: Decimal| value.normalize().to_string();
        json!({
            "item": item, "unit": line.unit, "limit": text(line.most), "taken": text(line.taken),
            "left": text((line.most - line.taken).max(Decimal::ZERO)),
        })
    };
    account.lines.iter().map(item).collect()
}

/// An account as decisions have it.
///
/// # Errors
/// D0704 where a quantity is none.
pub(super) fn read(summary: &AccountSummary) -> Result<Account, Error> {
    let mut account = Account {
        single: summary.single,
        claims: i64::try_from(summary.claims).unwrap_or(i64::MAX),
        ..Account::default()
    };
    for line in &summary.lines {
        let decimal = |text: &str| -> Result<Decimal, Error> {
            text.parse().map_err(|_| {
                let what = format!(
                    "item `{}` of `{}` in ledger `{}`",
                    line.item, summary.account, summary.ledger
                );
                Error::new(CORRUPT, format!("{what} is damaged"))
            })
        };
        let read = Line {
            unit: line.unit.clone(),
            most: decimal(&line.most)?,
            taken: decimal(&line.taken)?,
        };
        account.lines.insert(line.item.clone(), read);
    }
    Ok(account)
}

/// What was claimed of an account, in the order in which it was claimed first: `{ claims: [{ key, state, lines, run,
/// pipeline, run_key, path, at, by, reason, given_back }] }`.
pub(crate) async fn claims(records: &dyn Records, ledger: String, account: String) -> Result<Value, Error> {
    let mut shown = Vec::new();
    for claim in records.claims(ledger, account).await? {
        let entries = records.load(claim.run).await?;
        shown.push(shown_claim(&claim, &entries));
    }
    Ok(json!({ "claims": shown }))
}

fn shown_claim(claim: &Once, entries: &[Entry]) -> Value {
    let names = |once: &OnceKey| *once == claim.once;
    let last = |is: &dyn Fn(&Record) -> bool| entries.iter().rev().find(|entry| is(&entry.header.record));
    let claimed = last(&|record| matches!(record, Record::Claimed { once, joined: None, .. } if names(once)));
    let released = last(&|record| matches!(record, Record::Released { once, .. } if names(once)));
    let adjusted = last(&|record| matches!(record, Record::Operated { act } if act == super::adjust::ACT));
    let (pipeline, run_key) = match entries.first().map(|first| &first.header.record) {
        Some(Record::Accepted { pipeline, run_key, .. }) => (Some(pipeline), Some(run_key)),
        _ => (None, None),
    };
    let reason = adjusted.and_then(|entry| entry.body.as_ref()?.get("reason").cloned());
    json!({
        "key": claim.once.key,
        "state": if claim.state == OnceState::Done { "stands" } else { "given_back" },
        "lines": claim.input_body["lines"],
        "run": claim.run, "pipeline": pipeline, "run_key": run_key, "path": claim.path,
        "at": claimed.map(|entry| entry.header.at),
        "by": adjusted.map(|entry| &entry.header.actor.id),
        "reason": reason,
        "given_back": released.map(|entry| entry.header.at),
    })
}
