//! The beginning and the end of a run: triggers, key and turn, output.

use dragoman_manifest::Pipeline;
use dragoman_manifest::pipeline::{FailureWord, ScheduleWhen, Trigger, TriggerKind};

use super::{Body, Item, Look};
use crate::tell;
use crate::text::{Line, Style, wrap};

/// The widest line in a node.
pub(super) const WIDEST: f64 = 230.0;

/// What holds for the whole pipeline.
pub(super) fn notes(pipeline: &Pipeline) -> Vec<String> {
    let failure = match pipeline.on_failure.as_ref().map(|w| w.value) {
        Some(FailureWord::Undo) => "after a failure that nothing handled, what was done is undone, newest first",
        Some(FailureWord::Fail) => "after a failure that nothing handled, the run ends as failed",
        Some(FailureWord::Park) | None => "after a failure that nothing handled, a person repairs",
    };
    let observe = pipeline
        .observe
        .then(|| "it only observes: nothing is changed elsewhere".to_owned());
    [Some(failure.to_owned()), observe].into_iter().flatten().collect()
}

/// A node for a trigger.
pub(super) fn trigger(trigger: &Trigger) -> Item {
    let (word, what) = match &trigger.kind {
        TriggerKind::Http { path, .. } => ("http", path.value.clone()),
        TriggerKind::Files { folder, matching, .. } => ("files", format!("{}/{matching}", folder.value)),
        TriggerKind::Amqp { queue, from } => ("amqp", format!("{} from {}", queue.value, from.value)),
        TriggerKind::Manual => ("manual", "dragoman run".to_owned()),
        TriggerKind::Schedule(schedule) => (
            "schedule",
            match &schedule.when {
                ScheduleWhen::Cron { text, zone } => {
                    let zone = zone.as_ref().map_or("UTC", |z| z.value.as_str());
                    format!("{} {zone}", text.value)
                }
                ScheduleWhen::Every(millis) => format!("every {}", tell::duration(millis.value)),
            },
        ),
        TriggerKind::Event { name, from } => (
            "event",
            match from {
                Some(from) => format!("{} from {}", name.value, from.value),
                None => name.value.clone(),
            },
        ),
        // A way that has no words here yet.
        #[allow(unreachable_patterns)]
        _ => ("trigger", String::new()),
    };
    let mut lines = vec![
        line(Style::Word, word.to_uppercase()),
        line(Style::Id, trigger.id.value.clone()),
    ];
    lines.extend(wrap(&what, Style::Code, WIDEST, 2));
    if let Some(read) = &trigger.read {
        let read = format!("read by {}.{}", read.connection.value, read.operation.value);
        lines.extend(wrap(&read, Style::Note, WIDEST, 2));
    }
    let path = format!("on:{}", trigger.id.value);
    item(path, Look::Trigger, lines, Body::Leaf)
}

/// The node in which a run begins.
pub(super) fn begin(pipeline: &Pipeline) -> Item {
    let mut lines = vec![line(Style::Word, "A RUN BEGINS".to_owned())];
    match &pipeline.key {
        Some(key) => {
            lines.push(line(Style::Note, "once for".to_owned()));
            lines.extend(wrap(&key.text, Style::Code, WIDEST, 2));
        }
        None => lines.push(line(Style::Note, "once for each message".to_owned())),
    }
    if let Some(serial) = &pipeline.serial {
        lines.push(line(Style::Note, "in turn with others about".to_owned()));
        lines.extend(wrap(&serial.text, Style::Code, WIDEST, 2));
    }
    let mut item = item("on".to_owned(), Look::Begin, lines, Body::Leaf);
    let key = pipeline.key.as_ref().map(|k| format!("key: {}", k.text));
    let serial = pipeline.serial.as_ref().map(|s| format!("serial: {}", s.text));
    item.tip = [key, serial].into_iter().flatten().collect::<Vec<_>>().join("\n");
    item
}

/// The node in which a run is completed.
pub(super) fn completed(pipeline: &Pipeline) -> Item {
    let mut lines = vec![line(Style::Word, "COMPLETED".to_owned())];
    let mut tip = String::new();
    if let Some(output) = &pipeline.output {
        tip = tell::template(output);
        lines.extend(wrap(&tip, Style::Code, WIDEST, 2));
    }
    let mut item = item("completed".to_owned(), Look::Completed, lines, Body::End(None));
    item.tip = tip;
    item
}

pub(super) fn line(style: Style, text: String) -> Line {
    Line { style, text }
}

/// An item whose tip is its lines.
pub(super) fn item(path: String, look: Look, lines: Vec<Line>, body: Body) -> Item {
    let tip = lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join("\n");
    Item {
        path,
        look,
        lines,
        tip,
        guard: None,
        body,
        handlers: Vec::new(),
    }
}
