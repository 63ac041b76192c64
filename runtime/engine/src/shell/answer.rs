//! What people ask of runs: answers to waits, and acts on what is parked.

use std::sync::Arc;

use dragoman_journal::{Draft, Record, Standing, Wait};
use dragoman_model::{Actor, Digest, RunId, Timestamp, Value};
use tokio::sync::oneshot;

use super::migrate::Moving;
use super::{Handle, Shell};
use crate::Error;
use crate::machine::{Act, Event, Machine};

/// Where the word goes when something is durable, or will not be.
pub(super) type Answered = oneshot::Sender<Result<(), Error>>;

/// What a run is told.
#[derive(Debug)]
pub(super) enum Signal {
    /// Something that it waits for may have moved.
    Woken,
    /// A reference was closed.
    Voided { reference: String, by: RunId },
    /// A person answered.
    Answered {
        wait: Box<Wait>,
        actor: Actor,
        answer: Value,
        shown: Digest,
        answered: Answered,
    },
    /// An operator acts.
    Operated {
        act: Act,
        actor: Actor,
        reason: String,
        /// When it is asked for.
        now: Timestamp,
        answered: Answered,
    },
    /// It goes on with another version of its pipeline.
    Migrated(Box<Moving>),
}

/// An event for the machine, and whom to tell what became of it.
pub(super) struct Asked {
    pub(super) event: Event,
    pub(super) promise: Option<Promise>,
}

impl Asked {
    pub(super) fn quietly(event: Event) -> Self {
        Asked { event, promise: None }
    }

    /// As [`Signal::gives_up`].
    pub(super) fn gives_up(&self) -> bool {
        matches!(self.event, Event::Operated { act: Act::Cancel, .. })
    }
}

/// Somebody who waits for an entry to be durable.
pub(super) struct Promise {
    run: RunId,
    /// The wait that is to be answered; none: an operator's act.
    wait: Option<String>,
    answered: Option<Answered>,
}

impl Promise {
    /// Whether the entries hold what was asked for; whoever asked is told.
    pub(super) fn kept_by(&mut self, entries: &[Draft]) -> bool {
        let kept = entries.iter().any(|entry| match (&entry.record, &self.wait) {
            (Record::Answer { wait, .. }, Some(asked)) => wait == asked,
            (Record::Operated { .. }, None) => true,
            _ => false,
        });
        if kept && let Some(answered) = self.answered.take() {
            // Whoever asked may have gone; it is durable all the same.
            let _ = answered.send(Ok(()));
        }
        kept
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let Some(answered) = self.answered.take() else {
            return;
        };
        let error = match self.wait.take() {
            Some(wait) => Error::NoWait(wait),
            None => Error::Busy(self.run),
        };
        let _ = answered.send(Err(error));
    }
}

impl Signal {
    /// Whether a person gives the run up: that needs no turn and no place.
    pub(super) fn gives_up(&self) -> bool {
        matches!(self, Signal::Operated { act: Act::Cancel, .. })
    }

    /// The event for a run whose machine is at hand. What does not fit is answered at once and is no event.
    pub(super) fn into_asked(self, machine: &Machine) -> Asked {
        match self {
            Signal::Migrated(moving) => {
                // What is under way was begun with the version that it has.
                let _ = moving.answered.send(Err(Error::Busy(machine.state().run)));
                Asked::quietly(Event::Woken)
            }
            Signal::Woken => Asked::quietly(Event::Woken),
            Signal::Voided { reference, by } => Asked::quietly(Event::Voided { reference, by }),
            Signal::Answered {
                wait,
                actor,
                answer,
                shown,
                answered,
            } => {
                if let Err(error) = fits(machine, &wait, &answer) {
                    let _ = answered.send(Err(error));
                    return Asked::quietly(Event::Woken);
                }
                let promise = Promise {
                    run: wait.run,
                    wait: Some(wait.id),
                    answered: Some(answered),
                };
                Asked {
                    event: Event::Answered {
                        path: wait.path,
                        actor,
                        answer,
                        shown,
                    },
                    promise: Some(promise),
                }
            }
            Signal::Operated {
                act,
                actor,
                reason,
                now,
                answered,
            } => {
                let run = machine.state().run;
                if let Err(error) = may(machine, &act, now) {
                    let _ = answered.send(Err(error));
                    return Asked::quietly(Event::Woken);
                }
                let promise = Promise {
                    run,
                    wait: None,
                    answered: Some(answered),
                };
                Asked {
                    event: Event::Operated { act, actor, reason },
                    promise: Some(promise),
                }
            }
        }
    }

