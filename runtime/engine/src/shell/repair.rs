//! What can be done about runs that stopped: what an act would do, and a new run in place of one that failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_journal::{Begin, Draft, Entry, Record, Standing, Versions};
use dragoman_model::{Actor, Digest, RunId, Value};
use dragoman_plan::Plan;
use serde_json::{Map, json};

use super::answer::may;
use super::door::Offer;
use super::outgoing::Live;
use super::{Handle, Shell};
use crate::Error;
use crate::machine::{Act, Foreseen, Machine, State, version};
use crate::source::{Delivered, Refused};

/// The act of beginning a run anew, as it is written in the trail.
const REPEAT: &str = "repeat";

/// A failed run that can be begun anew.
struct Repeatable {
    plan: Arc<Plan>,
    offer: Offer,
    first: Entry,
}

impl Handle {
    /// What an act would do to a parked run now. Nothing of it is done, and nothing is written.
    ///
    /// # Errors
    /// As [`Handle::operate`].
    pub async fn foresee(&self, run: RunId, act: &Act) -> Result<Foreseen, Error> {
        let shell = &self.0;
        let machine = shell.seen(run).await?;
        let now = shell.clock.now();
        may(&machine, act, now)?;
        let why = |why| Error::Unfit {
            run,
            act: act.name(),
            why,
        };
        machine.foresee(&Live { shell, run: None }, now, act).map_err(why)
    }

    /// Whether a run that failed can be begun anew, as [`Handle::repeat`] does it.
    ///
    /// # Errors
    /// As [`Handle::repeat`].
    pub async fn may_repeat(&self, run: RunId) -> Result<(), Error> {
        self.0.repeatable(run).await.map(drop)
    }

    /// Begins a new run in place of one that failed, from the same message and by the version of now: that one is closed
    /// for ever. What has a business key is not done twice; where something else that it did stands, it is refused.
    /// A run is repeated once. Its first entries say which run it repeats, who has it repeated, and why.
    ///
    /// # Errors
    /// [`Error::Unfit`], [`Error::NoRun`], [`Error::NoPlan`], [`Error::Busy`] where there is no room, [`Error::Store`].
    pub async fn repeat(&self, run: RunId, actor: Actor, reason: &str) -> Result<RunId, Error> {
        let repeatable = self.0.repeatable(run).await?;
        self.0.repeat(run, repeatable, actor, reason).await
    }
}

impl Shell {
    /// A run as its entries tell it, without taking it.
    async fn seen(&self, run: RunId) -> Result<Machine, Error> {
        let entries = self.journal.load(run).await?;
        let version = version(&entries).ok_or(Error::NoRun(run))?;
        if entries
            .last()
            .is_some_and(|last| matches!(last.header.record, Record::Closed { .. }))
        {
            return Err(Error::Ended(run));
        }
        let plan = self.plans.pinned(version).await.ok_or_else(|| Error::NoPlan {
            run,
            version: version.to_string(),
        })?;
        Ok(Machine::from_entries(plan, run, &entries, &self.worker))
    }

    async fn repeatable(&self, run: RunId) -> Result<Repeatable, Error> {
        let unfit = |why: String| Error::Unfit { run, act: REPEAT, why };
        let mut entries = self.journal.load(run).await?;
        let state = folded(run, &entries);
        let Some(origin) = &state.origin else {
            return Err(Error::NoRun(run));
        };
        if state.closed != Some(dragoman_journal::Ending::Failed) {
            return Err(unfit("only a run that failed is begun anew".into()));
        }
        if let Some(parent) = &origin.parent {
            let why = format!(
                "it was begun by run {}, which has gone on without it; repeat that one",
                parent.run
            );
            return Err(unfit(why));
        }
        if let Some((run, path)) = self.without_key(state.clone(), &entries).await? {
            let why = format!(
                "what `{path}` of run {run} did stands, and it has no business key (`once`): it would be done twice"
            );
            return Err(unfit(why));
        }
        let offer = self.current(&origin.pipeline);
        let Some(plan) = offer.plans.get(&origin.pipeline).cloned() else {
            return Err(unfit(format!(
                "the site has no pipeline `{}` any more",
                origin.pipeline
            )));
        };
        let trigger = plan.triggers.iter().find(|trigger| trigger.id == origin.trigger);
        let Some(trigger) = trigger else {
            return Err(unfit(format!(
                "`{}` has no trigger `{}` any more",
                origin.pipeline, origin.trigger
            )));
        };
        let message = origin.roots.get("trigger").and_then(|about| about.get("message"));
        let Some(message) = message else {
            return Err(unfit("its message is not kept any more".into()));
        };
        if let Some((place, expected)) = trigger.message.refusal(message) {
            let why =
                format!("its message is not one that the pipeline takes now: {expected} is expected at `{place}`");
            return Err(unfit(why));
        }
        let first = entries.swap_remove(0);
        Ok(Repeatable { plan, offer, first })
    }

