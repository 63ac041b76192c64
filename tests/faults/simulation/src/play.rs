//! A simulation: what a seed gives is played until everything is done, and then everything is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dragoman_journal::Standing;
use dragoman_model::RunId;

use crate::defect::Defect;
use crate::partner::Partner;
use crate::plot::{CALM, Plot, Turn, soon};
use crate::sim::{Act, Event, Life, MORNING, Sim};
use crate::store::{Base, Way};
use crate::verdict;
use crate::worker::{Given, Worker};

/// A sender that has no answer sends again after so long, in milliseconds.
const IMPATIENT: i64 = 15_000;
/// When nothing goes wrong any more, all must be done within so long: a day.
const PATIENCE: i64 = 86_400_000;
/// Between two looks whether all is done.
const LOOK: i64 = 2_000;

/// What came of a seed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What is not as promised; nothing: all is.
    pub wrong: Vec<String>,
    /// What the same seed gives again.
    pub trace: u64,
    /// Runs, those within others too.
    pub runs: usize,
    /// Those that wait for a person.
    pub parked: usize,
    /// Requests to the partner.
    pub calls: u64,
    /// Commits of the store.
    pub commits: u64,
    /// Kills, halts, cuts, crashes and failed syncs.
    pub faults: u64,
    /// What happened, a line each, where it was asked for.
    pub told: Vec<String>,
}

/// All that takes part.
pub(crate) struct Play {
    pub(crate) sim: Sim,
    pub(crate) base: Base,
    pub(crate) partner: Partner,
    pub(crate) plot: Plot,
    workers: Vec<Worker>,
    cut: Arc<Mutex<BTreeSet<usize>>>,
    accepted: Arc<Mutex<BTreeMap<usize, RunId>>>,
    lives: u64,
    faults: u64,
    done: bool,
}

/// Plays a seed. `told`: whether what happens is kept, to be read.
pub fn play(seed: u64, told: bool) -> Outcome {
    play_with(seed, told, None)
}

/// As [`play`], with something broken.
pub fn play_with(seed: u64, told: bool, defect: Option<Defect>) -> Outcome {
    let sim = Sim::new(seed, told);
    let plot = Plot::draw(&sim);
    let base = Base::new(plot.workers > 1).with(defect);
    let mut play = Play {
        partner: Partner::new(sim.clone(), base.clone(), &plot),
        workers: (0..plot.workers).map(Worker::new).collect(),
        sim,
        base,
        plot,
        cut: Arc::default(),
        accepted: Arc::default(),
        lives: 0,
        faults: 0,
        done: false,
    };
    let mut wrong = Vec::new();
    for worker in 0..play.workers.len() {
        play.start(worker);
    }
    while !play.done {
        if play.sim.now() > MORNING + CALM + PATIENCE {
            wrong.push(format!(
                "it never comes to an end: {}",
                verdict::unfinished(&play).join("; ")
            ));
            break;
        }
        let Some(event) = play.sim.next() else {
            wrong.push("nothing happens any more".to_owned());
            break;
        };
        play.happens(event);
    }
    play.workers.iter_mut().for_each(Worker::kill);
    if play.done {
        wrong.extend(verdict::of(&play));
    }
    play.outcome(seed, wrong)
}

impl Play {
    fn outcome(self, seed: u64, wrong: Vec<String>) -> Outcome {
        let durable = self.base.durable();
        let parked = durable.runs.values().filter(|run| run.row.standing == Standing::Parked);
        Outcome {
            seed,
            wrong,
            trace: self.sim.trace(),
            runs: durable.runs.len(),
            parked: parked.count(),
            calls: self.partner.figures().0,
            commits: self.base.commits(),
            faults: self.faults,
            told: self.sim.told(),
        }
    }

