//! `dragoman worker`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use dragoman_server::{Part, Runtime};

use super::serve::{hangups, log, stopped};
use crate::answer::{Outcome, print_diagnostics};
use crate::memory;
use crate::site::{SiteOption, block_on};

/// Works on the runs of a site that is kept in a database, beside `dragoman serve` and other workers, until it is told to
/// stop (SIGTERM or Ctrl-C). It takes no messages. What it has at work when it stops, or dies, the others go on with. Any
/// number may run on a machine, from one site file; on each machine the site is the same.
#[derive(Debug, Args)]
pub(crate) struct Worker {
    #[command(flatten)]
    site: SiteOption,
    /// The log as JSON lines
    #[arg(long)]
    log_json: bool,
}

impl Worker {
    pub(crate) fn run(self) -> Outcome {
        log(self.log_json, "info");
        block_on(async {
            let (stop, again) = (stopped()?, hangups()?);
            tokio::spawn(memory::give_back());
            let runtime = Runtime::open_as(&self.site.site, Part::Works).await?;
            print_diagnostics(&runtime.warnings);
            let site = runtime.said.name.value.clone();
            let pipelines = runtime.plans.all().len();
            let ready = move || {
                println!("dragoman: working for {site} with {pipelines} pipelines");
                // A reader on a pipe waits for this line.
                let _ = std::io::stdout().flush();
            };
            dragoman_server::work(runtime, ready, stop, again).await?;
            Ok(())
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
