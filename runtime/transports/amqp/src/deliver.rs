//! One message: handed to all who read its queue, and then answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dragoman_engine::Notices;
use dragoman_engine::source::{Acceptor, Delivery, Refused};
use dragoman_model::{Actor, Digest, RunId};
use lapin::Acker;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicRejectOptions};
use serde_json::json;
use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::error::TOO_OFTEN;
use crate::message::Message;
use crate::queue::{Queue, Reader};

/// The code of a message that is larger than the site takes, over whatever way it comes.
const TOO_LARGE: &str = "D0801";
/// Before a message that there was no room for is tried again, the first time ...
const FIRST: Duration = Duration::from_millis(200);
/// ... and at the longest.
const LONGEST: Duration = Duration::from_secs(10);
/// How long an answer to the broker may take.
const ANSWER: Duration = Duration::from_secs(10);
/// Of so many messages it is remembered that they went back for no fault of theirs.
const EXCUSED: usize = 20_000;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is durable with all who read the queue.
    Taken,
    /// One of them can never take it.
    Rejected,
    /// It goes back to the queue: nobody could take it in time.
    Returned,
}

/// Takes the messages of a queue.
pub(crate) struct Taker {
    pub(crate) queue: Arc<Queue>,
    acceptor: Arc<dyn Acceptor>,
    notices: Notices,
    /// How often messages went back because there was no room, or were under way when the connection was lost: the broker
    /// counts that as it counts a message that brings the process down, and it is none.
    excused: Mutex<HashMap<Digest, u64>>,
}

impl Taker {
    pub(crate) fn new(queue: Arc<Queue>, acceptor: Arc<dyn Acceptor>) -> Self {
        Taker {
            queue,
            acceptor,
            notices: Notices::default(),
            excused: Mutex::default(),
        }
    }

    /// Takes a message and answers the broker. An answer that does not get there does no harm: the message comes again,
    /// and is known. `released`: it is not to be held any longer.
    pub(crate) async fn take(self: Arc<Self>, message: Message, acker: Acker, released: watch::Receiver<bool>) {
        let verdict = self.judge(&message, released).await;
        let answer = async {
            match verdict {
                Verdict::Taken => acker.ack(BasicAckOptions::default()).await,
                Verdict::Rejected => acker.reject(BasicRejectOptions { requeue: false }).await,
                Verdict::Returned => {
                    let back = BasicNackOptions {
                        requeue: true,
                        ..BasicNackOptions::default()
                    };
                    acker.nack(back).await
                }
            }
        };
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(Ok(true)) => {}
            _ => tracing::debug!(
                queue = self.queue.name,
                ?verdict,
                "the broker was not answered: the message comes again"
            ),
        }
    }

    async fn judge(&self, message: &Message, mut released: watch::Receiver<bool>) -> Verdict {
        let refused = |code: &str, pipeline: &str, run| self.notices.queued(code, pipeline, &self.queue.name, run);
        if u64::try_from(message.body.len()).unwrap_or(u64::MAX) > self.queue.largest {
            refused(TOO_LARGE, &self.queue.pipelines(), None);
            return Verdict::Rejected;
        }
        let digest = message.digest();
        let failed = message.before.saturating_sub(self.excused(&digest));
        if failed >= self.queue.broker.deliveries {
            refused(TOO_OFTEN.id, &self.queue.pipelines(), None);
            return Verdict::Rejected;
        }
        let mut pauses = Backoff::new(FIRST, LONGEST);
        let mut left: Vec<&Reader> = self.queue.readers.iter().collect();
        let mut rejected = false;
        loop {
            let mut stays = Vec::new();
            for reader in left {
                match self.acceptor.deliver(self.delivery(reader, message)).await {
                    Ok(_) => {}
                    Err(refusal) => match for_ever(&refusal) {
                        Some((code, run)) => {
                            refused(code, &reader.pipeline, run);
                            rejected = true;
                        }
                        // The others get it all the same: one pipeline that is full holds up no other.
                        None => stays.push(reader),
                    },
                }
            }
            if stays.is_empty() {
                self.excuses().remove(&digest);
                return if rejected { Verdict::Rejected } else { Verdict::Taken };
            }
            left = stays;
            tokio::select! {
                () = tokio::time::sleep(pauses.pause()) => {}
                _ = released.wait_for(|released| *released) => {
                    self.excuse(digest);
                    return Verdict::Returned;
                }
            }
        }
    }

    fn delivery(&self, reader: &Reader, message: &Message) -> Delivery {
        Delivery {
            pipeline: reader.pipeline.clone(),
            trigger: reader.trigger.clone(),
            key: None,
            media_type: message.media_type.clone(),
            body: message.body.clone(),
            headers: message.headers.clone(),
            attributes: json!({
                "queue": self.queue.name, "exchange": message.exchange, "routing_key": message.routing_key,
            }),
            sender: Actor::sender(&reader.from, "broker"),
        }
    }

    fn excused(&self, digest: &Digest) -> u64 {
        self.excuses().get(digest).copied().unwrap_or(0)
    }

    fn excuse(&self, digest: Digest) {
        let mut excuses = self.excuses();
        if excuses.len() >= EXCUSED {
            // Whoever is forgotten has its deliveries still.
            excuses.clear();
        }
        *excuses.entry(digest).or_default() += 1;
    }

    fn excuses(&self) -> MutexGuard<'_, HashMap<Digest, u64>> {
        self.excused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The code and the run of a refusal that stays one however often the message comes.
