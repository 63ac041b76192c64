//! `cargo xtask faults`: builds everything, kills the cases of all shipped pipelines at their commits, plays simulations, then
//! kills the runtime at random moments and counts what took effect.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::demo::PROGRAMS;
use crate::plugins;
use crate::shell::{cargo, root, run, step, target};

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
    if only.is_none_or(|only| only == "matrix") {
        matrix()?;
    }
    if only.is_none_or(|only| only == "simulation") {
        let full = arguments.iter().any(|argument| argument == "--full");
        simulate(if full { FULL } else { SHORT })?;
    }
    if matches!(only, Some("matrix" | "simulation")) {
        return Ok(());
    }
    step("running the fault suites");
    let program = target().join("debug/dragoman-faults");
    run(Command::new(program)
        .args(arguments)
        .env("DRAGOMAN_BIN", target().join("debug/dragoman")))
}

/// Kills each case of the shipped pipelines right before and right after its commits: it must come out as without that.
fn matrix() -> Result<()> {
    step("killing the cases of all shipped pipelines at their commits");
    let mut sites: Vec<PathBuf> = std::fs::read_dir(root().join("examples"))?
        .map(|folder| Ok(folder?.path().join("dragoman.yaml")))
        .collect::<Result<_>>()?;
    sites.retain(|site| site.is_file());
    sites.sort();
    for site in sites {
        let program = target().join("debug/dragoman");
        run(Command::new(program).args(["test", "--crash", "--site"]).arg(site))?;
    }
    Ok(())
}

/// Plays so many simulations. A seed that fails is told, and is played again, with all that happens, by
/// `target/debug/dragoman-simulation --seed SEED`.
fn simulate(seeds: u64) -> Result<()> {
    step("playing simulations: many workers, one store, and all that can go wrong between them");
    let program = target().join("debug/dragoman-simulation");
    run(Command::new(program).args(["--seeds", &seeds.to_string()]))
}
