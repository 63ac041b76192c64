//! What happens from outside while a case runs: messages come, people answer.

use std::sync::Arc;

use dragoman_engine::{Delivered, Refused};
use dragoman_journal::Wait;
use dragoman_model::{Actor, RunId, Timestamp, Value};
use serde_json::json;

use crate::error::Error;
use crate::kin::{Kin, Named};
use crate::life::{Life, all_runs};
use crate::prepared::Deliverable;
use crate::shaped::shaped;
use dragoman_engine::machine::step_at;
use dragoman_manifest::cases::{JsonKind, Person};
use dragoman_plan::StepKind;
use dragoman_schema::Shape;

impl Life<'_> {
    /// Delivers a message; why it was not taken, where it was not. A sender that waits for its answer is not waited
    /// for: time would stand still meanwhile.
    pub(crate) async fn deliver(&self, message: &Deliverable) -> Result<RunId, String> {
        taken(self.handle().take(message.delivery.clone()).await)
    }

    /// Does what is due from outside: the first thing only. Whether there was any.
    pub(crate) async fn act(&self, later: &mut Vec<(Timestamp, &Deliverable)>) -> Result<bool, Error> {
        for (at, wait) in self.answerable().await? {
            let (number, person) = at;
            if due(&wait, person) <= self.now() {
                self.answer(number, person, &wait).await?;
                return Ok(true);
            }
        }
        if let Some(acted) = self.operable().await?.first().filter(|acted| acted.due <= self.now()) {
            self.operate(acted).await;
            return Ok(true);
        }
        let Some((due, message)) = later.first().copied() else {
            return Ok(false);
        };
        if due > self.now() {
            return Ok(false);
        }
        later.remove(0);
        if let Err(refused) = self.deliver(message).await {
            self.trouble(format!(
                "{}: the message was not taken: {refused}",
                message.place.place()
            ));
        }
        Ok(true)
    }

    /// When the next person answers, or an operator acts.
    pub(crate) async fn next_answer(&self) -> Result<Option<Timestamp>, Error> {
        let answerable = self.answerable().await?;
        let answer = answerable.iter().map(|((_, person), wait)| due(wait, person)).min();
        let act = self.operable().await?.first().map(|acted| acted.due);
        Ok(answer.into_iter().chain(act).min())
    }

    /// The open waits with the people who answer them.
    async fn answerable(&self) -> Result<Vec<((usize, &Person), Wait)>, Error> {
        let people = &self.world.prepared.people;
        let mut answerable = Vec::new();
        for wait in self.journal.waits(None).await? {
            let kin = self.world.script.kin(self.journal.as_ref(), wait.run).await?;
            let number = kin.and_then(|kin| self.assigned(&kin, &wait));
            answerable.extend(number.map(|number| ((number, &people[number]), wait)));
        }
        Ok(answerable)
    }

    /// Who answers a wait, by their number: whoever names it exactly goes first, and of several who name it alike each
    /// answers in their turn, the last one all that follow. It stays so in every life of the process.
    fn assigned(&self, kin: &Kin, wait: &Wait) -> Option<usize> {
        let begun = self.world.begun();
        if let Some(known) = begun.assigned.get(&wait.id) {
            return Some(*known).filter(|number| !begun.denied.contains_key(number));
        }
        let about = &self.world.prepared.main.delivery.pipeline;
        let all = self.world.prepared.people.iter().enumerate();
        let fits = |person: &Person| kin.has(&Named::read(about, &person.wait), &wait.path);
        let meant = all.filter_map(|(number, person)| Some((fits(person)?, number)));
        let meant: Vec<_> = meant.filter(|(_, number)| !begun.denied.contains_key(number)).collect();
        let best = meant.iter().map(|(fits, _)| *fits).max()?;
        let meant: Vec<usize> = meant
            .into_iter()
            .filter(|(fits, _)| *fits == best)
            .map(|(_, n)| n)
            .collect();
        let sequence = kin.sequence(&wait.path);
        let fresh = |number: &&usize| !begun.used.contains(&(sequence.clone(), **number));
        let number = *meant.iter().find(fresh).or(meant.last())?;
        self.world.note(|begun| {
            begun.assigned.insert(wait.id.clone(), number);
            begun.used.insert((sequence, number));
        });
        Some(number)
    }

    /// A person answers a wait. What is wrong with it is a mistake of the case.
    async fn answer(&self, number: usize, person: &Person, wait: &Wait) -> Result<(), Error> {
        let place = person.wait.span.place();
        let may = person.roles.is_empty() || person.roles.iter().any(|role| wait.roles.contains(&role.value));
        if !may {
            let roles: Vec<&str> = person.roles.iter().map(|r| r.value.as_str()).collect();
            let line = format!(
                "{place}: {} may not answer `{}`: it takes one of {}, and they are {}",
                person.by.value,
                wait.path,
                wait.roles.join(", "),
                roles.join(", ")
            );
            self.world.note(|begun| begun.refuse(number, line));
            return Ok(());
        }
        let answer = self.answer_of(person, wait).await?;
        let actor = Actor::person(&person.by, &person.authentication);
        match self.handle().answer(&wait.id, actor, answer, wait.shown).await {
            Ok(()) => self.world.note(|begun| {
                begun.answered.insert(number);
            }),
            Err(error) => {
                let line = format!("{place}: the answer to `{}` is not taken: {error}", wait.path);
                self.world.note(|begun| begun.refuse(number, line));
            }
        }
        Ok(())
    }

    /// The answer, its fields in the types of the decision.
    async fn answer_of(&self, person: &Person, wait: &Wait) -> Result<Value, Error> {
        if let JsonKind::Scalar { value, plain } = &person.answer.kind {
            let text = plain
                .clone()
                .unwrap_or_else(|| value.as_str().unwrap_or_default().to_owned());
            return Ok(json!({ "answer": text }));
        }
        let runs = all_runs(self.journal.as_ref()).await?;
        let run = runs.iter().find(|r| r.run == wait.run);
        let plan = run
            .and_then(|run| self.world.prepared.plans.get(&run.pipeline))
            .map(Arc::clone);
        let schema = plan.as_ref().and_then(|plan| match &step_at(plan, &wait.path)?.kind {
            StepKind::Wait(wait) => wait.fields.clone(),
            _ => None,
        });
        let shape = schema.map_or(Shape::Any, |schema| Shape::from_schema(&schema).0);
        Ok(shaped(&person.answer, &shape))
    }
}

/// When a person answers a wait.
fn due(wait: &Wait, person: &Person) -> Timestamp {
    wait.since.plus_millis(i64::try_from(person.after).unwrap_or(i64::MAX))
}

/// The run of a message, or why it was not taken.
fn taken(delivered: Result<Delivered, Refused>) -> Result<RunId, String> {
    match delivered {
        Ok(Delivered::Accepted { run, .. } | Delivered::Replied { run, .. }) => Ok(run),
        Err(Refused::Unreadable { failure, .. }) => Err(format!("{} ({})", failure.message, failure.code)),
        Err(Refused::KeyConflict { run, key }) => Err(format!(
            "a message with the key `{key}` and another content came before, as run {run}"
        )),
        Err(Refused::Overloaded { message, .. } | Refused::Store { message, .. }) => Err(message),
        Err(Refused::Unknown) => Err("there is no such pipeline or trigger".into()),
    }
}
