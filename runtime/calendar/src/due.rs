//! From a calendar to points in time.

use dragoman_model::Timestamp;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::cron::{Cron, Unreadable};

/// A day that a cron expression names comes at least so often: the 29th of February can stay out for eight years, and
/// with a weekday beside it (`29 2 1`) the either-or of cron brings it sooner.
const HORIZON_DAYS: usize = 8 * 366 + 2;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 1_440 * MINUTE_MS;

/// When something is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Calendar {
    /// By the clock on the wall of a place.
    Cron {
        /// The minutes at which it is due.
        cron: Cron,
        /// Whose clock.
        zone: TimeZone,
    },
    /// At every multiple of an interval since 1970-01-01T00:00:00Z: after a restart it is due when it would have been.
    Every {
        /// In milliseconds, at least 1.
        millis: i64,
    },
}

/// The names of all time zones, as the tz database has them.
pub fn zones() -> Vec<String> {
    jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .collect()
}

impl Calendar {
    /// A cron expression by the clock of a zone, which is a name of the tz database (`Europe/Warsaw`, `UTC`).
    ///
    /// # Errors
    /// What is wrong with the expression; `None` in place of that where there is no such zone.
    pub fn cron(text: &str, zone: &str) -> Result<Self, Option<Unreadable>> {
        let cron = Cron::parse(text).map_err(Some)?;
        let zone = TimeZone::get(zone).map_err(|_| None)?;
        Ok(Calendar::Cron { cron, zone })
    }

    /// The first time after another at which it is due; none: not within the years that a clock can show.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Calendar::Every { millis } => {
                let number = after.millis().div_euclid(*millis).checked_add(1)?;
                number.checked_mul(*millis).map(Timestamp::from_millis)
            }
            Calendar::Cron { cron, zone } => next_of_cron(cron, zone, after),
        }
    }

    /// The last time, after one and not after another, at which it was due; none: at no time between them.
    pub fn latest(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        // Looked for near the end first: there may be millions of them in between, and only the last is asked for.
        let windows = [2 * MINUTE_MS, 60 * MINUTE_MS, DAY_MS, 32 * DAY_MS, 366 * DAY_MS];
        let windows = windows.into_iter().map(|window| until.plus_millis(-window));
        for from in windows.chain([after]) {
            let from = from.max(after);
            let mut found = None;
            while let Some(next) = self.next_after(found.unwrap_or(from)).filter(|next| *next <= until) {
                found = Some(next);
            }
            if found.is_some() || from == after {
                return found;
            }
        }
        None
    }
}

fn next_of_cron(cron: &Cron, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let from = zone.to_datetime(jiff::Timestamp::from_millisecond(after.millis()).ok()?);
    let mut date = from.date();
    for _ in 0..HORIZON_DAYS {
        if cron.is_on(date.month(), date.day(), date.weekday().to_sunday_zero_offset()) {
            for hour in numbers(cron.hours) {
                for minute in numbers(cron.minutes) {
                    let local = date.at(hour, minute, 0, 0);
                    // Local times are passed in their order, and their instants grow with them: what is before the
                    // minute of `after` on the wall cannot be after it.
                    if local.date() == from.date() && (hour, minute) < (from.hour(), from.minute()) {
                        continue;
                    }
                    let at = instant(zone, local)?;
                    if at > after {
                        return Some(at);
                    }
                }
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

/// The instant of a local time: the first of two; where there is none, that from which the clocks show a later time.
pub(crate) fn instant(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let found = zone.to_ambiguous_timestamp(local);
    let instant = match found.offset() {
        AmbiguousOffset::Gap { before, .. } => {
            let within = before.to_timestamp(local).ok()?;
            // The transition itself is what precedes: a local time in the gap is past it by the old offset.
            let past = within.checked_add(SignedDuration::from_secs(1)).ok()?;
            zone.preceding(past)
                .next()
                .map_or(within, |transition| transition.timestamp())
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => found.compatible().ok()?,
    };
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// The numbers of a set, in order.
fn numbers(set: u64) -> impl Iterator<Item = i8> {
    (0..60).filter(move |number| set & (1 << number) != 0)
}
