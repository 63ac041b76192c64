//! Child runs: one for each item.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_journal::{Begin, Draft, Ending, Parent, Record, RunSummary, Standing, Versions};
use dragoman_model::{Class, Digest, Failure, RunId, Usage, Value, object};
use dragoman_plan::{EachStep, Step};
use serde_json::{Map, json};

use super::event::{Found, Request};
use super::origin::Origin;
use super::progress::Item;
use super::scope::Evaluated;
use super::walk::{Due, Flow, Tail, Walk};
use super::{Live, given};

/// A parent is told when a child ends; that it looks again by itself, so long after, in milliseconds, is for the case
/// that the word was lost with a process.
const RECHECK_MS: i64 = 600_000;

impl<'a> Walk<'a> {
    /// An `each` step.
    pub(super) fn each(&mut self, step: &'a Step, each: &'a EachStep) -> Flow {
        if self.progress().is_none_or(|p| p.items.is_none()) {
            return match self.items(each) {
                Err(failure) => self.fail(step, failure),
                Ok(None) => self.observe_step(step, "each"),
                Ok(Some(items)) if items.is_empty() => self.computed(Evaluated::Value(Some(json!([]))), "each"),
                Ok(Some(items)) => self.begin_children(each, items),
            };
        }
        match self.look_at_children(false) {
            Some(Found::Unfinished(children)) => self.wait_or_begin(each, &children),
            Some(Found::Children(children)) => self.children_ended(step, each, &children),
            _ => Flow::Pending,
        }
    }

    /// What the store knows of the children of the step; none: it is being asked, or they have not moved. `all`: what is
    /// asked for where they have.
    pub(super) fn look_at_children(&mut self, all: bool) -> Option<Found> {
        match self.live.remove(&self.path) {
            Some(Live::Found(found)) => return Some(found),
            Some(away @ (Live::Away | Live::AwayAgain)) => drop(self.keep_away(away)),
            again if self.woken || matches!(again, Some(Live::Again)) => self.ask_for_children(all),
            _ => self.wait_for_children(),
        }
        None
    }

    fn ask_for_children(&mut self, all: bool) {
        let path = self.path.clone();
        self.requests.push(Request::Children { path, all });
        self.keep(Live::Away);
    }

    /// A child that ends wakes its parent. A time that the store has is kept: each other one would be written.
    pub(super) fn wait_for_children(&mut self) {
        let last = self.now.plus_millis(RECHECK_MS);
        let at = match self.stored {
            Standing::Waiting(Some(due)) if due > self.now && due < last => due,
            _ => last,
        };
        self.dues.push(Due {
            at: Some(at),
            waits: true,
        });
    }

    /// The items with their keys; none: they need what was only observed.
    fn items(&self, each: &EachStep) -> Result<Option<Vec<Item>>, Failure> {
        let list = match self.evaluate(&each.items)? {
            Evaluated::Observed => return Ok(None),
            Evaluated::Value(None) => Vec::new(),
            Evaluated::Value(Some(Value::Array(list))) => list,
            Evaluated::Value(Some(_)) => {
                let message = format!("`{}` of `{}` gives no list", each.items.text, self.path);
                return Err(Failure::permanent("each.no_list", message));
            }
        };
        let mut keys = BTreeSet::new();
        let mut items = Vec::with_capacity(list.len());
        for (index, item) in list.into_iter().enumerate() {
            let key = match &each.item_key {
                None => index.to_string(),
                Some(expression) => match self.item_key(each, expression, &item)? {
                    Some(key) => key,
                    None => return Ok(None),
                },
            };
            if !keys.insert(key.clone()) {
                let message = format!("two items of `{}` have the key `{key}`", self.path);
                return Err(Failure::permanent("each.duplicate_key", message));
            }
            items.push(Item { key, item });
        }
        Ok(Some(items))
    }

    fn item_key(
        &self,
        each: &EachStep,
        expression: &dragoman_expression::Expression,
        item: &Value,
    ) -> Result<Option<String>, Failure> {
        match self.names().with_item(&each.name, item).expression(expression)? {
            Evaluated::Observed => Ok(None),
            Evaluated::Value(Some(Value::String(text))) => Ok(Some(text)),
            Evaluated::Value(value) => Ok(Some(value.unwrap_or(Value::Null).to_string())),
        }
    }

