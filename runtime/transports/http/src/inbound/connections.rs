//! The connections that are open, and which of them make room where there are too many.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

/// No whole request is on it: it sends one, or it is idle.
const OPEN: u8 = 0;
/// A whole request is on it, and is not answered yet: it is never cut.
const WHOLE: u8 = 1;
/// It was told to go, and takes no request any more.
const GOING: u8 = 2;

/// The connections of a server.
pub(super) struct Connections {
    most: usize,
    began: Instant,
    open: Mutex<Registry>,
}

#[derive(Default)]
struct Registry {
    next: u64,
    by_number: HashMap<u64, Arc<Connection>>,
}

/// A connection, as its task, its requests and the door see it.
pub(super) struct Connection {
    state: AtomicU8,
    /// Since when it has been without a whole request, in microseconds since the server began.
    since: AtomicU64,
    began: Instant,
    go: Notify,
}

/// A place among the connections; given back when dropped.
pub(super) struct Place {
    number: u64,
    connections: Arc<Connections>,
    pub(super) connection: Arc<Connection>,
}

/// What became of the wish for a place.
pub(super) enum Wish {
    /// There is one.
    Granted(Place),
    /// There is one, for which another connection, without a whole request, has to go.
    Displacing(Place),
    /// All connections have whole requests.
    Refused,
}

impl Connections {
    /// Room for at most so many.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Connections {
            most: most.max(1),
            began: Instant::now(),
            open: Mutex::default(),
        })
    }

    /// A place for one more. Where there is none, the connection goes that has been without a whole request longest.
    pub(super) fn enter(self: &Arc<Self>) -> Wish {
        let mut open = self.registry();
        let displacing = open.by_number.len() >= self.most;
        if displacing && !open.displace() {
            return Wish::Refused;
        }
        let connection = Arc::new(Connection {
            state: AtomicU8::new(OPEN),
            since: AtomicU64::new(0),
            began: self.began,
            go: Notify::new(),
        });
        connection.touch();
        open.next += 1;
        let number = open.next;
        open.by_number.insert(number, connection.clone());
        let place = Place {
            number,
            connections: self.clone(),
            connection,
        };
        if displacing {
            Wish::Displacing(place)
        } else {
            Wish::Granted(place)
        }
    }

    /// Has one connection without a whole request go, where there is one.
    pub(super) fn displace(&self) -> bool {
        self.registry().displace()
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // What is kept here is whole after every statement, so one that panicked leaves nothing half done.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// The one that goes has no place from here on; its task ends as soon as it is woken.
    fn displace(&mut self) -> bool {
        loop {
            let without = |connection: &Connection| connection.state.load(Ordering::Relaxed) == OPEN;
            let open = self.by_number.iter().filter(|(_, connection)| without(connection));
            let longest = open.min_by_key(|(number, connection)| (connection.since.load(Ordering::Relaxed), **number));
            let Some((number, _)) = longest else {
                return false;
            };
            let number = *number;
            // Its request may have become whole just now: then it stays, and the next one is looked for.
            if self.by_number.get(&number).is_some_and(|found| found.go_away()) {
                self.by_number.remove(&number);
                return true;
            }
        }
    }
}

impl Connection {
    /// A whole request is there. No: the connection has been told to go, and the request must not be worked on.
    pub(super) fn begin(&self) -> bool {
        let changed = self
            .state
            .compare_exchange(OPEN, WHOLE, Ordering::AcqRel, Ordering::Acquire);
        changed != Err(GOING)
    }

    /// The request was answered.
    pub(super) fn end(&self) {
        self.touch();
        let _ = self
            .state
            .compare_exchange(WHOLE, OPEN, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Resolves when it has to go.
    pub(super) async fn told_to_go(&self) {
        self.go.notified().await;
    }

    fn go_away(&self) -> bool {
        let gone = self
            .state
            .compare_exchange(OPEN, GOING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if gone {
            self.go.notify_one();
        }
        gone
    }

    fn touch(&self) {
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.since.store(micros, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.registry().by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a wish, for short: `granted`, `displacing` or `refused`, and the place.
    fn enter(connections: &Arc<Connections>) -> (&'static str, Option<Place>) {
        match connections.enter() {
            Wish::Granted(place) => ("granted", Some(place)),
            Wish::Displacing(place) => ("displacing", Some(place)),
            Wish::Refused => ("refused", None),
        }
    }

    #[tokio::test]
    async fn whoever_has_no_whole_request_longest_makes_room() {
        let connections = Connections::new(2);
        let (said, first) = enter(&connections);
        assert_eq!(said, "granted");
        let (_, second) = enter(&connections);
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first.connection.begin());
        let (said, third) = enter(&connections);
        assert_eq!(said, "displacing", "the second has no whole request");
        second.connection.told_to_go().await;
        assert!(
            !second.connection.begin(),
            "a request that becomes whole too late is not worked on"
        );
        let third = third.unwrap();
        assert!(third.connection.begin());
        // Dropping what was displaced takes nobody's place away.
        drop(second);
        assert_eq!(enter(&connections).0, "refused");
        assert!(!connections.displace());
        first.connection.end();
        assert_eq!(enter(&connections).0, "displacing");
        first.connection.told_to_go().await;
        drop(third);
        assert_eq!(enter(&connections).0, "granted");
    }
}
