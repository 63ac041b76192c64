//! Running a case to its verdict, and the verdicts of many for other programs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dragoman_manifest::cases::Case;
use dragoman_model::{Diagnostic, Value};
use serde_json::json;

use crate::bench::Bench;
use crate::crash::{Lived, killed, lives};
use crate::differences::{Mismatch, compare};
use crate::error::{Error, PERSON};
use crate::found::Found;
use crate::mortal::Dies;
use crate::prepared::Prepared;

/// What came of a case.
#[derive(Debug)]
pub enum Outcome {
    /// All is as expected.
    Holds,
    /// Something is not.
    Differs(Vec<Mismatch>),
    /// The case itself is wrong.
    Wrong(Vec<Diagnostic>),
    /// It could not be run to its end.
    Broken(String),
}

/// A case with what came of it.
#[derive(Debug)]
pub struct Report {
    /// Its file.
    pub file: String,
    /// What it shows.
    pub summary: String,
    /// The pipeline.
    pub pipeline: String,
    /// What came of it.
    pub outcome: Outcome,
    /// What happened, where it was run.
    pub found: Option<Found>,
    /// Answers that no call asked for.
    pub unused: Vec<String>,
    /// How often it was run: once, and once for every death.
    pub lives: usize,
    /// How long that took.
    pub took: Duration,
}

impl Report {
    /// The name of a case: that of its file.
    pub fn name(&self) -> &str {
        let path = Path::new(&self.file);
        path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(&self.file)
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let (outcome, differences, diagnostics, message) = match &self.outcome {
            Outcome::Holds => ("holds", Vec::new(), Vec::new(), None),
            Outcome::Differs(all) => ("differs", all.iter().map(Mismatch::to_json).collect(), Vec::new(), None),
            Outcome::Wrong(all) => ("wrong", Vec::new(), all.iter().map(Diagnostic::to_json).collect(), None),
            Outcome::Broken(message) => ("broken", Vec::new(), Vec::new(), Some(message)),
        };
        json!({ "file": self.file, "name": self.name(), "case": self.summary, "pipeline": self.pipeline,
                "outcome": outcome, "differences": differences, "diagnostics": diagnostics, "message": message,
                "unused_answers": self.unused, "lives": self.lives, "seconds": self.took.as_secs_f64() })
    }
}

/// Runs a case. `folder`: that of its file, where its documents lie. It must not be called within a tokio runtime.
pub fn run(case: &Case, folder: &Path, bench: &Arc<Bench>) -> Report {
    let began = Instant::now();
    let mut report = Report {
        file: case.source.name.clone(),
        summary: case.summary.value.clone(),
        pipeline: case.pipeline.value.clone(),
        outcome: Outcome::Holds,
        found: None,
        unused: Vec::new(),
        lives: 0,
        took: Duration::ZERO,
    };
    report.outcome = match verdict(case, folder, bench, &mut report) {
        Ok(outcome) => outcome,
        Err(Error::Case(diagnostics)) => Outcome::Wrong(diagnostics),
        Err(error @ Error::Plain { .. }) => Outcome::Broken(error.to_string()),
    };
    report.took = began.elapsed();
    report
}

fn verdict(case: &Case, folder: &Path, bench: &Arc<Bench>, report: &mut Report) -> Result<Outcome, Error> {
    let prepared = Arc::new(Prepared::new(case, folder, bench)?);
    let lived = lives(case, &prepared, bench, &[Dies::Never])?;
    report.lives = 1;
    report.unused.clone_from(&lived.unused);
    let wrong = wrong(case, &lived);
    if !wrong.is_empty() {
        return Ok(Outcome::Wrong(wrong));
    }
    let mut mismatches = compare(&case.expect, &lived.found);
    for line in &lived.begun.trouble {
        mismatches.push(Mismatch::new("trigger", String::new(), "every message is taken", line));
    }
    let (other, lives) = killed(case, &prepared, bench, &lived)?;
    report.lives += lives;
    mismatches.extend(other);
    report.found = Some(lived.found);
    Ok(if mismatches.is_empty() {
        Outcome::Holds
    } else {
        Outcome::Differs(mismatches)
    })
}

