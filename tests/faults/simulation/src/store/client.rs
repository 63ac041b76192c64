//! The store as one process reaches it: at once, or over a network that delays and breaks.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dragoman_journal::decide::{Addition, Beginning, apply};
use dragoman_journal::error::{CANNOT_WRITE, Error, STOPPED};
use dragoman_journal::store::{KeptDocument, VersionedValue};
use dragoman_journal::{
    AccountSummary, Answer, Append, Begin, Begun, Due, Effect, Entry, Journal, Lease, NumberedEvent, Once, OnceKey,
    Records, Refusal, RunFilter, RunSummary, Unfinished, Wait,
};
use dragoman_model::{Digest, RunId, Timestamp};
use tokio::sync::{Notify, oneshot};

use super::{Base, Moved, State, Synced, Transaction};
use crate::defect::Defect;
use crate::sim::{Act, Life, Sim};

/// How long a reader waits for a store that is away, in milliseconds.
const PATIENCE: i64 = 5_000;

/// The network between a process and the store.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) sim: Sim,
    pub(crate) life: Life,
    /// Workers that do not reach the store.
    pub(crate) cut: Arc<Mutex<BTreeSet<usize>>>,
    /// At most so many milliseconds in one direction.
    pub(crate) slow: i64,
}

impl Way {
    fn is_cut(&self) -> bool {
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        cut.contains(&self.life.worker)
    }
}

/// The store as a process has it.
#[derive(Clone)]
pub struct Client {
    base: Base,
    owner: u64,
    way: Option<Way>,
    stirred: Arc<Notify>,
    /// When the last entry was written before this process came, in milliseconds.
    was_left: i64,
}

/// What a write says, shared so that it can be asked again where it was lost.
type Writes<T> = Arc<dyn Fn(&mut Transaction<'_>) -> Result<(T, bool), Error> + Send + Sync>;

impl Client {
    /// The store without a network: it answers at once, durably.
    pub fn direct(base: Base) -> Client {
        let was_left = base.durable().last_entry();
        Client {
            was_left,
            base,
            owner: 0,
            way: None,
            stirred: Arc::default(),
        }
    }

    pub(crate) fn over(base: Base, owner: u64, way: Way) -> Client {
        Client {
            way: Some(way),
            owner,
            ..Client::direct(base)
        }
    }

    /// Asks for a change; resolves when it is durable, or when it is known that it is not.
    async fn write<T: Send + 'static>(
        &self,
        act: impl Fn(&mut Transaction<'_>) -> Result<(T, bool), Error> + Send + Sync + 'static,
    ) -> Result<(T, Moved), Error> {
        let Some(way) = &self.way else {
            let said = self.base.write(self.owner, act)?;
            self.base.sync();
            return Ok(said);
        };
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            base: self.base.clone(),
            owner: self.owner,
            way: way.clone(),
            act: Arc::new(act),
            answer,
        };
        way.sim.after(
            way.sim.between(0, way.slow),
            asked.carrier(),
            Act::Run(Box::new(move |_| asked.arrive())),
        );
        let said = answered.await;
        match said {
            Ok(said) => {
                if let Ok((_, Moved { stirs: true, .. })) = said {
                    self.stirred.notify_one();
                }
                said
            }
            // Whoever asked is dead.
            Err(_) => std::future::pending().await,
        }
    }

    /// Reads what is durable.
    async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&State) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let Some(way) = &self.way else {
            return act(&self.base.durable());
        };
        let (answer, answered) = oneshot::channel();
        let (base, over) = (self.base.clone(), way.clone());
        let end = way.sim.now() + PATIENCE;
        let arrive = move |_: &Sim| reads(base, over, end, Box::new(act), answer);
        way.sim
            .after(way.sim.between(0, way.slow), None, Act::Run(Box::new(arrive)));
        match answered.await {
            Ok(said) => said,
            Err(_) => std::future::pending().await,
        }
    }
}

type Reads<T> = Box<dyn FnOnce(&State) -> Result<T, Error> + Send>;
type Said<T> = oneshot::Sender<Result<T, Error>>;

/// A question that comes to the store, or to a network that does not lead there.
fn reads<T: Send + 'static>(base: Base, way: Way, end: i64, act: Reads<T>, answer: Said<T>) {
    let sim = way.sim.clone();
    if way.is_cut() || base.is_down() {
        if sim.now() >= end {
            let away = Error::new(CANNOT_WRITE, "the store does not answer");
            return reply(&way, answer, Err(away));
        }
        let again = move |_: &Sim| reads(base, way, end, act, answer);
        return sim.after(sim.between(50, 500), None, Act::Run(Box::new(again)));
    }
    reply(&way, answer, act(&base.durable()));
}