    /// Something happens.
    fn happens(&mut self, event: Event) {
        if let Some(life) = event.to {
            let worker = &mut self.workers[life.worker];
            if worker.life != life || !worker.is_alive() {
                return;
            }
            if worker.halted {
                worker.held.push(event);
                return;
            }
        }
        match event.act {
            // Who waited may have gone: then nothing is to be done.
            Act::Fire(fire) => {
                if fire.send(()).is_err() {
                    return;
                }
            }
            Act::Run(act) => act(&self.sim),
            Act::Plot(turn) => return self.turn(turn),
        }
        if let Some(life) = event.to {
            self.workers[life.worker].step();
        }
    }

    fn turn(&mut self, turn: Turn) {
        if !matches!(turn, Turn::Look) {
            self.sim.mark(|| format!("{turn:?}"));
        }
        match turn {
            Turn::Send { message } => self.send(message, false),
            Turn::SendAgain { message } => self.send(message, true),
            Turn::Answer { message } => self.answer(message),
            Turn::GiveUp { message } => self.give_up(message),
            Turn::Kill {
                worker,
                back_after,
                seen,
            } => self.kill(worker, back_after, seen),
            Turn::Start { worker } => self.start(worker),
            Turn::Halt { worker, for_millis } => {
                if self.workers[worker].is_alive() && !self.workers[worker].halted {
                    self.faults += 1;
                    self.workers[worker].halted = true;
                    soon(&self.sim, for_millis, Turn::Resume { worker });
                }
            }
            Turn::Resume { worker } => self.resume(worker),
            Turn::Cut { worker, for_millis } => {
                self.faults += 1;
                self.cut.lock().unwrap_or_else(PoisonError::into_inner).insert(worker);
                soon(&self.sim, for_millis, Turn::Heal { worker });
            }
            Turn::Heal { worker } => {
                self.cut.lock().unwrap_or_else(PoisonError::into_inner).remove(&worker);
            }
            Turn::Down { for_millis } => {
                if !self.base.is_down() {
                    self.faults += 1;
                    self.base.crash();
                    soon(&self.sim, for_millis, Turn::Up);
                }
            }
            Turn::Up => self.base.come_up(),
            Turn::SyncFails { kept } => {
                self.faults += 1;
                self.base.fail(kept);
                // Whoever watches the process starts it anew.
                soon(
                    &self.sim,
                    2_000,
                    Turn::Kill {
                        worker: 0,
                        back_after: 100,
                        seen: true,
                    },
                );
            }
            Turn::Partner { per_mille } => self.partner.trouble(per_mille),
            Turn::Pause { for_millis } => {
                self.partner.pause(true);
                soon(&self.sim, for_millis, Turn::GoOn);
            }
            Turn::GoOn => {
                self.partner.pause(false);
                // Who stands still, or is not there, looks by itself.
                self.workers
                    .iter()
                    .filter(|worker| !worker.halted)
                    .for_each(Worker::resumed);
            }
            Turn::Calm => self.partner.trouble(0),
            Turn::Look => {
                self.done = self.is_done();
                if !self.done {
                    soon(&self.sim, LOOK, Turn::Look);
                }
            }
        }
    }

    /// A sender sends a message to whoever listens, until it is accepted; or once more, though it was.
    fn send(&mut self, message: usize, again: bool) {
        let is_accepted = self
            .accepted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(&message);
        if is_accepted != again {
            return;
        }
        let turn = Turn::Send { message };
        if self.is_too_early(message) {
            return soon(&self.sim, 300, turn);
        }
        let listening: Vec<usize> = (0..self.workers.len())
            .filter(|worker| self.workers[*worker].is_alive())
            .collect();
        if listening.is_empty() {
            return soon(&self.sim, 500, turn);
        }
        if !again {
            soon(&self.sim, IMPATIENT, turn);
        }
        let chosen = usize::try_from(self.sim.between(0, listening.len() as i64 - 1)).unwrap_or(0);
        let worker = &self.workers[listening[chosen]];
        if worker.halted {
            return;
        }
        let (accepted, sim) = (Arc::clone(&self.accepted), self.sim.clone());
        worker.deliver(&self.plot.messages[message], move |run| {
            sim.mark(|| format!("message {message} gives {run:?}"));
            if let Some(run) = run {
                accepted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(message, run);
            }
        });
    }

