//! What a run is told, in its order: also what it was told while it stood in a queue and could not hear it yet.

use std::collections::VecDeque;

use tokio::sync::mpsc::UnboundedReceiver;

use super::answer::Signal;

/// What a run is told.
pub(super) struct Mailbox {
    /// What came while only one thing was listened for.
    early: VecDeque<Signal>,
    received: UnboundedReceiver<Signal>,
}

impl Mailbox {
    pub(super) fn new(received: UnboundedReceiver<Signal>) -> Self {
        Mailbox {
            early: VecDeque::new(),
            received,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.early.is_empty() && self.received.is_empty()
    }

    /// What there is already.
    pub(super) fn take(&mut self) -> Option<Signal> {
        self.early.pop_front().or_else(|| self.received.try_recv().ok())
    }

    /// The next thing. Nothing is lost where it is not waited for to the end.
    pub(super) async fn next(&mut self) -> Option<Signal> {
        match self.early.pop_front() {
            Some(signal) => Some(signal),
            None => self.received.recv().await,
        }
    }

    /// Resolves when the run is given up; all else is kept for later, also where it is not waited for to the end.
    pub(super) async fn given_up(&mut self) -> Signal {
        if let Some(at) = self.early.iter().position(Signal::gives_up)
            && let Some(signal) = self.early.remove(at)
        {
            return signal;
        }
        loop {
            match self.received.recv().await {
                Some(signal) if signal.gives_up() => return signal,
                Some(signal) => self.early.push_back(signal),
                // A sender lives in the shell: it goes when the process does.
                None => return std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dragoman_model::Actor;
    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::machine::Act;

    fn operated(act: Act) -> Signal {
        Signal::Operated {
            act,
            actor: Actor::person("olga", "password"),
            reason: String::new(),
            now: dragoman_model::Timestamp::from_millis(0),
            answered: oneshot::channel().0,
        }
    }

    #[tokio::test]
    async fn what_came_before_a_run_was_given_up_is_heard_afterwards_in_its_order() {
        let (sender, received) = mpsc::unbounded_channel();
        let mut mailbox = Mailbox::new(received);
        assert!(mailbox.is_empty());
        for signal in [
            Signal::Woken,
            operated(Act::Resume),
            operated(Act::Cancel),
            Signal::Woken,
        ] {
            assert!(sender.send(signal).is_ok());
        }
        assert!(mailbox.given_up().await.gives_up());
        assert!(matches!(mailbox.next().await, Some(Signal::Woken)));
        assert!(matches!(
            mailbox.take(),
            Some(Signal::Operated { act: Act::Resume, .. })
        ));
        assert!(!mailbox.is_empty());
        assert!(matches!(mailbox.next().await, Some(Signal::Woken)));
        assert!(mailbox.is_empty() && mailbox.take().is_none());
    }
}