fn reply<T: Send + 'static>(way: &Way, answer: oneshot::Sender<T>, said: T) {
    let slow = way.sim.between(0, way.slow);
    let give = move |_: &Sim| {
        // Whoever asked may have gone.
        let _ = answer.send(said);
    };
    way.sim.after(slow, Some(way.life), Act::Run(Box::new(give)));
}

/// A change on its way, with whom it is answered to.
struct Asked<T> {
    base: Base,
    owner: u64,
    way: Way,
    act: Writes<T>,
    answer: oneshot::Sender<Result<(T, Moved), Error>>,
}

impl<T: Send + 'static> Asked<T> {
    /// With whom it dies: a store that is in the process has nothing on its way when that is dead.
    fn carrier(&self) -> Option<Life> {
        (!self.base.shared).then_some(self.way.life)
    }

    /// It comes to the store, or to a network that does not lead there: then it goes on trying, as a connection does that is
    /// made anew.
    fn arrive(self) {
        let sim = self.way.sim.clone();
        if self.way.is_cut() || self.base.is_down() {
            let to = self.carrier();
            return sim.after(sim.between(50, 500), to, Act::Run(Box::new(move |_| self.arrive())));
        }
        match self.base.write(self.owner, |transaction| (self.act)(transaction)) {
            Err(error) => reply(&self.way, self.answer, Err(error)),
            Ok(said) if self.base.has(Defect::AnsweredEarly) => {
                let base = self.base.clone();
                sim.after(sim.between(0, 8), None, Act::Run(Box::new(move |_: &Sim| base.sync())));
                reply(&self.way, self.answer, Ok(said));
            }
            Ok(said) => {
                let base = self.base.clone();
                let first = base.acknowledge(Box::new(move |synced| self.settle(said, synced)));
                if first {
                    let sync = move |_: &Sim| base.sync();
                    sim.after(sim.between(0, 8), None, Act::Run(Box::new(sync)));
                }
            }
        }
    }

    /// What became of its commit.
    fn settle(self, said: (T, Moved), synced: Synced) {
        let sim = self.way.sim.clone();
        match synced {
            Synced::Durable => reply(&self.way, self.answer, Ok(said)),
            Synced::Failed => {
                let stopped = Error::new(STOPPED, "the sync failed; the store writes no more");
                reply(&self.way, self.answer, Err(stopped));
            }
            // Once it is known that nothing was written, it is asked again, or said.
            Synced::Lost if !self.base.shared => {}
            Synced::Lost if sim.chance(500) => self.arrive(),
            Synced::Lost => {
                let lost = Error::new(CANNOT_WRITE, "the store went down; nothing was written");
                reply(&self.way, self.answer, Err(lost));
            }
        }
    }
}

impl Records for Client {
    fn load(&self, run: RunId) -> Answer<'_, Result<Vec<Entry>, Error>> {
        Box::pin(self.read(move |state| {
            let entries = state.entries.get(&run).map(|entries| entries.to_vec());
            Ok(entries.unwrap_or_default())
        }))
    }
    fn runs(&self, filter: RunFilter) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        Box::pin(self.read(move |state| Ok(state.list(&filter))))
    }
    fn children(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        Box::pin(self.read(move |state| Ok(state.children(run, &path, true))))
    }
    fn unfinished(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        Box::pin(self.read(move |state| Ok(state.children(run, &path, false))))
    }
    fn beginning(&self, digits: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(self.read(move |state| Ok(state.beginning(&digits))))
    }
    fn waits(&self, run: Option<RunId>) -> Answer<'_, Result<Vec<Wait>, Error>> {
        Box::pin(self.read(move |state| Ok(state.open_waits(run))))
    }
    fn accounts(
        &self,
        ledger: Option<String>,
        account: Option<String>,
    ) -> Answer<'_, Result<Vec<AccountSummary>, Error>> {
        Box::pin(self.read(move |state| Ok(state.ledger(ledger.as_deref(), account.as_deref()))))
    }
    fn claims(&self, ledger: String, account: String) -> Answer<'_, Result<Vec<Once>, Error>> {
        Box::pin(self.read(move |state| Ok(state.claims(&ledger, &account))))
    }
    fn version(&self, digest: Digest) -> Answer<'_, Result<Option<Vec<u8>>, Error>> {
        Box::pin(self.read(move |state| Ok(state.versions.get(&digest).cloned())))
    }
}

