//! Time, read through the journal: a replay gives the same readings.

use crate::boundary;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now_ms() -> u64 {
    boundary::now_ms()
}

/// The present time as RFC 3339 text in UTC, for example `2026-03-01T09:30:00.250Z`.
pub fn now_rfc3339() -> String {
    rfc3339(now_ms())
}

/// Milliseconds since 1970-01-01T00:00:00Z as RFC 3339 text in UTC; no fraction where it is zero.
///
/// ```
/// assert_eq!(dragoman_guest::clock::rfc3339(951_782_400_000), "2000-02-29T00:00:00Z");
/// ```
pub fn rfc3339(ms: u64) -> String {
    let (seconds, fraction) = (ms / 1000, ms % 1000);
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let fraction = match fraction {
        0 => String::new(),
        some => format!(".{some:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// The 400-year cycle has 146,097 days; counted from 1 March, the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn days_at_the_calendars_edges() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (68_169_600_000, "1972-02-29T00:00:00Z"),
            (978_307_199_999, "2000-12-31T23:59:59.999Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00Z"),
            (1_772_357_400_250, "2026-03-01T09:30:00.250Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(ms), text);
        }
    }
}
