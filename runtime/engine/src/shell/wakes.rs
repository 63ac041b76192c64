//! Who waits for whom: runs that wait for a business key, a reference or their children, woken when those move.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dragoman_journal::{Append, Begin, Ending, OnceState, Operation, Record, Standing, TimerPurpose};
use dragoman_model::{RunId, Value};

use super::{Lock, Shell, Signal};
use crate::machine::Machine;

/// The children of so many parents are counted at most.
const PARENTS: usize = 50_000;

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Awaited {
    Once { scope: String, key: String },
    Reference(String),
    Event { name: String, key: String },
}

/// Children of an `each` step that have not ended.
#[derive(Debug, Default)]
struct Siblings {
    open: usize,
    /// More of them are to begin as these end.
    more: bool,
}

/// What is known in this process of who waits for whom. Losing it costs delay, nothing else: whoever waits looks again.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    waiting: Lock<HashMap<Awaited, BTreeSet<RunId>>>,
    siblings: Lock<HashMap<(RunId, String), Siblings>>,
    /// The events that runs at work wait for.
    heard: Lock<HashMap<RunId, Vec<Awaited>>>,
    /// So many events were emitted for which it is looked who waits in the store.
    looks: AtomicUsize,
}

impl Wakes {
    fn register(&self, awaited: Awaited, run: RunId) {
        self.waiting.lock().entry(awaited).or_default().insert(run);
    }

    fn moved(&self, awaited: &Awaited) -> BTreeSet<RunId> {
        self.waiting.lock().remove(awaited).unwrap_or_default()
    }

    /// A run at work waits for an event.
    pub(super) fn await_event(&self, name: &str, key: &str, run: RunId) {
        let (name, key) = (name.to_owned(), key.to_owned());
        let awaited = Awaited::Event { name, key };
        self.heard.lock().entry(run).or_default().push(awaited.clone());
        self.register(awaited, run);
    }

    /// Whether it is looked for whoever waits for an event: they are about to work.
    pub(super) fn looks_for_hearers(&self) -> bool {
        self.looks.load(Ordering::Acquire) > 0
    }

    /// A run comes to rest: what it waits for stands in the store, and takes no memory here.
    pub(super) fn rests(&self, run: RunId) {
        let Some(events) = self.heard.lock().remove(&run) else {
            return;
        };
        let mut waiting = self.waiting.lock();
        for awaited in events {
            if let Some(runs) = waiting.get_mut(&awaited) {
                runs.remove(&run);
                if runs.is_empty() {
                    waiting.remove(&awaited);
                }
            }
        }
    }

    /// Children that begin: how many, and whether more are to come.
    pub(super) fn children_begin(&self, begins: &[Begin], more: bool) {
        for begin in begins {
            let Some(Record::Accepted {
                parent: Some(parent), ..
            }) = begin.entries.first().map(|e| &e.record)
            else {
                continue;
            };
            let mut siblings = self.siblings.lock();
            let key = (parent.run, parent.path.clone());
            // Of parents that are not known here, each child that ends wakes them.
            if siblings.len() >= PARENTS && !siblings.contains_key(&key) {
                continue;
            }
            let known = siblings.entry(key).or_default();
            known.open += 1;
            known.more = more;
        }
    }

    /// Whether children may have to begin as those before them make room.
    fn more_begin(&self, parent: RunId, path: &str) -> bool {
        let siblings = self.siblings.lock();
        siblings.get(&(parent, path.to_owned())).is_none_or(|known| known.more)
    }

    /// A child ended: whether its parent has something to do now.
    fn child_ended(&self, parent: RunId, path: &str, ending: Ending) -> bool {
        let mut siblings = self.siblings.lock();
        let key = (parent, path.to_owned());
        let Some(known) = siblings.get_mut(&key) else {
            return true;
        };
        known.open = known.open.saturating_sub(1);
        let last = known.open == 0;
        let wake = last || known.more || ending == Ending::Failed;
        if last {
            siblings.remove(&key);
        }
        wake
    }
}

impl Shell {
    /// Tells the parent of a run that only time, a person or an event can move now: it holds no place any more, and another
    /// item may begin.
    pub(super) fn rests(self: &Arc<Self>, machine: &Machine, append: &Append) {
        let asks = |operation: &Operation| matches!(operation, Operation::WaitBegin { .. });
        let rests = match append.standing {
            Standing::Parked | Standing::Sleeping(_) => true,
            Standing::Waiting(_) => append.operations.iter().any(asks),
            _ => false,
        };
        let origin = machine.state().origin.as_ref();
        if rests
            && let Some(parent) = origin.and_then(|origin| origin.parent.as_ref())
            && self.wakes.more_begin(parent.run, &parent.path)
        {
            self.signal(parent.run, Signal::Woken);
        }
    }

