//! A run as a person would like to read it: one sentence for each entry.

use dragoman_journal::query::told;
use dragoman_journal::{Ending, Entry, Record, TimerPurpose};
use dragoman_model::{ActorKind, Class, Effect, Role, Value};
use serde_json::json;

use crate::waits::answerers;

/// The code of a wait that ran into its deadline.
const NOT_IN_TIME: &str = "wait.timeout";

/// A line of a run's timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The entry's number in its run.
    pub seq: u64,
    /// When.
    pub at: String,
    /// Who: the account or sender; empty for the runtime itself.
    pub actor: String,
    /// The name of that person, where the account has one.
    pub name: Option<String>,
    /// On whose behalf, where that is another.
    pub on_behalf_of: Option<String>,
    /// The step's path; empty for the run itself.
    pub path: String,
    /// What happened, as a sentence.
    pub text: String,
}

impl Line {
    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({
            "seq": self.seq, "at": self.at, "actor": self.actor, "name": self.name,
            "on_behalf_of": self.on_behalf_of, "path": self.path, "text": self.text,
        })
    }
}

/// The timeline of a run.
pub fn timeline(entries: &[Entry]) -> Vec<Line> {
    entries
        .iter()
        .map(|entry| Line {
            seq: entry.header.seq,
            at: entry.header.at.to_string(),
            actor: match entry.header.actor.kind {
                ActorKind::System => String::new(),
                _ => entry.header.actor.id.clone(),
            },
            name: entry.header.actor.name.clone(),
            on_behalf_of: entry.header.actor.on_behalf_of.clone(),
            path: entry.header.path.clone(),
            text: unanswered(entry, entries).unwrap_or_else(|| sentence(&entry.header.record, entry.body.as_ref())),
        })
        .collect()
}

/// What is said of a wait that ran into its deadline: the failure alone does not say when that was.
fn unanswered(entry: &Entry, entries: &[Entry]) -> Option<String> {
    let Record::Failed { code, .. } = &entry.header.record else {
        return None;
    };
    let began = |other: &&Entry| other.header.path == entry.header.path && other.header.seq < entry.header.seq;
    let waited = entries
        .iter()
        .rev()
        .filter(began)
        .find_map(|other| match &other.header.record {
            Record::Waiting {
                decision,
                due: Some(due),
                ..
            } => Some((decision, due)),
            _ => None,
        });
    let (decision, due) = waited.filter(|_| code == NOT_IN_TIME)?;
    let who = match decision.strip_prefix("event:") {
        Some(event) => format!("the event `{event}` did not come"),
        None => "nobody answered".to_owned(),
    };
    Some(format!("{who} until {due}; the way of the deadline is taken"))
}

/// What the machine decided by itself.
fn chosen(what: &str, body: Option<&Value>) -> String {
    match what {
        "round" => {
            let round = body.and_then(|b| b.get("round")?.as_u64()).unwrap_or_default();
            format!("not done yet after {round} rounds; it goes round again")
        }
        "deadline" => match body.and_then(Value::as_str) {
            Some(until) => format!("goes round until {until} at the longest"),
            None => "goes round for a time".to_owned(),
        },
        "drain" => "a branch ended the run; the others bring to an end what they have open".to_owned(),
        "begun" => match body.and_then(Value::as_u64) {
            Some(begun) => format!("{begun} items have begun so far"),
            None => "further items have begun".to_owned(),
        },
        other => format!("chosen: {other}"),
    }
}

fn read(record: &Record) -> String {
    match record {
        Record::Read {
            connection: Some(connection),
            operation: Some(operation),
            attempt,
            ..
        } => format!("read by {connection}.{operation}{}", tries(*attempt)),
        Record::Read { attempt, .. } => format!("read{}", tries(*attempt)),
        _ => String::new(),
    }
}

fn children(count: u64, body: Option<&Value>) -> String {
    match text(body, "pipeline") {
        Some(pipeline) => format!("`{pipeline}` is run as a run of its own"),
        None if count == 1 => "1 item, a run of its own".to_owned(),
        None => format!("{count} items, each a run of its own"),
    }
}

