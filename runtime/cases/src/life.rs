//! One life of the engine on the store of a case: until nothing more is to come, or until the process dies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dragoman_engine::{Clock, Engine, Handle, Limits, ManualClock, Settings};
use dragoman_journal::{Journal, RunFilter, RunSummary, Standing};
use dragoman_journals_sqlite::{Options, SqliteJournal};
use dragoman_model::{RunId, Timestamp};

use crate::error::Error;
use crate::mortal::{Commit, Dies, Mortal};
use crate::prepared::Prepared;
use crate::script::{Script, Side};

/// So long may the engine take for what is due, in real time.
const PATIENCE: Duration = Duration::from_secs(60);
/// So often may time jump: a case that needs more never ends.
const JUMPS: usize = 2_000;
/// More runs than a case can have.
pub(crate) const MANY: usize = 100_000;

/// What outlives a process: the world outside, the clock, and what was begun.
pub(crate) struct World {
    pub(crate) script: Arc<Script>,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) clock: ManualClock,
    pub(crate) begun: Mutex<Begun>,
}

/// What the lives of a case know of its main message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begun {
    /// When it came.
    pub(crate) at: Option<Timestamp>,
    /// Its run.
    pub(crate) run: Option<RunId>,
    /// Why it was not taken.
    pub(crate) refused: Option<String>,
    /// What went wrong with people and other messages: a line each.
    pub(crate) trouble: Vec<String>,
    /// People whose answer was taken, by their place in the case.
    pub(crate) answered: BTreeSet<usize>,
    /// Who answers which wait, by its id.
    pub(crate) assigned: BTreeMap<String, usize>,
    /// Who answers a wait in all rounds of a `repeat`: its sequence and their places in the case.
    pub(crate) used: BTreeSet<(String, usize)>,
    /// People whose answer was not, with why.
    pub(crate) denied: BTreeMap<usize, String>,
    /// Operators whose act was taken, by their place in the case.
    pub(crate) acted: BTreeSet<usize>,
    /// Operators whose act was not, with why.
    pub(crate) forbidden: BTreeMap<usize, String>,
}

impl Begun {
    /// A person whose answer is not taken is not asked again.
    pub(crate) fn refuse(&mut self, person: usize, why: String) {
        self.denied.insert(person, why);
    }
}

