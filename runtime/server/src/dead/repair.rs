//! Repairing dead letters: what would become of each, and doing it.

use std::time::Duration;

use dragoman_engine::Error as Engine;
use dragoman_engine::machine::Act;
use dragoman_model::{RunId, Value};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::found::{Dead, DeadFilter, Search};
use super::shown;
use crate::desk::{Desk, OPERATORS, Refusal, Who, store};
use crate::records;

/// So many runs are repaired at once.
const AT_ONCE: usize = 8;
/// A run that waits for its place among others does not answer before it has it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be done, and to which runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Repair {
    /// `replay`, `skip`, `undo` or `cancel`.
    pub act: String,
    /// These runs, by their ids or the beginnings of them.
    pub runs: Vec<String>,
    /// Or those that this asks for.
    pub query: DeadFilter,
    /// `replay`: from this step; else from the one that it stopped at.
    pub from: Option<String>,
    /// `replay`: under another idempotency key.
    pub new_key: bool,
    /// `skip`: what the step gives.
    pub output: Option<Value>,
    /// Why, for the trail.
    pub reason: Option<String>,
    /// It is done; else it is only said what would be done.
    pub yes: bool,
    /// On whose authority, where the administrator of this machine says so.
    pub by: Option<String>,
}

impl Repair {
    /// The act on a run that is parked.
    fn act(&self) -> Result<Act, Refusal> {
        let act = match self.act.as_str() {
            "replay" if self.from.is_none() && !self.new_key => Act::Resume,
            "replay" => Act::Replay {
                from: self.from.clone(),
                new_key: self.new_key,
            },
            "skip" => Act::Pass {
                output: self.output.clone(),
            },
            "undo" => Act::Undo,
            "cancel" => Act::Cancel,
            other => {
                return Err(Refusal::Unclear(format!(
                    "there is no act `{other}`: write replay, skip, undo or cancel"
                )));
            }
        };
        let strays = match self.act.as_str() {
            "replay" => self.output.is_some().then_some("output"),
            "skip" => (self.from.is_some() || self.new_key).then_some("from"),
            _ => (self.from.is_some() || self.new_key || self.output.is_some()).then_some("from"),
        };
        match strays {
            Some(what) => Err(Refusal::Unclear(format!(
                "`{what}` says nothing of `{}`: leave it out",
                self.act
            ))),
            None => Ok(act),
        }
    }

    fn why(&self) -> Result<&str, Refusal> {
        let reason = self.reason.as_deref().unwrap_or_default().trim();
        if self.yes && reason.is_empty() {
            return Err(Refusal::Unclear(
                "what is done is kept in the trail with a `reason`: say one".into(),
            ));
        }
        Ok(reason)
    }
}

