//! Dead letters as people read them.

use dragoman_model::Value;

use crate::console::table;

/// So much of a key or of a reason stands in a list.
const LONGEST: usize = 60;

/// No line is longer: what a partner wrote has no end of its own.
const WHOLE: usize = 2_000;

fn list_of<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// The beginning of an id that says which run is meant: that of a derived one says it in its first signs, that of any other
/// begins with the time.
fn short(id: &str) -> &str {
    let length = if id.get(14..15) == Some("7") { 23 } else { 13 };
    id.get(..length).unwrap_or(id)
}

/// A text in one line, cut.
fn line(text: &str, longest: usize) -> String {
    let mut out: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(longest)
        .collect();
    if text.chars().count() > longest {
        out.push('…');
    }
    out
}

/// A time without its date's separator and milliseconds.
fn moment(time: &str) -> String {
    time.split('.').next().unwrap_or(time).replace('T', " ")
}

/// Which of a pipeline's runs or items it is.
fn name(run: &Value) -> String {
    match run["item"].as_str() {
        Some(item) => format!("{} [{}]", text(run, "pipeline"), line(item, 40)),
        None => format!("{} {}", text(run, "pipeline"), line(text(run, "key"), 40)),
    }
}

/// A list; `parked`: only those that wait for a person are in it.
pub(super) fn list(found: &Value, parked: bool) {
    let dead = list_of(found, "dead");
    if dead.is_empty() {
        let more = if parked { "; with --failed also what failed" } else { "" };
        println!("nothing stopped{more}");
        return;
    }
    for run in dead {
        let step = if text(run, "step").is_empty() {
            String::new()
        } else {
            format!(" at {}", text(run, "step"))
        };
        println!(
            "{}  {}  {}{step}, since {}",
            short(text(run, "run")),
            name(run),
            text(run, "status"),
            moment(text(run, "since"))
        );
        let over = run["connection"]
            .as_str()
            .map(|name| format!(" over {name}"))
            .unwrap_or_default();
        println!(
            "  {}{over}, {}: {}",
            text(run, "code"),
            effect(run),
            line(text(run, "note"), 2 * LONGEST)
        );
        let can: Vec<&str> = list_of(run, "can").iter().filter_map(Value::as_str).collect();
        match can.as_slice() {
            [] => println!("  its run has gone on without it; nothing can be done here"),
            can => println!("  can: {}", can.join(", ")),
        }
    }
    println!();
    let mut rows = Vec::new();
    for group in list_of(found, "groups") {
        let over = group["connection"]
            .as_str()
            .map(|name| format!("over {name}"))
            .unwrap_or_default();
        rows.push(vec![group["runs"].to_string(), text(group, "code").to_owned(), over]);
    }
    print!("{}", table(&rows));
}

fn effect(run: &Value) -> &'static str {
    match text(run, "effect") {
        "unknown" => "effect not known",
        "applied" => "took effect",
        _ => "no effect",
    }
}

