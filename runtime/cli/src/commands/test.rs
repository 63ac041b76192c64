//! `dragoman test`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;
use dragoman_cases::{Bench, Outcome, Report, junit, run, updated};
use dragoman_manifest::cases::Crash;
use dragoman_manifest::{Case, parse_case};
use dragoman_model::{Diagnostic, nearest};
use dragoman_server::read_source;
use serde_json::Value;

use crate::answer::{Error, Outcome as Ends, print_diagnostics};
use crate::codes::{NOT_THERE, no_pipeline, unwritten};
use crate::commands::plugin::compiled;
use crate::site::{SiteOption, block_on};

/// Runs the cases beside the pipelines, on the real engine with everything around it told by the case. Exits with 1
/// where one does not hold, with 2 where a case itself is wrong.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The pipelines; none: all
    pipelines: Vec<String>,
    #[command(flatten)]
    site: SiteOption,
    /// Only the cases with this name: that of their file, or a part of what they show
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Kills every case at its commits, right before and right after each; of commits that are alike at the first and last
    #[arg(long)]
    crash: bool,
    /// Writes what happened into the `expect` of the cases that do not hold
    #[arg(long)]
    update: bool,
    /// The verdicts as JUnit XML, for build servers
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// The verdicts as one JSON array
    #[arg(long)]
    json: bool,
}

impl Test {
    pub(crate) fn run(self) -> Ends {
        let trial = block_on(async { Ok(dragoman_server::trial(&self.site.site, compiled::cache()).await?) })?;
        if !self.json {
            print_diagnostics(&trial.warnings);
        }
        for asked in &self.pipelines {
            if !trial.pipelines.contains(asked) {
                let all = trial.pipelines.iter().map(String::as_str);
                let help = match nearest(asked, all) {
                    Some(right) => format!("did you mean `{right}`?"),
                    None => format!("it has {}", trial.pipelines.join(", ")),
                };
                return Err(no_pipeline(asked).help(help));
            }
        }
        let (cases, mistakes) = self.cases(&trial.cases);
        if cases.is_empty() && mistakes.is_empty() {
            return Err(Error::coded(NOT_THERE, "there is no such case").help(
                "a case is a file in `cases/` beside its pipeline; `dragoman runs record ID` makes one of a run",
            ));
        }
        let mut reports = tried(&cases, &trial.bench);
        if self.update {
            self.write(&cases, &mut reports)?;
        }
        if let Some(file) = &self.junit {
            write(file, &junit(&reports))?;
        }
        if self.json {
            let all: Vec<Value> = reports.iter().map(Report::to_json).collect();
            println!("{:#}", Value::Array(all));
        } else {
            reports.iter().for_each(print);
        }
        print_diagnostics(&mistakes);
        Ok(self.end(&reports, !mistakes.is_empty()))
    }

    /// The cases that were asked for, and the mistakes of those that cannot be read.
    fn cases(&self, files: &[PathBuf]) -> (Vec<(PathBuf, Case)>, Vec<Diagnostic>) {
        let mut cases = Vec::new();
        let mut mistakes = Vec::new();
        for file in files {
            let (case, diagnostics) = match read_source(file) {
                Ok(source) => parse_case(source),
                Err(diagnostic) => (None, vec![*diagnostic]),
            };
            let Some(mut case) = case else {
                mistakes.extend(diagnostics);
                continue;
            };
            if self.crash && case.crash == Crash::Never {
                case.crash = Crash::EachKind;
            }
            let stem = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
            let named = self
                .case
                .as_deref()
                .is_none_or(|name| stem == name || case.summary.contains(name));
            let asked = self.pipelines.is_empty() || self.pipelines.contains(&case.pipeline.value);
            if named && asked {
                cases.push((file.clone(), case));
            }
        }
        (cases, mistakes)
    }

    /// Writes what happened into the cases that do not hold.
    fn write(&self, cases: &[(PathBuf, Case)], reports: &mut [Report]) -> Result<(), Error> {
        for ((file, case), report) in cases.iter().zip(reports) {
            let (Outcome::Differs(_), Some(found)) = (&report.outcome, &report.found) else {
                continue;
            };
            let text = updated(case, found);
            // What is written must be a case again, whatever stands around it.
            let (read, diagnostics) = parse_case(dragoman_model::Source::new(file.display().to_string(), text.clone()));
            if read.is_none() {
                return Err(Error::Diagnostics(diagnostics));
            }
            if text != case.source.text {
                write(file, &text)?;
                println!("{}: updated", file.display());
            }
        }
        Ok(())
    }

    fn end(&self, reports: &[Report], mistaken: bool) -> ExitCode {
        let count = |is: fn(&Outcome) -> bool| reports.iter().filter(|r| is(&r.outcome)).count();
        let held = count(|o| matches!(o, Outcome::Holds));
        let differing = count(|o| matches!(o, Outcome::Differs(_)));
        let wrong = count(|o| matches!(o, Outcome::Wrong(_) | Outcome::Broken(_)));
        let lives: usize = reports.iter().map(|r| r.lives).sum();
        if !self.json {
            let seconds: f64 = reports.iter().map(|r| r.took.as_secs_f64()).sum();
            println!(
                "\n{} cases: {held} hold, {differing} do not, {wrong} are wrong ({lives} runs, {seconds:.1} s)",
                reports.len()
            );
        }
        match (wrong > 0 || mistaken, differing > 0 && !self.update) {
            (true, _) => ExitCode::from(2),
            (false, true) => ExitCode::FAILURE,
            (false, false) => ExitCode::SUCCESS,
        }
    }
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(file, text).map_err(|e| unwritten(file, e))
}

/// Runs the cases, as many at once as the machine has processors; the reports are in the order of the cases.
fn tried(cases: &[(PathBuf, Case)], bench: &Arc<Bench>) -> Vec<Report> {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(cases.len().max(1));
    let work = || {
        let mut reports = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            let Some((file, case)) = cases.get(number) else {
                return reports;
            };
            let folder = file.parent().unwrap_or(Path::new("."));
            reports.push((number, run(case, folder, bench)));
        }
    };
    let mut reports: Vec<(usize, Report)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    });
    reports.sort_by_key(|(number, _)| *number);
    reports.into_iter().map(|(_, report)| report).collect()
}

fn print(report: &Report) {
    let verdict = match report.outcome {
        Outcome::Holds => "ok   ",
        Outcome::Differs(_) => "FAIL ",
        Outcome::Wrong(_) | Outcome::Broken(_) => "WRONG",
    };
    let lives = if report.lives > 1 {
        format!(", {} runs", report.lives)
    } else {
        String::new()
    };
    println!(
        "{verdict} {} / {} ({:.2} s{lives})  {}",
        report.pipeline,
        report.name(),
        report.took.as_secs_f64(),
        report.summary
    );
    match &report.outcome {
        Outcome::Holds => {}
        Outcome::Differs(mismatches) => {
            for mismatch in mismatches {
                println!("{}", indented(&mismatch.render()));
            }
        }
        Outcome::Wrong(diagnostics) => {
            let colour = crate::console::colour();
            diagnostics.iter().for_each(|d| println!("{}\n", d.render(colour)));
        }
        Outcome::Broken(message) => println!("      {message}"),
    }
    if !report.unused.is_empty() && !matches!(report.outcome, Outcome::Wrong(_)) {
        println!("      no call asked for: {}", report.unused.join(", "));
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("      {line}\n")).collect()
}
