//! The zone of local times: dates of customs that do not say their own (formats 203 and 204).

use dragoman_documents::{Date, DateTime};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

/// A zone by which local times are read; UTC unless said otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// Reads an IANA name, `Z`, or an offset such as `+01:00`; none where it is neither.
    pub(crate) fn named(text: &str) -> Option<Self> {
        // A time at an offset is read by the documents' own reader, so that an offset is what RFC 3339 says.
        if text.eq_ignore_ascii_case("z") || text.starts_with(['+', '-']) {
            let time: DateTime = format!("2000-01-01T00:00:00{text}").parse().ok()?;
            let offset = Offset::from_seconds(i32::from(time.offset_minutes()) * 60).ok()?;
            return Some(Self(TimeZone::fixed(offset)));
        }
        TimeZoneDatabase::bundled().get(text).ok().map(Self)
    }

    /// The offset at a local time, as RFC 3339 writes it. Of an hour that comes twice it is the first one's; an hour that
    /// is left out has that of before.
    pub(crate) fn offset_at(&self, day: Date, hour: &str, minute: &str) -> Option<String> {
        let local: DateTime = format!("{day}T{hour}:{minute}:00Z").parse().ok()?;
        let clock = TimeZone::UTC.to_datetime(Timestamp::from_second(local.unix_seconds()).ok()?);
        let at = self.0.to_ambiguous_timestamp(clock).compatible().ok()?;
        let offset = i16::try_from(self.0.to_offset(at).seconds() / 60).ok()?;
        let written = DateTime::from_unix(at.as_second(), offset)?.to_string();
        written.get("2026-11-17T17:10:00".len()..).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::Zone;

    #[test]
    fn local_times_have_the_offset_of_their_day() {
        let check = |zone: &str, day: &str, hour: &str, expected: &str| {
            let found = Zone::named(zone).unwrap().offset_at(day.parse().unwrap(), hour, "30");
            assert_eq!(found.as_deref(), Some(expected), "{zone} {day} {hour}");
        };
        check("Z", "2026-07-01", "12", "Z");
        check("+05:30", "2026-07-01", "12", "+05:30");
        check("Europe/Warsaw", "2026-07-01", "12", "+02:00");
        check("Europe/Warsaw", "2026-11-17", "12", "+01:00");
        // The clock goes back at 3 on this day, and forward at 2 on that one.
        check("Europe/Warsaw", "2026-10-25", "02", "+02:00");
        check("Europe/Warsaw", "2026-03-29", "01", "+01:00");
        check("Europe/London", "2026-01-01", "12", "Z");
        for unknown in ["", "Middle/Earth", "+25", "CET+1"] {
            assert!(Zone::named(unknown).is_none(), "{unknown}");
        }
    }
}
