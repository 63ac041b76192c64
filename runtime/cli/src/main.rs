//! The command `dragoman`: one file a command, thin.

mod answer;
mod codes;
mod commands;
mod console;
mod crash;
mod memory;
mod observed;
mod sarif;
mod shown;
mod site;
mod times;
mod who;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs sandboxed connectors and pipelines that join the systems of states.
#[derive(Debug, Parser)]
#[command(name = "dragoman", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says everything that is wrong with a site and its pipelines
    Check(commands::check::Check),
    /// Runs the cases of pipelines
    Test(commands::test::Test),
    /// Draws a pipeline, and the way that a run took
    Graph(commands::graph::Graph),
    /// Lays files out as the reference does
    Fmt(commands::fmt::Fmt),
    /// The JSON Schema of a kind of file, for editors
    Schema(commands::schema::Schema),
    /// Takes messages and runs pipelines
    Serve(commands::serve::Serve),
    /// Shares the work of a site that is kept in a database
    Worker(commands::worker::Worker),
    /// Has the running server read its site anew
    Reload(commands::reload::Reload),
    /// Runs one message through a pipeline, to its end
    Run(commands::run::Run),
    /// What happened
    Runs(commands::runs::Runs),
    /// What waits for a person
    Waits(commands::waits::Waits),
    /// What stopped for a person or failed, and repairing it
    Dead(commands::dead::Dead),
    /// Pauses a pipeline or a connection: nobody is called, nothing is lost
    Pause(commands::pause::Pause),
    /// Lets a pipeline or a connection go on
    Resume(commands::pause::Resume),
    /// Of what was taken in a day: what came of it, and what is missing
    Reconcile(commands::reconcile::Reconcile),
    /// Accounts of the ledgers: what is claimed, by whom, and setting it right
    Ledger(commands::ledger::Ledger),
    /// How long messages are kept, what is held, and erasing
    Retention(commands::retention::Retention),
    /// Keeping the store: check, backup, restore, compact, encrypt
    Store(commands::store::Store),
    /// Accounts of people
    User(commands::user::User),
    /// The proof that the trail is whole
    Audit(commands::audit::Audit),
    /// Lets runs in flight go on with another version
    Migrate(commands::migrate::Migrate),
    /// What observed pipelines would have done
    Observe(commands::observe::Observe),
    /// Makes, inspects and tries connectors
    Plugin(commands::plugin::Plugin),
    /// What a code means and what to do
    Explain(commands::explain::Explain),
}

fn main() -> ExitCode {
    crash::install();
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Check(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Graph(command) => command.run(),
        Command::Fmt(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Worker(command) => command.run(),
        Command::Reload(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Runs(command) => command.run(),
        Command::Waits(command) => command.run(),
        Command::Dead(command) => command.run(),
        Command::Pause(command) => command.run(),
        Command::Resume(command) => command.run(),
        Command::Reconcile(command) => command.run(),
        Command::Ledger(command) => command.run(),
        Command::Retention(command) => command.run(),
        Command::Store(command) => command.run(),
        Command::User(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Migrate(command) => command.run(),
        Command::Observe(command) => command.run(),
        Command::Plugin(command) => command.run(),
        Command::Explain(command) => command.run(),
    };
    outcome.unwrap_or_else(|error| error.report())
}