    /// A worker that is there, drawn; none: there is none, or it stands still.
    fn listening(&self) -> Option<&Worker> {
        let alive: Vec<&Worker> = self.workers.iter().filter(|worker| worker.is_alive()).collect();
        let last = i64::try_from(alive.len()).unwrap_or(0) - 1;
        let chosen = usize::try_from(self.sim.between(0, last.max(0))).ok()?;
        alive.get(chosen).copied().filter(|worker| !worker.halted)
    }

    /// Somebody answers what a run asks, and asks again as long as it stays open.
    fn answer(&self, message: usize) {
        let state = self.base.durable();
        let run = self.accepted().get(&message).copied();
        let known = run.and_then(|run| state.runs.get(&run));
        if known.is_some_and(|run| run.ending.is_some()) {
            return;
        }
        soon(&self.sim, 7_000, Turn::Answer { message });
        let wait = state.waits.values().find(|wait| Some(wait.run) == run);
        let (Some(wait), Some(worker)) = (wait, self.listening()) else {
            return;
        };
        let sim = self.sim.clone();
        worker.answer(wait, move |taken| {
            sim.mark(|| format!("the answer to {message} is taken: {taken}"))
        });
    }

    /// Somebody gives a run up, once.
    fn give_up(&self, message: usize) {
        let run = self.accepted().get(&message).copied();
        let (Some(run), Some(worker)) = (run, self.listening()) else {
            return;
        };
        let sim = self.sim.clone();
        worker.give_up(run, move |taken| sim.mark(|| format!("{message} is given up: {taken}")));
    }

    fn accepted(&self) -> MutexGuard<'_, BTreeMap<usize, RunId>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an event that this order gives is waited for by a run that is still to begin, and would not hear of it.
    fn is_too_early(&self, message: usize) -> bool {
        let order = &self.plot.messages[message];
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut others = self.plot.messages.iter().enumerate();
        order.pipeline == "orders"
            && others.any(|(other, waits)| {
                waits.pipeline == "waits" && waits.number == order.number && !accepted.contains_key(&other)
            })
    }

    fn kill(&mut self, number: usize, back_after: i64, seen: bool) {
        let worker = &mut self.workers[number];
        if !worker.is_alive() {
            return;
        }
        self.faults += 1;
        let (life, owner) = (worker.life, worker.owner());
        worker.kill();
        self.partner.died(life);
        if !self.base.shared {
            // Its store dies with it: what was not synced is lost.
            self.base.crash();
        } else if seen && !self.base.is_down() {
            self.base.give_back(owner);
        }
        soon(&self.sim, back_after, Turn::Start { worker: number });
    }

    fn start(&mut self, number: usize) {
        if self.workers[number].is_alive() {
            return;
        }
        if !self.base.shared {
            self.base.come_up();
        }
        self.lives += 1;
        let way = Way {
            sim: self.sim.clone(),
            life: Life {
                worker: number,
                number: self.lives,
            },
            cut: Arc::clone(&self.cut),
            slow: self.plot.slow,
        };
        let given = Given {
            sim: &self.sim,
            base: &self.base,
            partner: &self.partner,
            way,
            ahead: self.sim.between(-self.plot.skew, self.plot.skew),
        };
        if self.workers[number].start(given).is_err() {
            soon(&self.sim, 1_000, Turn::Start { worker: number });
        }
    }

    fn resume(&mut self, number: usize) {
        let worker = &mut self.workers[number];
        worker.halted = false;
        let now = self.sim.now();
        for event in std::mem::take(&mut worker.held) {
            self.sim.at(now, event);
        }
    }

    /// Whether every message was accepted and every run has ended or waits for a person.
    fn is_done(&self) -> bool {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner).len();
        accepted == self.plot.messages.len() && verdict::unfinished(self).is_empty()
    }
}
