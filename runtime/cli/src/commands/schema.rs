//! `dragoman schema`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use dragoman_manifest::{Document, json_schema};

use crate::answer::Outcome;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum File {
    /// A pipeline
    Pipeline,
    /// The site file
    Site,
    /// A case
    Case,
}

/// The JSON Schema of a kind of file, for editors: they complete keys and show what each one says.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which files
    #[arg(value_enum)]
    file: File,
}

impl Schema {
    pub(crate) fn run(self) -> Outcome {
        let document = match self.file {
            File::Pipeline => Document::Pipeline,
            File::Site => Document::Site,
            File::Case => Document::Case,
        };
        println!("{:#}", json_schema(document));
        Ok(ExitCode::SUCCESS)
    }
}
