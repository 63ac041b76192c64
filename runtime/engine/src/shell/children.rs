//! A run at work and its children: they begin once they are durable, and it stays as long as they are at work.

use std::sync::Arc;

use dragoman_journal::{Begin, Draft, Lease, Record, Standing};
use dragoman_model::Timestamp;
use dragoman_plan::Plan;

use super::answer::{Asked, Signal};
use super::at_work::{AtWork, Left};
use super::mailbox::Mailbox;
use crate::machine::Machine;

impl AtWork<'_> {
    /// A run that rests while its children are at work hears of them soon: it stays, so that each end of one of thousands
    /// does not have it read again from the store what it knows. Err: it leaves.
    pub(super) async fn linger(&mut self, received: &mut Mailbox) -> Result<Asked, Left> {
        let rested = Left::Rested(self.standing);
        // Where there are others, one that rests may be taken by them.
        if !self.shell.limits.alone {
            return Err(rested);
        }
        let Standing::Waiting(due) = self.standing else {
            return Err(rested);
        };
        self.machine.rested();
        // The store has the lease back: there is nothing to lengthen, and nobody else who could take it.
        self.shell.let_go(&self.held);
        let asked = self.until_moved(due, received).await;
        self.shell.hold_on(&self.held);
        asked.ok_or(rested)
    }

    /// What a run is told while its children are at work; none: none of them is any more, or its time has come.
    async fn until_moved(&mut self, due: Option<Timestamp>, received: &mut Mailbox) -> Option<Asked> {
        let clock = Arc::clone(&self.shell.clock);
        let time = async move {
            match due {
                Some(due) => clock.until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(time);
        loop {
            let moved = self.shell.rested.notified();
            tokio::pin!(moved);
            // From here on a child that comes to rest is heard of, also before the wait begins.
            moved.as_mut().enable();
            self.children
                .retain(|child| self.shell.running.lock().contains_key(child));
            if let Some(signal) = received.take() {
                return self.heard(signal);
            }
            if self.children.is_empty() {
                return None;
            }
            tokio::select! {
                biased;
                Some(signal) = received.next() => return self.heard(signal),
                () = &mut time => return None,
                () = moved => {}
            }
        }
    }

    /// What a resting run is told; none: only one that was let go of can be told this, which it is when it is taken up.
    fn heard(&self, signal: Signal) -> Option<Asked> {
        if matches!(signal, Signal::Migrated(_)) {
            self.shell.signal(self.run, signal);
            return None;
        }
        Some(signal.into_asked(&self.machine))
    }

    /// Children that are durable go to work.
    pub(super) fn begin_children(&mut self, begins: Vec<Begin>, entries: &[Draft]) {
        let shell = self.shell;
        let more = self.more_children(entries);
        shell.wakes.children_begin(&begins, more);
        let root = shell.families.lock().get(&self.run).copied().unwrap_or(self.run);
        for begin in begins {
            let Some(run) = begin.entries.first().map(|entry| entry.run) else {
                continue;
            };
            shell.families.lock().insert(run, root);
            self.children.insert(run);
            if begin.standing != Standing::Active {
                // Another pipeline's run is nobody's yet: it is taken from the store, with the plan it is pinned to.
                shell.signal(run, Signal::Woken);
                continue;
            }
            let plan: Arc<Plan> = Arc::clone(self.machine.plan());
            let machine = Machine::from_drafts(plan, run, &begin.entries, &shell.worker);
            shell.begin_work(
                machine,
                Lease {
                    run,
                    epoch: 1,
                    until: begin.lease_until,
                },
            );
        }
    }

    /// Whether children are still to begin after these.
    fn more_children(&self, entries: &[Draft]) -> bool {
        entries.iter().rev().find_map(|entry| match &entry.record {
            Record::Children { count } => {
                let begun = entry
                    .body
                    .as_ref()
                    .and_then(|body| body.get("begun"))
                    .and_then(|b| b.as_u64());
                Some(begun.unwrap_or(*count) < *count)
            }
            Record::Chosen { .. } => {
                let begun = entry.body.as_ref().and_then(|body| body.as_u64()).unwrap_or(0);
                let items = self
                    .machine
                    .state()
                    .step(&entry.path)
                    .and_then(|step| step.items.as_ref());
                Some(begun < items.map_or(0, |items| items.len()) as u64)
            }
            _ => None,
        }) == Some(true)
    }
}