fn sentence(record: &Record, body: Option<&Value>) -> String {
    match record {
        Record::Accepted { .. } => began(record),
        Record::Read { .. } => read(record),
        Record::Children { count } => children(*count, body),
        Record::Intent { .. } => intent(record),
        Record::Done { joined: Some(run), .. } => format!("done before by run {run}; its result was taken"),
        Record::Done { known_by, attempt, .. } if known_by == "probe" => {
            format!(
                "done: the partner was asked and says that it took effect{}",
                tries(*attempt)
            )
        }
        Record::Done { attempt, .. } => format!("done{}", tries(*attempt)),
        Record::Failed {
            attempt,
            class,
            effect,
            code,
            ..
        } => failed(*attempt, *class, *effect, code, body),
        Record::Timer { due, purpose, .. } => match held_back(body) {
            Some(why) => format!("is held back, {why}; looks again at {due} at the latest"),
            None => format!("{} at {due}", purpose_text(*purpose)),
        },
        Record::Waiting { .. } => waits(record),
        Record::Answer { .. } => format!("answered: {}", text(body, "answer").unwrap_or("?")),
        Record::Event { name } if name == "emitted" => {
            format!("handed the event `{}` to the site", text(body, "event").unwrap_or("?"))
        }
        Record::Event { name } if name == "received" => {
            format!("the event `{}` came", text(body, "event").unwrap_or("?"))
        }
        Record::Event { name } => format!("told that: {name}"),
        Record::Chosen { what } => chosen(what, body),
        Record::Claimed {
            ledger,
            account,
            joined: Some(_),
            ..
        } => {
            format!("ledger {ledger}: the claim on {account} stood already")
        }
        Record::Claimed { ledger, account, .. } => format!("ledger {ledger}: claimed from {account}{}", lines(body)),
        Record::Released { ledger, once } => format!("ledger {ledger}: the claim {} was given back", once.key),
        Record::Voided { reference } => format!("{reference} is closed: nothing more is done under it"),
        Record::Observed { what } => match would_be(what, body) {
            (what, None) => format!("would have been done: {what}{}", observed(body)),
            (_, Some(unknown)) => unknown,
        },
        Record::Operated { act } => format!("operator: {act}"),
        Record::Migrated { to, .. } => {
            let why = text(body, "reason").map(|why| format!(": {why}")).unwrap_or_default();
            format!("goes on with version {}{why}", &to.hex()[..12])
        }
        Record::Parked { code } => format!("stopped for a person to repair: {}", reason(body, code)),
        Record::Closed { ending } => closed(*ending, body),
    }
}

fn began(record: &Record) -> String {
    let Record::Accepted {
        trigger,
        run_key,
        parent,
        mode,
        ..
    } = record
    else {
        return String::new();
    };
    if let Some(parent) = parent.as_ref().filter(|_| trigger != "each") {
        return format!(
            "run by `{}` of run {}, under the key {run_key}",
            parent.path, parent.run
        );
    }
    if let Some(parent) = parent {
        return format!("item {} of `{}` began ({})", parent.index + 1, parent.path, parent.item);
    }
    let observed = if mode == "observe" { ", only to observe" } else { "" };
    format!("the message came through `{trigger}` and is durable under the key {run_key}{observed}")
}

fn intent(record: &Record) -> String {
    let Record::Intent {
        connection,
        operation,
        attempt,
        undo,
        once,
        ..
    } = record
    else {
        return String::new();
    };
    let what = if *undo { "about to undo with" } else { "about to call" };
    let once = once
        .as_ref()
        .map(|o| format!(", once for {}", o.key))
        .unwrap_or_default();
    format!("{what} {connection}.{operation}{once}{}", tries(*attempt))
}

fn waits(record: &Record) -> String {
    let Record::Waiting {
        decision,
        roles,
        due,
        wait,
        ..
    } = record
    else {
        return String::new();
    };
    let until = due.map(|d| format!(" until {d}")).unwrap_or_default();
    if let Some(event) = decision.strip_prefix("event:") {
        return format!("waits for the event `{event}`{until}; wait {wait}");
    }
    let names: Vec<&str> = answerers(roles).into_iter().map(Role::name).collect();
    format!(
        "waits for a person ({}) to decide `{decision}`{until}; wait {wait}",
        names.join(", ")
    )
}

fn closed(ending: Ending, body: Option<&Value>) -> String {
    match ending {
        Ending::Completed => "completed".into(),
        Ending::Stopped => format!("ended, nothing more is to be done: {}", reason(body, "stopped")),
        Ending::Failed => format!("failed: {}", reason(body, "no reason was kept")),
        Ending::Cancelled => format!("given up: {}", reason(body, "no reason was kept")),
    }
}

