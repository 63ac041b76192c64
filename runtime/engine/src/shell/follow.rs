//! Following a run to its end: for senders that wait for the answer, and for `run`.

use std::collections::HashMap;
use std::sync::Arc;

use dragoman_journal::{Draft, Ending, Record, RunSummary, Standing};
use dragoman_model::{Failure, RunId, Value};
use serde_json::json;
use tokio::sync::mpsc;

use super::{Handle, Lock, Shell};
use crate::Error;
use crate::source::{Delivered, Delivery, Refused};

/// What another worker may have been told is looked for so often, in milliseconds.
const LOOK_MS: i64 = 500;

/// How a run that was followed came to its end, or to where it cannot go on by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The run.
    pub run: RunId,
    /// Whether the message had been delivered before.
    pub again: bool,
    /// How it stands: closed, parked, or waiting (itself or a child) for a person.
    pub standing: Standing,
    /// How it ended, where it did.
    pub ending: Option<Ending>,
    /// Its output, where it completed.
    pub output: Option<Value>,
    /// Why it stands as it does.
    pub note: Option<String>,
}

/// Who follows which run.
#[derive(Debug, Default)]
pub(super) struct Followers(Lock<HashMap<RunId, Vec<mpsc::UnboundedSender<Draft>>>>);

impl Followers {
    /// Follows a run: its replies, parkings and its end.
    pub(super) fn follow(&self, run: RunId) -> mpsc::UnboundedReceiver<Draft> {
        let (told, heard) = mpsc::unbounded_channel();
        self.0.lock().entry(run).or_default().push(told);
        heard
    }

    /// Tells what is durable now.
    pub(super) fn told(&self, run: RunId, entries: &[Draft], closed: bool) {
        let mut followers = self.0.lock();
        let Some(following) = followers.get_mut(&run) else {
            return;
        };
        for entry in entries.iter().filter(|entry| is_telling(&entry.record)) {
            following.retain(|follower| follower.send(entry.clone()).is_ok());
        }
        if closed || following.is_empty() {
            followers.remove(&run);
        }
    }

    /// Forgets those who no longer listen: of a run that has ended nothing more is told.
    fn tidy(&self, run: RunId) {
        let mut followers = self.0.lock();
        if let Some(following) = followers.get_mut(&run) {
            following.retain(|follower| !follower.is_closed());
            if following.is_empty() {
                followers.remove(&run);
            }
        }
    }
}

fn is_telling(record: &Record) -> bool {
    match record {
        Record::Closed { .. } | Record::Parked { .. } => true,
        Record::Event { name } => name == "replied",
        _ => false,
    }
}

/// What a sender that waits is answered, from the first entry that tells.
pub(super) fn told(entry: &Draft) -> Result<Value, Failure> {
    reply(&entry.record, entry.body.as_deref())
}

