//! Days and points in time as RFC 3339 texts: kept as written, compared by what they mean.

use crate::error::{Error, short};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

const DAY: i64 = 86_400;

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

    /// The day so many days after 1970-01-01; none outside the years 1 to 9999.
    #[must_use]
    pub fn from_days(days: i32) -> Option<Self> {
        let date = Self { days };
        (-719_162..=2_932_896).contains(&days).then_some(date)
    }

    /// Year, month and day of the month.
    #[must_use]
    pub fn parts(self) -> (u16, u8, u8) {
        // The inverse of the calculation in `new`; all intermediate values are positive from year 1 on.
        let shifted = self.days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted - era * 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        let narrow = |value: i32| u8::try_from(value).unwrap_or_default();
        (
            u16::try_from(year).unwrap_or_default(),
            narrow(month),
            narrow(day),
        )
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

fn two(text: &str) -> Option<u8> {
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

/// A date and time with its offset from UTC (RFC 3339). The text stays as written; equality and order go by instant.
#[derive(Debug, Clone)]
pub struct DateTime {
    text: String,
    seconds: i64,
    nanoseconds: u32,
    offset_minutes: i16,
}

impl DateTime {
    /// The seconds since 1970-01-01T00:00:00Z, without the fraction.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// The offset from UTC in minutes, positive to the east.
    #[must_use]
    pub fn offset_minutes(&self) -> i16 {
        self.offset_minutes
    }

    /// The day at the offset that was written.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date_at(self.offset_minutes)
    }

    /// The day at another offset from UTC, in minutes.
    #[must_use]
    pub fn date_at(&self, offset_minutes: i16) -> Date {
        let local = self.seconds + i64::from(offset_minutes) * 60;
        Date {
            days: i32::try_from(local.div_euclid(DAY)).unwrap_or_default(),
        }
    }

    /// A point in time from seconds since 1970-01-01T00:00:00Z and the offset to write it with, in minutes;
    /// none outside the years 1 to 9999 and offsets of a day.
    #[must_use]
    pub fn from_unix(seconds: i64, offset_minutes: i16) -> Option<Self> {
        if offset_minutes.unsigned_abs() >= 1440 {
            return None;
        }
        let local = seconds.checked_add(i64::from(offset_minutes) * 60)?;
        let date = Date::from_days(i32::try_from(local.div_euclid(DAY)).ok()?)?;
        let second = local.rem_euclid(DAY);
        let zone = if offset_minutes == 0 {
            "Z".to_owned()
        } else {
            let sign = if offset_minutes < 0 { '-' } else { '+' };
            let size = offset_minutes.unsigned_abs();
            format!("{sign}{:02}:{:02}", size / 60, size % 60)
        };
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        Some(Self {
            text: format!("{date}T{hour:02}:{minute:02}:{second:02}{zone}"),
            seconds,
            nanoseconds: 0,
            offset_minutes,
        })
    }

    fn read(text: &str) -> Option<Self> {
        let date: Date = text.get(..10)?.parse().ok()?;
        let clock = text.get(10..)?.strip_prefix(['T', 't'])?;
        let zone_at = clock.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = clock.split_at(zone_at);
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, fraction)) => (clock, Some(fraction)),
            None => (clock, None),
        };
        let (hour, rest) = clock.split_once(':')?;
        let (minute, second) = rest.split_once(':')?;
        let (hour, minute, second) = (two(hour)?, two(minute)?, two(second)?);
        // RFC 3339 knows leap seconds; they count as the first second after.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let offset_minutes = match zone {
            "Z" | "z" => 0,
            _ => {
                let (hours, minutes) = zone.get(1..)?.split_once(':')?;
                let (hours, minutes) = (two(hours)?, two(minutes)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let size = i16::from(hours) * 60 + i16::from(minutes);
                if zone.starts_with('-') { -size } else { size }
            }
        };
        let nanoseconds = match fraction {
            None => 0,
            Some(fraction) => read_fraction(fraction)?,
        };
        let local = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self {
            text: text.to_ascii_uppercase(),
            seconds: i64::from(date.days) * DAY + local - i64::from(offset_minutes) * 60,
            nanoseconds,
            offset_minutes,
        })
    }
}

/// The digits after the decimal point as nanoseconds; what is finer is cut off.
fn read_fraction(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut padded: String = digits.chars().take(9).collect();
    while padded.len() < 9 {
        padded.push('0');
    }
    padded.parse().ok()
}

impl FromStr for DateTime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::read(text).ok_or_else(|| Error::DateTime(short(text)))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for DateTime {}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.seconds, self.nanoseconds).cmp(&(other.seconds, other.nanoseconds))
    }
}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.seconds, self.nanoseconds).hash(state);
    }
}

/// A point in time as exactly as it is known: a day, or a date and time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Only the day is known, in the time zone that the context gives.
    Day(Date),
    /// Date and time are known.
    Time(DateTime),
}

impl Moment {
    /// The day, at the offset that was written.
    #[must_use]
    pub fn date(&self) -> Date {
        match self {
            Self::Day(date) => *date,
            Self::Time(time) => time.date(),
        }
    }

    /// The first second that it can mean, in seconds since 1970-01-01T00:00:00Z; a day alone is taken
    /// at the given offset from UTC in minutes.
    #[must_use]
    pub fn begins(&self, offset_minutes: i16) -> i64 {
        match self {
            Self::Day(date) => i64::from(date.days) * DAY - i64::from(offset_minutes) * 60,
            Self::Time(time) => time.seconds,
        }
    }

    /// The last second that it can mean, likewise: for a day alone its last second.
    #[must_use]
    pub fn ends(&self, offset_minutes: i16) -> i64 {
        match self {
            Self::Day(_) => self.begins(offset_minutes) + DAY - 1,
            Self::Time(time) => time.seconds,
        }
    }
}

impl From<Date> for Moment {
    fn from(date: Date) -> Self {
        Self::Day(date)
    }
}

impl From<DateTime> for Moment {
    fn from(time: DateTime) -> Self {
        Self::Time(time)
    }
}

impl FromStr for Moment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.parse() {
            Ok(date) => Ok(Self::Day(date)),
            Err(_) => DateTime::read(text)
                .map(Self::Time)
                .ok_or_else(|| Error::Moment(short(text))),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => date.fmt(formatter),
            Self::Time(time) => time.fmt(formatter),
        }
    }
}

/// A text in JSON, read by `FromStr` and written by `Display`.
macro_rules! as_text {
    ($type:ident, $schema:tt) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

as_text!(Date, { "type": "string", "format": "date" });
as_text!(DateTime, { "type": "string", "format": "date-time" });
// A string without a format: the profile of schemas has none for "a date, or a date and time".
as_text!(Moment, { "type": "string", "description": "A date, or a date and time (RFC 3339)." });
