//! Schedules: when a run begins by itself.

use dragoman_calendar::{Calendar, zones};
use dragoman_manifest::Spanned;
use dragoman_manifest::pipeline::{Schedule, ScheduleWhen, Trigger, TriggerKind as SaidKind};
use dragoman_model::{Diagnostic, Span, nearest};
use dragoman_schema::Shape;

use super::Checker;
use crate::{TriggerKind, codes};

impl Checker<'_> {
    /// What a schedule means; none where it cannot be kept.
    pub(super) fn schedule(&mut self, said: &Schedule) -> Option<TriggerKind> {
        let calendar = match &said.when {
            ScheduleWhen::Every(every) => Calendar::Every {
                millis: i64::try_from(every.value).ok()?,
            },
            ScheduleWhen::Cron { text, zone } => {
                let name = zone.as_ref().map_or("UTC", |zone| zone.value.as_str());
                match (Calendar::cron(&text.value, name), zone) {
                    (Ok(calendar), _) => calendar,
                    (Err(Some(wrong)), zone) => {
                        if let Some(zone) = zone.as_ref().filter(|zone| !zones().contains(&zone.value)) {
                            self.unknown_zone(zone);
                        }
                        let diagnostic = Diagnostic::error(codes::SCHEDULE, part(text, wrong.at), wrong.message);
                        self.report(diagnostic.help(wrong.help));
                        return None;
                    }
                    (Err(None), zone) => {
                        self.unknown_zone(zone.as_ref()?);
                        return None;
                    }
                }
            }
        };
        Some(TriggerKind::Schedule {
            calendar,
            skip_missed: said.skip_missed,
        })
    }

    fn unknown_zone(&mut self, zone: &Spanned<String>) {
        self.report(unknown_zone(zone));
    }

    /// The name `trigger.due`, where a trigger brings it: always there where all do.
    pub(super) fn due_name(&self) -> Option<(&'static str, Shape)> {
        let scheduled = |trigger: &Trigger| matches!(trigger.kind, SaidKind::Schedule(_));
        let count = self.said.triggers.iter().filter(|trigger| scheduled(trigger)).count();
        match count {
            0 => None,
            all if all == self.said.triggers.len() => Some(("due", Shape::DateTime)),
            _ => Some(("due", Shape::DateTime.optional())),
        }
    }

    /// Reports a `read` at a trigger that brings nothing to read.
    pub(super) fn refuse_read(&mut self, trigger: &Trigger, message: &str) {
        if let Some(read) = &trigger.read {
            let at = read.connection.span.clone();
            self.report(Diagnostic::error(codes::TRIGGER_READ, at, message).help("take `read` away"));
        }
    }
}

/// What tells two schedules apart: two that are the same would begin one run for both.
pub(super) fn place(said: &Schedule) -> String {
    match &said.when {
        ScheduleWhen::Every(every) => format!("schedule {}", every.value),
        ScheduleWhen::Cron { text, zone } => {
            let zone = zone.as_ref().map_or("UTC", |zone| &zone.value);
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            format!("schedule {zone} {}", words.join(" "))
        }
    }
}

/// The place of a part of a text that stands in one line, quoted or not.
fn part(text: &Spanned<String>, at: std::ops::Range<usize>) -> Span {
    let source = &text.span.source;
    let written = &source.text[text.span.range.clone()];
    match written.find(&text.value) {
        Some(offset) => {
            let start = text.span.range.start + offset;
            Span::new(source, start + at.start..start + at.end)
        }
        None => text.span.clone(),
    }
}

/// What is said of a time zone that there is not.
pub fn unknown_zone(zone: &Spanned<String>) -> Diagnostic {
    let all = zones();
    let message = format!("there is no time zone `{}`", zone.value);
    let diagnostic = Diagnostic::error(codes::UNKNOWN_ZONE, zone.span.clone(), message);
    // Of a zone people often know the town and nothing else.
    let town = |name: &&String| {
        let town = name.rsplit('/').next().unwrap_or_default();
        nearest(zone.rsplit('/').next().unwrap_or_default(), [town]).is_some()
    };
    if zone.contains(['+', '-']) && zone.contains(|c: char| c.is_ascii_digit()) {
        let help = "an offset is no zone, for it changes in summer: write the area's name, `Europe/Warsaw`, or `UTC`";
        return diagnostic.help(help);
    }
    let whole = nearest(&zone.value, all.iter().map(String::as_str));
    match whole.or_else(|| all.iter().find(town).map(String::as_str)) {
        Some(right) => diagnostic.help(format!("write `{right}`")),
        None => diagnostic.help("write a name of the tz database: `Europe/Warsaw`, `UTC`"),
    }
}
