//! What stands behind the queue in these tests: a door that takes messages as it is told, and a consumer before it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use dragoman_engine::runner::Boxed;
use dragoman_engine::source::{Acceptor, Delivered, Delivery, Refused};
use dragoman_model::{Digest, Failure, RunId, Timestamp, Value};
use dragoman_security::Secret;
use dragoman_support::eventually;
use dragoman_transports_amqp::{Broker, Queue, Reader, States, consume};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Failed, PATIENCE};

/// Takes each content once, as the journal does; `bad ...` cannot be read, `conflict ...` has a key that is taken.
#[derive(Default)]
pub(crate) struct Door {
    /// Whether there is room.
    pub(crate) full: AtomicBool,
    /// How often each message came that was taken.
    taken: Mutex<BTreeMap<String, usize>>,
    last: Mutex<Option<Delivery>>,
    asked: Mutex<usize>,
}

impl Door {
    /// The bodies that were taken.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().keys().cloned().collect()
    }

    /// How often this body was taken.
    pub(crate) fn times(&self, body: &str) -> usize {
        self.taken.lock().unwrap().get(body).copied().unwrap_or(0)
    }

    pub(crate) fn last(&self) -> Option<Delivery> {
        self.last.lock().unwrap().clone()
    }

    /// How often anything came.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

impl Acceptor for Door {
    fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
        *self.asked.lock().unwrap() += 1;
        let body = String::from_utf8_lossy(&delivery.body).into_owned();
        let run = RunId::at(Timestamp::from_millis(0), [0; 10]);
        let answer = if self.full.load(Ordering::SeqCst) {
            Err(Refused::Overloaded {
                retry_after_s: 5,
                message: "full".into(),
            })
        } else if body.starts_with("bad") {
            Err(Refused::Unreadable {
                failure: Failure::permanent("message.json", "no"),
                run: Some(run),
            })
        } else if body.starts_with("conflict") {
            let key = Digest::of(&delivery.body).to_string();
            Err(Refused::KeyConflict { run, key })
        } else {
            let mut taken = self.taken.lock().unwrap();
            let times = taken.entry(body).or_default();
            *times += 1;
            *self.last.lock().unwrap() = Some(delivery);
            Ok(Delivered::Accepted {
                run,
                again: *times > 1,
                status: "active".into(),
            })
        };
        Box::pin(async move { answer })
    }
}

/// The queue `orders` of a node, for the pipelines `orders` and whoever else is named.
pub(crate) fn queue(port: u16, password: &str) -> Queue {
    Queue {
        broker: Broker {
            name: "national".into(),
            tls: false,
            host: "127.0.0.1".into(),
            port,
            vhost: "/".into(),
            user: "guest".into(),
            password: Secret::new(password),
            prefetch: 2,
            deliveries: 3,
        },
        name: "orders".into(),
        largest: 100,
        readers: vec![Reader {
            pipeline: "orders".into(),
            trigger: "queue".into(),
            from: "partner".into(),
        }],
    }
}

/// A consumer at work.
pub(crate) struct Consumer {
    states: States,
    end: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Consumer {
    pub(crate) fn begin(queue: Queue, door: &Arc<Door>) -> Self {
        let (end, ended) = watch::channel(false);
        let states = States::default();
        let task = tokio::spawn(consume(queue, door.clone(), states.clone(), ended));
        Consumer { states, end, task }
    }

    /// How its queue stands.
    pub(crate) fn state(&self) -> Value {
        self.states.to_json()[0].clone()
    }

    /// Waits until it stands so.
    pub(crate) async fn until(&self, state: &str) -> Result<Value, Failed> {
        let seen = eventually(state, PATIENCE, async || {
            let now = self.state();
            if now["state"] == state {
                Ok(now)
            } else {
                Err(now.to_string())
            }
        });
        Ok(seen.await?)
    }

    /// Waits until it holds so many messages.
    pub(crate) async fn holds(&self, held: usize) -> Result<(), Failed> {
        let seen = eventually("messages that are held", PATIENCE, async || {
            let now = self.state();
            if now["held"] == held {
                Ok(())
            } else {
                Err(now.to_string())
            }
        });
        Ok(seen.await?)
    }

    /// Ends it, and waits for its end.
    pub(crate) async fn end(self) -> Result<(), Failed> {
        self.end.send_replace(true);
        tokio::time::timeout(PATIENCE, self.task).await??;
        assert_eq!(
            self.states.to_json(),
            Value::Array(Vec::new()),
            "nobody reads it any more"
        );
        Ok(())
    }
}
