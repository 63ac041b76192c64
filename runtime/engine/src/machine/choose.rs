//! Branches: the first arm that fits, and all branches at once.

use dragoman_journal::Record;
use dragoman_model::Value;
use dragoman_plan::{Arm, Block, Step};
use serde_json::Map;

use super::progress::End;
use super::scope::Evaluated;
use super::walk::{Ended, Flow, Walk};

/// How far the branches of a `parallel` step have come.
#[derive(Default)]
struct Walked {
    pending: bool,
    held: bool,
    ended: Option<Box<Ended>>,
}

impl<'a> Walk<'a> {
    /// A `choose` step. The segment of its first arm is `arm-1`.
    pub(super) fn choose(&mut self, step: &'a Step, arms: &'a [Arm]) -> Flow {
        let chosen = match self.memo.arms.get(&self.path) {
            Some(chosen) => *chosen,
            None => match self.first_arm(arms) {
                Err(failure) => return self.fail(step, failure),
                Ok(Err(())) => return self.observe_step(step, "choose"),
                Ok(Ok(chosen)) => {
                    self.memo.arms.insert(self.path.clone(), chosen);
                    chosen
                }
            },
        };
        let Some(index) = chosen else {
            return self.computed(Evaluated::Value(None), "choose");
        };
        let segment = format!("arm-{}", index + 1);
        let block = &arms[index].block;
        let flow = self.block_at(&segment, block);
        if !matches!(flow, Flow::Done) {
            return flow;
        }
        match self.value_at(&segment, block) {
            Ok(evaluated) => self.computed(evaluated, "choose"),
            Err(failure) => self.fail(step, failure),
        }
    }

    /// The number of the first arm whose condition holds. The inner error: it needs what was only observed.
    fn first_arm(&self, arms: &[Arm]) -> Result<Result<Option<usize>, ()>, dragoman_model::Failure> {
        for (index, arm) in arms.iter().enumerate() {
            let Some(when) = &arm.when else {
                return Ok(Ok(Some(index)));
            };
            match self.evaluate(when)? {
                Evaluated::Observed => return Ok(Err(())),
                Evaluated::Value(Some(Value::Bool(true))) => return Ok(Ok(Some(index))),
                Evaluated::Value(_) => {}
            }
        }
        Ok(Ok(None))
    }

    /// A `parallel` step. Where a branch ends the run, the others bring to an end what they have open.
    pub(super) fn parallel(&mut self, step: &'a Step, branches: &'a [(String, Block)]) -> Flow {
        let outer = self.draining;
        let known = self.progress().is_some_and(|p| p.drains);
        self.draining |= known;
        let dues = self.dues.len();
        let mut walked = self.branches(branches);
        if walked.ended.is_some() && !known {
            // The branches before the one that ended the run did not know of it yet. It is written down, for a machine
            // that is made from the entries would learn it too late as well.
            self.note(Record::Chosen { what: "drain".into() }, None, None);
            self.draining = true;
            self.dues.truncate(dues);
            walked = self.branches(branches);
        }
        self.draining = outer;
        match walked.ended {
            _ if walked.pending => Flow::Pending,
            Some(end) => Flow::Ended(end),
            None if walked.held => Flow::Held,
            None => self.joined_branches(step, branches),
        }
    }

    fn branches(&mut self, branches: &'a [(String, Block)]) -> Walked {
        let mut walked = Walked::default();
        for (name, block) in branches {
            match self.block_at(name, block) {
                Flow::Done => {}
                Flow::Held => walked.held = true,
                Flow::Pending => walked.pending = true,
                Flow::Ended(end) => {
                    self.draining = true;
                    walked.ended.get_or_insert(end);
                }
            }
        }
        walked
    }

    fn joined_branches(&mut self, step: &'a Step, branches: &'a [(String, Block)]) -> Flow {
        let mut out = Map::new();
        for (name, block) in branches {
            let gives = if block.value.is_some() {
                self.value_at(name, block)
            } else {
                Ok(self.last_output(name, block))
            };
            match gives {
                Ok(Evaluated::Value(Some(value))) => drop(out.insert(name.clone(), value)),
                Ok(Evaluated::Value(None)) => {}
                // A branch that is missing would look like one that gives nothing.
                Ok(Evaluated::Observed) => return self.observe_step(step, "parallel"),
                Err(failure) => return self.fail(step, failure),
            }
        }
        self.computed(Evaluated::Value(Some(Value::Object(out))), "parallel")
    }

    fn last_output(&self, name: &str, block: &Block) -> Evaluated {
        let last = block.steps.last();
        let ended = last.and_then(|last| self.ended(&format!("{}.{name}.{}", self.path, last.segment)));
        match ended {
            Some(End::Observed) => Evaluated::Observed,
            Some(End::Done(output)) => Evaluated::Value(output.as_deref().cloned()),
            _ => Evaluated::Value(None),
        }
    }
}