    fn begin_children(&mut self, each: &EachStep, items: Vec<Item>) -> Flow {
        let count = items.len() as u64;
        let begun = count.min(most(each));
        let begins = (0..begun).filter_map(|index| self.begin(each, index, items.get(usize::try_from(index).ok()?)?));
        let begins: Vec<Begin> = begins.collect();
        let list: Vec<Value> = items
            .into_iter()
            .map(|item| object([("key", Value::String(item.key)), ("item", item.item)]))
            .collect();
        let entry = self.draft(
            Record::Children { count },
            Some(object([("items", Value::Array(list)), ("begun", json!(begun))])),
            None,
        );
        self.place_children(entry, begins)
    }

    pub(super) fn place_children(&mut self, entry: Draft, begins: Vec<Begin>) -> Flow {
        let due = self.now.plus_millis(RECHECK_MS);
        self.place(Tail {
            path: self.path.clone(),
            entries: vec![entry],
            operations: Vec::new(),
            begins,
            standing: Some(Standing::Waiting(Some(due))),
        })
    }

    /// The first entry of a child.
    fn begin(&self, each: &EachStep, index: u64, item: &Item) -> Option<Begin> {
        let origin = self.state.origin.as_ref()?;
        let run = self.state.run.child(&self.path, &item.key);
        let body = self.given(each, origin, item);
        let record = Record::Accepted {
            pipeline: origin.pipeline.clone(),
            trigger: "each".into(),
            run_key: format!("{}/{}[{index}]", self.state.run, self.path),
            serial: origin.serial.clone(),
            parent: Some(Parent {
                run: self.state.run,
                path: self.path.clone(),
                index,
                item: item.key.clone(),
            }),
            mode: if self.observing() { "observe" } else { "live" }.into(),
        };
        let draft = Draft {
            run,
            seq: 0,
            at: self.now,
            actor: self.actor.clone(),
            path: String::new(),
            versions: Versions {
                pipeline: origin.version,
                plugin: None,
                settings: None,
            },
            record,
            headers: Vec::new(),
            body: Some(Arc::new(body)),
        };
        Some(Begin {
            entries: vec![draft],
            operations: Vec::new(),
            content: Digest::of_value(&item.item),
            standing: Standing::Active,
            // Set by the shell, which gives the leases.
            lease_until: self.now,
        })
    }

    /// What the expressions of a child see of what stands outside of it. The values of the site and what is known of the
    /// message besides its content are short, and whole: a pipeline that the child runs is given them too.
    fn given(&self, each: &EachStep, origin: &Origin, item: &Item) -> Value {
        let reads = &each.captures;
        let own = |name: &&String| !matches!(name.as_str(), "trigger" | "site" | "run");
        let around = origin.roots.iter().filter(|(name, _)| own(name));
        let around = around.filter_map(|(name, value)| Some((name.clone(), given::part(value, reads, &[name])?)));
        let mut items: Map<String, Value> = around.collect();
        if let Some(round) = self.rounds.last() {
            items.insert("round".into(), round.number.clone());
            items.insert("last".into(), round.last.as_deref().cloned().unwrap_or(Value::Null));
        }
        items.insert(each.name.clone(), item.item.clone());
        let names = super::scope::Names::new(self.state, self.memo, &self.path, &self.frames, None);
        let ids: BTreeSet<&String> = reads
            .iter()
            .filter(|read| read[0] == "steps")
            .filter_map(|read| read.get(1))
            .collect();
        let captured = |id: &String| {
            let output = dragoman_expression::Scope::step(&names, id)?;
            Some((id.clone(), given::part(output, reads, &["steps", id])?))
        };
        let captures: Map<String, Value> = ids.into_iter().filter_map(captured).collect();
        let root = |name: &str| origin.roots.get(name).unwrap_or(&Value::Null);
        // A message may be long: of it no more is copied than the part.
        let about = root("trigger").as_object().into_iter().flatten();
        let about = about.filter_map(|(name, value)| {
            let part = match name.as_str() {
                "message" => given::part(value, reads, &["trigger", "message"])?,
                _ => value.clone(),
            };
            Some((name.clone(), part))
        });
        let about: Map<String, Value> = about.collect();
        object([
            ("trigger", Value::Object(about)),
            ("site", root("site").clone()),
            ("now", root("run")["now"].clone()),
            ("items", Value::Object(items)),
            ("captures", Value::Object(captures)),
        ])
    }

