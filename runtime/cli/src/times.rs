//! Times as they are written behind options.

use dragoman_model::Timestamp;

use crate::answer::Error;
use crate::codes::OPTION;

/// What an option says: a time, or how long ago.
///
/// # Errors
/// Where it is none.
pub(crate) fn said(option: &str, text: &Option<String>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    match text {
        Some(text) => time(text, now).map(Some).ok_or_else(|| {
            let said = format!("`--{option} {text}` is no time");
            Error::coded(OPTION, said).help("write 2026-03-01T08:00:00Z, or how long ago: 90m, 12h or 3d")
        }),
        None => Ok(None),
    }
}

/// The time of the machine.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// A time, or how long ago.
fn time(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let unit = text.chars().next_back()?;
    let minutes: i64 = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return None,
    };
    let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
    Some(now.plus_millis(-i64::from(number).saturating_mul(minutes * 60_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_or_how_long_ago_it_was() {
        let now = Timestamp::parse("2026-03-04T08:00:00Z").unwrap();
        for (text, expected) in [
            ("2026-03-01T08:00:00Z", Some("2026-03-01T08:00:00.000Z")),
            ("90m", Some("2026-03-04T06:30:00.000Z")),
            ("12h", Some("2026-03-03T20:00:00.000Z")),
            ("3d", Some("2026-03-01T08:00:00.000Z")),
            ("3", None),
            ("-3d", None),
            ("yesterday", None),
            ("", None),
            ("ä", None),
        ] {
            let found = time(text, now).map(|time| time.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
