//! What a seed gives: who sends what when, and what goes wrong.

use crate::plans::ASKED;
use crate::sim::{Act, Event, MORNING, Sim};

/// The first messages come within so many milliseconds.
const RUSH: i64 = 20_000;
/// Nothing goes wrong after so many milliseconds any more.
pub(crate) const CALM: i64 = 150_000;

/// A turn of the plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A sender sends a message, which has not been accepted yet.
    Send { message: usize },
    /// A message that was accepted may come once more.
    SendAgain { message: usize },
    /// Somebody answers what the run of a message asks, again and again until it is answered.
    Answer { message: usize },
    /// Somebody gives up the run of a message.
    GiveUp { message: usize },
    /// A worker is killed.
    Kill { worker: usize, back_after: i64, seen: bool },
    /// It starts again.
    Start { worker: usize },
    /// A worker stands still, and goes on later.
    Halt { worker: usize, for_millis: i64 },
    /// It goes on.
    Resume { worker: usize },
    /// A worker does not reach the store for a while.
    Cut { worker: usize, for_millis: i64 },
    /// It reaches it again.
    Heal { worker: usize },
    /// The store goes down for a while.
    Down { for_millis: i64 },
    /// It comes up.
    Up,
    /// A sync fails.
    SyncFails { kept: bool },
    /// From now on so many of a thousand requests to the partner meet trouble.
    Partner { per_mille: u64 },
    /// Somebody pauses the connection to the partner.
    Pause { for_millis: i64 },
    /// It goes on.
    GoOn,
    /// Nothing goes wrong any more.
    Calm,
    /// It is looked whether everything is done.
    Look,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) pipeline: &'static str,
    pub(crate) number: String,
}

/// What a seed gives.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    /// How many workers share the store; one: it is alone on it.
    pub(crate) workers: usize,
    pub(crate) messages: Vec<Message>,
    /// In one direction between a worker and the store, in milliseconds at most.
    pub(crate) slow: i64,
    /// By how much clocks differ, in milliseconds at most.
    pub(crate) skew: i64,
    /// How long a process works before a request leaves, in milliseconds at most.
    pub(crate) works: i64,
    /// In one direction between a worker and the partner, in milliseconds at most.
    pub(crate) far: i64,
}

impl Plot {
    /// Draws it; its turns are among the events from now on.
    pub(crate) fn draw(sim: &Sim) -> Plot {
        let workers = match sim.between(0, 9) {
            0..=2 => 1,
            3..=5 => 2,
            _ => 3,
        };
        let mut plot = Plot {
            workers,
            messages: Vec::new(),
            slow: one_of(sim, &[1, 12, 12, 200, 2_000]),
            skew: if workers == 1 { 0 } else { sim.between(0, 250) },
            works: one_of(sim, &[1, 20, 500, 6_000]),
            far: one_of(sim, &[20, 300, 3_000]),
        };
        plot.send(sim);
        plot.trouble(sim);
        plan(sim, CALM, Turn::Calm);
        plan(sim, CALM + 1_000, Turn::Look);
        plot
    }

    fn send(&mut self, sim: &Sim) {
        let (most, rush) = (one_of(sim, &[6, 14]), one_of(sim, &[RUSH, RUSH, 1_000]));
        for _ in 0..sim.between(3, most) {
            let pipeline = ASKED[usize::try_from(sim.between(0, ASKED.len() as i64 - 1)).unwrap_or(0)];
            let serial = if sim.chance(700) { 'a' } else { 'b' };
            let number = format!("{serial}{}", sim.between(1, 7));
            self.send_one(sim, pipeline, number, rush);
        }
        // Whoever waits for an order's event is to hear of it one day.
        let waits: Vec<String> = self.numbers("waits");
        for number in waits {
            if !self.numbers("orders").contains(&number) {
                self.send_one(sim, "orders", number, rush);
            }
        }
    }

    fn send_one(&mut self, sim: &Sim, pipeline: &'static str, number: String, rush: i64) {
        if self
            .messages
            .iter()
            .any(|known| known.pipeline == pipeline && known.number == number)
        {
            return;
        }
        let message = self.messages.len();
        self.messages.push(Message { pipeline, number });
        plan(sim, sim.between(0, rush), Turn::Send { message });
        if sim.chance(300) {
            plan(sim, sim.between(0, RUSH * 4), Turn::SendAgain { message });
        }
        match pipeline {
            "asks" => plan(sim, sim.between(0, RUSH * 4), Turn::Answer { message }),
            "gives-up" if sim.chance(600) => plan(sim, sim.between(0, RUSH * 4), Turn::GiveUp { message }),
            _ => {}
        }
    }

    /// The numbers that are sent to a pipeline.
    pub(crate) fn numbers(&self, pipeline: &str) -> Vec<String> {
        let of = self.messages.iter().filter(|message| message.pipeline == pipeline);
        of.map(|message| message.number.clone()).collect()
    }

    fn trouble(&self, sim: &Sim) {
        let per_mille: i64 = one_of(sim, &[0, 0, 50, 150, 400]);
        let per_mille = u64::try_from(per_mille).unwrap_or(0);
        plan(sim, 0, Turn::Partner { per_mille });
        let most = one_of(sim, &[3, 7, 14]);
        for _ in 0..sim.between(0, most) {
            let worker = usize::try_from(sim.between(0, self.workers as i64 - 1)).unwrap_or(0);
            let at = sim.between(0, if sim.chance(500) { RUSH } else { CALM - 50_000 });
            let turn = match sim.between(0, 9) {
                0..=3 => Turn::Kill {
                    worker,
                    back_after: sim.between(1, 60_000),
                    seen: sim.chance(500),
                },
                4 | 5 => Turn::Halt {
                    worker,
                    // Mostly about as long as a lease.
                    for_millis: if sim.chance(600) {
                        sim.between(25_000, 45_000)
                    } else {
                        sim.between(1, 100_000)
                    },
                },
                6 if self.workers > 1 => Turn::Cut {
                    worker,
                    for_millis: sim.between(1, 60_000),
                },
                7 if self.workers > 1 => Turn::Down {
                    for_millis: sim.between(1, 30_000),
                },
                8 if self.workers == 1 => Turn::SyncFails { kept: sim.chance(500) },
                _ => Turn::Partner {
                    per_mille: u64::try_from(sim.between(0, 900)).unwrap_or(0),
                },
            };
            plan(sim, at, turn);
        }
        if sim.chance(250) {
            let for_millis = sim.between(1, 100_000);
            plan(sim, sim.between(0, CALM - 50_000), Turn::Pause { for_millis });
        }
    }
}

/// One of these.
fn one_of(sim: &Sim, values: &[i64]) -> i64 {
    let last = i64::try_from(values.len()).unwrap_or(1) - 1;
    let chosen = usize::try_from(sim.between(0, last)).unwrap_or(0);
    values.get(chosen).copied().unwrap_or(0)
}

/// A turn comes so many milliseconds after the beginning.
pub(crate) fn plan(sim: &Sim, after: i64, turn: Turn) {
    let event = Event {
        to: None,
        act: Act::Plot(turn),
    };
    sim.at(MORNING + after, event);
}

/// A turn comes so many milliseconds from now.
pub(crate) fn soon(sim: &Sim, millis: i64, turn: Turn) {
    sim.after(millis, None, Act::Plot(turn));
}
