//! Claims: taking quantities from a ledger, and giving them back.

use dragoman_expression::Expression;
use dragoman_journal::{ClaimLine, Once, OnceKey, Operation, Record};
use dragoman_model::{Failure, Value};
use dragoman_plan::{ClaimStep, Step};
use serde_json::json;

use super::Live;
use super::once::Taken;
use super::scope::Evaluated;
use super::walk::{Flow, Tail, Walk};

/// What a claim step asks for.
struct Wanted {
    account: String,
    lines: Value,
    limits: Value,
    decided: bool,
    single: bool,
    once: OnceKey,
    reference: Option<String>,
}

impl<'a> Walk<'a> {
    /// A `claim` step. Its output is `{ ledger, account, lines }`.
    pub(super) fn claim(&mut self, step: &'a Step, claim: &'a ClaimStep) -> Flow {
        if let Some(Live::Refused(refusal)) = self.live.remove(&self.path) {
            return match self.taken(step, refusal) {
                Taken::Join(once) => self.joined_claim(step, claim, &once),
                Taken::Else(flow) => flow,
            };
        }
        if let Some(timer) = self.progress().and_then(|p| p.timer.as_ref())
            && timer.due > self.now
            && !self.woken
        {
            let due = timer.due;
            return self.until(due, true);
        }
        if self.is_voided(step) {
            return self.voided_away(step);
        }
        match self.wanted(step, claim) {
            Err(failure) => self.fail(step, failure),
            Ok(None) => self.observe("claim", json!({ "ledger": claim.ledger })),
            Ok(Some(wanted)) if self.observing() => self.observe("claim", wanted.body(claim)),
            Ok(Some(wanted)) => self.take(step, claim, wanted),
        }
    }

    fn take(&mut self, step: &'a Step, claim: &ClaimStep, wanted: Wanted) -> Flow {
        let body = wanted.body(claim);
        let (known, unknown) = known_and_unknown(wanted.limits);
        let (lines, limits, unknown) = match (lines(&wanted.lines), lines(&known), items(&unknown)) {
            (Ok(lines), Ok(limits), Ok(unknown)) => (lines, limits, unknown),
            (Err(failure), ..) | (_, Err(failure), _) | (.., Err(failure)) => return self.fail(step, failure),
        };
        if lines.is_empty() {
            let message = format!("a claim of nothing from `{}`: its lines are empty", wanted.account);
            return self.fail(step, Failure::permanent("claim.lines", message));
        }
        let record = Record::Claimed {
            ledger: claim.ledger.clone(),
            account: wanted.account.clone(),
            once: wanted.once.clone(),
            reference: wanted.reference.clone(),
            joined: None,
        };
        let operation = Operation::Claim {
            once: wanted.once,
            ledger: claim.ledger.clone(),
            account: wanted.account,
            path: self.path.clone(),
            reference: wanted.reference,
            lines,
            limits,
            decided: if wanted.decided { unknown } else { Vec::new() },
            single: wanted.single,
        };
        let entry = self.draft(record, Some(body), None);
        let path = self.path.clone();
        self.place(Tail {
            path,
            entries: vec![entry],
            operations: vec![operation],
            begins: Vec::new(),
            standing: None,
        })
    }

    fn joined_claim(&mut self, step: &Step, claim: &ClaimStep, once: &Once) -> Flow {
        // The claim was asked for with this reference, so it could be computed; a later void closes this run too.
        let reference = self
            .text(step.reference.as_ref(), "ref")
            .ok()
            .and_then(Result::ok)
            .flatten();
        let account = once
            .input_body
            .get("account")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let record = Record::Claimed {
            ledger: claim.ledger.clone(),
            account: account.to_owned(),
            once: once.once.clone(),
            reference,
            joined: Some(once.run),
        };
        let lines = once.input_body.get("lines").cloned().unwrap_or_else(|| json!([]));
        self.note(
            record,
            Some(json!({ "ledger": claim.ledger, "account": account, "lines": lines })),
            None,
        );
        Flow::Done
    }

