//! `dragoman check`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use dragoman_model::{Diagnostic, Severity};
use serde_json::Value;

use crate::answer::{Outcome, print_diagnostics};
use crate::commands::explain;
use crate::commands::plugin::compiled;
use crate::sarif;
use crate::site::block_on;

/// How diagnostics are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, on standard error
    Text,
    /// One JSON array, for programs
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

/// Says everything that is wrong with a site, its plugins and its pipelines, all at once. Nothing is run, no secret is
/// used, no store is opened. A secret that is not set here is a note. Exits with 1 where there is an error.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The site file
    #[arg(default_value = "dragoman.yaml", value_name = "SITE")]
    site: PathBuf,
    /// The site file, as the other commands take it
    #[arg(long = "site", value_name = "FILE", conflicts_with = "site")]
    named: Option<PathBuf>,
    /// How what is wrong is told
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Check {
    pub(crate) fn run(self) -> Outcome {
        let site = self.named.unwrap_or(self.site);
        let diagnostics = block_on(async { Ok(dragoman_server::check(&site, compiled::cache()).await?) })?;
        let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
        match if self.json { Format::Json } else { self.format } {
            Format::Json => {
                let told: Value = diagnostics.iter().map(Diagnostic::to_json).collect();
                println!("{told:#}");
            }
            Format::Sarif => println!("{:#}", sarif::log(&diagnostics, explain::page)),
            Format::Text => {
                print_diagnostics(&diagnostics);
                if !failed {
                    println!("{}: ok", site.display());
                }
            }
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