    /// Wakes whoever waited for what an append settled.
    pub(super) fn wake_others(self: &Arc<Self>, append: &Append) {
        let mut runs = BTreeSet::new();
        for operation in &append.operations {
            for awaited in moved_by(operation) {
                let waiting = self.wakes.moved(&awaited);
                if let Awaited::Event { name, key } = awaited {
                    // A run can wait in one branch for what it emits in another.
                    waiting.iter().for_each(|run| self.signal(*run, Signal::Woken));
                    self.wake_hearers(name, key);
                } else {
                    runs.extend(waiting);
                }
            }
        }
        let run = append.lease.run;
        for run in runs.into_iter().filter(|other| *other != run) {
            self.signal(run, Signal::Woken);
        }
        for entry in &append.entries {
            if let Record::Timer {
                purpose: TimerPurpose::Retry,
                ..
            } = entry.record
                && let Some(awaited) = entry.body.as_deref().and_then(awaited)
            {
                self.wakes.register(awaited.clone(), run);
                self.look_again(awaited, run);
            }
        }
    }

    /// Wakes whoever waits in the store for an event that was emitted.
    fn wake_hearers(self: &Arc<Self>, name: String, key: String) {
        // A store that several have wakes them by itself.
        if !self.limits.alone {
            return;
        }
        let shell = Arc::clone(self);
        shell.wakes.looks.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            loop {
                match shell.journal.awaiting(name.clone(), key.clone()).await {
                    Ok(runs) => break runs.into_iter().for_each(|run| shell.signal(run, Signal::Woken)),
                    Err(_) if *shell.stop.borrow() => break,
                    Err(error) => shell.pause(&error).await,
                }
            }
            shell.wakes.looks.fetch_sub(1, Ordering::AcqRel);
            shell.rested.notify_waiters();
        });
    }

    /// Wakes whoever waits under references.
    pub(super) fn wake_references<'a>(self: &Arc<Self>, references: impl Iterator<Item = &'a String>) {
        for reference in references {
            for run in self.wakes.moved(&Awaited::Reference(reference.clone())) {
                self.signal(run, Signal::Woken);
            }
        }
    }

    /// What is waited for may have moved between the store's refusal and now.
    fn look_again(self: &Arc<Self>, awaited: Awaited, run: RunId) {
        let Awaited::Once { scope, key } = awaited else {
            return;
        };
        let shell = Arc::clone(self);
        tokio::spawn(async move {
            let once = dragoman_journal::OnceKey { scope, key };
            if let Ok(Some(record)) = shell.journal.once(once).await
                && record.state != OnceState::Open
            {
                shell.signal(run, Signal::Woken);
            }
        });
    }

    /// Tells the parent of a run that has ended.
    pub(super) fn wake_parent(self: &Arc<Self>, parent: &dragoman_journal::Parent, ending: Ending) {
        if self.wakes.child_ended(parent.run, &parent.path, ending) {
            self.signal(parent.run, Signal::Woken);
        }
    }
}

fn awaited(body: &Value) -> Option<Awaited> {
    let about = body.get("for")?;
    let text = |name: &str| about.get(name).and_then(Value::as_str).map(str::to_owned);
    match text("reference") {
        Some(reference) => Some(Awaited::Reference(reference)),
        None => Some(Awaited::Once {
            scope: text("scope")?,
            key: text("key")?,
        }),
    }
}

fn moved_by(operation: &Operation) -> Vec<Awaited> {
    let once = |once: &dragoman_journal::OnceKey| Awaited::Once {
        scope: once.scope.clone(),
        key: once.key.clone(),
    };
    match operation {
        Operation::Settle {
            once: key, reference, ..
        } => key
            .iter()
            .map(once)
            .chain(reference.iter().cloned().map(Awaited::Reference))
            .collect(),
        Operation::Release { once: key, .. } => vec![once(key)],
        Operation::Emit { event } => {
            let awaited = |key: &String| Awaited::Event {
                name: event.name.clone(),
                key: key.clone(),
            };
            event.key.iter().map(awaited).collect()
        }
        _ => Vec::new(),
    }
}
