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
    let bench = || {
        let mut bench = Command::new(&program);
        bench.env("DRAGOMAN_BIN", target().join("release/dragoman"));
        bench
    };
    run(&mut bench())?;
    step("runs that wait, and runs of a process that was killed");
    run(bench().args(["waiting", "1000000"]))?;
    run(bench().args(["owned", "100000"]))?;
    run(bench().args(["owned", "100000", "postgres"]))?;
    step("a store that grows");
    run(bench().args(["growth", "10000000"]))?;
    step("the same runs on PostgreSQL, beside an in-process library");
    let rivals = target().join("rivals");
    let manifest = ["build", "--release", "--manifest-path", "tests/rivals/dbos/Cargo.toml"];
    run(cargo().args(manifest).arg("--target-dir").arg(&rivals))?;
    run(bench().arg("rival").arg(rivals.join("release/dragoman-rival-dbos")))
}