impl Desk {
    /// Dead letters, oldest first: `{ dead: [...], groups: [...] }`.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn dead(&self, filter: &DeadFilter) -> Result<Value, Refusal> {
        super::dead(&*self.journal, filter).await.map_err(store)
    }

    /// A dead letter with all that is kept of it, and what each act would do now.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] where there is no such run, [`Refusal::Conflict`] where it is not dead, [`Refusal::Unclear`]
    /// where too little of the id is given, [`Refusal::Store`].
    pub async fn dead_letter(&self, id: &str) -> Result<Value, Refusal> {
        let dead = self.dead_by_id(id).await?;
        let mut told = dead.to_json();
        told["kept"] = shown::kept(&dead);
        let mut acts = serde_json::Map::new();
        if dead.is_failed() {
            acts.insert("replay".into(), self.would(&dead, &Act::Resume).await);
        } else {
            let pass = Act::Pass { output: None };
            for (name, act) in [
                ("replay", Act::Resume),
                ("absent", Act::Absent),
                ("skip", pass),
                ("undo", Act::Undo),
                ("cancel", Act::Cancel),
            ] {
                let of_the_unknown = dead.effect() == dragoman_model::Effect::Unknown;
                if act != Act::Absent || of_the_unknown {
                    acts.insert(name.into(), self.would(&dead, &act).await);
                }
            }
        }
        told["acts"] = Value::Object(acts);
        Ok(told)
    }

    /// Does something to dead letters, or says what would be done: `{ act, dry, runs: [{ run, pipeline, key, item, ok,
    /// why?, would?, as? }], done, refused }`. Each run is looked at again under its lease when something is done to it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], [`Refusal::Unclear`] where it cannot be said what is meant, [`Refusal::Unknown`],
    /// [`Refusal::Conflict`], [`Refusal::Store`]. What is refused of a single run stands with that run.
    pub async fn repair(&self, repair: &Repair, who: Who) -> Result<Value, Refusal> {
        who.may(&OPERATORS)?;
        let act = repair.act()?;
        let reason = repair.why()?;
        let found = self.meant(repair).await?;
        let of_one = |dead: Dead| {
            let (act, actor) = (act.clone(), who.actor.clone());
            async move {
                let mut told = json!({
                    "run": dead.run(), "pipeline": dead.summary.pipeline, "key": dead.summary.run_key,
                    "item": dead.to_json()["item"], "step": dead.path, "code": dead.code,
                });
                if !repair.yes {
                    let would = self.would(&dead, &act).await;
                    told["ok"] = json!(would["refused"].is_null());
                    told["would"] = would;
                    return told;
                }
                let done = self.carry_out(&dead, act, actor, reason).await;
                told["ok"] = json!(done.is_ok());
                match done {
                    Ok(Some(anew)) => told["as"] = json!(anew),
                    Ok(None) => {}
                    Err(why) => told["why"] = why.into(),
                }
                told
            }
        };
        let runs: Vec<Value> = stream::iter(found).map(of_one).buffered(AT_ONCE).collect().await;
        let done = runs.iter().filter(|run| run["ok"] == true).count();
        let refused = runs.len() - done;
        Ok(json!({ "act": repair.act, "dry": !repair.yes, "runs": runs, "done": done, "refused": refused }))
    }

    async fn dead_by_id(&self, id: &str) -> Result<Dead, Refusal> {
        let run = records::find(&*self.journal, id).await.map_err(store)??;
        let dead = Search::new(&*self.journal).one(run).await.map_err(store)?;
        dead.ok_or_else(|| {
            Refusal::Conflict(format!(
                "run {run} neither stopped for a person nor failed; `dragoman runs show {run}` tells how it stands"
            ))
        })
    }

    async fn meant(&self, repair: &Repair) -> Result<Vec<Dead>, Refusal> {
        if repair.runs.is_empty() && !repair.query.says_which() {
            return Err(Refusal::Unclear(
                "it is not said which runs are meant: name one, or ask by pipeline, about, partner, failure, since or until"
                    .into(),
            ));
        }
        if repair.runs.is_empty() {
            return Search::new(&*self.journal).find(&repair.query).await.map_err(store);
        }
        let mut found = Vec::new();
        for id in &repair.runs {
            found.push(self.dead_by_id(id).await?);
        }
        Ok(found)
    }

    /// What an act would do to a run, or why it is refused.
    async fn would(&self, dead: &Dead, act: &Act) -> Value {
        let run = dead.run();
        if dead.is_failed() {
            return match self.anew(dead, act).await {
                Ok(()) => {
                    let text = "a new run begins from the same message, by the version of now; what has a business key is not \
                                done twice";
                    json!({ "next": [{ "step": "", "text": text }] })
                }
                Err(why) => json!({ "refused": why }),
            };
        }
        match self.handle.foresee(run, act).await {
            Ok(foreseen) => shown::foreseen(&foreseen),
            Err(error) => json!({ "refused": why(&error) }),
        }
    }

    /// Whether a failed run can be begun anew.
    async fn anew(&self, dead: &Dead, act: &Act) -> Result<(), String> {
        if *act != Act::Resume {
            return Err(format!(
                "it failed and is closed for ever; `dragoman dead replay {}`, without a step, begins a new run in its place",
                dead.run()
            ));
        }
        self.handle.may_repeat(dead.run()).await.map_err(|error| why(&error))
    }

    /// Does it; the run that begins in place of a failed one.
    async fn carry_out(
        &self,
        dead: &Dead,
        act: Act,
        actor: dragoman_model::Actor,
        reason: &str,
    ) -> Result<Option<RunId>, String> {
        let run = dead.run();
        let doing = async {
            if dead.is_failed() {
                self.anew(dead, &act).await?;
                let begun = self.handle.repeat(run, actor, reason).await;
                return begun.map(Some).map_err(|error| why(&error));
            }
            let done = self.handle.operate(run, act, actor, reason).await;
            done.map(|()| None).map_err(|error| why(&error))
        };
        match tokio::time::timeout(PATIENCE, doing).await {
            Ok(done) => done,
            Err(_) => {
                Err("it waits for its place among others, and it is done when that comes; look at it later".into())
            }
        }
    }
}

fn why(error: &Engine) -> String {
    match error {
        Engine::Unfit { why, .. } => why.clone(),
        other => other.message(),
    }
}