/// What a process wants to be written, in a line.
fn wants(life: Life, addition: &Addition) -> String {
    let record = |entry: &dragoman_journal::Sealed| {
        let record = format!("{:?}", entry.header.record);
        let kind: String = record.chars().take_while(|c| c.is_alphanumeric()).collect();
        format!("{kind} {}", entry.header.path)
    };
    let entries: Vec<String> = addition.entries.iter().map(record).collect();
    let run = addition.lease.run;
    format!(
        "{} writes {run} {:?}, then {:?}",
        life.worker, entries, addition.standing
    )
}

impl Client {
    async fn take(&self, run: RunId, now: Timestamp, until: Timestamp, seizes: bool) -> Result<Option<Lease>, Error> {
        let act = move |transaction: &mut Transaction<'_>| Ok((transaction.take(run, now, until, seizes), true));
        let (row, moved) = self.write(act).await?;
        let lease = row.filter(|_| !moved.waits(run)).map(|row| Lease {
            run,
            epoch: row.epoch,
            until,
        });
        Ok(lease)
    }
}

fn renewed(transaction: &mut Transaction<'_>, leases: &[Lease], until: Timestamp) -> Vec<Lease> {
    let mut held = Vec::with_capacity(leases.len());
    for lease in leases {
        let known = transaction.state.runs.get(&lease.run).map(|known| known.row);
        if let Some(row) = known.and_then(|row| row.renewed(*lease, until)) {
            transaction.lend(lease.run, row);
            held.push(Lease {
                until: Timestamp::from_millis(row.lease_until),
                ..*lease
            });
        }
    }
    held
}

fn forget_delivered(state: &mut State, numbers: &[u64]) {
    for number in numbers {
        let Some((event, delivered)) = state.events.get_mut(number) else {
            continue;
        };
        *delivered = true;
        let event = event.clone();
        let newer = |other: &dragoman_journal::Emitted| other.name == event.name && other.key == event.key;
        let has_newer = state.events.range(number + 1..).any(|(_, (other, _))| newer(other));
        if event.key.is_none() || has_newer {
            state.events.remove(number);
        }
    }
}

