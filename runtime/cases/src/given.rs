//! What others did before, as a case says it in the place of the store: a claim that is refused, an act that another run
//! did under the same business key, what was done under a reference.

use dragoman_journal::{Append, Effect, Journal, Once, OnceKey, OnceState, Operation, Record, Refusal};
use dragoman_model::{Diagnostic, Digest, Failure, RunId, Timestamp, Value};
use serde_json::json;

use crate::error::{Error, IMPOSSIBLE};
use crate::prepared::Given;
use crate::script::{At, Script};

/// What a ledger says no with.
const LEDGER: [&str; 5] = [
    "over_limit",
    "unit_mismatch",
    "unknown_item",
    "single_use",
    "bad_quantity",
];

impl Script {
    /// Why the case refuses what a run wants to write; none: the store decides.
    pub(crate) async fn refusal(&self, journal: &dyn Journal, append: &Append) -> Result<Option<Refusal>, Error> {
        if !self.speaks_for_the_store() {
            return Ok(None);
        }
        for entry in &append.entries {
            if let Record::Voided { reference } = &entry.record {
                self.closes(reference, Some((entry.run, &entry.path)));
            }
        }
        for operation in &append.operations {
            let refusal = match operation {
                Operation::Claim { once, path, .. } => self.claim(journal, append, once, path).await?,
                Operation::OnceOpen { once, path, .. } => self.act(journal, append, once, path).await?,
                _ => None,
            };
            if refusal.is_some() {
                return Ok(refusal);
            }
        }
        Ok(None)
    }

    /// A claim: a failure refuses it, anything else leaves it to the ledger.
    async fn claim(
        &self,
        journal: &dyn Journal,
        append: &Append,
        once: &OnceKey,
        path: &str,
    ) -> Result<Option<Refusal>, Error> {
        let is_claim = |record: &Record| matches!(record, Record::Claimed { .. });
        let entry = append
            .entries
            .iter()
            .find(|entry| entry.path == path && is_claim(&entry.record));
        let (Some(entry), Some(kin)) = (entry, self.kin(journal, append.lease.run).await?) else {
            return Ok(None);
        };
        let body = entry.body.as_deref().cloned().unwrap_or_default();
        let at = At {
            run: entry.run,
            step: path,
            operation: &once.scope,
            // A claim that is tried again after a person let it go on stands further on in the journal.
            attempt: u32::try_from(entry.seq).unwrap_or(u32::MAX),
        };
        Ok(match self.said(&kin, &at, &body) {
            Some(Given::Failure(failure, _)) => self.refused(failure, once, path, &body),
            Some(Given::Joined(_)) => Some(done(once, path, &body, None)),
            _ => None,
        })
    }

    /// A call under a business key: another run did it, or asked for something else under the same key.
    async fn act(
        &self,
        journal: &dyn Journal,
        append: &Append,
        once: &OnceKey,
        path: &str,
    ) -> Result<Option<Refusal>, Error> {
        let intent = append.entries.iter().find_map(|entry| match &entry.record {
            Record::Intent {
                attempt, undo: false, ..
            } if entry.path == path => Some((entry, *attempt)),
            _ => None,
        });
        let (Some((entry, attempt)), Some(kin)) = (intent, self.kin(journal, append.lease.run).await?) else {
            return Ok(None);
        };
        let input = entry.body.as_ref().and_then(|body| body.get("input")).cloned();
        let input = input.unwrap_or_default();
        let at = At {
            run: entry.run,
            step: path,
            operation: &once.scope,
            attempt,
        };
        Ok(match self.said(&kin, &at, &input) {
            Some(Given::Joined(output)) => Some(done(once, path, &input, Some(output.value()))),
            Some(Given::Failure(failure, _)) if failure.code.starts_with("once.") => {
                self.refused(failure, once, path, &input)
            }
            _ => None,
        })
    }

    fn refused(&self, failure: &Failure, once: &OnceKey, path: &str, input: &Value) -> Option<Refusal> {
        let detail = |member: &str| {
            let detail = failure.detail.as_ref()?.get(member)?;
            Some(detail.as_str()?.to_owned())
        };
        let held = |state, same_input| {
            let mut record = holder(once, path, input, None);
            record.state = state;
            Some(Refusal::Once {
                record: Box::new(record),
                same_input,
            })
        };
        match failure.code.as_str() {
            "once.conflict" => held(OnceState::Done, false),
            "once.undone" => held(OnceState::Undone, true),
            "once.parked" => held(OnceState::Parked, true),
            code => {
                let known = code.strip_prefix("ledger.");
                if let Some(code) = LEDGER.into_iter().find(|code| Some(*code) == known) {
                    return Some(Refusal::Ledger {
                        code,
                        message: failure.message.clone(),
                        item: detail("item"),
                        left: detail("left"),
                    });
                }
                let message = format!("a claim never fails with `{code}`");
                let all: Vec<String> = LEDGER.iter().map(|code| format!("ledger.{code}")).collect();
                let help = format!("a ledger says no with {}", all.join(", "));
                self.mistaken(path, Diagnostic::error(IMPOSSIBLE, self.place(), message).help(help));
                None
            }
        }
    }

    /// What others did under a reference, as the case says it of the step that closes it.
    pub(crate) async fn effects(&self, journal: &dyn Journal, reference: &str) -> Result<Vec<Effect>, Error> {
        let Some((run, step)) = self.closes(reference, None) else {
            return Ok(Vec::new());
        };
        let Some(kin) = self.kin(journal, run).await? else {
            return Ok(Vec::new());
        };
        let at = At {
            run,
            step: &step,
            operation: "void",
            attempt: 1,
        };
        let Some(Given::Output(output)) = self.said(&kin, &at, &json!({ "ref": reference })) else {
            return Ok(Vec::new());
        };
        let output = output.value();
        let effects = output["effects"].as_array().into_iter().flatten();
        Ok(effects.map(effect).collect())
    }
}

/// A run that is not there.
fn nobody() -> RunId {
    RunId::at(Timestamp::from_millis(0), [0; 10])
}

fn holder(once: &OnceKey, path: &str, input: &Value, output: Option<Value>) -> Once {
    Once {
        once: once.clone(),
        run: nobody(),
        path: path.to_owned(),
        state: OnceState::Done,
        input: Digest::of_value(input),
        input_body: input.clone(),
        output,
    }
}

fn done(once: &OnceKey, path: &str, input: &Value, output: Option<Value>) -> Refusal {
    Refusal::Once {
        record: Box::new(holder(once, path, input, output)),
        same_input: true,
    }
}

/// As the output of a step that closes a reference has it.
fn effect(said: &Value) -> Effect {
    let text = |member: &str| said[member].as_str().unwrap_or_default().to_owned();
    Effect {
        run: text("run").parse().unwrap_or_else(|_| nobody()),
        path: text("path"),
        scope: text("scope"),
        key: Some(text("key")).filter(|key| !key.is_empty()),
        state: match text("state").as_str() {
            "failed" => OnceState::Failed,
            "parked" => OnceState::Parked,
            "undone" => OnceState::Undone,
            _ => OnceState::Done,
        },
        input: said["input"].clone(),
        output: said.get("output").cloned(),
    }
}
