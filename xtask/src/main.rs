//! The project's own tasks: `cargo xtask setup|plugins|demo|test|faults|bench|tidy`.
//!
//! Each does the set-up that it needs, so that a new machine needs nothing but rustup's stable Rust.

mod bench;
mod demo;
mod faults;
mod plugins;
mod setup;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

  setup            adds the wasm target and the tools that the tests use
  plugins [NAMES]  builds the connectors into target/plugins/
  demo [--keep]    runs the main job against simulated partners and tells what happened
  test [ARGS]      all tests (nextest where it is installed); ARGS go to the runner
  faults [--full]  kills cases at their commits, plays simulations, kills the runtime at random moments, and counts what took effect
  bench            medians of calls, durable runs, start and memory
  tidy             the house rules that a machine can check
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let outcome = match task {
        "setup" => setup::task(),
        "plugins" => plugins::task(rest),
        "demo" => demo::task(rest),
        "test" => test::run_tests(rest),
        "faults" => faults::task(rest),
        "bench" => bench::task(rest),
        "tidy" => tidy::task(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
