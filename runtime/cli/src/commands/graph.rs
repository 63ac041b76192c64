//! `dragoman graph`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use dragoman_graph::{Flow, Happened, Track, mermaid, picture, svg};
use dragoman_journal::Record;
use dragoman_manifest::{Pipeline, parse_pipeline};
use dragoman_model::{Diagnostic, OperationEffect, Severity, Value, nearest};
use dragoman_server::{Trial, read_site, read_source};

use crate::answer::{Error, Outcome, print_diagnostics};
use crate::codes::{no_pipeline, unwritten};
use crate::commands::plugin::compiled;
use crate::site::{SiteOption, block_on};

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture
    Svg,
    /// Text that README files and wikis draw
    Mermaid,
}

/// Draws a pipeline; with `--run`, the way that the run took is laid over it. A pipeline with mistakes is drawn as far as
/// it could be read.
#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// The pipeline's name, or its file
    pipeline: String,
    #[command(flatten)]
    site: SiteOption,
    /// What is drawn
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// A run, by its id or the beginning of it. It is drawn on the pipeline as it is now
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Where it is written; standard output where nothing is said
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Graph {
    pub(crate) fn run(self) -> Outcome {
        let pipeline = self.pipeline()?;
        // Without its plugins a pipeline is drawn all the same: only what its calls do is then not told.
        let trial = block_on(async { Ok(dragoman_server::trial(&self.site.site, compiled::cache()).await.ok()) })?;
        let effects = |connection: &str, operation: &str| effect(trial.as_ref()?, connection, operation);
        let flow = Flow::of(&pipeline, &effects);
        let track = match &self.run {
            Some(run) => Some(self.track(&flow, run)?),
            None => None,
        };
        let text = match self.format {
            Format::Svg => svg(&picture(&flow), track.as_ref()),
            Format::Mermaid => mermaid(&flow, track.as_ref()),
        };
        match &self.out {
            None => print!("{text}"),
            Some(file) => std::fs::write(file, text).map_err(|e| unwritten(file, e))?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The pipeline that is meant: a file, or one of the site's by its name.
    fn pipeline(&self) -> Result<Pipeline, Error> {
        let path = Path::new(&self.pipeline);
        if path.is_file() {
            return match read(path)? {
                (Some(pipeline), _) => Ok(pipeline),
                (None, diagnostics) => Err(Error::Diagnostics(diagnostics)),
            };
        }
        let mut names = Vec::new();
        for file in files(&folder(&self.site.site)?) {
            let (Some(pipeline), diagnostics) = read(&file)? else {
                continue;
            };
            if pipeline.name.value == self.pipeline {
                print_diagnostics(&diagnostics);
                return Ok(pipeline);
            }
            names.push(pipeline.name.value.clone());
        }
        let help = match nearest(&self.pipeline, names.iter().map(String::as_str)) {
            Some(right) => format!("did you mean `{right}`?"),
            None => format!("it has {}", names.join(", ")),
        };
        Err(no_pipeline(&self.pipeline).help(help))
    }

    /// What became of each step in a run.
    fn track(&self, flow: &Flow, run: &str) -> Result<Track, Error> {
        let shown = block_on(async { self.site.look().await?.run(run, true).await })?;
        let about = shown["run"]["pipeline"].as_str().unwrap_or_default();
        if about != flow.name() {
            let message = format!(
                "the run {run} is one of the pipeline `{about}`, not of `{}`",
                flow.name()
            );
            return Err(Error::plain(message).help(format!("write `dragoman graph {about} --run {run}`")));
        }
        let children = shown["children"].as_array().into_iter().flatten();
        let children: Vec<Vec<Happened>> = children.map(|child| happened(&child["timeline"])).collect();
        Ok(Track::of(flow, &happened(&shown["timeline"]), &children))
    }
}

/// A pipeline with what is wrong with it. Only what is no pipeline at all is an error.
fn read(file: &Path) -> Result<(Option<Pipeline>, Vec<Diagnostic>), Error> {
    let source = read_source(file).map_err(|d| Error::Diagnostics(vec![*d]))?;
    let (pipeline, mut diagnostics) = parse_pipeline(source);
    diagnostics.retain(|d| d.severity == Severity::Error);
    Ok((pipeline, diagnostics))
}

/// The names of a site's pipelines, as far as they can be read; and whether all can.
pub(crate) fn names(site: &Path) -> Result<(Vec<String>, bool), Error> {
    let (mut names, mut all) = (Vec::new(), true);
    for file in files(&folder(site)?) {
        match read(&file) {
            Ok((Some(pipeline), _)) => names.push(pipeline.name.value.clone()),
            _ => all = false,
        }
    }
    Ok((names, all))
}

/// The folder of a site's pipelines.
fn folder(site: &Path) -> Result<PathBuf, Error> {
    let (said, _) = read_site(site).map_err(Error::Diagnostics)?;
    Ok(site.parent().unwrap_or(Path::new("")).join(&*said.pipelines.value))
}

/// The files of a folder of pipelines.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .map(|path| {
            if path.is_dir() {
                path.join("pipeline.yaml")
            } else {
                path
            }
        })
        .filter(|path| path.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml"))
        .collect();
    files.sort();
    files
}

fn effect(trial: &Trial, connection: &str, operation: &str) -> Option<OperationEffect> {
    let surface = trial.bench.surfaces.get(connection)?;
    Some(surface.operations.get(operation)?.effect)
}

/// The entries of a timeline, as the picture needs them.
fn happened(timeline: &Value) -> Vec<Happened> {
    let entries = timeline.as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    entries
        .filter_map(|entry| {
            let record: Record = serde_json::from_value(entry["record"].clone()).ok()?;
            Some(Happened {
                path: text(&entry["path"]).unwrap_or_default(),
                record,
                reason: text(&entry["body"]["reason"]),
                ended_at: text(&entry["body"]["path"]),
            })
        })
        .collect()
}
