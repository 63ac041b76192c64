//! Plays seeds, on all cores, and says what came of them: `dragoman-simulation [--seeds N] [--from SEED]`, or
//! `--seed SEED` for one, with all that happened.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use dragoman_simulation::{Outcome, play};

/// What was asked for.
struct Wanted {
    from: u64,
    seeds: u64,
    told: bool,
}

impl Wanted {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Wanted, String> {
        let mut wanted = Wanted {
            from: 1,
            seeds: 10_000,
            told: false,
        };
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().ok_or(format!("{argument} needs a number"))?;
                value.parse::<u64>().map_err(|e| format!("{argument} {value}: {e}"))
            };
            match argument.as_str() {
                "--from" => wanted.from = number()?,
                "--seeds" => wanted.seeds = number()?,
                "--seed" => (wanted.from, wanted.seeds, wanted.told) = (number()?, 1, true),
                _ => {
                    return Err(format!(
                        "unknown argument `{argument}`; there are --seeds N, --from SEED, --seed SEED"
                    ));
                }
            }
        }
        Ok(wanted)
    }
}

fn main() -> ExitCode {
    let wanted = match Wanted::read(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(error) => {
            eprintln!("simulation: {error}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let (next, sum) = (AtomicU64::new(wanted.from), Mutex::new(Sum::default()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed - wanted.from >= wanted.seeds {
                        return;
                    }
                    let outcome = play(seed, wanted.told);
                    sum.lock().unwrap_or_else(PoisonError::into_inner).add(&outcome);
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "simulation: seeds {} to {}, failed {}, runs {}, parked {}, requests {}, commits {}, faults {}, {:.1} s",
        wanted.from,
        wanted.from + wanted.seeds - 1,
        sum.failed,
        sum.runs,
        sum.parked,
        sum.calls,
        sum.commits,
        sum.faults,
        began.elapsed().as_secs_f64()
    );
    if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What came of all seeds.
#[derive(Default)]
struct Sum {
    failed: u64,
    runs: usize,
    parked: usize,
    calls: u64,
    commits: u64,
    faults: u64,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        for line in &outcome.told {
            println!("{line}");
        }
        if !outcome.wrong.is_empty() {
            self.failed += 1;
            for wrong in &outcome.wrong {
                eprintln!("simulation: seed {}: {wrong}", outcome.seed);
            }
            eprintln!(
                "simulation: seed {}: to see it again: --seed {}",
                outcome.seed, outcome.seed
            );
        }
        self.runs += outcome.runs;
        self.parked += outcome.parked;
        self.calls += outcome.calls;
        self.commits += outcome.commits;
        self.faults += outcome.faults;
    }
}
