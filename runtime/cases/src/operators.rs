//! What operators do to runs while a case runs.

use dragoman_engine::machine::Act;
use dragoman_journal::{Record, Standing};
use dragoman_manifest::cases::{Operator, OperatorAct};
use dragoman_model::{Actor, RunId, Timestamp};

use crate::error::Error;
use crate::kin::Named;
use crate::life::{Life, all_runs};

/// A run that an operator acts on.
pub(crate) struct Acted<'a> {
    number: usize,
    operator: &'a Operator,
    run: RunId,
    /// When.
    pub(crate) due: Timestamp,
}

impl Life<'_> {
    /// What operators have still to do to the runs that there are, the next one first.
    pub(crate) async fn operable(&self) -> Result<Vec<Acted<'_>>, Error> {
        let operators = &self.world.prepared.operators;
        if operators.is_empty() {
            return Ok(Vec::new());
        }
        let mut acted = Vec::new();
        for summary in all_runs(self.journal.as_ref()).await? {
            if summary.standing == Standing::Parked {
                acted.extend(self.of_parked(summary.run, &summary.pipeline).await?);
            }
        }
        let begun = self.world.begun();
        let open = |number: &usize| !begun.acted.contains(number) && !begun.forbidden.contains_key(number);
        if let (Some(run), Some(came)) = (begun.run, begun.at) {
            let whole = operators.iter().enumerate().filter(|(_, one)| one.parked.is_none());
            acted.extend(
                whole
                    .filter(|(number, _)| open(number))
                    .map(|(number, operator)| Acted {
                        number,
                        operator,
                        run,
                        due: later(came, operator),
                    }),
            );
        }
        acted.sort_by_key(|one| (one.due, one.number));
        Ok(acted)
    }

    /// Who acts on a parked run: of several who name it alike the first who has not acted yet, the one who names it exactly
    /// before the others.
    async fn of_parked(&self, run: RunId, pipeline: &str) -> Result<Option<Acted<'_>>, Error> {
        let entries = self.journal.load(run).await?;
        let parked = entries
            .iter()
            .rev()
            .find(|entry| matches!(entry.header.record, Record::Parked { .. }));
        let (Some(parked), Some(kin)) = (parked, self.world.script.kin(self.journal.as_ref(), run).await?) else {
            return Ok(None);
        };
        let begun = self.world.begun();
        let about = &self.world.prepared.main.delivery.pipeline;
        let all = self.world.prepared.operators.iter().enumerate();
        let named = all.filter_map(|(number, operator)| {
            let said = operator.parked.as_ref()?;
            let fit = match parked.header.path.as_str() {
                "" => (said.value == pipeline).then_some(None)?,
                path => {
                    let said = Named::read(about, said);
                    let exact = kin.has(&said, path);
                    Some(exact.or_else(|| kin.has(&said, handled(path)?))?)
                }
            };
            Some((fit, number, operator))
        });
        let open =
            named.filter(|(_, number, _)| !begun.acted.contains(number) && !begun.forbidden.contains_key(number));
        let best = open.max_by_key(|(fit, number, _)| (*fit, std::cmp::Reverse(*number)));
        Ok(best.map(|(_, number, operator)| Acted {
            number,
            operator,
            run,
            due: later(parked.header.at, operator),
        }))
    }

    /// An operator acts. What is wrong with it is a mistake of the case.
    pub(crate) async fn operate(&self, acted: &Acted<'_>) {
        let operator = acted.operator;
        let act = match operator.act.value {
            OperatorAct::Resume => Act::Resume,
            OperatorAct::Absent => Act::Absent,
            OperatorAct::Skip => Act::Skip,
            OperatorAct::Cancel => Act::Cancel,
        };
        let actor = Actor::person(&operator.by, "password");
        let done = self.handle().operate(acted.run, act, actor, &operator.reason).await;
        let number = acted.number;
        self.world.note(|begun| match done {
            Ok(()) => drop(begun.acted.insert(number)),
            Err(error) => drop(begun.forbidden.insert(number, error.to_string())),
        });
    }
}

/// The step whose handler a path lies in: who looks after a parked run thinks of that.
fn handled(path: &str) -> Option<&str> {
    let handlers = [".on_failure.", ".on_rejected.", ".on_refused.", ".on_timeout."];
    let at = handlers.iter().filter_map(|handler| path.find(handler)).min()?;
    Some(&path[..at])
}

fn later(since: Timestamp, operator: &Operator) -> Timestamp {
    since.plus_millis(i64::try_from(operator.after).unwrap_or(i64::MAX))
}
