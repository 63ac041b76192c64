//! `dragoman graph`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use dragoman_graph::{Flow, Happened, Track, mermaid, picture, svg};
use dragoman_journal::Record;
use dragoman_manifest::{Pipeline, parse_pipeline};
use dragoman_model::{Diagnostic, OperationEffect, Severity, Source, Value, nearest};
use dragoman_server::{Trial, read_site, read_source};

use crate::answer::{Error, Outcome, print_diagnostics};
use crate::codes::{no_pipeline, unwritten};
use crate::commands::plugin::compiled;
use crate::site::{Sight, SiteOption, block_on};

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
    /// A run, by its id or the beginning of it. The version of the pipeline is drawn that the run is pinned to
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Where it is written; standard output where nothing is said
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Graph {
    pub(crate) fn run(self) -> Outcome {
        let shown = match &self.run {
            Some(run) => Some(block_on(async { whole(&self.site.look().await?, run).await })?),
            None => None,
        };
        let pinned = shown.as_ref().and_then(|shown| pinned(&shown["edition"]));
        let (pipeline, note) = match pinned {
            Some((pipeline, version)) => {
                let note = self.is_other(&pipeline)?.then(|| older(&version));
                (pipeline, note)
            }
            None => (self.pipeline()?, shown.as_ref().map(|_| unkept())),
        };
        // Without its plugins a pipeline is drawn all the same: only what its calls do is then not told.
        let trial = block_on(async { Ok(dragoman_server::trial(&self.site.site, compiled::cache()).await.ok()) })?;
        let effects = |connection: &str, operation: &str| effect(trial.as_ref()?, connection, operation);
        let mut flow = Flow::of(&pipeline, &effects);
        if let Some(note) = note {
            eprintln!("{note}");
            flow.note(note);
        }
        let track = match &shown {
            Some(shown) => Some(self.track(&flow, shown)?),
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

    /// The name of the pipeline in the file that is meant; none: no file is.
    fn asked(&self) -> Result<Option<String>, Error> {
        let path = Path::new(&self.pipeline);
        if !path.is_file() {
            return Ok(None);
        }
        Ok(read(path)?.0.map(|pipeline| pipeline.name.value))
    }

    /// Whether the site has another text by now than a version. A pipeline that it does not have any more is another.
    fn is_other(&self, pinned: &Pipeline) -> Result<bool, Error> {
        let path = Path::new(&self.pipeline);
        let files = match path.is_file() {
            true => vec![path.to_owned()],
            false => files(&folder(&self.site.site)?),
        };
        for file in files {
            if read_source(&file).is_ok_and(|source| source.text == pinned.source.text) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What became of each step in a run.
    fn track(&self, flow: &Flow, shown: &Value) -> Result<Track, Error> {
        let run = self.run.as_deref().unwrap_or_default();
        let about = shown["run"]["pipeline"].as_str().unwrap_or_default();
        let asked = self.asked()?.unwrap_or_else(|| self.pipeline.clone());
        if about != asked {
            let message = format!("the run {run} is one of the pipeline `{about}`, not of `{asked}`");
            return Err(Error::plain(message).help(format!("write `dragoman graph {about} --run {run}`")));
        }
        let children = shown["children"].as_array().into_iter().flatten();
        let children: Vec<Vec<Happened>> = children.map(|child| happened(&child["timeline"])).collect();
        Ok(Track::of(flow, &happened(&shown["timeline"]), &children))
    }
}

/// A run with those of its items, and of the items that these have. What runs another pipeline has a picture of its own.
async fn whole(site: &Sight, run: &str) -> Result<Value, Error> {
    let mut shown = site.run(run, true).await?;
    let about = shown["run"]["pipeline"].clone();
    let mut children = Vec::new();
    let mut open = members(&mut shown);
    while let Some(child) = open.pop() {
        let begins = |entry: &Value| entry["record"]["kind"] == "children";
        let has_items = child["timeline"]
            .as_array()
            .is_some_and(|entries| entries.iter().any(begins));
        if child["run"]["pipeline"] == about && has_items {
            let run = child["run"]["run"].as_str().unwrap_or_default().to_owned();
            open.extend(members(&mut site.run(&run, true).await?));
        }
        children.push(child);
    }
    shown["children"] = Value::Array(children);
    Ok(shown)
}

/// The children of a run, taken out of what is shown of it.
fn members(shown: &mut Value) -> Vec<Value> {
    match shown["children"].take() {
        Value::Array(children) => children,
        _ => Vec::new(),
    }
}

/// The pipeline that a run is pinned to, with its version; none: the store does not have it.
fn pinned(edition: &Value) -> Option<(Pipeline, String)> {
    let text = edition["text"].as_str()?;
    let source = Source::new(edition["name"].as_str().unwrap_or_default(), text);
    let version = edition["version"].as_str()?.trim_start_matches("sha256:");
    Some((parse_pipeline(source).0?, version.chars().take(12).collect()))
}

fn older(version: &str) -> String {
    format!("the version {version} is drawn, which the run is pinned to; the site has another one now")
}

fn unkept() -> String {
    "the store does not have the version that the run is pinned to: the pipeline is drawn as it is now".to_owned()
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
