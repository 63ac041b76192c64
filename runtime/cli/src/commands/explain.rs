//! `dragoman explain CODE`.

use std::process::ExitCode;

use clap::Args;

use crate::answer::{Error, Outcome};

/// The pages of `docs/codes`, sorted by code.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The tables of the codes of failures: a line each, where a page would say no more.
const FAILURES: &str = include_str!("../../../../docs/reference/failures.md");

/// What is said of a code, as Markdown.
pub(crate) fn page(code: &str) -> Option<String> {
    if let Some((_, page)) = PAGES.iter().find(|(id, _)| id.eq_ignore_ascii_case(code)) {
        return Some((*page).to_owned());
    }
    let row = failures().find(|row| is_meant(row.code, code))?;
    Some(format!("# {code}: {}\n\n**What to do.** {}.\n", row.happened, row.help))
}

/// A row of the tables.
struct Row {
    code: &'static str,
    happened: &'static str,
    help: &'static str,
}

fn failures() -> impl Iterator<Item = Row> {
    FAILURES.lines().filter_map(|line| {
        let line = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let mut cells = line.split(" | ");
        Some(Row {
            code: cells.next()?.strip_suffix('`')?,
            happened: cells.next()?,
            help: cells.next()?,
        })
    })
}

/// Whether a row is about a code. A status stands for all of them, and what a connector passes on begins with `http.`.
fn is_meant(row: &str, code: &str) -> bool {
    let inner = code.get(..5).filter(|start| start.eq_ignore_ascii_case("http."));
    let rest = inner.map(|_| &code[5..]);
    let status = rest.is_some_and(|rest| rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit()));
    row.eq_ignore_ascii_case(code)
        || (row == "http.NNN" && status)
        || rest.is_some_and(|rest| rest.starts_with("denied.") && row.eq_ignore_ascii_case(rest))
}

/// What a code means and what to do; without a code, all of them.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// For example D0101, key.conflict, or wait.timeout
    code: Option<String>,
}

impl Explain {
    pub(crate) fn run(self) -> Outcome {
        let Some(code) = self.code else {
            for (_, page) in PAGES {
                println!("{}", page.lines().next().unwrap_or_default().trim_start_matches("# "));
            }
            for row in failures() {
                println!("{}: {}", row.code, row.happened);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, said: Option<&str>) {
        let page = page(code);
        let first = page.as_deref().and_then(|page| page.lines().next());
        assert!(
            match (first, said) {
                (Some(first), Some(said)) => first.starts_with(&format!("# {said}")),
                (first, said) => first.is_none() && said.is_none(),
            },
            "{code}: {first:?}"
        );
    }

    #[test]
    fn whatever_a_failure_is_called_is_explained() {
        for code in [
            "message.json",
            "run.deadline",
            "wait.timeout",
            "repeat.timeout",
            "each.duplicate_key",
            "http.503",
            "http.connect",
            "denied.path",
            "http.denied.path",
            "key.conflict",
            "D0101",
        ] {
            check(code, Some(&format!("{code}: ")));
        }
        check("WAIT.timeout", Some("WAIT.timeout: nobody"));
        for code in ["", "http.", "http.5033", "http.wait.timeout", "nosuch", "żółw.a"] {
            check(code, None);
        }
    }

    #[test]
    fn each_row_has_its_three_cells_and_each_code_one_row() {
        let codes: Vec<&str> = failures().map(|row| row.code).collect();
        let lines = FAILURES.lines().filter(|line| line.starts_with("| `")).count();
        assert!(codes.len() == lines && lines > 40, "{} of {lines}", codes.len());
        for (at, code) in codes.iter().enumerate() {
            assert!(!codes[..at].contains(code), "{code} stands there twice");
            assert!(PAGES.iter().all(|(id, _)| id != code), "{code} has a page");
        }
    }
}
