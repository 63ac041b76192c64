//! Closed references: whoever waits or is parked under one is told, and what was done under it is collected.

use std::collections::BTreeSet;
use std::sync::Arc;

use dragoman_journal::{Draft, Ending, OnceState, RunFilter};
use dragoman_model::{RunId, Timestamp};

use super::{Shell, Signal};
use crate::machine::{Event, Found, Machine, State};

/// So many parked runs are looked at.
const PARKED: usize = 10_000;
/// A store that does not answer is asked again after so long, in milliseconds.
const PAUSE_MS: i64 = 500;

impl Shell {
    /// The children of a step, as soon as the store answers.
    pub(super) async fn find_children(&self, run: RunId, path: String, all: bool) -> Event {
        loop {
            let found = if all {
                self.journal.children(run, path.clone()).await.map(Found::Children)
            } else {
                self.journal.unfinished(run, path.clone()).await.map(Found::Unfinished)
            };
            match found {
                Ok(found) => return Event::Found { path, found },
                Err(error) => self.pause(&error).await,
            }
        }
    }

    /// An event that a step waits for, as soon as the store answers.
    pub(super) async fn find_event(
        &self,
        path: String,
        name: String,
        key: String,
        since: Timestamp,
        after: u64,
    ) -> Event {
        // Whoever emitted it may go by another clock; rather one that came just before than none.
        let since = since.plus_millis(-self.limits.apart_ms);
        loop {
            match self.journal.event(name.clone(), key.clone(), since, after).await {
                Ok(event) => {
                    let found = Found::Event(event.map(Box::new));
                    return Event::Found { path, found };
                }
                Err(error) => self.pause(&error).await,
            }
        }
    }

    /// Tells every run that waits, is parked or is at work under a reference that it is closed; what was done under it.
    pub(super) async fn find_effects(self: &Arc<Self>, by: RunId, path: String, reference: String) -> Event {
        loop {
            let found = async {
                let effects = self.journal.effects(reference.clone()).await?;
                let waits = self.journal.waiting_under(reference.clone()).await?;
                let parked = self.parked_under(&reference).await?;
                Ok::<_, dragoman_journal::Error>((effects, waits, parked))
            };
            let (effects, waits, parked) = match found.await {
                Ok(found) => found,
                Err(error) => {
                    self.pause(&error).await;
                    continue;
                }
            };
            let waiting: BTreeSet<RunId> = waits.into_iter().filter(|run| *run != by).collect();
            let open = effects
                .iter()
                .filter(|effect| effect.state == OnceState::Open)
                .map(|effect| effect.run);
            let told: BTreeSet<RunId> = open
                .chain(parked)
                .chain(waiting.iter().copied())
                .filter(|run| *run != by)
                .collect();
            for run in told {
                self.signal(
                    run,
                    Signal::Voided {
                        reference: reference.clone(),
                        by,
                    },
                );
            }
            let found = Found::Effects {
                effects,
                waiting: !waiting.is_empty(),
            };
            return Event::Found { path, found };
        }
    }

    /// Runs that are parked and have done, or waited for, something under a reference.
    async fn parked_under(&self, reference: &str) -> Result<Vec<RunId>, dragoman_journal::Error> {
        let filter = RunFilter {
            status: Some("parked".into()),
            children: true,
            limit: PARKED,
            ..RunFilter::default()
        };
        let mut found = Vec::new();
        for summary in self.journal.runs(filter).await? {
            let mut state = State::new(summary.run);
            match self.journal.load(summary.run).await {
                Ok(entries) => entries.iter().for_each(|entry| state.apply(entry)),
                // One run that can never be read must not keep every reference from being closed.
                Err(error) if error.code == dragoman_journal::error::CORRUPT => {
                    tracing::error!(run = %summary.run, %error, "a parked run cannot be read; it is not told of `{reference}`");
                    continue;
                }
                Err(error) => return Err(error),
            }
            if state.is_under(reference) && !state.voided.contains_key(reference) {
                found.push(summary.run);
            }
        }
        Ok(found)
    }

    pub(super) async fn pause(&self, error: &dragoman_journal::Error) {
        tracing::warn!(%error, "the store did not answer; asking again");
        self.clock.until(self.clock.now().plus_millis(PAUSE_MS)).await;
    }

    /// A run has ended: its parent and those who waited for its references are told.
    pub(super) fn ended(self: &Arc<Self>, machine: &Machine, ending: Ending, _entry: &Draft) {
        let state = machine.state();
        self.families.lock().remove(&state.run);
        self.wake_references(state.voided.keys());
        if let Some(parent) = state.origin.as_ref().and_then(|origin| origin.parent.as_ref()) {
            self.wake_parent(parent, ending);
        }
    }
}
