//! `cargo xtask test`: all tests, with nextest where it is installed, and the short form of the fault suites.

use anyhow::Result;

use crate::shell::{cargo, exists, run, step, target};
use crate::{demo, faults, plugins, setup};

pub(crate) fn run_tests(arguments: &[String]) -> Result<()> {
    setup::target()?;
    setup::tools()?;
    plugins::build(&[])?;
    let nextest = exists("cargo-nextest", "--version");
    // The programs first: tests start the real ones, and cargo does not build those of other packages for them.
    step("building the command and the simulated partners");
    run(cargo().args(demo::PROGRAMS))?;
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
    run(command
        .args(arguments)
        .env("DRAGOMAN_BIN", target().join("debug/dragoman")))?;
    // What follows belongs to a whole run only.
    if !arguments.is_empty() {
        return Ok(());
    }
    if nextest {
        step("running the examples in the documentation");
        run(cargo().args(["test", "--workspace", "--doc", "--quiet"]))?;
    }
    // How bad connectors slow the others down is a measurement, and belongs to `cargo xtask faults` on a quiet machine.
    for suite in ["matrix", "simulation", "kills", "nasty", "crowd"] {
        faults::task(&["--only".into(), suite.into()])?;
    }
    Ok(())
}
