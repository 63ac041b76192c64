//! Points in time as RFC 3339 texts: kept as written, compared by what they mean.

use crate::Date;
use crate::date::two;
use crate::error::{Error, short};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

const DAY: i64 = 86_400;

/// A text in JSON, read by `FromStr` and written by `Display`.
macro_rules! as_text {
    ($type:ident, $schema:tt) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}
pub(crate) use as_text;

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
        Date::of(local.div_euclid(DAY))
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
            seconds: i64::from(date.days()) * DAY + local - i64::from(offset_minutes) * 60,
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
            Self::Day(date) => i64::from(date.days()) * DAY - i64::from(offset_minutes) * 60,
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

as_text!(DateTime, { "type": "string", "format": "date-time" });
// A string without a format: the profile of schemas has none for "a date, or a date and time".
as_text!(Moment, { "type": "string", "description": "A date, or a date and time (RFC 3339)." });