/// One of them, whole.
pub(super) fn letter(found: &Value) {
    println!("{}  {}", text(found, "run"), name(found));
    println!("{} since {}", text(found, "status"), moment(text(found, "since")));
    if !text(found, "step").is_empty() {
        println!("at {}", text(found, "step"));
    }
    println!(
        "{}, {}: {}",
        text(found, "code"),
        effect(found),
        line(text(found, "note"), WHOLE)
    );
    let kept = &found["kept"];
    if !kept["failure"].is_null() {
        println!("\nfailure\n{}", indented(&kept["failure"]));
    }
    let attempts = list_of(kept, "attempts");
    if !attempts.is_empty() {
        println!("\nattempts");
        let row = |one: &Value| {
            let said = [text(one, "code"), text(one, "message"), text(one, "by")];
            let said: Vec<&str> = said.into_iter().filter(|said| !said.is_empty()).collect();
            let number = one["attempt"]
                .as_u64()
                .map(|number| format!("#{number}"))
                .unwrap_or_default();
            vec![
                format!("  {}", moment(text(one, "at"))),
                text(one, "what").to_owned(),
                number,
                line(&said.join(": "), LONGEST * 2),
            ]
        };
        print!("{}", table(&attempts.iter().map(row).collect::<Vec<_>>()));
    }
    let stands = list_of(kept, "stands");
    if !stands.is_empty() {
        println!("\nwhat stands");
        for one in stands {
            let more: Vec<String> = ["operation", "once", "reference"]
                .iter()
                .filter_map(|member| Some(format!("{member} {}", one[*member].as_str()?)))
                .collect();
            println!("  {}: {} ({})", text(one, "step"), text(one, "what"), more.join(", "));
        }
    }
    println!("\nwhat each act would do now");
    for (act, would) in found["acts"].as_object().into_iter().flatten() {
        println!("  {act}");
        print_would(would, "    ");
    }
    if !kept["input"].is_null() {
        println!("\ninput of the step\n{}", indented(&kept["input"]));
    }
}

fn indented(value: &Value) -> String {
    let text = format!("{value:#}");
    text.lines()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What would be done, run by run.
pub(super) fn would(told: &Value) {
    for run in list_of(told, "runs") {
        println!("{}  {}", short(text(run, "run")), name(run));
        print_would(&run["would"], "  ");
    }
    let (fit, refused) = (&told["done"], &told["refused"]);
    if list_of(told, "runs").is_empty() {
        println!("nothing that stopped is meant");
        return;
    }
    let act = text(told, "act");
    println!("{act}: {fit} would be done, {refused} refused; nothing was changed: with --yes and --reason it is done");
}

fn print_would(would: &Value, indent: &str) {
    if let Some(why) = would["refused"].as_str() {
        println!("{indent}refused: {why}");
        return;
    }
    if let Some(replay) = would["replay"].as_object() {
        let again = replay["again"].as_array().map(Vec::as_slice).unwrap_or_default();
        println!("{indent}from {}", replay["from"].as_str().unwrap_or_default());
        for one in again {
            let what = match (one["operation"].as_str(), one["effect"].as_str()) {
                (Some(operation), Some(effect)) => format!("{operation} ({effect})"),
                _ => text(one, "word").to_owned(),
            };
            let key = one["key"].as_str().map(|key| format!(", {key}")).unwrap_or_default();
            println!("{indent}  {}: {what}: {}{key}", text(one, "step"), text(one, "how"));
        }
        let kept: Vec<&str> = replay["kept"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if !kept.is_empty() {
            println!("{indent}kept: {}", kept.join(", "));
        }
    }
    let undo = &would["undo"];
    for one in list_of(undo, "undone") {
        println!("{indent}{} is undone: {}", text(one, "step"), text(one, "by"));
    }
    for one in list_of(undo, "stays") {
        println!("{indent}{} stays: {} has no undo", text(one, "step"), text(one, "what"));
    }
    for one in list_of(would, "next") {
        let step = if text(one, "step").is_empty() {
            String::new()
        } else {
            format!("{}: ", text(one, "step"))
        };
        println!("{indent}then {step}{}", line(text(one, "text"), WHOLE));
    }
}

/// What became of one.
pub(super) fn outcome(act: &str, run: &Value) {
    let id = short(text(run, "run"));
    match (run["ok"] == true, run["as"].as_str()) {
        (true, Some(anew)) => println!("{id}  {}  begun anew as run {anew}", name(run)),
        (true, None) => println!("{id}  {}  {act}: done", name(run)),
        (false, _) => println!("{id}  {}  refused: {}", name(run), text(run, "why")),
    }
}

/// How many were done.
pub(super) fn count(told: &Value) {
    let (done, refused) = (&told["done"], &told["refused"]);
    println!(
        "{}: {done} done, {refused} refused; `dragoman dead list` shows what stopped again",
        text(told, "act")
    );
}
