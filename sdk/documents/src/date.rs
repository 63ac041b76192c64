//! Days of the calendar.

use crate::error::{Error, short};
use crate::time::as_text;
use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    days: i32,
}

impl Date {
    /// A day from year (1 to 9999), month and day of the month; none where the calendar has no such day.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap(year) => 29,
            2 => 28,
            _ => return None,
        };
        if !(1..=9999).contains(&year) || !(1..=last).contains(&day) {
            return None;
        }
        // Howard Hinnant's `days_from_civil`: years begin in March, so that the leap day comes last.
        let (month, day) = (i32::from(month), i32::from(day));
        let year = i32::from(year) - i32::from(month <= 2);
        let era = year / 400;
        let year_of_era = year - era * 400;
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self {
            days: era * 146_097 + day_of_era - 719_468,
        })
    }

    /// The days since 1970-01-01, negative before it.
    #[must_use]
    pub fn days(self) -> i32 {
        self.days
    }

    /// The day of an instant that was read from a text, so that it is within the calendar but for its offset.
    pub(crate) fn of(days: i64) -> Self {
        let days = i32::try_from(days).unwrap_or_default();
        Self {
            days: days.clamp(-719_162, 2_932_896),
        }
    }

    /// The day so many days after 1970-01-01; none outside the years 1 to 9999.
    #[must_use]
    pub fn from_days(days: i32) -> Option<Self> {
        let date = Self { days };
        (-719_162..=2_932_896).contains(&days).then_some(date)
    }

    /// The day after; none after the last day of the year 9999.
    #[must_use]
    pub fn following(self) -> Option<Self> {
        Self::from_days(self.days + 1)
    }

    /// Year, month and day of the month.
    #[must_use]
    pub fn parts(self) -> (u16, u8, u8) {
        // The inverse of the calculation in `new`; all intermediate values are positive from year 1 on.
        let shifted = self.days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted - era * 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        let narrow = |value: i32| u8::try_from(value).unwrap_or_default();
        (u16::try_from(year).unwrap_or_default(), narrow(month), narrow(day))
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// A number of exactly so many ASCII digits.
fn digits(text: &str, count: usize) -> Option<u16> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

pub(crate) fn two(text: &str) -> Option<u8> {
    digits(text, 2).and_then(|value| u8::try_from(value).ok())
}

impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            Self::new(digits(year, 4)?, two(month)?, two(day)?)
        };
        read().ok_or_else(|| Error::Date(short(text)))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

as_text!(Date, { "type": "string", "format": "date" });