/// What only the run could show to be wrong with the case: calls it says nothing about, people whom nobody asks.
fn wrong(case: &Case, lived: &Lived) -> Vec<Diagnostic> {
    let mut wrong = lived.wrong.clone();
    for (number, person) in case.people.iter().enumerate() {
        let said = |message: &str| Diagnostic::error(PERSON, person.wait.span.clone(), message.to_owned());
        if let Some(why) = lived.begun.denied.get(&number) {
            wrong.push(said(why));
        } else if !lived.begun.answered.contains(&number) && wrong.is_empty() {
            let there: Vec<String> = gone_through(&lived.found);
            wrong.push(
                said(&format!("nothing waits at `{}`", person.wait.value))
                    .help(format!("the run went through {}", there.join(", ")))
                    .help("take the answer away, or write the path of the wait"),
            );
        }
    }
    for (number, operator) in case.operators.iter().enumerate() {
        let said = |message: String| Diagnostic::error(PERSON, operator.act.span.clone(), message);
        if let Some(why) = lived.begun.forbidden.get(&number) {
            wrong.push(said(format!("what the operator does is not taken: {why}")));
        } else if !lived.begun.acted.contains(&number) && wrong.is_empty() {
            let at = operator.parked.as_ref().map_or("the run", |parked| &parked.value);
            wrong.push(
                said(format!("nothing is parked at `{at}`"))
                    .help(format!(
                        "the run went through {}",
                        gone_through(&lived.found).join(", ")
                    ))
                    .help("take the act away, or write the path of the step that is parked"),
            );
        }
    }
    wrong
}

/// The paths of the run and of those that its events began, as a case calls them.
fn gone_through(found: &Found) -> Vec<String> {
    let mut paths = found.path.clone();
    for begun in &found.begun {
        let inner = gone_through(&begun.found).into_iter();
        paths.extend(inner.map(|path| match path.contains(".steps.") {
            true => path,
            false => format!("{}.steps.{path}", begun.pipeline),
        }));
    }
    paths
}

/// The reports as JUnit XML, as build servers read it: a suite for each pipeline.
pub fn junit(reports: &[Report]) -> String {
    let mut pipelines: Vec<&str> = reports.iter().map(|r| r.pipeline.as_str()).collect();
    pipelines.dedup();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for pipeline in pipelines {
        let suite: Vec<&Report> = reports.iter().filter(|r| r.pipeline == pipeline).collect();
        let differing = suite
            .iter()
            .filter(|r| matches!(r.outcome, Outcome::Differs(_)))
            .count();
        let broken = suite
            .iter()
            .filter(|r| matches!(r.outcome, Outcome::Wrong(_) | Outcome::Broken(_)))
            .count();
        let seconds: f64 = suite.iter().map(|r| r.took.as_secs_f64()).sum();
        xml.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{differing}\" errors=\"{broken}\" time=\"{seconds:.3}\">\n",
            escaped(pipeline),
            suite.len()
        ));
        for report in suite {
            xml.push_str(&testcase(report));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn testcase(report: &Report) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}: {}\" file=\"{}\" time=\"{:.3}\"",
        escaped(&report.pipeline),
        escaped(report.name()),
        escaped(&report.summary),
        escaped(&report.file),
        report.took.as_secs_f64()
    );
    let body = |kind: &str, message: &str, text: &str| {
        let (message, text) = (escaped(message), escaped(text));
        format!("{head}>\n      <{kind} message=\"{message}\">{text}</{kind}>\n    </testcase>\n")
    };
    match &report.outcome {
        Outcome::Holds => format!("{head}/>\n"),
        Outcome::Differs(all) => {
            let text: String = all.iter().map(Mismatch::render).collect();
            body("failure", &format!("{} differences", all.len()), &text)
        }
        Outcome::Wrong(all) => {
            let text: Vec<String> = all.iter().map(|d| d.render(false)).collect();
            body(
                "error",
                &format!("{} mistakes in the case", all.len()),
                &text.join("\n"),
            )
        }
        Outcome::Broken(message) => body("error", message, message),
    }
}

/// A text within XML; what XML 1.0 cannot hold becomes a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
    }
    out
}
