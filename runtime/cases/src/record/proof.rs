//! A recorded case is run before it is handed out: what cannot be told again is said, and never found out later.

use std::path::Path;
use std::sync::Arc;

use dragoman_manifest::parse_case;
use dragoman_model::{Diagnostic, Source};

use crate::bench::Bench;
use crate::differences::Mismatch;
use crate::error::Error;
use crate::report::{Outcome, run};

/// Runs a recorded case. It must not be called within a tokio runtime.
///
/// In: its text, and what it is run on.
///
/// # Errors
/// It does not come out as the run did, with what is other: the pipeline or a connector is not the one that it was, or
/// the run rested on something that a case cannot say.
pub fn prove(text: &str, bench: &Arc<Bench>) -> Result<(), Error> {
    let (case, mut wrong) = parse_case(Source::new("the recorded case", text));
    let differs = match case.map(|case| run(&case, Path::new("."), bench).outcome) {
        Some(Outcome::Holds) => return Ok(()),
        Some(Outcome::Differs(all)) => all.iter().map(Mismatch::render).collect(),
        Some(Outcome::Broken(message)) => message,
        Some(Outcome::Wrong(diagnostics)) => {
            wrong = diagnostics;
            String::new()
        }
        None => String::new(),
    };
    let wrong: Vec<String> = wrong.iter().map(|one: &Diagnostic| one.render(false)).collect();
    let notes = text.lines().skip(1).map_while(|line| line.strip_prefix("# "));
    let mut message = String::from("the recorded case does not come out as the run did:\n");
    message.push_str(&differs);
    message.push_str(&wrong.join("\n"));
    notes.for_each(|note| message.push_str(&format!("  {note}\n")));
    Err(Error::unlike(message.trim_end()))
}
