//! The tasks that write: each drains the common queue, and writes what there is in one transaction.
//!
//! There is no timer: the first work in the queue begins a transaction at once, and what arrives meanwhile goes with the
//! next. While one task waits for the commit, another locks and reads for the next.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deadpool_postgres::{Object, Pool};
use dragoman_journal::error::{CANNOT_WRITE, Error};
use dragoman_model::{RunId, Timestamp};
use futures_util::FutureExt;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use crate::doubt::{Became, Doubt, Proof};
use crate::failure::{self, Remedy, Trouble};
use crate::flush::{self, Failed};
use crate::load;
use crate::needs::Needs;
use crate::store::{Counters, Options};
use crate::work::{Said, Work};

/// How often a transaction that another was in the way of is tried.
pub(crate) const TRIES: u32 = 12;
/// Between two looks for a server that does not answer.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);
/// The longest of these pauses.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What all writers share.
pub(crate) struct Desk {
    pub(crate) pool: Pool,
    pub(crate) queue: Mutex<UnboundedReceiver<Work>>,
    pub(crate) options: Options,
    /// The lock at the end of the trail.
    pub(crate) chain: i64,
    pub(crate) counters: Arc<Counters>,
    /// Told where what was written makes runs due.
    pub(crate) stirred: Arc<Notify>,
}

/// Serves the queue as long as there is somebody who can ask.
pub(crate) async fn serve(desk: Arc<Desk>) {
    let mut writer = Writer { desk, client: None };
    while let Some(works) = writer.next().await {
        writer.round(works).await;
    }
}

/// One of the writers, with its connection.
struct Writer {
    desk: Arc<Desk>,
    client: Option<Object>,
}

/// How a transaction went for those in it.
enum Went {
    /// Everybody has an answer.
    Answered,
    /// Nothing was written, for this reason.
    Failed(Vec<Work>, Trouble),
}

impl Writer {
    async fn next(&self) -> Option<Vec<Work>> {
        let mut queue = self.desk.queue.lock().await;
        let mut works = vec![queue.recv().await?];
        while works.len() < self.desk.options.batch
            && let Some(Some(work)) = queue.recv().now_or_never()
        {
            works.push(work);
        }
        Some(works)
    }

    /// Answers all of these works: in one transaction, or, where one of them spoils it for the others, each in its own.
    async fn round(&mut self, works: Vec<Work>) {
        let Went::Failed(works, trouble) = self.persist(works).await else {
            return;
        };
        if trouble.remedy == Remedy::Apart && works.len() > 1 {
            for work in works {
                if let Went::Failed(works, trouble) = self.persist(vec![work]).await {
                    refuse(works, &trouble.error);
                }
            }
        } else {
            refuse(works, &trouble.error);
        }
    }

    /// Tries a transaction for as long as it helps.
    async fn persist(&mut self, mut works: Vec<Work>) -> Went {
        let end = Instant::now() + self.desk.options.patience;
        let mut pause = PAUSE;
        let mut tries = 0;
        loop {
            let (left, trouble) = match self.attempt(works).await {
                Went::Answered => return Went::Answered,
                Went::Failed(left, trouble) => (left, trouble),
            };
            works = left;
            tries += 1;
            match trouble.remedy {
                Remedy::Again if tries < TRIES => {}
                Remedy::Reconnect if Instant::now() + pause < end => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                _ => return Went::Failed(works, trouble),
            }
        }
    }