    /// Something that a run, or one that it began, did without a business key, and that stands.
    async fn without_key(&self, state: State, entries: &[Entry]) -> Result<Option<(RunId, String)>, Error> {
        let mut family = vec![(state, begun(entries))];
        while let Some((state, begun)) = family.pop() {
            if let Some(path) = state.done_without_key() {
                return Ok(Some((state.run, path)));
            }
            for path in begun {
                for child in self.journal.children(state.run, path).await? {
                    let entries = self.journal.load(child.run).await?;
                    family.push((folded(child.run, &entries), self::begun(&entries)));
                }
            }
        }
        Ok(None)
    }

    async fn repeat(
        self: &Arc<Self>,
        of: RunId,
        repeatable: Repeatable,
        actor: Actor,
        reason: &str,
    ) -> Result<RunId, Error> {
        let unfit = |why: String| Error::Unfit {
            run: of,
            act: REPEAT,
            why,
        };
        // The same each time: who asks twice has it begun once.
        let run = RunId::at(self.clock.now(), repeated(of));
        let accepted = self.again(run, of, &repeatable);
        let content = Digest::of_value(
            accepted
                .body
                .as_deref()
                .and_then(|body| body.get("message"))
                .unwrap_or(&Value::Null),
        );
        let operated = Draft {
            seq: 1,
            actor,
            record: Record::Operated { act: REPEAT.into() },
            headers: Vec::new(),
            body: Some(Arc::new(json!({ "reason": reason, "repeats": of }))),
            ..accepted.clone()
        };
        let begin = Begin {
            entries: vec![accepted, operated],
            operations: Vec::new(),
            content,
            standing: Standing::Active,
            lease_until: self.lease_end(),
        };
        match self.begin(&repeatable.plan, run, begin, false).await {
            Ok(Delivered::Accepted { run, again: false, .. }) => Ok(run),
            Ok(Delivered::Accepted { run, .. } | Delivered::Replied { run, .. }) => {
                Err(unfit(format!("it was begun anew before, as run {run}")))
            }
            Err(Refused::Overloaded { .. }) => Err(Error::Busy(of)),
            Err(Refused::Store { message, .. }) => Err(Error::Store(message)),
            Err(refused) => Err(unfit(format!("its message is not taken ({})", refused.code()))),
        }
    }

    /// The first entry of a run that repeats another one.
    fn again(&self, run: RunId, of: RunId, repeatable: &Repeatable) -> Draft {
        let Repeatable { plan, offer, first } = repeatable;
        let mut record = first.header.record.clone();
        let mut key = String::new();
        if let Record::Accepted { run_key, .. } = &mut record {
            key = std::mem::replace(run_key, format!("repeats {of}: {run_key}"));
        }
        let mut body: Map<String, Value> = match &first.body {
            Some(Value::Object(body)) => body.clone(),
            _ => Map::new(),
        };
        // The key of the first of them, where a run that repeats failed too.
        let said = body
            .get("repeats")
            .and_then(|repeats| repeats["key"].as_str().map(str::to_owned));
        body.insert("repeats".into(), json!({ "run": of, "key": said.unwrap_or(key) }));
        body.insert("site".into(), Value::clone(&offer.site));
        body.insert("now".into(), Value::String(self.clock.now().to_string()));
        Draft {
            run,
            seq: 0,
            at: self.clock.now(),
            actor: first.header.actor.clone(),
            path: String::new(),
            versions: Versions {
                pipeline: plan.version,
                plugin: None,
                settings: None,
            },
            record,
            headers: first.header.headers.clone(),
            body: Some(Arc::new(Value::Object(body))),
        }
    }
}

fn folded(run: RunId, entries: &[Entry]) -> State {
    let mut state = State::new(run);
    entries.iter().for_each(|entry| state.apply(entry));
    state
}

/// The paths of the steps that began children.
fn begun(entries: &[Entry]) -> Vec<String> {
    let begins = entries
        .iter()
        .filter(|entry| matches!(entry.header.record, Record::Children { .. }));
    let paths: BTreeMap<String, ()> = begins.map(|entry| (entry.header.path.clone(), ())).collect();
    paths.into_keys().collect()
}

/// The part of the id of a run that repeats another one that is drawn elsewhere.
fn repeated(of: RunId) -> [u8; 10] {
    let mut made = [0; 10];
    made.copy_from_slice(&Digest::of_parts(&[REPEAT.as_bytes(), of.0.as_bytes()]).0[..10]);
    made
}
