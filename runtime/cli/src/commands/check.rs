//! `dragoman check`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dragoman_model::{Diagnostic, Severity};
use serde_json::Value;

use crate::answer::{Outcome, print_diagnostics};
use crate::site::block_on;

/// Says everything that is wrong with a site, its plugins and its pipelines, all at once. Nothing is run, no secret is
/// looked up, no store is opened. Exits with 1 where there is an error.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The site file
    #[arg(default_value = "dragoman.yaml", value_name = "SITE")]
    site: PathBuf,
    /// The site file, as the other commands take it
    #[arg(long = "site", value_name = "FILE", conflicts_with = "site")]
    named: Option<PathBuf>,
    /// One JSON array, for programs
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self) -> Outcome {
        let site = self.named.unwrap_or(self.site);
        let diagnostics = block_on(async { Ok(dragoman_server::check(&site).await?) })?;
        let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
        if self.json {
            println!(
                "{:#}",
                Value::Array(diagnostics.iter().map(Diagnostic::to_json).collect())
            );
        } else {
            print_diagnostics(&diagnostics);
            if !failed {
                println!("{}: ok", site.display());
            }
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