    /// None: it needs what was only observed.
    fn wanted(&self, step: &Step, claim: &ClaimStep) -> Result<Option<Wanted>, Failure> {
        let Ok(Some(account)) = self.text(Some(&claim.account), "account")? else {
            return Ok(None);
        };
        let Ok(key) = self.text(step.once.as_ref(), "once")? else {
            return Ok(None);
        };
        let Ok(reference) = self.text(step.reference.as_ref(), "ref")? else {
            return Ok(None);
        };
        let Evaluated::Value(lines) = self.evaluate(&claim.lines)? else {
            return Ok(None);
        };
        let Evaluated::Value(limits) = self.evaluate(&claim.limits)? else {
            return Ok(None);
        };
        let mut flags = [false; 2];
        for (flag, said) in flags.iter_mut().zip([&claim.decided, &claim.single]) {
            if let Some(said) = said {
                match self.evaluate(said)? {
                    Evaluated::Observed => return Ok(None),
                    Evaluated::Value(value) => *flag = value == Some(Value::Bool(true)),
                }
            }
        }
        let [decided, single] = flags;
        // Without a business key the claim is this step's own.
        let key = key.unwrap_or_else(|| format!("{}/{}", self.state.run, self.path));
        Ok(Some(Wanted {
            account,
            lines: lines.unwrap_or_else(|| json!([])),
            limits: limits.unwrap_or_else(|| json!([])),
            decided,
            single,
            once: OnceKey {
                scope: format!("ledger:{}", claim.ledger),
                key,
            },
            reference,
        }))
    }

    /// A `release` step.
    pub(super) fn release(&mut self, step: &'a Step, ledger: &str, once: &'a Expression) -> Flow {
        match self.text(Some(once), "once") {
            Err(failure) => self.fail(step, failure),
            Ok(Ok(Some(key))) if !self.observing() => {
                let once = OnceKey {
                    scope: format!("ledger:{ledger}"),
                    key,
                };
                self.give_back(ledger, once)
            }
            Ok(key) => self.observe("release", json!({ "ledger": ledger, "key": key.ok().flatten() })),
        }
    }

    /// Gives a claim back, for `release` and for undo.
    pub(super) fn give_back(&mut self, ledger: &str, once: OnceKey) -> Flow {
        let record = Record::Released {
            ledger: ledger.to_owned(),
            once: once.clone(),
        };
        self.note(record, None, None);
        self.desk.operations.push(Operation::Release {
            once,
            ledger: ledger.to_owned(),
        });
        self.desk.urgent = true;
        Flow::Done
    }
}

impl Wanted {
    fn body(&self, claim: &ClaimStep) -> Value {
        json!({ "ledger": claim.ledger, "account": self.account, "lines": self.lines })
    }
}

/// Limits with a quantity, and those whose quantity nobody knows. What is no list has neither and is wrong as it is.
fn known_and_unknown(limits: Value) -> (Value, Vec<Value>) {
    match limits {
        Value::Array(list) => {
            let (unknown, known) = list.into_iter().partition(|limit| limit["quantity"].is_null());
            (Value::Array(known), unknown)
        }
        other => (other, Vec::new()),
    }
}

/// Lines of a claim from `[{ item, quantity: { value, unit } }]`.
fn lines(value: &Value) -> Result<Vec<ClaimLine>, Failure> {
    let Some(list) = value.as_array() else {
        return Err(wrong("is missing: they are not a list"));
    };
    list.iter()
        .map(|line| {
            Ok(ClaimLine {
                item: item(line)?,
                value: text(&line["quantity"]["value"]).ok_or_else(|| wrong("has no quantity"))?,
                unit: text(&line["quantity"]["unit"]).ok_or_else(|| wrong("has no unit"))?,
            })
        })
        .collect()
}

fn items(list: &[Value]) -> Result<Vec<String>, Failure> {
    list.iter().map(item).collect()
}

fn item(line: &Value) -> Result<String, Failure> {
    text(&line["item"]).ok_or_else(|| wrong("has no item"))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn wrong(what: &str) -> Failure {
    Failure::permanent("claim.invalid", format!("a line of the claim {what}"))
}
