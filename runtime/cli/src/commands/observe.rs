//! `dragoman observe`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_journal::RunFilter;
use dragoman_server::timeline::would_be;
use serde_json::{Value, json};

use crate::answer::{Error, Outcome};
use crate::codes::OPTION;
use crate::console::table;
use crate::observed::{self, Columns, Compared, Row, compare, known};
use crate::site::{Sight, SiteOption, block_on};

/// What observed pipelines would have done.
#[derive(Debug, Args)]
pub(crate) struct Observe {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Every call, claim and reply that was written down instead of being made
    Report {
        #[command(flatten)]
        site: SiteOption,
        /// Of this pipeline only
        #[arg(long)]
        pipeline: Option<String>,
        /// For programs, with what would have been sent
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        against: Against,
    },
}

/// The list of what people did, and how its columns are found in the acts.
#[derive(Debug, Args)]
struct Against {
    /// Compares with a list of what people did: CSV, or a JSON list of objects
    #[arg(long, value_name = "FILE", requires_all = ["act", "keys"])]
    against: Option<PathBuf>,
    /// The act that is compared: `connection.operation`, or `ledger:NAME` for claims
    #[arg(long, value_name = "ACT", requires = "against")]
    act: Option<String>,
    /// A list in what would have been sent, each item of which is a row of its own
    #[arg(long, value_name = "PATH", requires = "against")]
    each: Option<String>,
    /// A column that says which act a row is about, and where it is found: in the item, else in what would have been sent
    #[arg(long = "key", value_name = "COLUMN=PATH", requires = "against", value_parser = pair)]
    keys: Vec<(String, String)>,
    /// A column whose values are compared, likewise; numbers of several rows of one key are added up
    #[arg(long = "value", value_name = "COLUMN=PATH", requires = "against", value_parser = pair)]
    values: Vec<(String, String)>,
    /// The names of the columns of a CSV without a heading
    #[arg(long, value_name = "NAMES", requires = "against", value_delimiter = ',')]
    columns: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let named = |text: &str| (text.to_owned(), text.to_owned());
    let pair = text
        .split_once('=')
        .map_or_else(|| named(text), |(column, path)| (column.to_owned(), path.to_owned()));
    if pair.0.is_empty() || pair.1.is_empty() {
        return Err("write COLUMN=PATH, such as number=order.number".into());
    }
    Ok(pair)
}

impl Observe {
    pub(crate) fn run(self) -> Outcome {
        let Act::Report {
            site,
            pipeline,
            json,
            against,
        } = self.act;
        let against = against.read()?;
        block_on(async {
            let acts = acts(&site.look().await?, pipeline.as_deref()).await?;
            if let Some((_, columns)) = &against {
                let (pipelines, all) = known::pipelines(&site.pipelines()?);
                known::check(&columns.act, &acts, &pipelines, all)?;
            }
            match against {
                Some((list, columns)) => print_compared(&compare(&acts, &list, &columns), &columns, json),
                None if json => println!("{:#}", Value::Array(acts)),
                None => print_acts(&acts),
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl Against {
    /// The list and its columns, where one is given.
    fn read(self) -> Result<Option<(Vec<Row>, Columns)>, Error> {
        let (Some(file), Some(act)) = (self.against, self.act) else {
            return Ok(None);
        };
        let list = observed::read(&file, &self.columns)?;
        let named = self.keys.iter().chain(&self.values).map(|(name, _)| name);
        if let Some(missing) = named
            .clone()
            .find(|name| !list.is_empty() && !list.iter().any(|row| row.contains_key(*name)))
        {
            let known: BTreeSet<&str> = list.iter().flat_map(|row| row.keys().map(String::as_str)).collect();
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            let error = Error::coded(OPTION, format!("{} has no column `{missing}`", file.display()));
            return Err(error.help(format!(
                "its columns are {known}; a CSV without a heading needs --columns"
            )));
        }
        let columns = Columns {
            act,
            each: self.each,
            keys: self.keys,
            values: self.values,
        };
        Ok(Some((list, columns)))
    }
}

/// All that was written down instead of being done. A dry run is somebody's trial, and says nothing of what would have
/// been done; nor do its items, which is why all runs are asked for, whatever the pipeline.
async fn acts(site: &Sight, pipeline: Option<&str>) -> Result<Vec<Value>, Error> {
    let filter = RunFilter {
        children: true,
        limit: 100_000,
        ..RunFilter::default()
    };
    let runs = site.runs(filter).await?;
    let mut acts = Vec::new();
    let runs = runs["runs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let by_id: BTreeMap<&str, &Value> = runs
        .iter()
        .filter_map(|run| Some((run["run"].as_str()?, run)))
        .collect();
    for run in runs {
        let id = run["run"].as_str().unwrap_or_default();
        if pipeline.is_some_and(|wanted| run["pipeline"] != wanted) || is_dry(run, &by_id) {
            continue;
        }
        let found = site.run(id, true).await?;
        for line in found["timeline"].as_array().into_iter().flatten() {
            if line["record"]["kind"] == "observed" {
                let what = line["record"]["what"].as_str().unwrap_or_default();
                let (what, unknown) = would_be(what, line.get("body"));
                acts.push(json!({
                    "run": id, "pipeline": run["pipeline"], "key": run["key"], "at": line["at"],
                    "path": line["path"], "what": what, "body": line["body"], "unknown": unknown,
                }));
            }
        }
    }
    Ok(acts)
}

/// Whether a run, or the one whose item it works on, is a trial by `dragoman run --dry`: such a run says so in its key.
fn is_dry(run: &Value, by_id: &BTreeMap<&str, &Value>) -> bool {
    let mut at = Some(run);
    while let Some(run) = at {
        let text = |member: &str| run[member].as_str().unwrap_or_default();
        if text("key").starts_with(&format!("dry run {}: ", text("run"))) {
            return true;
        }
        at = by_id.get(text("parent")).copied();
    }
    false
}

fn print_compared(compared: &Compared, columns: &Columns, json: bool) {
    if json {
        println!("{:#}", compared.to_json());
        return;
    }
    let (rows, count) = compared.told(columns);
    if rows.len() > 1 {
        print!("{}", table(&rows));
    }
    println!("{count}");
}

fn print_acts(acts: &[Value]) {
    let mut rows = vec![
        ["AT", "PIPELINE", "STEP", "WOULD HAVE BEEN DONE"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for act in acts {
        let text = |member: &str| act[member].as_str().unwrap_or_default().to_owned();
        rows.push(vec![
            text("at"),
            text("pipeline"),
            text("path"),
            act["unknown"]
                .as_str()
                .map_or_else(|| format!("{} {}", text("what"), act["body"]), str::to_owned),
        ]);
    }
    if acts.is_empty() {
        println!("nothing was observed: no pipeline or connection is in `mode: observe`, or no message came");
    } else {
        print!("{}", table(&rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_and_its_items_are_trials() {
        let runs = [
            json!({ "run": "a", "key": "dry run a: 7", "parent": null }),
            json!({ "run": "b", "key": "a/lines[0]", "parent": "a" }),
            json!({ "run": "c", "key": "observed: dry run a: 7", "parent": null }),
            json!({ "run": "d", "key": "dry run a: 7", "parent": null }),
            json!({ "run": "e", "key": "c/lines[0]", "parent": "c" }),
        ];
        let by_id = runs
            .iter()
            .filter_map(|run| Some((run["run"].as_str()?, run)))
            .collect();
        let dry: Vec<bool> = runs.iter().map(|run| is_dry(run, &by_id)).collect();
        assert_eq!(dry, [true, true, false, false, false]);
    }
}