fn failed(attempt: u32, class: Class, effect: Effect, code: &str, body: Option<&Value>) -> String {
    let class = match class {
        Class::Retryable => "for the moment",
        Class::Permanent => "for good",
        Class::Rejected => "refused by the other side",
    };
    let effect = match effect {
        Effect::None => "it had no effect",
        Effect::Unknown => "whether it took effect is not known",
        Effect::Applied => "it took effect all the same",
    };
    let message = text(body, "message").map(|m| format!(": {m}")).unwrap_or_default();
    format!("failed {class} ({code}){message}; {effect}{}", tries(attempt))
}

/// Why a step is held back: something is paused, or nothing works over its connection.
fn held_back(body: Option<&Value>) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(failing) = body?.get("failing") {
        let (connection, since) = (text(&failing["connection"]), text(&failing["since"]));
        return Some(format!(
            "nothing has worked over connection `{connection}` since {since}"
        ));
    }
    let (kind, name) = body?.get("paused")?.as_object()?.iter().next()?;
    Some(format!("{kind} `{}` is paused", text(name)))
}

fn purpose_text(purpose: TimerPurpose) -> &'static str {
    match purpose {
        TimerPurpose::Retry => "tries again",
        TimerPurpose::Probe => "asks the partner",
        TimerPurpose::Sleep => "sleeps; wakes",
        TimerPurpose::Repeat => "goes round again",
    }
}

fn tries(attempt: u32) -> String {
    if attempt > 1 {
        format!(" (attempt {attempt})")
    } else {
        String::new()
    }
}

fn text<'a>(body: Option<&'a Value>, member: &str) -> Option<&'a str> {
    body?.get(member)?.as_str()
}

/// The reason with what really happened, as lists of runs show it too.
fn reason(body: Option<&Value>, otherwise: &str) -> String {
    let (note, _) = told(None, body.cloned());
    note.unwrap_or_else(|| otherwise.to_owned())
}

/// The word for what an observed step would have done; and, where what it would have been cannot be told, a sentence that
/// says so.
pub fn would_be<'a>(what: &'a str, body: Option<&Value>) -> (&'a str, Option<String>) {
    // The journal's word for the `when` of a step.
    let word = if what == "condition" { "when" } else { what };
    let unknown = body.is_none_or(Value::is_null);
    let sentence = || format!("`{word}` is not known: it needs what was only observed");
    (word, unknown.then(sentence))
}

/// Which operation, decision or ledger it would have been.
fn observed(body: Option<&Value>) -> String {
    let named = ["operation", "decision", "ledger"].iter().find_map(|m| text(body, m));
    named.map(|name| format!(" {name}")).unwrap_or_default()
}

fn lines(body: Option<&Value>) -> String {
    let part = |line: &Value| {
        let quantity = line.get("quantity")?;
        Some(format!(
            "{} {} of {}",
            quantity.get("value")?.as_str()?,
            quantity.get("unit")?.as_str()?,
            line.get("item")?.as_str()?
        ))
    };
    let parts: Vec<String> = body
        .and_then(|b| b.get("lines")?.as_array())
        .into_iter()
        .flatten()
        .filter_map(part)
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_decided_is_told_as_a_person_would() {
        for (what, body, said) in [
            (
                "deadline",
                json!("2026-03-01T08:00:00Z"),
                "goes round until 2026-03-01T08:00:00Z at the longest",
            ),
            (
                "round",
                json!({ "round": 3 }),
                "not done yet after 3 rounds; it goes round again",
            ),
            ("begun", json!(8), "8 items have begun so far"),
            (
                "drain",
                Value::Null,
                "a branch ended the run; the others bring to an end what they have open",
            ),
        ] {
            assert_eq!(chosen(what, Some(&body)), said);
        }
    }

    #[test]
    fn what_needs_what_was_only_observed_is_not_known() {
        let body = json!({ "operation": "shop.ship" });
        assert_eq!(would_be("call", Some(&body)), ("call", None));
        for body in [None, Some(&Value::Null)] {
            let (what, unknown) = would_be("condition", body);
            assert_eq!(what, "when");
            assert_eq!(
                unknown.as_deref(),
                Some("`when` is not known: it needs what was only observed")
            );
        }
    }
}
