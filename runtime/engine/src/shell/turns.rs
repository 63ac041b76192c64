//! Turns: runs with the same serial work one after the other, in the order in which they were accepted.
//!
//! A family (a run and its children) has one turn together. Whoever rests gives it to the next.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use dragoman_model::RunId;
use tokio::sync::oneshot;

use super::Lock;

/// Who has the turn, and who waits for it.
#[derive(Debug, Default)]
struct Queue {
    /// The family at work.
    holder: Option<RunId>,
    /// How many of its members are.
    members: usize,
    /// By acceptance: ids of root runs grow with time.
    waiting: BTreeMap<RunId, Vec<oneshot::Sender<()>>>,
}

/// The turns of all serials.
#[derive(Debug, Default, Clone)]
pub(super) struct Turns {
    queues: Arc<Lock<HashMap<String, Queue>>>,
}

/// The right to work, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    serial: String,
}

impl Turns {
    /// Waits for the turn of a family.
    pub(super) async fn enter(&self, serial: &str, family: RunId) -> Turn {
        let waiting = {
            let mut queues = self.queues.lock();
            let queue = queues.entry(serial.to_owned()).or_default();
            if queue.holder.is_none_or(|holder| holder == family) {
                queue.holder = Some(family);
                queue.members += 1;
                None
            } else {
                let (turn, granted) = oneshot::channel();
                queue.waiting.entry(family).or_default().push(turn);
                Some(granted)
            }
        };
        if let Some(granted) = waiting {
            // The member is counted by whoever grants it; a queue is never dropped while someone waits in it.
            let _ = granted.await;
        }
        Turn {
            turns: self.clone(),
            serial: serial.to_owned(),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queues = self.turns.queues.lock();
        let Some(queue) = queues.get_mut(&self.serial) else {
            return;
        };
        queue.members -= 1;
        while queue.members == 0 {
            let Some((family, granted)) = queue.waiting.pop_first() else {
                queues.remove(&self.serial);
                return;
            };
            queue.holder = Some(family);
            // A run that was given up while it waited does not answer; the next one has the turn.
            queue.members = granted.into_iter().filter_map(|turn| turn.send(()).ok()).count();
        }
    }
}
