//! Triggers that begin a run when it is time.

use dragoman_model::Diagnostic;

use super::TriggerKind;
use crate::reading::Reading;
use crate::yaml::Node;
use crate::{Spanned, codes};

/// The shortest interval, in milliseconds: what is to be done more often is a loop, not a schedule.
const SHORTEST_MS: u64 = 1_000;

/// When runs begin by themselves.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// When it is due.
    pub when: ScheduleWhen,
    /// Whether due times at which nobody looked are passed; else the latest of them is made up for.
    pub skip_missed: bool,
}

/// When something is due.
#[derive(Debug, Clone)]
pub enum ScheduleWhen {
    /// By the clock of a zone.
    Cron {
        /// Minute, hour, day, month, weekday.
        text: Spanned<String>,
        /// A name of the tz database; none: UTC.
        zone: Option<Spanned<String>>,
    },
    /// Every so many milliseconds.
    Every(Spanned<u64>),
}

pub(super) fn schedule(reading: &mut Reading, node: &Node) -> Option<TriggerKind> {
    let example = "`{ cron: \"0 6 * * 1-5\", zone: Europe/Warsaw }` or `{ every: 15m }`";
    let mut fields = reading.fields(node, "a schedule", example)?;
    let cron = fields.take("cron");
    let every = fields.entry("every");
    let zone = fields.entry("zone");
    let missed = fields.take("missed");
    let skip_missed = missed.and_then(|n| reading.word(n, &[("once", false), ("skip", true)]));
    let when = match (cron, every) {
        (Some(cron), None) => {
            let text = reading.text(cron, "0 6 * * 1-5");
            let zone = zone.map(|entry| reading.text(&entry.value, "Europe/Warsaw"));
            match (text, zone) {
                (Some(text), None) => Some(ScheduleWhen::Cron { text, zone: None }),
                (Some(text), Some(Some(zone))) => Some(ScheduleWhen::Cron { text, zone: Some(zone) }),
                _ => None,
            }
        }
        (None, Some(every)) => {
            if let Some(zone) = zone {
                let message = "an interval is the same in every zone";
                let diagnostic = Diagnostic::error(codes::MISPLACED_KEY, zone.key.span.clone(), message);
                reading.push(diagnostic.help("take `zone` away, or write a `cron` expression"));
            }
            interval(reading, &every.value).map(ScheduleWhen::Every)
        }
        (Some(_), Some(every)) => {
            let message = "a schedule says `cron` or `every`, not both";
            let diagnostic = Diagnostic::error(codes::STEP_WORD, every.key.span.clone(), message);
            reading.push(diagnostic.help("write two triggers, each behind a dash"));
            None
        }
        (None, None) => {
            reading.missing(fields.heading(), "a schedule", "cron", "\"0 6 * * 1-5\"");
            None
        }
    };
    fields.finish(reading);
    let schedule = Schedule {
        when: when?,
        skip_missed: skip_missed.is_some_and(|skip| skip.value),
    };
    Some(TriggerKind::Schedule(Box::new(schedule)))
}

fn interval(reading: &mut Reading, node: &Node) -> Option<Spanned<u64>> {
    let every = reading.duration(node)?;
    if every.value < SHORTEST_MS {
        let message = "an interval is a second at least";
        let diagnostic = Diagnostic::error(codes::WRONG_VALUE, every.span, message);
        reading.push(diagnostic.help("write, for example, `every: 15m`"));
        return None;
    }
    Some(every)
}
