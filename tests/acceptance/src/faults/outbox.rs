//! The sender's part of the promise: what was not answered 202 is sent again, what was answered so never.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::country::{Country, post};
use crate::queues::Publisher;
use crate::{Case, Error};

/// How long a case counts as in flight. One that takes longer waits out the time that a permit system may still need
/// for a request whose answer was lost, and would keep others from being sent.
const LIVELY: Duration = Duration::from_secs(15);
/// How many messages customs sends at once.
pub(crate) const SENDERS: usize = 6;

/// Where what customs posts is posted to; behind it is the name of the message's queue, where there are queues.
const PATH: &str = "/customs/";

/// Where messages are sent to.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    /// The address that is posted to.
    pub(crate) address: String,
    /// A broker with the queue of the notices; none: they are posted as well.
    pub(crate) broker: Option<String>,
}

impl Counter {
    /// Sends a message: as which status it is answered; none: nobody is there to take it.
    async fn take(&self, message: &Message, publisher: &mut Publisher) -> Option<u16> {
        match &self.broker {
            Some(url) if message.queue == NOTICES => {
                let taken = publisher.publish(url, message.queue, &message.body).await;
                // A broker that is away is one that is overloaded.
                Some(if taken { 202 } else { 503 })
            }
            _ => {
                let path = format!("{PATH}{}", message.queue);
                let answer = post(&self.address, &path, &message.body).await;
                answer.ok().map(|answer| answer.status)
            }
        }
    }
}

/// The queue of the notices.
pub(crate) const NOTICES: &str = "notices";

/// A message that has yet to be answered 202.
#[derive(Debug, Clone)]
struct Message {
    queue: &'static str,
    /// How many pipelines take it: so many runs it makes.
    runs: usize,
    body: String,
}

/// A case that has been begun.
#[derive(Debug)]
struct Begun {
    case: Case,
    at: Instant,
    finished: bool,
}

/// What customs has to send.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    numbered: u32,
    /// Cases whose permits are issued.
    ready: VecDeque<(Case, Vec<Message>)>,
    /// Messages of cases that are begun.
    waiting: VecDeque<Message>,
    /// Messages that are on their way at this moment.
    under_way: usize,
    begun: Vec<Begun>,
    accepted: usize,
    /// How many runs the accepted messages make.
    runs: usize,
    /// Sent once more, because there was no answer, or another than 202.
    again: usize,
    /// Answers that a sender must not get: what it sent is refused for good.
    refused: Vec<String>,
    in_flight: usize,
    wanted: usize,
}

impl Outbox {
    /// An outbox that keeps so many cases in flight; 0: begins none.
    pub(crate) fn keeping(wanted: usize) -> Shared {
        Shared(Arc::new(Mutex::new(Outbox {
            wanted,
            ..Outbox::default()
        })))
    }

    /// The next message: of a case that is begun, or of another one where too few are in flight.
    fn take(&mut self) -> Option<Message> {
        if self.waiting.is_empty() && self.in_flight < self.wanted {
            let (case, messages) = self.ready.pop_front()?;
            self.waiting.extend(messages);
            self.in_flight += 1;
            self.begun.push(Begun {
                case,
                at: Instant::now(),
                finished: false,
            });
        }
        let message = self.waiting.pop_front()?;
        self.under_way += 1;
        Some(message)
    }

    fn answered(&mut self, message: Message, status: Option<u16>) {
        self.under_way -= 1;
        match status {
            Some(202) => {
                self.accepted += 1;
                self.runs += message.runs;
                return;
            }
            // Overload and start are said so; they pass.
            None | Some(429 | 500..=599) => {}
            Some(status) => {
                self.refused.push(format!("{} was answered {status}", message.queue));
                return;
            }
        }
        self.again += 1;
        self.waiting.push_front(message);
    }
}

/// The outbox, as the senders share it.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<Outbox>>);

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Outbox) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Issues the permits of the next cases, so that there are always so many ready to be sent.
    pub(crate) fn prepare(&self, country: &Country, ready: usize) -> Result<(), Error> {
        while self.with(|o| o.ready.len()) < ready {
            let number = self.with(|o| {
                o.numbered += 1;
                o.numbered
            });
            let case = Case::with_permits().numbered(number);
            country.issue(&case)?;
            let notice = |number| -> Result<Message, Error> {
                Ok(Message {
                    queue: NOTICES,
                    // The release and the invalidation both read the notices.
                    runs: 2,
                    body: case.notice(number)?,
                })
            };
            let declaration = Message {
                queue: "declarations",
                runs: 1,
                body: case.declaration()?,
            };
            let messages = vec![declaration, notice("08")?, notice("16")?];
            self.with(|o| o.ready.push_back((case, messages)));
        }
        Ok(())
    }

    /// Looks which cases are finished, and so how many are in flight; answers that number.
    pub(crate) fn look(&self, country: &Country) -> usize {
        let facts = country.facts();
        self.with(|o| {
            let done = |case: &Case| case.permits.iter().all(|p| facts.contains_key(&used(case, p)));
            for begun in o.begun.iter_mut().filter(|b| !b.finished) {
                begun.finished = done(&begun.case);
            }
            let lively = o.begun.iter().filter(|b| !b.finished && b.at.elapsed() < LIVELY);
            o.in_flight = lively.count();
            o.in_flight
        })
    }

    /// Begins no further case.
    pub(crate) fn close(&self) {
        self.with(|o| o.wanted = 0);
    }

    /// Whether everything was answered 202; how much was not.
    pub(crate) fn left(&self) -> usize {
        self.with(|o| o.waiting.len() + o.under_way)
    }

    /// The cases that were begun.
    pub(crate) fn cases(&self) -> Vec<Case> {
        self.with(|o| o.begun.iter().map(|b| b.case.clone()).collect())
    }

    /// What came of the messages.
    pub(crate) fn account(&self) -> Account {
        self.with(|o| Account {
            accepted: o.accepted,
            runs: o.runs,
            again: o.again,
            refused: o.refused.clone(),
        })
    }

    /// Sends one message after another there, until nobody listens, all is sent, or the life that is served there is over.
    pub(crate) async fn send(self, counter: Counter, over: Arc<AtomicBool>) {
        let mut publisher = Publisher::default();
        while !over.load(Ordering::Relaxed) {
            let Some(message) = self.with(Outbox::take) else {
                if self.with(|o| o.wanted == 0 && o.waiting.is_empty()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            let status = counter.take(&message, &mut publisher).await;
            self.with(|o| o.answered(message, status));
            match status {
                None => return,
                Some(202) => {}
                // Customs tries again a little later, as any sender that is asked to.
                Some(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

/// What came of the messages that were sent.
pub(crate) struct Account {
    /// How many were answered 202.
    pub(crate) accepted: usize,
    /// How many runs they make.
    pub(crate) runs: usize,
    /// How often one was sent again.
    pub(crate) again: usize,
    /// What was refused for good.
    pub(crate) refused: Vec<String>,
}

/// The fact that a permit's use was told to the partner.
pub(crate) fn used(case: &Case, permit: &str) -> String {
    format!("used|{permit}|{}|exported", case.mrn)
}

/// The fact that a permit was endorsed.
pub(crate) fn endorsed(case: &Case, permit: &str) -> String {
    format!("endorsed|{permit}|{}", case.mrn)
}

/// How often each fact took effect.
pub(crate) type Facts = BTreeMap<String, u32>;
