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

/// A place in the queue of a serial, then the right to work; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    serial: String,
    /// Told when it is this one's turn; none: it has come.
    granted: Option<oneshot::Receiver<()>>,
}

impl Turns {
    /// Takes a place in the queue, at once: who asks first is first.
    pub(super) fn line_up(&self, serial: &str, family: RunId) -> Turn {
        let mut queues = self.queues.lock();
        let queue = queues.entry(serial.to_owned()).or_default();
        let granted = if queue.holder.is_none_or(|holder| holder == family) {
            queue.holder = Some(family);
            queue.members += 1;
            None
        } else {
            let (turn, granted) = oneshot::channel();
            queue.waiting.entry(family).or_default().push(turn);
            Some(granted)
        };
        Turn {
            turns: self.clone(),
            serial: serial.to_owned(),
            granted,
        }
    }
}

impl Turn {
    /// Waits until it has come.
    pub(super) async fn come(mut self) -> Turn {
        if let Some(granted) = &mut self.granted {
            // The member is counted by whoever grants it; a queue is never dropped while someone waits in it.
            let _ = granted.await;
            self.granted = None;
        }
        self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queues = self.turns.queues.lock();
        // Turns are granted under the lock, so it is known here whether this one was.
        if let Some(mut granted) = self.granted.take()
            && granted.try_recv().is_err()
        {
            return;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn family(number: u8) -> RunId {
        RunId::at(dragoman_model::Timestamp::from_millis(i64::from(number)), [0; 10])
    }

    fn has_come(turn: &mut Turn) -> bool {
        turn.granted.as_mut().is_none_or(|granted| granted.try_recv().is_ok())
    }

    #[test]
    fn whoever_waits_is_next_in_the_order_of_acceptance() {
        let turns = Turns::default();
        let first = turns.line_up("s", family(9));
        let mut third = turns.line_up("s", family(3));
        let mut second = turns.line_up("s", family(2));
        assert!(!has_come(&mut second) && !has_come(&mut third));
        drop(first);
        assert!(!has_come(&mut third) && has_come(&mut second));
        second.granted = None;
        drop(second);
        assert!(has_come(&mut third));
        third.granted = None;
        drop(third);
        assert!(turns.queues.lock().is_empty());
    }

    #[test]
    fn a_place_that_is_given_up_holds_up_nobody() {
        let turns = Turns::default();
        let first = turns.line_up("s", family(1));
        let given_up = turns.line_up("s", family(2));
        let granted = turns.line_up("s", family(3));
        let mut last = turns.line_up("s", family(4));
        drop(given_up);
        drop(first);
        assert!(!has_come(&mut last));
        // It had its turn and did not know yet.
        drop(granted);
        assert!(has_come(&mut last));
    }

    #[test]
    fn a_family_has_one_turn() {
        let turns = Turns::default();
        let mut members = [turns.line_up("s", family(1)), turns.line_up("s", family(1))];
        assert!(members.iter_mut().all(has_come));
        let mut other = turns.line_up("s", family(2));
        let [one, two] = members;
        drop(one);
        assert!(!has_come(&mut other));
        drop(two);
        assert!(has_come(&mut other));
    }
}
