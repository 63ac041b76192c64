//! `cargo xtask faults`: builds everything, plays simulations, then kills the runtime at random moments and counts what took
//! effect.

use std::process::Command;

use anyhow::Result;

use crate::demo::PROGRAMS;
use crate::plugins;
use crate::shell::{cargo, run, step, target};

/// So many simulations are played in a short run.
const SHORT: u64 = 10_000;
/// And in a full one.
const FULL: u64 = 200_000;

pub(crate) fn task(arguments: &[String]) -> Result<()> {
    step("building the command, the simulation and the simulated partners (a first build takes some minutes)");
    run(cargo().args(PROGRAMS))?;
    plugins::build(&[])?;
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.and_then(|at| arguments.get(at + 1)).map(String::as_str);
    if only.is_none_or(|only| only == "simulation") {
        let full = arguments.iter().any(|argument| argument == "--full");
        simulate(if full { FULL } else { SHORT })?;
    }
    if only == Some("simulation") {
        return Ok(());
    }
    step("running the fault suites");
    let program = target().join("debug/dragoman-faults");
    run(Command::new(program)
        .args(arguments)
        .env("DRAGOMAN_BIN", target().join("debug/dragoman")))
}

/// Plays so many simulations. A seed that fails is told, and is played again, with all that happens, by
/// `target/debug/dragoman-simulation --seed SEED`.
fn simulate(seeds: u64) -> Result<()> {
    step("playing simulations: many workers, one store, and all that can go wrong between them");
    let program = target().join("debug/dragoman-simulation");
    run(Command::new(program).args(["--seeds", &seeds.to_string()]))
}
