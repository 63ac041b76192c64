//! Days as a place counts them.

use dragoman_model::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::due::instant;

/// The days of a place: each from its midnight to the next, 23 to 25 hours long where clocks are moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Days {
    zone: TimeZone,
}

/// A day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `2026-11-22`.
    pub name: String,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment of the next one.
    pub until: Timestamp,
}

impl Days {
    /// In: a name of the tz database (`Europe/Warsaw`, `UTC`). None: there is no such zone.
    pub fn of(zone: &str) -> Option<Days> {
        let zone = TimeZone::get(zone).ok()?;
        Some(Days { zone })
    }

    /// Those of UTC.
    pub fn utc() -> Days {
        Days { zone: TimeZone::UTC }
    }

    /// A day by its name; none: it is no date, or one that no clock can show.
    pub fn day(&self, name: &str) -> Option<Day> {
        self.of_date(name.parse().ok()?)
    }

    /// The day that a moment is in; none: no clock can show it.
    pub fn at(&self, at: Timestamp) -> Option<Day> {
        let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
        self.of_date(self.zone.to_datetime(at).date())
    }

    fn of_date(&self, date: Date) -> Option<Day> {
        let begins = |date: Date| instant(&self.zone, date.at(0, 0, 0, 0));
        Some(Day {
            name: date.to_string(),
            from: begins(date)?,
            until: begins(date.tomorrow().ok()?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_is_as_long_as_its_clocks_make_it() {
        for (zone, name, from, hours) in [
            ("UTC", "2026-11-22", "2026-11-22T00:00:00.000Z", 24),
            ("Europe/Warsaw", "2026-03-29", "2026-03-28T23:00:00.000Z", 23),
            ("Europe/Warsaw", "2026-10-25", "2026-10-24T22:00:00.000Z", 25),
            // The clocks go forward at midnight.
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z", 23),
        ] {
            let day = Days::of(zone).and_then(|days| days.day(name)).expect("a day");
            assert_eq!(day.from.to_string(), from, "{zone} {name}");
            assert_eq!(
                day.until.millis() - day.from.millis(),
                hours * 3_600_000,
                "{zone} {name}"
            );
        }
    }

    #[test]
    fn what_is_no_day_is_none() {
        let days = Days::of("UTC").expect("a zone");
        for name in ["", "2026-02-30", "22.11.2026", "yesterday"] {
            assert_eq!(days.day(name), None, "{name}");
        }
        assert_eq!(Days::of("Europe/Nowhere"), None);
    }

    proptest! {
        #[test]
        fn each_moment_is_in_one_day_and_days_follow_each_other(millis in 0i64..4_000_000_000_000, zone in 0usize..3) {
            let zone = ["UTC", "Europe/Warsaw", "America/Santiago"][zone];
            let days = Days::of(zone).expect("a zone");
            let at = Timestamp::from_millis(millis);
            let day = days.at(at).expect("a day");
            prop_assert!(day.from <= at && at < day.until, "{day:?}");
            prop_assert_eq!(days.day(&day.name), Some(day.clone()));
            let next = days.at(day.until).expect("the next day");
            prop_assert_eq!(next.from, day.until);
        }
    }
}
