//! `cargo xtask bench`: figures with the release profile, medians and ratios of one run.

use std::process::Command;

use anyhow::Result;

use crate::plugins;
use crate::shell::{cargo, run, step, target};

pub(crate) fn task(_arguments: &[String]) -> Result<()> {
    plugins::build(&[])?;
    step("building with the release profile");
    run(cargo().args([
        "build",
        "--release",
        "--package",
        "dragoman-cli",
        "--package",
        "dragoman-acceptance",
        "--bin",
        "dragoman",
        "--bin",
        "dragoman-bench",
    ]))?;
    step("a call of a plugin against native code");
    run(cargo().args(["bench", "--package", "dragoman-host", "--bench", "call"]))?;
    step("durable runs, start and memory");
    let program = target().join("release/dragoman-bench");
    run(Command::new(program).env("DRAGOMAN_BIN", target().join("release/dragoman")))
}
