//! Closed references: whoever waits or is parked under one is told, and what was done under it is collected.

use std::collections::BTreeSet;
use std::sync::Arc;

use dragoman_journal::{Draft, Ending, OnceState};
use dragoman_model::RunId;

use super::{Shell, Signal};
use crate::machine::{Event, Found, Machine};

/// A store that does not answer is asked again after so long, in milliseconds.
const PAUSE_MS: i64 = 500;

impl Shell {
    /// The children of an `each` step, as soon as the store answers.
    pub(super) async fn find_children(&self, run: RunId, path: String) -> Event {
        loop {
            match self.journal.children(run, path.clone()).await {
                Ok(children) => {
                    return Event::Found {
                        path,
                        found: Found::Children(children),
                    };
                }
                Err(error) => self.pause(&error).await,
            }
        }
    }

    /// Tells every run that waits, is parked or is at work under a reference that it is closed; what was done under it.
    pub(super) async fn find_effects(
        self: &Arc<Self>,
        by: RunId,
        path: String,
        reference: String,
    ) -> Event {
        loop {
            let found = async {
                let effects = self.journal.effects(reference.clone()).await?;
                let waits = self.journal.waits(None).await?;
                Ok::<_, dragoman_journal::Error>((effects, waits))
            };
            let (effects, waits) = match found.await {
                Ok(found) => found,
                Err(error) => {
                    self.pause(&error).await;
                    continue;
                }
            };
            let under = |wait: &&dragoman_journal::Wait| {
                wait.reference.as_ref() == Some(&reference) && wait.run != by
            };
            let waiting: BTreeSet<RunId> =
                waits.iter().filter(under).map(|wait| wait.run).collect();
            let stands = |state: &OnceState| matches!(state, OnceState::Open | OnceState::Parked);
            let others = effects
                .iter()
                .filter(|effect| stands(&effect.state) && effect.run != by);
            let told: BTreeSet<RunId> = others
                .map(|effect| effect.run)
                .chain(waiting.iter().copied())
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

    async fn pause(&self, error: &dragoman_journal::Error) {
        tracing::warn!(%error, "the store did not answer; asking again");
        self.clock
            .until(self.clock.now().plus_millis(PAUSE_MS))
            .await;
    }

    /// A run has ended: its parent and those who waited for its references are told.
    pub(super) fn ended(self: &Arc<Self>, machine: &Machine, ending: Ending, _entry: &Draft) {
        let state = machine.state();
        self.families.lock().remove(&state.run);
        self.wake_references(state.voided.keys());
        if let Some(parent) = state
            .origin
            .as_ref()
            .and_then(|origin| origin.parent.as_ref())
        {
            self.wake_parent(parent, ending);
        }
    }
}
