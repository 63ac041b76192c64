//! One run at work: turn by turn, first the commit, then the requests.

use std::collections::HashSet;
use std::sync::Arc;

use dragoman_journal::{Append, Error, Record, Refusal, Standing};
use dragoman_model::RunId;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::Shell;
use super::answer::{Asked, Promise};
use super::events::Happening;
use super::lease::Held;
use super::mailbox::Mailbox;
use super::outgoing::Live;
use super::unkept;
use crate::machine::{Commit, Event, Machine, Rest};
use crate::runner::Boxed;

/// How a piece of work ended.
pub(super) enum Left {
    /// The run lives in the store again, or has ended: how it stands.
    Rested(Standing),
    /// Another has it, or the store does not answer: it is taken up later.
    Lost,
    /// The same, and requests of it may be under way.
    CutOff,
}

/// A store that does not answer is asked again after so long at first, in milliseconds.
const STORE_PAUSE_MS: i64 = 250;

/// A run and what works on it.
pub(super) struct AtWork<'a> {
    pub(super) shell: &'a Arc<Shell>,
    pub(super) run: RunId,
    pipeline: Arc<str>,
    pub(super) machine: Machine,
    pub(super) held: Arc<Held>,
    /// What people asked of the run and are still waiting to hear of. Dropping one tells them that nothing came of it.
    promises: Vec<Promise>,
    /// How it stands after the last append.
    pub(super) standing: Standing,
    /// Children that it has begun since it was taken up and that were at work when it last looked.
    pub(super) children: HashSet<RunId>,
}

impl<'a> AtWork<'a> {
    pub(super) fn new(shell: &'a Arc<Shell>, machine: Machine, held: Arc<Held>) -> Self {
        AtWork {
            shell,
            run: machine.state().run,
            pipeline: Arc::from(machine.plan().pipeline.as_str()),
            machine,
            held,
            promises: Vec::new(),
            standing: Standing::Active,
            children: HashSet::new(),
        }
    }

    /// Takes turns of the machine until the run rests or is another's.
    pub(super) async fn turns(&mut self, first: Asked, received: &mut Mailbox) -> Left {
        let mut away: FuturesUnordered<Boxed<'static, Event>> = FuturesUnordered::new();
        let mut asked = first;
        loop {
            let now = self.shell.clock.now();
            self.promises.extend(asked.promise);
            let live = Live {
                shell: self.shell,
                run: Some(self.run),
            };
            let turn = self.machine.advance(&live, now, asked.event);
            let mut next = Event::Committed;
            if let Some(commit) = turn.commit {
                match self.append(commit).await {
                    Appended::Durable => {}
                    Appended::Refused(refusal, commit) => {
                        next = Event::Refused {
                            refusal,
                            commit: Box::new(commit),
                        };
                    }
                    Appended::Parked => return Left::Rested(self.standing),
                    Appended::Lost => return Left::Lost,
                }
            }
            for request in turn.requests {
                away.push(self.shell.request(self.run, &self.pipeline, &self.held, request));
            }
            let refused = matches!(next, Event::Refused { .. });
            asked = match turn.rest {
                Rest::Continue => Asked::quietly(next),
                _ if refused => Asked::quietly(next),
                Rest::Resting => match self.linger(received).await {
                    Ok(asked) => asked,
                    Err(left) => return left,
                },
                Rest::Working(until) => match self.wait(&mut away, received, until).await {
                    Some(asked) => asked,
                    None => return Left::CutOff,
                },
            };
        }
    }

