//! Adjusting a ledger: what was used before the system began, or past it, and giving back what was claimed wrongly.
//!
//! An adjustment is a claim, or a release, of a run of its own, which says who adjusted and why. So it stands in the trail
//! like any other, is found by its business key, is counted by the audit, and is given back in the same way.

use dragoman_journal::decide::{Account, Claim};
use dragoman_journal::{ClaimLine, OnceKey, OnceState, Operation, Record, Refusal as Refused};
use dragoman_model::{RunId, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shown;
use crate::deed::Deed;
use crate::desk::{Desk, OPERATORS, Refusal, Who, store};

/// The act, as it is written in the trail; also the trigger of its run.
pub(super) const ACT: &str = "adjust";
/// What the runs of adjustments have in place of a pipeline.
const PIPELINE: &str = "ledger";
/// What they are pinned to.
const VERSION: &[u8] = b"{\"ledger\":\"adjusted by a person\"}";

/// An adjustment of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adjustment {
    /// The ledger.
    pub ledger: String,
    /// The account in it.
    pub account: String,
    /// What was used besides.
    pub add: Vec<AdjustmentLine>,
    /// The business key of the claim: what is known by it is counted once. In place of `add`: the claim that is given back.
    pub key: String,
    /// The claim of the key is given back.
    pub give_back: bool,
    /// Also where it is more than the known limit leaves.
    pub beyond: bool,
    /// Why, for the trail.
    pub reason: Option<String>,
    /// Does it; else it is only said what would be done.
    pub yes: bool,
    /// On whose authority, as the administrator of the machine says.
    pub by: Option<String>,
}

/// So much of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentLine {
    /// The item in the account.
    pub item: String,
    /// A decimal number above 0.
    pub value: String,
    /// What it is counted in.
    pub unit: String,
}

/// What an adjustment does in the store.
struct Planned {
    operation: Operation,
    record: Record,
    lines: Value,
    /// The account afterwards.
    after: Account,
}

impl Adjustment {
    fn once(&self) -> OnceKey {
        OnceKey {
            scope: format!("ledger:{}", self.ledger),
            key: self.key.clone(),
        }
    }

    /// What is wrong with what is asked for.
    fn check(&self) -> Result<&str, Refusal> {
        let unclear = |text: &str| Err(Refusal::Unclear(text.to_owned()));
        if self.ledger.is_empty() || self.account.is_empty() {
            return unclear("an adjustment names a ledger and an account in it");
        }
        if self.key.trim().is_empty() {
            return unclear("an adjustment has a key, by which it is counted once and can be given back");
        }
        if self.give_back != self.add.is_empty() {
            return unclear("either something is added, or the claim of the key is given back");
        }
        let reason = self.reason.as_deref().unwrap_or_default().trim();
        if self.yes && reason.is_empty() {
            return unclear("what is done is kept in the trail with a `reason`: say one");
        }
        Ok(reason)
    }

    /// The operation of what is added. A limit that is known holds, unless it is said to be passed; an item without one has
    /// as its limit what is taken.
    fn claim(&self, account: &Account) -> Operation {
        let free = |item: &String| self.beyond || !account.lines.contains_key(item);
        let decided: Vec<String> = self.add.iter().map(|line| line.item.clone()).filter(free).collect();
        let known = account.lines.iter().filter(|(item, _)| !decided.contains(item));
        let limits = known.map(|(item, line)| ClaimLine {
            item: item.clone(),
            value: line.most.normalize().to_string(),
            unit: line.unit.clone(),
        });
        let line = |line: &AdjustmentLine| ClaimLine {
            item: line.item.clone(),
            value: line.value.clone(),
            unit: line.unit.clone(),
        };
        Operation::Claim {
            once: self.once(),
            ledger: self.ledger.clone(),
            account: self.account.clone(),
            path: ACT.into(),
            reference: None,
            lines: self.add.iter().map(line).collect(),
            // Where all limits are known and hold, the store's own count.
            limits: if decided.is_empty() {
                Vec::new()
            } else {
                limits.collect()
            },
            decided,
            single: false,
        }
    }
}

