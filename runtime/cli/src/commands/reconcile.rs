//! `dragoman reconcile`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dragoman_model::Value;
use dragoman_server::{Listed, Wanted};

use crate::answer::{Error, Outcome};
use crate::codes::OPTION;
use crate::console::table;
use crate::site::{SiteOption, block_on};
use crate::times::{now, said};

/// Of what was taken in a day: how the runs ended, how far each business fact is, and what is missing. The facts are the
/// steps under a business key, claims, and waits for events
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    site: SiteOption,
    /// A date (2026-11-22), `today` or `yesterday`, as the site counts its days
    #[arg(long, value_name = "DATE", default_value = "yesterday", conflicts_with_all = ["since", "until"])]
    day: String,
    /// Taken then or later, in place of a day: a time (2026-03-01T08:00:00Z), or how long ago (90m, 12h, 3d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Taken before then; now, where nothing is said
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<String>,
    /// The other side's list, to compare with: one business reference or key a line, or a whole part of one
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// The step that makes what the other side has a list of; without it, the messages that were taken
    #[arg(long, requires = "list")]
    step: Option<String>,
    /// At most so many of what is missing
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// For programs
    #[arg(long)]
    json: bool,
}

impl Reconcile {
    pub(crate) fn run(self) -> Outcome {
        let (name, wanted) = self.wanted()?;
        let told = block_on(async { self.site.look().await?.reconcile(&wanted).await })?;
        match self.json {
            true => println!("{told:#}"),
            false => print(&name, &told),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What is asked for, with what it is called.
    fn wanted(&self) -> Result<(String, Wanted), Error> {
        let now = now();
        let list = self.listed()?;
        let wanted = |from, until| Wanted {
            from,
            until,
            limit: self.limit,
            list,
        };
        if let Some(since) = said("since", &self.since, now)? {
            let until = said("until", &self.until, now)?.unwrap_or(now);
            return Ok((format!("{since} to {until}"), wanted(since, until)));
        }
        let days = self.site.days()?;
        let day = match self.day.as_str() {
            "today" => days.today(now),
            "yesterday" => days.yesterday(now),
            name => days.day(name),
        };
        let day = day.ok_or_else(|| {
            Error::coded(OPTION, format!("`--day {}` is no day", self.day))
                .help("write a date such as 2026-11-22, `today` or `yesterday`")
        })?;
        Ok((day.name, wanted(day.from, day.until)))
    }

    fn listed(&self) -> Result<Option<Listed>, Error> {
        let Some(file) = &self.list else { return Ok(None) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error::coded(OPTION, format!("{} cannot be read: {error}", file.display()))
                .help("write one business reference or key a line")
        })?;
        let lines = text.lines().map(str::trim);
        let names = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(Some(Listed {
            names: names.map(str::to_owned).collect(),
            step: self.step.clone(),
        }))
    }
}

fn print(name: &str, told: &Value) {
    println!("{name}: {}", of(&told["taken"], "run was taken", "runs were taken"));
    for pipeline in items(&told["pipelines"]) {
        print_pipeline(pipeline);
    }
    let counts = &told["counts"];
    let all = ["open", "half_done", "nothing"].map(|lack| counts[lack].as_u64().unwrap_or(0));
    let missing = items(&told["missing"]);
    match all {
        [0, 0, 0] => println!("nothing is missing"),
        [open, half_done, nothing] => {
            println!("missing: {open} open, {half_done} ended half done, {nothing} came to nothing");
            match told["earlier"].as_u64().unwrap_or(0) {
                0 => {}
                earlier => println!("  {earlier} of them were taken before that time, and are open since"),
            }
        }
    }
    missing.iter().for_each(print_missing);
    let left = all.iter().sum::<u64>().saturating_sub(missing.len() as u64);
    if left > 0 {
        println!("  and {left} more: --limit shows them");
    }
    if told["list"].is_object() {
        print_list(&told["list"]);
    }
}

fn print_pipeline(pipeline: &Value) {
    let statuses = pipeline["statuses"].as_object().into_iter().flatten();
    let mut told: Vec<String> = statuses.map(|(status, count)| format!("{count} {status}")).collect();
    match pipeline["observed"].as_u64().unwrap_or(0) {
        0 => {}
        observed => told.push(format!("{observed} of them only observed")),
    }
    println!("{}: {}", text(&pipeline["pipeline"]), told.join(", "));
    let row = |fact: &Value| {
        let words = [
            ("done", "done"),
            ("undone", "undone"),
            ("in_doubt", "sent, and the answer is not known"),
            ("owed", "still to come"),
            ("not_done", "not done"),
        ];
        let count = |name: &str| fact[name].as_u64().unwrap_or(0);
        let told = words.iter().filter(|(name, _)| *name == "done" || count(name) > 0);
        let told: Vec<String> = told.map(|(name, word)| format!("{} {word}", count(name))).collect();
        vec![
            format!("  {}", text(&fact["step"])),
            text(&fact["what"]).to_owned(),
            told.join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = items(&pipeline["facts"]).iter().map(row).collect();
    print!("{}", table(&rows));
}

fn print_missing(one: &Value) {
    let about = one["item"].as_str().unwrap_or(text(&one["key"]));
    let (status, since) = (text(&one["status"]), text(&one["touched"]));
    println!(
        "  {}  {}  {about}: {status} since {since}",
        text(&one["run"]),
        text(&one["pipeline"])
    );
    let words = [
        ("done", "done"),
        ("undone", "undone"),
        ("in_doubt", "sent, and the answer is not known"),
        ("not_done", "not done"),
    ];
    for (name, word) in words {
        let steps: Vec<&str> = items(&one[name]).iter().map(text).collect();
        if !steps.is_empty() {
            println!("      {word}: {}", steps.join(", "));
        }
    }
    if let Some(note) = one["note"].as_str() {
        println!("      {note}");
    }
}

fn print_list(list: &Value) {
    println!(
        "list: {} of {} are here",
        list["found"],
        of(&list["listed"], "line", "lines")
    );
    for absent in items(&list["absent"]) {
        let name = text(&absent["name"]);
        match absent["run"].as_str() {
            Some(run) => println!("  {name}: not done; run {run} is {}", text(&absent["status"])),
            None => println!("  {name}: no run knows of it"),
        }
    }
    for other in items(&list["unlisted"]) {
        let about = other["item"].as_str().unwrap_or(text(&other["key"]));
        println!("  {about}: done by run {}, and not in the list", text(&other["run"]));
    }
}

fn of(count: &Value, one: &str, several: &str) -> String {
    match count.as_u64().unwrap_or(0) {
        1 => format!("1 {one}"),
        count => format!("{count} {several}"),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