    /// Waits for the next thing that happens to the run; none: it is no longer this task's.
    async fn wait(
        &mut self,
        away: &mut FuturesUnordered<Boxed<'static, Event>>,
        received: &mut Mailbox,
        until: Option<dragoman_model::Timestamp>,
    ) -> Option<Asked> {
        if away.is_empty() && until.is_none() {
            tracing::error!(run = %self.run, "a run has nothing to do and does not rest; it is taken up again later");
            return None;
        }
        let clock = Arc::clone(&self.shell.clock);
        let time = async move {
            match until {
                Some(until) => clock.until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.held.lost() => None,
            Some(event) = away.next(), if !away.is_empty() => Some(Asked::quietly(event)),
            Some(signal) = received.next() => Some(signal.into_asked(&self.machine)),
            () = time => Some(Asked::quietly(Event::Time)),
        }
    }

    /// Appends, and goes on asking a store that does not answer for as long as the lease lasts.
    async fn append(&mut self, mut commit: Commit) -> Appended {
        let shell = self.shell;
        for begin in &mut commit.begins {
            begin.lease_until = shell.lease_end();
        }
        let certain = commit.certain;
        let append = Append {
            lease: self.held.lease(),
            entries: commit.entries,
            operations: commit.operations,
            begins: commit.begins,
            standing: commit.standing,
        };
        let mut pause = STORE_PAUSE_MS;
        loop {
            match shell.journal.append(append.clone()).await {
                Ok(Ok(())) => {
                    self.published(append);
                    return Appended::Durable;
                }
                Ok(Err(Refusal::Fenced)) => return Appended::Lost,
                Ok(Err(refusal)) => {
                    let Append {
                        entries,
                        operations,
                        begins,
                        standing,
                        ..
                    } = append;
                    return Appended::Refused(
                        refusal,
                        Commit {
                            entries,
                            operations,
                            begins,
                            standing,
                            certain,
                        },
                    );
                }
                Err(error) => {
                    let now = shell.clock.now();
                    tracing::warn!(run = %self.run, %error, "the store did not take an append");
                    if error.is_final() {
                        return self.park(&append, &error).await;
                    }
                    let stopped = error.code == dragoman_journal::error::STOPPED;
                    if stopped || self.held.is_over(now) {
                        return Appended::Lost;
                    }
                    shell.clock.until(now.plus_millis(pause)).await;
                    pause = (pause * 2).min(10_000);
                }
            }
        }
    }

    /// The same append is refused for ever: the run must not keep its place and its turn with it.
    async fn park(&mut self, refused: &Append, error: &Error) -> Appended {
        let shell = self.shell;
        tracing::error!(run = %self.run, %error, "the run cannot go on: what it writes is never taken");
        let Some(parking) = unkept::parking(refused, error, shell.clock.now(), &shell.worker) else {
            return Appended::Lost;
        };
        match shell.journal.append(parking.clone()).await {
            Ok(Ok(())) => {
                self.published(parking);
                Appended::Parked
            }
            _ => Appended::Lost,
        }
    }

    /// After an append is durable: children begin, others are woken, the story is told.
    fn published(&mut self, mut append: Append) {
        let shell = self.shell;
        if !append.begins.is_empty() {
            let begins = std::mem::take(&mut append.begins);
            for entry in begins.iter().flat_map(|begin| &begin.entries) {
                if let Record::Accepted { pipeline, .. } = &entry.record {
                    shell.meter.entry(pipeline, true, &entry.record);
                }
            }
            self.begin_children(begins, &append.entries);
        }
        self.promises.retain_mut(|promise| !promise.kept_by(&append.entries));
        shell.outbox.tell(&append);
        shell.wake_others(&append);
        shell.rests(&self.machine, &append);
        self.standing = append.standing;
        let closed = append.standing == Standing::Closed;
        let origin = self.machine.state().origin.as_ref();
        let child = origin.is_some_and(|origin| origin.parent.is_some());
        for entry in &append.entries {
            shell.meter.entry(&self.pipeline, child, &entry.record);
            shell.notices.entry(&self.pipeline, entry);
            if let Record::Closed { ending } = &entry.record {
                shell.ended(&self.machine, *ending, entry);
            }
        }
        shell.followers.told(self.run, &append.entries, closed);
        if shell.story.receiver_count() > 0 {
            for entry in append.entries {
                let pipeline = Arc::clone(&self.pipeline);
                // Nobody listening any more is no error.
                let _ = shell.story.send(Happening {
                    pipeline,
                    entry: Arc::new(entry),
                    standing: append.standing,
                });
            }
        }
    }
}

/// How an append went.
enum Appended {
    Durable,
    Refused(Refusal, Commit),
    /// It can never be kept, and the run is parked for a person.
    Parked,
    Lost,
}