impl Journal for Client {
    fn begin(&self, begin: Begin) -> Answer<'_, Result<Begun, Error>> {
        Box::pin(async move {
            let beginning = Beginning::new(begin)?;
            let run = beginning.run;
            let act = move |transaction: &mut Transaction<'_>| {
                let begun = apply::begin(transaction, &beginning)?;
                let written = matches!(begun, Begun::New(_) | Begun::Queued { .. });
                Ok((begun, written))
            };
            let (begun, moved) = self.write(act).await?;
            Ok(match begun {
                Begun::New(_) if moved.waits(run) => Begun::Queued { run },
                begun => begun,
            })
        })
    }
    fn append(&self, append: Append) -> Answer<'_, Result<Result<(), Refusal>, Error>> {
        Box::pin(async move {
            let addition = Addition::new(append)?;
            if let Some(way) = &self.way {
                way.sim.mark(|| wants(way.life, &addition));
            }
            let act = move |transaction: &mut Transaction<'_>| {
                let mut addition = addition.clone();
                if transaction.defect == Some(Defect::Unfenced) {
                    let known = transaction.state.runs.get(&addition.lease.run);
                    addition.lease.epoch = known.map_or(0, |known| known.row.epoch);
                }
                let said = apply::append(transaction, &addition)?;
                let lost = transaction.defect == Some(Defect::AppendLost) && addition.entries.len() == 1;
                let written = said.is_ok() && !lost;
                Ok((said, written))
            };
            Ok(self.write(act).await?.0)
        })
    }
    fn acquire(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>> {
        Box::pin(self.take(run, now, until, false))
    }
    fn seize(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>> {
        Box::pin(self.take(run, now, until, true))
    }
    fn renew(&self, leases: Vec<Lease>, until: Timestamp) -> Answer<'_, Result<Vec<Lease>, Error>> {
        Box::pin(async move {
            let act = move |transaction: &mut Transaction<'_>| Ok((renewed(transaction, &leases, until), true));
            Ok(self.write(act).await?.0)
        })
    }
    fn due(&self, now: Timestamp, behind: Option<(i64, u64)>, limit: usize) -> Answer<'_, Result<Vec<Due>, Error>> {
        Box::pin(self.read(move |state| Ok(state.due(now, behind, limit))))
    }
    fn ready(&self, pipeline: String, most: usize) -> Answer<'_, Result<usize, Error>> {
        Box::pin(self.read(move |state| Ok(state.ready(&pipeline, most))))
    }
    fn next_due(&self, after: Timestamp) -> Answer<'_, Result<Option<Timestamp>, Error>> {
        Box::pin(self.read(move |state| Ok(state.next_due(after))))
    }
    fn stirred(&self) -> Answer<'_, ()> {
        Box::pin(self.stirred.notified())
    }
    fn left(&self, which: Unfinished, behind: Option<RunId>, limit: usize) -> Answer<'_, Result<Vec<RunId>, Error>> {
        let forgets = which == Unfinished::Waiting && self.base.has(Defect::WaitingForgotten);
        let limit = if forgets { 0 } else { limit };
        let was_left = self.was_left;
        Box::pin(self.read(move |state| Ok(state.left(which, behind, limit, was_left))))
    }
    fn awaiting(&self, name: String, key: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        // One that several have wakes them by itself.
        let says = !self.base.shared && !self.base.has(Defect::NotHeard);
        Box::pin(self.read(move |state| match says {
            true => Ok(state.awaiting(&name, &key)),
            false => Ok(Vec::new()),
        }))
    }
    fn waiting_under(&self, reference: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(self.read(move |state| Ok(state.waiting_under(&reference))))
    }
    fn once(&self, once: OnceKey) -> Answer<'_, Result<Option<Once>, Error>> {
        Box::pin(self.read(move |state| Ok(state.onces.get(&once).map(|key| key.of(&once)))))
    }
    fn effects(&self, reference: String) -> Answer<'_, Result<Vec<Effect>, Error>> {
        Box::pin(self.read(move |state| Ok(state.effects(&reference))))
    }
    fn event(
        &self,
        name: String,
        key: String,
        since: Timestamp,
        after: u64,
    ) -> Answer<'_, Result<Option<NumberedEvent>, Error>> {
        Box::pin(self.read(move |state| {
            let mut newer = state.events.range(after + 1..).rev();
            let found = newer
                .find(|(_, (event, _))| event.name == name && event.key.as_ref() == Some(&key) && event.at >= since);
            Ok(found.map(|(number, (event, _))| (*number, event.clone())))
        }))
    }
    fn undelivered(&self, after: u64, limit: usize) -> Answer<'_, Result<Vec<NumberedEvent>, Error>> {
        Box::pin(self.read(move |state| {
            let open = state.events.range(after + 1..).filter(|(_, (_, delivered))| !delivered);
            Ok(open
                .take(limit)
                .map(|(number, (event, _))| (*number, event.clone()))
                .collect())
        }))
    }
    fn delivered(&self, numbers: Vec<u64>) -> Answer<'_, Result<(), Error>> {
        Box::pin(async move {
            let act = move |transaction: &mut Transaction<'_>| {
                forget_delivered(transaction.state, &numbers);
                if transaction.defect == Some(Defect::EventLost) {
                    let all: Vec<u64> = transaction.state.events.keys().copied().collect();
                    forget_delivered(transaction.state, &all);
                }
                Ok(((), true))
            };
            self.write(act).await.map(|_| ())
        })
    }
    fn state_get(&self, connection: String, key: String) -> Answer<'_, Result<Option<VersionedValue>, Error>> {
        Box::pin(self.read(move |state| {
            let found = state.states.get(&(connection, key));
            Ok(found.map(|(version, value)| (value.clone(), *version)))
        }))
    }
    fn state_keys(
        &self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<'_, Result<Vec<String>, Error>> {
        Box::pin(self.read(move |state| {
            let of_connection = state
                .states
                .keys()
                .filter(|(of, _)| *of == connection)
                .map(|(_, key)| key);
            let fits = |key: &&String| key.starts_with(&prefix) && after.as_ref().is_none_or(|after| *key > after);
            Ok(of_connection.filter(fits).take(limit as usize).cloned().collect())
        }))
    }
    fn document(&self, digest: Digest) -> Answer<'_, Result<Option<KeptDocument>, Error>> {
        Box::pin(self.read(move |state| Ok(state.documents.get(&digest).cloned())))
    }
    fn keep_version(&self, bytes: Bytes) -> Answer<'_, Result<Digest, Error>> {
        Box::pin(async move {
            let digest = Digest::of(&bytes);
            let act = move |transaction: &mut Transaction<'_>| {
                transaction
                    .state
                    .versions
                    .entry(digest)
                    .or_insert_with(|| bytes.to_vec());
                Ok(((), true))
            };
            self.write(act).await?;
            Ok(digest)
        })
    }
}