    /// What is known of the children that have not ended well: more of them begin, or the step goes on waiting. Once none is
    /// open, all are asked for.
    fn wait_or_begin(&mut self, each: &EachStep, unfinished: &[RunSummary]) -> Flow {
        let Some((items, begun)) = self
            .progress()
            .and_then(|p| Some((Arc::clone(p.items.as_ref()?), p.begun)))
        else {
            return Flow::Pending;
        };
        let failed = unfinished.iter().any(|child| bad(child.ending));
        let (mut open, mut resting) = (0, 0);
        for child in unfinished {
            open += u64::from(child.standing != Standing::Closed);
            resting += u64::from(rests(child));
        }
        let stopped = self.draining || (failed && !each.go_on);
        let count = items.len() as u64;
        let at_work = open - resting;
        if begun < count && !stopped && at_work < most(each) {
            return self.begin_more(each, &items, begun, count.min(begun + most(each) - at_work));
        }
        if open > 0 {
            self.wait_for_children();
        } else {
            self.ask_for_children(true);
        }
        Flow::Pending
    }

    /// All children that were begun have ended, and no more of them begin.
    fn children_ended(&mut self, step: &'a Step, each: &'a EachStep, children: &[RunSummary]) -> Flow {
        let Some(items) = self.progress().and_then(|progress| progress.items.clone()) else {
            return Flow::Pending;
        };
        let known: BTreeMap<RunId, &RunSummary> = children.iter().map(|child| (child.run, child)).collect();
        if !each.go_on && children.iter().any(|child| bad(child.ending)) {
            let failure = self.first_failure(&items, &known);
            return self.fail(step, failure);
        }
        let output: Vec<Value> = items.iter().map(|item| self.outcome(item, &known)).collect();
        let record = Record::Done {
            attempt: 1,
            joined: None,
            known_by: "answer".into(),
            usage: Usage::default(),
        };
        self.note(record, Some(object([("output", Value::Array(output))])), None);
        Flow::Done
    }

    fn begin_more(&mut self, each: &EachStep, items: &[Item], from: u64, to: u64) -> Flow {
        let begins = (from..to).filter_map(|index| self.begin(each, index, items.get(usize::try_from(index).ok()?)?));
        let begins: Vec<Begin> = begins.collect();
        let entry = self.draft(Record::Chosen { what: "begun".into() }, Some(json!(to)), None);
        self.place_children(entry, begins)
    }

    fn child_of<'c>(&self, item: &Item, children: &BTreeMap<RunId, &'c RunSummary>) -> Option<&'c RunSummary> {
        children.get(&self.state.run.child(&self.path, &item.key)).copied()
    }

    fn outcome(&self, item: &Item, children: &BTreeMap<RunId, &RunSummary>) -> Value {
        let child = self.child_of(item, children);
        let status = match child.and_then(|child| child.ending) {
            Some(Ending::Completed) => "completed",
            Some(Ending::Stopped) => "stopped",
            Some(Ending::Failed) => "failed",
            Some(Ending::Cancelled) => "cancelled",
            None => "skipped",
        };
        let mut out = json!({ "key": item.key, "item": item.item, "status": status });
        if let Some(output) = child
            .and_then(|child| child.output.clone())
            .filter(|output| !output.is_null())
        {
            out["output"] = output;
        }
        if let Some(note) = child.and_then(|child| child.note.clone()) {
            out["reason"] = json!(note);
        }
        out
    }

    fn first_failure(&self, items: &[Item], children: &BTreeMap<RunId, &RunSummary>) -> Failure {
        let child = |item: &Item| {
            let child = self.child_of(item, children).filter(|child| bad(child.ending))?;
            Some((item.key.clone(), child))
        };
        let (key, note) = items
            .iter()
            .find_map(child)
            .map(|(key, child)| (key, child.note.clone().unwrap_or_default()))
            .unwrap_or_default();
        Failure::new(
            Class::Permanent,
            "each.failed",
            format!("item `{key}` of `{}` failed: {note}", self.path),
        )
    }
}

fn bad(ending: Option<Ending>) -> bool {
    matches!(ending, Some(Ending::Failed | Ending::Cancelled))
}

/// Whether a child holds no place: what only time, a person or an event can move may take days, and holds up no other
/// item. One that waits for children of its own is at work through them.
fn rests(child: &RunSummary) -> bool {
    match child.standing {
        Standing::Parked => true,
        Standing::Waiting(_) => child.asks,
        Standing::Sleeping(_) => true,
        Standing::Active | Standing::Closed => false,
    }
}

fn most(each: &EachStep) -> u64 {
    each.concurrent.max(1) as u64
}
