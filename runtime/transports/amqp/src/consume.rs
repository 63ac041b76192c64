//! The supervision of one queue: connected for as long as it is wanted, whatever happens.

use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::source::Acceptor;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::deliver::Taker;
use crate::error::Error;
use crate::link::Link;
use crate::message::Message;
use crate::queue::Queue;
use crate::states::{State, States};

/// Between attempts to connect, the first time ...
const FIRST: Duration = Duration::from_millis(250);
/// ... and at the longest.
const LONGEST: Duration = Duration::from_secs(30);
/// A connection that held for so long was a good one: what ends it is new trouble.
const GOOD: Duration = Duration::from_secs(10);
/// How often it is looked whether the connection is there, beside what the client says.
const LOOK: Duration = Duration::from_secs(5);
/// How long deliveries that are under way may take once the consumer is to end.
const FINISHING: Duration = Duration::from_secs(10);

/// Reads a queue until told to stop: what is under way is then finished, and what is held goes back to the queue.
/// Trouble with the broker is tried again for ever; `states` says how it stands.
pub async fn consume(queue: Queue, acceptor: Arc<dyn Acceptor>, states: States, mut stop: watch::Receiver<bool>) {
    let queue = Arc::new(queue);
    let taker = Arc::new(Taker::new(queue.clone(), acceptor));
    let mut pauses = Backoff::new(FIRST, LONGEST);
    states.set(&queue, State::Connecting);
    loop {
        let opened = tokio::select! {
            opened = Link::open(&queue) => opened,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let error = match opened {
            Ok(link) => {
                states.set(&queue, State::Taking);
                let since = Instant::now();
                let ended = session(link, &taker, &states, &mut stop).await;
                if since.elapsed() >= GOOD {
                    pauses.reset();
                }
                match ended {
                    Some(error) => error,
                    None => break,
                }
            }
            Err(error) => error,
        };
        states.set(&queue, State::Troubled(error));
        tokio::select! {
            () = tokio::time::sleep(pauses.pause()) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    states.forget(&queue);
}

/// One connection, to its end. None: it was told to stop.
async fn session(
    mut link: Link,
    taker: &Arc<Taker>,
    states: &States,
    stop: &mut watch::Receiver<bool>,
) -> Option<Error> {
    let (release, released) = watch::channel(false);
    let mut deliveries = JoinSet::new();
    let mut look = tokio::time::interval(LOOK);
    let ended = loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break None,
            next = link.consumer.next() => match next {
                Some(Ok(mut delivery)) => {
                    let message = Message::of(&mut delivery);
                    deliveries.spawn(taker.clone().take(message, delivery.acker, released.clone()));
                    states.hold(&taker.queue, deliveries.len());
                }
                Some(Err(error)) => break Some(Error::of(&error, &taker.queue.name)),
                None => break Some(Error::Away("it has ended the consumer".into())),
            },
            Some(_) = deliveries.join_next() => states.hold(&taker.queue, deliveries.len()),
            _ = look.tick() => if !link.is_alive() {
                break Some(Error::Away("the connection is gone".into()));
            },
        }
    };
    if ended.is_none() {
        link.cancel().await;
    }
    release.send_replace(true);
    if ended.is_none() {
        let finish = async { while deliveries.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(FINISHING, finish).await;
    }
    // What still delivers is not dropped half-way: it comes again over the next connection, and is known then.
    deliveries.detach_all();
    states.hold(&taker.queue, 0);
    link.close().await;
    ended
}