impl Desk {
    /// Accounts of the ledgers: `{ accounts: [...] }`; all, or those of a ledger, or one.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn ledger(&self, ledger: Option<String>, account: Option<String>) -> Result<Value, Refusal> {
        shown::accounts(&*self.journal, ledger, account).await.map_err(store)
    }

    /// What was claimed of an account: `{ claims: [...] }`.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn claims(&self, ledger: String, account: String) -> Result<Value, Refusal> {
        shown::claims(&*self.journal, ledger, account).await.map_err(store)
    }

    /// Adjusts an account, or says what would be: `{ dry, before: [...], after: [...], run? }`, items as in
    /// [`Desk::ledger`].
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Unclear`] where it cannot be said what is meant, [`Refusal::Unknown`] where the
    /// claim to be given back is not there, [`Refusal::Conflict`] where the ledger does not take it, [`Refusal::Store`].
    pub async fn adjust(&self, adjustment: &Adjustment, who: Who) -> Result<Value, Refusal> {
        who.may(&OPERATORS)?;
        let reason = adjustment.check()?;
        let (ledger, account) = (adjustment.ledger.clone(), adjustment.account.clone());
        let known = self
            .journal
            .accounts(Some(ledger), Some(account))
            .await
            .map_err(store)?;
        let before = match known.first() {
            Some(summary) => shown::read(summary).map_err(store)?,
            None => Account::default(),
        };
        let planned = self.plan(adjustment, &before).await?;
        let mut told = json!({
            "dry": !adjustment.yes, "before": shown::items(&before), "after": shown::items(&planned.after),
        });
        if adjustment.yes {
            told["run"] = json!(self.write(adjustment, planned, who, reason).await?);
        }
        Ok(told)
    }

    async fn plan(&self, adjustment: &Adjustment, before: &Account) -> Result<Planned, Refusal> {
        let found = self.journal.once(adjustment.once()).await.map_err(store)?;
        let mut after = before.clone();
        if adjustment.give_back {
            let here = |found: &dragoman_journal::Once| found.input_body["account"] == adjustment.account.as_str();
            let Some(claim) = found.filter(|found| found.state == OnceState::Done && here(found)) else {
                return Err(Refusal::Unknown(format!(
                    "no claim with the key `{}` stands in account `{}` of ledger `{}`; `dragoman ledger history` shows them",
                    adjustment.key, adjustment.account, adjustment.ledger
                )));
            };
            dragoman_journal::decide::ledger::give_back(&claim, &mut after).map_err(store)?;
            let (once, ledger) = (adjustment.once(), adjustment.ledger.clone());
            return Ok(Planned {
                operation: Operation::Release {
                    once: once.clone(),
                    ledger: ledger.clone(),
                },
                record: Record::Released { ledger, once },
                lines: claim.input_body["lines"].clone(),
                after,
            });
        }
        let operation = adjustment.claim(before);
        let refused = match Claim::read(&operation) {
            Err(refused) => Some(refused),
            Ok(None) => None,
            Ok(Some(claim)) => claim.refused(found.as_ref()).or_else(|| claim.take(&mut after)),
        };
        if let Some(refused) = refused {
            return Err(not_taken(&refused));
        }
        let line = |line: &AdjustmentLine| json!({ "item": line.item, "value": line.value, "unit": line.unit });
        Ok(Planned {
            record: Record::Claimed {
                ledger: adjustment.ledger.clone(),
                account: adjustment.account.clone(),
                once: adjustment.once(),
                reference: None,
                joined: None,
            },
            lines: adjustment.add.iter().map(line).collect(),
            operation,
            after,
        })
    }

    /// Writes it as a run of its own.
    async fn write(&self, adjustment: &Adjustment, planned: Planned, who: Who, reason: &str) -> Result<RunId, Refusal> {
        let deed = Deed {
            pipeline: PIPELINE,
            act: ACT,
            key: None,
            version: VERSION,
            message: json!({
                "ledger": adjustment.ledger, "account": adjustment.account, "key": adjustment.key, "lines": planned.lines,
                "give_back": adjustment.give_back, "beyond": adjustment.beyond,
            }),
            reason,
            records: vec![(planned.record, ACT.to_owned(), Some(json!({ "lines": planned.lines })))],
            operations: vec![planned.operation],
            output: Value::Null,
        };
        deed.write(&*self.journal, &who)
            .await?
            .map_err(|refused| not_taken(&refused))
    }
}

/// Why the ledger does not take it, for people.
fn not_taken(refused: &Refused) -> Refusal {
    Refusal::Conflict(match refused {
        Refused::Ledger { code, message, .. } => format!("the ledger does not take it ({code}): {message}"),
        Refused::Once { record, .. } => format!(
            "run {} has claimed under the key `{}` already; give that back first, or write another key",
            record.run, record.once.key
        ),
        other => format!("the ledger does not take it: {other:?}"),
    })
}