    /// One transaction.
    async fn attempt(&mut self, works: Vec<Work>) -> Went {
        let client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => match self.desk.pool.get().await {
                Ok(client) => client,
                Err(error) => return Went::Failed(works, failure::at_connecting(&error)),
            },
        };
        let needs = Needs::of(&self.desk.options.schema, works.iter().map(|work| &work.ask));
        let (mut rows, number) = match load::begin(&client, &needs).await {
            Ok(begun) => begun,
            Err(trouble) => {
                self.give_up(client).await;
                return Went::Failed(works, trouble);
            }
        };
        rows.owner = self.desk.options.owner;
        rows.keyring = Arc::clone(&self.desk.options.keyring);
        let mut decided: Vec<Result<Said, Trouble>> = Vec::with_capacity(works.len());
        for work in &works {
            decided.push(work.ask.decide(&mut rows));
        }
        let at = now();
        let doubt = Doubt {
            number,
            proof: Proof::of(&rows, at),
            asked: rows.asked().collect(),
            owner: rows.owner,
        };
        match flush::commit(&client, self.desk.chain, &rows, &doubt.proof, at).await {
            Ok((written, moved)) => {
                self.client = Some(client);
                self.desk.counters.add(written);
                answer(works, decided, &moved.queued(&rows));
                if moved.stirs {
                    self.desk.stirred.notify_one();
                }
                Went::Answered
            }
            Err(Failed::Before(trouble)) => {
                self.give_up(client).await;
                Went::Failed(works, trouble)
            }
            Err(Failed::InDoubt(trouble)) => {
                drop(client);
                self.resolve(works, decided, doubt, trouble).await
            }
        }
    }

    /// Ends a transaction that is given up; a connection that does not even do that is dropped.
    async fn give_up(&mut self, client: Object) {
        if !client.is_closed() && client.batch_execute("ROLLBACK").await.is_ok() {
            self.client = Some(client);
        }
    }

    /// The connection broke while the server had the commit. Another connection asks what became of the transaction; where
    /// the server is away for long, that is left to a task of its own, so that this writer can answer others.
    async fn resolve(
        &mut self,
        works: Vec<Work>,
        decided: Vec<Result<Said, Trouble>>,
        doubt: Doubt,
        trouble: Trouble,
    ) -> Went {
        let end = Instant::now() + self.desk.options.patience;
        match doubt.outcome(&self.desk.pool, end).await {
            Some(Became::Written(queued)) => {
                answer(works, decided, &queued);
                self.desk.stirred.notify_one();
                Went::Answered
            }
            Some(Became::Nothing) => Went::Failed(works, trouble),
            None => {
                tracing::warn!(
                    number = doubt.number,
                    "the database went away during a commit; it is asked when it is back"
                );
                tokio::spawn(resolve_later(Arc::clone(&self.desk), works, decided, doubt));
                Went::Answered
            }
        }
    }
}

/// Waits for the server as long as it takes: who has not been answered must not be told something that may be wrong.
async fn resolve_later(desk: Arc<Desk>, works: Vec<Work>, decided: Vec<Result<Said, Trouble>>, doubt: Doubt) {
    let far = Instant::now() + Duration::from_secs(u64::from(u32::MAX));
    if let Some(Became::Written(queued)) = doubt.outcome(&desk.pool, far).await {
        answer(works, decided, &queued);
        desk.stirred.notify_one();
    } else {
        let text = "the database went away before the commit; nothing of this was written";
        refuse(works, &Error::new(CANNOT_WRITE, text));
    }
}

/// Tells what was decided and is written. `queued`: runs that asked for their turn and wait for it.
fn answer(works: Vec<Work>, decided: Vec<Result<Said, Trouble>>, queued: &HashSet<RunId>) {
    for (work, said) in works.into_iter().zip(decided) {
        work.say(said.map(|said| said.unless(queued)).map_err(|trouble| trouble.error));
    }
}

fn refuse(works: Vec<Work>, error: &Error) {
    for work in works {
        work.say(Err(error.clone()));
    }
}

/// The time of the machine.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Counters {
    fn add(&self, written: flush::Written) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.batches
            .fetch_add(u64::from(written.entries > 0), Ordering::Relaxed);
        self.entries.fetch_add(written.entries, Ordering::Relaxed);
        self.bytes.fetch_add(written.bytes, Ordering::Relaxed);
    }
}