    /// Tells whoever asked that nothing came of it.
    pub(super) fn refuse(self, error: Error) {
        let answered = match self {
            Signal::Answered { answered, .. } | Signal::Operated { answered, .. } => answered,
            Signal::Migrated(moving) => moving.answered,
            Signal::Woken | Signal::Voided { .. } => return,
        };
        let _ = answered.send(Err(error));
    }
}

/// Whether an act can be done to a run as it stands.
pub(super) fn may(machine: &Machine, act: &Act, now: Timestamp) -> Result<(), Error> {
    let state = machine.state();
    let run = state.run;
    // What is under way can be given up, and nothing else be done with it.
    if state.parked.is_none() {
        return match act {
            Act::Cancel if state.closed.is_none() => Ok(()),
            _ => Err(Error::NotParked(run)),
        };
    }
    let unfit = |why| Error::Unfit {
        run,
        act: act.name(),
        why,
    };
    machine.fits_act(act, now).map_err(unfit)
}

fn fits(machine: &Machine, wait: &Wait, answer: &Value) -> Result<(), Error> {
    let open = machine.state().step(&wait.path).and_then(|step| step.wait.as_ref());
    if open.is_none_or(|open| open.id != wait.id) {
        return Err(Error::NoWait(wait.id.clone()));
    }
    machine.check_answer(&wait.path, answer).map_err(Error::WrongAnswer)
}

impl Handle {
    /// Answers a wait. The answer is `{ answer, reason?, ...fields }` and is checked against the decision; `shown` is
    /// the digest of what the person saw. The caller has checked that the person has one of the wait's roles.
    /// When it resolves with `Ok`, the answer is durable and the run goes on.
    ///
    /// # Errors
    /// [`Error::NoWait`] where the wait is not open (any more), [`Error::Changed`], [`Error::WrongAnswer`],
    /// [`Error::Busy`], [`Error::Store`].
    pub async fn answer(&self, wait: &str, actor: Actor, answer: Value, shown: Digest) -> Result<(), Error> {
        let open = self.0.journal.waits(None).await?;
        let found = open
            .into_iter()
            .find(|open| open.id == wait)
            .ok_or_else(|| Error::NoWait(wait.to_owned()))?;
        if found.shown != shown {
            return Err(Error::Changed(wait.to_owned()));
        }
        let run = found.run;
        self.0
            .ask_run(run, |answered| Signal::Answered {
                wait: Box::new(found),
                actor,
                answer,
                shown,
                answered,
            })
            .await
    }

    /// Acts on a parked run: lets it go on, counts the step that parked it as done, undoes what it did, or gives the run up.
    /// Any run that has not ended can be given up, with those that it began and waits for: nothing more of it begins, and it ends once
    /// nothing is under way. When it resolves with `Ok`, the act is durable.
    ///
    /// # Errors
    /// [`Error::NotParked`], [`Error::Unfit`], [`Error::Ended`], [`Error::NoRun`], [`Error::Busy`], [`Error::NoPlan`],
    /// [`Error::Store`].
    pub async fn operate(&self, run: RunId, act: Act, actor: Actor, reason: &str) -> Result<(), Error> {
        let cancels = act == Act::Cancel;
        self.0.operate(run, act, &actor, reason).await?;
        if cancels {
            self.0.cancel_children(run, &actor, reason).await?;
        }
        Ok(())
    }
}

impl Shell {
    async fn operate(self: &Arc<Self>, run: RunId, act: Act, actor: &Actor, reason: &str) -> Result<(), Error> {
        let (actor, reason, now) = (actor.clone(), reason.to_owned(), self.clock.now());
        self.ask_run(run, |answered| Signal::Operated {
            act,
            actor,
            reason,
            now,
            answered,
        })
        .await
    }

    /// Gives up what a run that was given up has begun and waits for. A run begins nothing more once it was told, so none
    /// comes after these.
    async fn cancel_children(self: &Arc<Self>, run: RunId, actor: &Actor, reason: &str) -> Result<(), Error> {
        let mut family = vec![run];
        while let Some(run) = family.pop() {
            for entry in self.journal.load(run).await? {
                if !matches!(entry.header.record, Record::Children { .. }) {
                    continue;
                }
                let unfinished = self.journal.unfinished(run, entry.header.path).await?;
                for child in unfinished.iter().filter(|child| child.standing != Standing::Closed) {
                    match self.operate(child.run, Act::Cancel, actor, reason).await {
                        Ok(()) => family.push(child.run),
                        Err(Error::Ended(_) | Error::NotParked(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) async fn ask_run(
        self: &Arc<Self>,
        run: RunId,
        signal: impl FnOnce(Answered) -> Signal,
    ) -> Result<(), Error> {
        let (answered, answer) = oneshot::channel();
        self.signal(run, signal(answered));
        answer.await.unwrap_or(Err(Error::Busy(run)))
    }
}