/// What a sender that waits is answered, from an entry that tells and its body.
fn reply(record: &Record, body: Option<&Value>) -> Result<Value, Failure> {
    let member = |name: &str| body.and_then(|body| body.get(name)).cloned();
    let reason = || {
        member("reason")
            .and_then(|reason| reason.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let failure = || member("failure").and_then(|failure| serde_json::from_value::<Failure>(failure).ok());
    match record {
        Record::Event { .. } => Ok(member("value").unwrap_or(Value::Null)),
        Record::Closed {
            ending: Ending::Completed,
        } => Ok(member("output").unwrap_or(Value::Null)),
        Record::Closed {
            ending: Ending::Stopped,
        } => Ok(json!({ "stopped": reason() })),
        Record::Closed { .. } => Err(failure().unwrap_or_else(|| Failure::rejected("run.failed", reason()))),
        _ => {
            let message = format!("the message is accepted, and a person must act on it: {}", reason());
            Err(Failure::permanent("run.parked", message))
        }
    }
}

impl Handle {
    /// Takes a message and promises no reply: for those who look after the run themselves.
    ///
    /// # Errors
    /// As [`crate::Acceptor::deliver`].
    pub async fn take(&self, delivery: Delivery) -> Result<Delivered, Refused> {
        let offer = self.0.current(&delivery.pipeline);
        self.0.accept(delivery, &offer, false, false).await
    }

    /// Delivers a message and follows its run until it has ended, or cannot go on without a person.
    /// `observe`: effects are only written down, whatever the pipeline says.
    ///
    /// # Errors
    /// As [`crate::Acceptor::deliver`]; and [`Refused::Store`] where the store stops answering.
    pub async fn run(&self, delivery: Delivery, observe: bool) -> Result<Finished, Refused> {
        let offer = self.0.current(&delivery.pipeline);
        let (run, again) = match self.0.accept(delivery, &offer, observe, false).await? {
            Delivered::Accepted { run, again, .. } => (run, again),
            Delivered::Replied { run, .. } => (run, false),
        };
        loop {
            let rested = self.0.rested.notified();
            tokio::pin!(rested);
            // Registered before the look, so that no run can rest unseen in between.
            rested.as_mut().enable();
            match self.0.at_rest(run).await {
                Ok(Some(summary)) => return Ok(finished(&summary, again)),
                Ok(None) => {}
                Err(error) => return Err(unanswered(error)),
            }
            tokio::select! {
                biased;
                () = rested => {}
                // What sleeps wakes without anything resting before.
                () = self.0.clock.until(self.0.clock.now().plus_millis(1_000)) => {}
            }
        }
    }
}

/// The store does not say how a run stands.
pub(super) fn unanswered(error: Error) -> Refused {
    Refused::Store {
        message: error.to_string(),
        full: false,
    }
}

fn finished(summary: &RunSummary, again: bool) -> Finished {
    Finished {
        run: summary.run,
        again,
        standing: summary.standing,
        ending: summary.ending,
        output: summary.output.clone(),
        note: summary.note.clone(),
    }
}

impl Shell {
    /// What a sender that waits is answered where its message was taken before: what was replied then, what the run has
    /// come to, or what comes of it while it is still at work. None: the engine stops.
    pub(super) async fn replied_before(&self, run: RunId) -> Result<Option<Result<Value, Failure>>, Error> {
        // Followed before the look, so that no reply falls in between.
        let mut heard = self.followers.follow(run);
        let told = match self.told_before(run).await {
            Ok(None) => Ok(self.hear(run, &mut heard).await),
            other => other,
        };
        drop(heard);
        self.followers.tidy(run);
        told
    }

    /// What is told of a run first. Where others work on the store too, they may be the ones to whom it comes: the store is
    /// asked again and again. None: the engine stops.
    pub(super) async fn hear(
        &self,
        run: RunId,
        heard: &mut mpsc::UnboundedReceiver<Draft>,
    ) -> Option<Result<Value, Failure>> {
        loop {
            let again = self.clock.now().plus_millis(LOOK_MS);
            tokio::select! {
                biased;
                entry = heard.recv() => return entry.map(|entry| told(&entry)),
                () = self.clock.until(again), if !self.limits.alone => {
                    // A store that does not answer is asked again.
                    if let Ok(Some(told)) = self.told_before(run).await {
                        return Some(told);
                    }
                }
            }
        }
    }

    /// What was replied, else what the run has come to; none while it is at work. That it was parked once says nothing
    /// once a person has let it go on.
    async fn told_before(&self, run: RunId) -> Result<Option<Result<Value, Failure>>, Error> {
        // The standing first: an end that comes in between is heard by whoever follows.
        let standing = self.summary(run).await?.map(|summary| summary.standing);
        let entries = self.journal.load(run).await?;
        let replied = entries
            .iter()
            .find(|e| matches!(e.header.record, Record::Event { .. }) && is_telling(&e.header.record));
        let last = entries.iter().rev().find(|e| is_telling(&e.header.record));
        let rests = matches!(standing, Some(Standing::Closed | Standing::Parked));
        let entry = replied.or(last.filter(|_| rests));
        Ok(entry.map(|entry| reply(&entry.header.record, entry.body.as_ref())))
    }

    /// How a run stands, where neither it nor a child of it can go on by itself.
    async fn at_rest(self: &Arc<Self>, run: RunId) -> Result<Option<RunSummary>, Error> {
        // One that a task works on is told when it rests; nothing need be read to know that it does not.
        if self.running.lock().contains_key(&run) {
            return Ok(None);
        }
        let Some(root) = self.summary(run).await? else {
            return Err(Error::NoRun(run));
        };
        let mut family = vec![(run, root.standing)];
        while let Some((run, standing)) = family.pop() {
            match standing {
                Standing::Active | Standing::Sleeping(_) => return Ok(None),
                Standing::Closed | Standing::Parked => continue,
                Standing::Waiting(_) => {}
            }
            let mut open = 0;
            for entry in self.journal.load(run).await? {
                if matches!(entry.header.record, Record::Children { .. }) {
                    let children = self.journal.unfinished(run, entry.header.path).await?;
                    let standing = children.into_iter().filter(|child| child.standing != Standing::Closed);
                    family.extend(standing.map(|child| (child.run, child.standing)).inspect(|_| open += 1));
                }
            }
            if open == 0 && self.journal.waits(Some(run)).await?.is_empty() {
                // It waits for another run, or for the word of its last child.
                return Ok(None);
            }
        }
        Ok(Some(root))
    }
}