impl World {
    pub(crate) fn begun(&self) -> Begun {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn note(&self, note: impl FnOnce(&mut Begun)) {
        note(&mut self.begun.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The engine of one life with what is around it.
pub(crate) struct Life<'a> {
    pub(crate) world: &'a World,
    pub(crate) journal: Arc<dyn Journal>,
    engine: Engine,
}

/// Lives once in a folder. The commits that it made.
pub(crate) fn live(folder: &Path, world: &World, dies: Dies) -> Result<Vec<Commit>, Error> {
    let runtime = runtime()?;
    let mortal = Mortal::new(open(folder)?, dies, Arc::clone(&world.script));
    let lived = runtime.block_on(async {
        let life = Life::begin(Arc::clone(&mortal) as _, world);
        tokio::select! {
            lived = life.live() => lived,
            () = mortal.dead.notified() => Ok(()),
        }
    });
    // All tasks end with their runtime, wherever they are: nothing is tidied up.
    drop(runtime);
    lived.map(|()| mortal.commits())
}

/// A runtime of one thread: what is done in a case is done in the same order each time.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::restless(format!("the system gives no runtime: {error}")))
}

/// Opens the store of a folder.
pub(crate) fn open(folder: &Path) -> Result<Arc<dyn Journal>, Error> {
    Ok(Arc::new(SqliteJournal::open(folder, Options::default())?))
}

impl<'a> Life<'a> {
    fn begin(journal: Arc<dyn Journal>, world: &'a World) -> Life<'a> {
        let engine = Engine::start(Settings {
            journal: Arc::clone(&journal),
            runner: Arc::new(Side {
                script: Arc::clone(&world.script),
                journal: Arc::clone(&journal),
            }),
            plans: Arc::clone(&world.prepared.plans) as _,
            clock: Arc::new(world.clock.clone()),
            meter: Arc::new(dragoman_engine::NoMeter),
            worker: "case".into(),
            limits: Limits {
                repeatable: true,
                ..Limits::default()
            },
        });
        Life { world, journal, engine }
    }

    pub(crate) fn handle(&self) -> Handle {
        self.engine.handle()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// All that the case says, in its order. What an earlier life did already is known by its key and not done again.
    async fn live(&self) -> Result<(), Error> {
        let prepared = &self.world.prepared;
        self.handle().recovered().await;
        for (number, message) in prepared.before.iter().enumerate() {
            self.wait_for(message.at);
            if let Err(refused) = self.deliver(message).await {
                self.trouble(format!(
                    "{}: the message was not taken: {refused}",
                    message.place.place()
                ));
            }
            let next = prepared.before[number + 1..].iter().find_map(|message| message.at);
            self.settle(next.or(prepared.main.at), &mut Vec::new()).await?;
        }
        if self.world.begun().at.is_none() {
            self.wait_for(prepared.main.at);
        }
        let now = self.now();
        self.world.note(|begun| begun.at = begun.at.or(Some(now)));
        match self.deliver(&prepared.main).await {
            Ok(run) => self.world.note(|begun| begun.run = Some(run)),
            Err(refused) => self.world.note(|begun| begun.refused = Some(refused)),
        }
        let came = self.world.begun().at.unwrap_or(now);
        let mut later: Vec<_> = prepared
            .later
            .iter()
            .map(|(after, what)| (came.plus_millis(*after), what))
            .collect();
        later.sort_by_key(|(due, _)| *due);
        self.settle(prepared.until.map(|until| came.plus_millis(until)), &mut later)
            .await
    }

    pub(crate) fn trouble(&self, line: String) {
        self.world.note(|begun| {
            if !begun.trouble.contains(&line) {
                begun.trouble.push(line);
            }
        });
    }

    /// Time passes until then, where it has not come yet.
    fn wait_for(&self, time: Option<Timestamp>) {
        if let Some(time) = time
            && time > self.now()
        {
            self.world.clock.advance(time.millis() - self.now().millis());
        }
    }

    /// Lets time pass until nothing is to come any more, or until a time.
    async fn settle(
        &self,
        end: Option<Timestamp>,
        later: &mut Vec<(Timestamp, &crate::prepared::Deliverable)>,
    ) -> Result<(), Error> {
        for _ in 0..JUMPS {
            self.quiet().await?;
            if self.act(later).await? {
                continue;
            }
            let engine = self.next_due().await?;
            let people = self.next_answer().await?;
            let message = later.first().map(|(due, _)| *due);
            let Some(next) = [engine, people, message].into_iter().flatten().min() else {
                return Ok(());
            };
            if let Some(end) = end.filter(|end| next > *end) {
                self.wait_for(Some(end));
                return Ok(());
            }
            // Something may have become due just now: then the clock ticks once, so that the engine looks again.
            self.world.clock.advance((next.millis() - self.now().millis()).max(1));
            if engine == Some(next) {
                self.until_moved(next).await?;
            }
        }
        Err(Error::restless(format!(
            "it goes on and on: after {JUMPS} steps of time something is still to come; end the case with `until:`, for \
             example `until: 3d`"
        )))
    }

    /// Resolves when no task works on a run.
    async fn quiet(&self) -> Result<(), Error> {
        let quiet = tokio::time::timeout(PATIENCE, self.handle().idle()).await;
        quiet.map_err(|_| Error::restless("a run works for ever"))
    }

    /// What was due has been taken up.
    async fn until_moved(&self, due: Timestamp) -> Result<(), Error> {
        let moved = async {
            while self.next_due().await?.is_some_and(|next| next <= due) {
                tokio::task::yield_now().await;
                self.handle().idle().await;
            }
            Ok(())
        };
        let moved = tokio::time::timeout(PATIENCE, moved).await;
        moved.map_err(|_| Error::restless(format!("something was due at {due}, and nothing happened")))?
    }

    /// When the next run wakes that does not wait for a child.
    async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let runs = all_runs(self.journal.as_ref()).await?;
        let open = |run: &RunSummary| {
            runs.iter()
                .any(|r| r.parent == Some(run.run) && r.standing != Standing::Closed)
        };
        let due = |run: &RunSummary| match run.standing {
            Standing::Sleeping(due) => Some(due),
            Standing::Waiting(Some(due)) if !open(run) => Some(due),
            _ => None,
        };
        Ok(runs.iter().filter_map(due).min())
    }
}

/// All runs of a store, children too.
pub(crate) async fn all_runs(journal: &dyn Journal) -> Result<Vec<RunSummary>, Error> {
    let all = RunFilter {
        children: true,
        limit: MANY,
        ..RunFilter::default()
    };
    Ok(journal.runs(all).await?)
}
