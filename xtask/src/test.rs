//! `cargo xtask test`: all tests, with nextest where it is installed.

use anyhow::Result;

use crate::shell::{cargo, exists, run, step};
use crate::{plugins, setup};

pub(crate) fn run_tests(arguments: &[String]) -> Result<()> {
    setup::target()?;
    setup::tools()?;
    plugins::build(&[])?;
    // The binaries first: tests start the real programs, and cargo does not build those of other packages for them.
    step("building the command and the simulated partners");
    run(cargo().args([
        "build",
        "--package",
        "dragoman-cli",
        "--package",
        "dragoman-support",
        "--bins",
    ]))?;
    let nextest = exists("cargo-nextest", "--version");
    step(if nextest {
        "running the tests with nextest"
    } else {
        "running the tests"
    });
    let mut command = cargo();
    if nextest {
        command.args(["nextest", "run", "--workspace"]);
    } else {
        command.args(["test", "--workspace"]);
    }
    run(command.args(arguments))?;
    if nextest {
        step("running the examples in the documentation");
        run(cargo().args(["test", "--workspace", "--doc", "--quiet"]))?;
    }
    Ok(())
}