fn for_ever(refusal: &Refused) -> Option<(&str, Option<RunId>)> {
    match refusal {
        Refused::Unreadable { .. } | Refused::KeyConflict { .. } => Some((refusal.code(), refusal.run())),
        Refused::Overloaded { .. } | Refused::Store { .. } | Refused::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use dragoman_engine::runner::Boxed;
    use dragoman_engine::source::Delivered;
    use dragoman_model::{Failure, Timestamp};
    use dragoman_security::Secret;

    use super::*;
    use crate::queue::Broker;

    /// What a pipeline answers, one after the other; the last for ever.
    struct Door {
        answers: Mutex<HashMap<&'static str, Vec<&'static str>>>,
        seen: Mutex<Vec<String>>,
    }

    impl Acceptor for Door {
        fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
            self.seen.lock().unwrap().push(delivery.pipeline.clone());
            let mut answers = self.answers.lock().unwrap();
            let answers = answers.get_mut(&*delivery.pipeline).unwrap();
            let answer = if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0]
            };
            let run = RunId::at(Timestamp::from_millis(0), [0; 10]);
            let answer = match answer {
                "taken" => Ok(Delivered::Accepted {
                    run,
                    again: false,
                    status: "active".into(),
                }),
                "unreadable" => Err(Refused::Unreadable {
                    failure: Failure::permanent("message.json", "no"),
                    run: None,
                }),
                "conflict" => Err(Refused::KeyConflict { run, key: "k".into() }),
                "full" => Err(Refused::Overloaded {
                    retry_after_s: 5,
                    message: "full".into(),
                }),
                "store" => Err(Refused::Store {
                    message: "D0701".into(),
                    full: true,
                }),
                _ => Err(Refused::Unknown),
            };
            Box::pin(async move { answer })
        }
    }

    fn taker(readers: &[(&'static str, &[&'static str])]) -> (Arc<Door>, Taker) {
        let door = Arc::new(Door {
            answers: Mutex::new(readers.iter().map(|(p, a)| (*p, a.to_vec())).collect()),
            seen: Mutex::default(),
        });
        let queue = Queue {
            broker: Broker {
                name: "national".into(),
                tls: false,
                host: "127.0.0.1".into(),
                port: 1,
                vhost: "/".into(),
                user: "u".into(),
                password: Secret::new("p"),
                prefetch: 5,
                deliveries: 3,
            },
            name: "orders".into(),
            largest: 20,
            readers: readers
                .iter()
                .map(|(pipeline, _)| Reader {
                    pipeline: (*pipeline).into(),
                    trigger: "queue".into(),
                    from: "partner".into(),
                })
                .collect(),
        };
        (door.clone(), Taker::new(Arc::new(queue), door))
    }

    fn message(body: &str, before: u64) -> Message {
        Message {
            body: Bytes::from(body.to_owned()),
            media_type: "application/json".into(),
            headers: Vec::new(),
            before,
            exchange: String::new(),
            routing_key: "orders".into(),
        }
    }

    /// What becomes of a message that was delivered `before`, and who was asked; `held` until it is released.
    async fn check(
        readers: &[(&'static str, &[&'static str])],
        message: Message,
        released: bool,
        verdict: Verdict,
        asked: &[&str],
    ) {
        let (door, taker) = taker(readers);
        let (_release, held) = watch::channel(released);
        assert_eq!(taker.judge(&message, held).await, verdict, "{readers:?}");
        assert_eq!(*door.seen.lock().unwrap(), asked);
    }

    #[tokio::test]
    async fn a_message_is_taken_once_all_have_it() {
        let one = |a: &'static [&'static str]| [("orders", a)];
        check(&one(&["taken"]), message("{}", 0), false, Verdict::Taken, &["orders"]).await;
        for trouble in ["full", "store", "unknown"] {
            let answers: &'static [&'static str] = match trouble {
                "full" => &["full", "full", "taken"],
                "store" => &["store", "store", "taken"],
                _ => &["unknown", "unknown", "taken"],
            };
            check(&one(answers), message("{}", 0), false, Verdict::Taken, &["orders"; 3]).await;
        }
        // Who has it is not asked again.
        let both: [(&str, &[&str]); 2] = [("orders", &["taken"]), ("returns", &["full", "taken"])];
        check(
            &both,
            message("{}", 0),
            false,
            Verdict::Taken,
            &["orders", "returns", "returns"],
        )
        .await;
    }

    #[tokio::test]
    async fn a_message_that_one_can_never_take_is_rejected_once_the_others_have_it() {
        for never in ["unreadable", "conflict"] {
            let answers: &'static [&'static str] = if never == "conflict" {
                &["conflict"]
            } else {
                &["unreadable"]
            };
            let both: [(&str, &[&str]); 2] = [("orders", answers), ("returns", &["full", "taken"])];
            let asked = ["orders", "returns", "returns"];
            check(&both, message("{}", 0), false, Verdict::Rejected, &asked).await;
        }
        let one: [(&str, &[&str]); 1] = [("orders", &["taken"])];
        check(&one, message(&"x".repeat(21), 0), false, Verdict::Rejected, &[]).await;
        check(&one, message(&"x".repeat(20), 2), false, Verdict::Taken, &["orders"]).await;
        // D0803: the fourth delivery of one that may be delivered three times.
        check(&one, message("{}", 3), false, Verdict::Rejected, &[]).await;
    }

    #[tokio::test]
    async fn what_went_back_for_want_of_room_is_not_counted_as_poison() {
        let (_, taker) = taker(&[("orders", &["full", "full", "full", "full", "taken"])]);
        let (_release, released) = watch::channel(true);
        for before in 0..4 {
            let verdict = taker.judge(&message("{}", before), released.clone()).await;
            assert_eq!(verdict, Verdict::Returned, "{before}");
        }
        assert_eq!(taker.judge(&message("{}", 4), released.clone()).await, Verdict::Taken);
        // Taken: from here on its count counts.
        assert_eq!(taker.judge(&message("{}", 4), released).await, Verdict::Rejected);
    }
}
