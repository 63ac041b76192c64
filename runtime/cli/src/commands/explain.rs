//! `dragoman explain CODE`.

use std::process::ExitCode;

use clap::Args;

use crate::answer::{Error, Outcome};

/// The pages of `docs/codes`, sorted by code.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page of a code, as Markdown.
pub(crate) fn page(code: &str) -> Option<&'static str> {
    let found = PAGES.iter().find(|(id, _)| id.eq_ignore_ascii_case(code));
    found.map(|(_, page)| *page)
}

/// What a code means and what to do; without a code, all of them.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// For example D0101, or key.conflict
    code: Option<String>,
}

impl Explain {
    pub(crate) fn run(self) -> Outcome {
        let Some(code) = self.code else {
            for (_, page) in PAGES {
                println!("{}", page.lines().next().unwrap_or_default().trim_start_matches("# "));
            }
            return Ok(ExitCode::SUCCESS);
        };
        match page(&code) {
            Some(page) => {
                println!("{}", page.trim_end());
                Ok(ExitCode::SUCCESS)
            }
            None => Err(Error::plain(format!("there is no code `{code}`"))
                .help("`dragoman explain` without a code lists them all")),
        }
    }
}
