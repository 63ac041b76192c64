//! `cargo xtask faults`: builds everything, then kills the runtime at random moments and counts what took effect.

use std::process::Command;

use anyhow::Result;

use crate::demo::PROGRAMS;
use crate::plugins;
use crate::shell::{cargo, run, step, target};

pub(crate) fn task(arguments: &[String]) -> Result<()> {
    step("building the command and the simulated partners (a first build takes some minutes)");
    run(cargo().args(PROGRAMS))?;
    plugins::build(&[])?;
    step("running the fault suites");
    let program = target().join("debug/dragoman-faults");
    run(Command::new(program)
        .args(arguments)
        .env("DRAGOMAN_BIN", target().join("debug/dragoman")))
}
