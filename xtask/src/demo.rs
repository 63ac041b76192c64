//! `cargo xtask demo`: builds everything, then runs the main job against simulated partners.

use std::process::Command;

use anyhow::Result;

use crate::plugins;
use crate::shell::{cargo, run, step, target};

/// The programs that acceptance runs need.
pub(crate) const PROGRAMS: [&str; 8] = [
    "build",
    "--package",
    "dragoman-cli",
    "--package",
    "dragoman-acceptance",
    "--package",
    "dragoman-simulation",
    "--bins",
];

pub(crate) fn task(arguments: &[String]) -> Result<()> {
    step("building the command and the simulated partners (a first build takes some minutes)");
    run(cargo().args(PROGRAMS))?;
    plugins::build(&[])?;
    step("running the demo");
    let program = target().join("debug/dragoman-demo");
    run(Command::new(program)
        .args(arguments)
        .env("DRAGOMAN_BIN", target().join("debug/dragoman")))
}
