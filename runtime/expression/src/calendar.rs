//! Dates, times and periods as expressions use them.

use dragoman_model::nearest;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// A length of time out of a text such as `10d` or `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// In seconds; negative for earlier.
    pub seconds: i64,
}

/// A time zone by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Finds a zone: `Europe/Zurich`, `UTC`.
    pub fn find(name: &str) -> Option<Zone> {
        TimeZone::get(name).ok().map(Zone)
    }

    /// The name of a zone that was probably meant.
    pub fn nearest(name: &str) -> Option<String> {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        // An offset is not misspelt, and of a zone people often know the town and nothing else.
        if name.contains(['+', '-']) && name.contains(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let town = |zone: &&String| {
            zone.rsplit('/')
                .next()
                .is_some_and(|town| town.eq_ignore_ascii_case(name))
        };
        let whole = names.iter().find(|zone| zone.contains('/') && town(zone));
        let near = || nearest(name, names.iter().map(String::as_str));
        whole.map(String::as_str).or_else(near).map(str::to_owned)
    }
}

/// How a date is written that was written in the order of days, months and years, or with other marks than dashes; none
/// where that is no date, or is one already. Of two numbers that are both months the first is the day.
pub fn meant_date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text
        .split(['/', '.', '-', ' '])
        .filter(|part| !part.is_empty())
        .collect();
    let [first, middle, last] = parts.as_slice() else {
        return None;
    };
    let (year, one, other) = match (first.len(), last.len()) {
        (4, _) => (first, last, middle),
        (_, 4) => (last, first, middle),
        _ => return None,
    };
    let (one, other): (u8, u8) = (one.parse().ok()?, other.parse().ok()?);
    let (day, month) = if other > 12 { (other, one) } else { (one, other) };
    let meant = format!("{year}-{month:02}-{day:02}");
    (meant != text && date(&meant).is_some()).then_some(meant)
}

impl Period {
    const DAY: i64 = 86_400;

    /// Reads numbers with the units w, d, h, m, s: `10d`, `1h30m`. Whole numbers only, at most a thousand years.
    pub fn parse(text: &str) -> Option<Period> {
        let mut seconds: i64 = 0;
        let mut number: Option<i64> = None;
        for character in text.chars() {
            if let Some(digit) = character.to_digit(10) {
                number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(i64::from(digit))?);
                continue;
            }
            let unit = match character {
                'w' => 7 * Self::DAY,
                'd' => Self::DAY,
                'h' => 3_600,
                'm' => 60,
                's' => 1,
                _ => return None,
            };
            seconds = seconds.checked_add(number.take()?.checked_mul(unit)?)?;
        }
        let whole = number.is_none() && !text.is_empty() && seconds <= 366_000 * Self::DAY;
        whole.then_some(Period { seconds })
    }

    /// The other way round.
    #[must_use]
    pub fn reversed(self) -> Period {
        Period { seconds: -self.seconds }
    }

    /// Whether it is a whole number of days, as for dates.
    pub fn is_days(self) -> bool {
        self.seconds % Self::DAY == 0
    }
}

/// Reads `2026-11-21`.
pub(crate) fn date(text: &str) -> Option<Date> {
    dragoman_schema::accepts::is_date(text)
        .then(|| text.parse().ok())
        .flatten()
}

/// Reads an RFC 3339 time with its zone. The last hours of the year 9999, with which systems write "without an end",
/// are later than the library's last moment and count as that.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    if !dragoman_schema::accepts::is_date_time(text) {
        return None;
    }
    match text.parse() {
        Ok(time) => Some(time),
        Err(_) if text.starts_with("9999-12-3") => Some(Timestamp::MAX),
        Err(_) => None,
    }
}

/// The day of a time: in a zone, else at the offset with which it was written.
pub(crate) fn day(text: &str, zone: Option<&Zone>) -> Option<String> {
    match zone {
        Some(zone) => Some(time(text)?.to_zoned(zone.0.clone()).date().to_string()),
        None => time(text).map(|_| text[..10].to_owned()),
    }
}

/// A date so many days later.
pub(crate) fn later_date(text: &str, period: Period) -> Option<String> {
    let days = period.seconds / Period::DAY;
    let span = Span::new().try_days(days).ok()?;
    let date = date(text)?.checked_add(span).ok()?;
    (0..=9999).contains(&date.year()).then(|| date.to_string())
}

/// A time so much later, in UTC.
pub(crate) fn later_time(text: &str, period: Period) -> Option<String> {
    let later = time(text)?
        .checked_add(SignedDuration::from_secs(period.seconds))
        .ok()?;
    let written = later.to_string();
    dragoman_schema::accepts::is_date_time(&written).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read() {
        let cases = [
            ("10d", Some(864_000)),
            ("1h30m", Some(5_400)),
            ("2w", Some(1_209_600)),
            ("", None),
            ("10", None),
            ("d", None),
            ("-1d", None),
            ("99999999999999999999d", None),
            ("9999999w", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(Period::parse(text).map(|p| p.seconds), seconds, "{text}");
        }
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let zurich = Zone::find("Europe/Zurich");
        assert!(zurich.is_some());
        assert_eq!(
            day("2026-06-30T23:30:00Z", zurich.as_ref()).as_deref(),
            Some("2026-07-01")
        );
        assert_eq!(day("2026-06-30T23:30:00Z", None).as_deref(), Some("2026-06-30"));
        assert_eq!(
            later_date("2026-02-27", Period { seconds: 172_800 }).as_deref(),
            Some("2026-03-01")
        );
        assert_eq!(later_date("9999-12-31", Period { seconds: 86_400 }), None);
    }
}
