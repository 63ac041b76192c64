//! Whether a permit is valid at a time. Its days are days in the issuer's time zone, to their end (box 2).

use crate::findings::Findings;
use crate::table;
use dragoman_documents::{Date, DateTime, Moment, Permit};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

/// The offsets between which every place on earth lies, in minutes.
const EARLIEST: i16 = 14 * 60;
const LATEST: i16 = -12 * 60;

/// Reads a time zone: an IANA name, `Z`, or an offset such as `+01:00`.
fn zone(text: &str) -> Option<TimeZone> {
    // A time at an offset is read by the documents' own reader, so that an offset is what RFC 3339 says.
    if text.eq_ignore_ascii_case("z") || text.starts_with(['+', '-']) {
        let time: DateTime = format!("2000-01-01T00:00:00{text}").parse().ok()?;
        let offset = Offset::from_seconds(i32::from(time.offset_minutes()) * 60).ok()?;
        return Some(TimeZone::fixed(offset));
    }
    TimeZoneDatabase::bundled().get(text).ok()
}

/// Whether a text is a time zone that can be reckoned with.
pub(crate) fn is_zone(text: &str) -> bool {
    zone(text).is_some()
}

/// The offset of a zone at a day's midnight, in minutes; near enough where a clock changes at midnight itself.
fn offset_at(zone: &TimeZone, day: Date) -> i16 {
    let midnight = i64::from(day.days()) * 86_400;
    let rough = Timestamp::from_second(midnight).map_or(0, |at| zone.to_offset(at).seconds());
    let exact = Timestamp::from_second(midnight - i64::from(rough)).map_or(rough, |at| zone.to_offset(at).seconds());
    i16::try_from(exact / 60).unwrap_or_default()
}

/// The first second of a period's first moment.
fn beginning(moment: &Moment, zone: &TimeZone) -> i64 {
    moment.begins(offset_at(zone, moment.date()))
}

/// The last second of a period's last moment: for a day, the one before the next midnight there.
fn ending(moment: &Moment, zone: &TimeZone) -> i64 {
    match moment {
        Moment::Time(time) => time.unix_seconds(),
        Moment::Day(day) => match Date::from_days(day.days() + 1) {
            Some(next) => Moment::Day(next).begins(offset_at(zone, next)) - 1,
            None => moment.ends(offset_at(zone, *day)),
        },
    }
}

/// How a time lies to a period of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Within,
    After,
    /// It depends on a clock that is not known.
    Edge,
}

fn place(permit: &Permit, at: &Moment, zone: &TimeZone) -> Place {
    let (begins, ends) = (beginning(at, zone), ending(at, zone));
    let from = permit.valid_from.as_ref().map(|from| beginning(from, zone));
    let until = permit.valid_until.as_ref().map(|until| ending(until, zone));
    if from.is_some_and(|from| ends < from) {
        Place::Before
    } else if until.is_some_and(|until| begins > until) {
        Place::After
    } else if from.is_some_and(|from| begins < from) || until.is_some_and(|until| ends > until) {
        Place::Edge
    } else {
        Place::Within
    }
}

/// Where the zone is not known, the time lies where it lies in every zone.
fn place_anywhere(permit: &Permit, at: &Moment) -> Place {
    let in_fixed = |minutes: i16| {
        let offset = Offset::from_seconds(i32::from(minutes) * 60).unwrap_or(Offset::UTC);
        place(permit, at, &TimeZone::fixed(offset))
    };
    let (east, west) = (in_fixed(EARLIEST), in_fixed(LATEST));
    if east == west { east } else { Place::Edge }
}

/// Applies the rules about the time of export.
pub(crate) fn check(findings: &mut Findings, permit: &Permit, at: &Moment, site_zone: Option<&str>) {
    let stated = permit.time_zone.as_deref().or(site_zone);
    let known = stated.and_then(zone);
    let place = match &known {
        Some(zone) => place(permit, at, zone),
        None => place_anywhere(permit, at),
    };
    let zone_text = match (stated, &known) {
        (Some(text), Some(_)) => text.to_owned(),
        (Some(text), None) => format!("a time zone that is not known (`{text}`)"),
        (None, _) => "the issuer's time zone, which the permit does not say".to_owned(),
    };
    let shown = |moment: &Option<Moment>| {
        moment
            .as_ref()
            .map_or_else(|| "an unknown day".to_owned(), Moment::to_string)
    };
    let (from, until) = (shown(&permit.valid_from), shown(&permit.valid_until));
    let rule = table::PERMIT_VALIDITY;
    match place {
        Place::Before => findings.broken(
            rule,
            format!("exported on {at}, before the permit is valid ({from}, in {zone_text})"),
        ),
        Place::After => findings.broken(
            rule,
            format!("exported on {at}, after the permit expired ({until}, in {zone_text})"),
        ),
        Place::Edge => findings.unclear(
            rule,
            format!("whether {at} is between {from} and {until} depends on {zone_text}"),
        ),
        Place::Within if permit.valid_until.is_none() => {
            findings.unclear(rule, "the permit does not say until when it is valid");
        }
        Place::Within => findings.pass(rule, format!("{at} is between {from} and {until} in {zone_text}")),
    }
    six_months(findings, permit, at);
}

fn six_months(findings: &mut Findings, permit: &Permit, at: &Moment) {
    let rule = table::PERMIT_SIX_MONTHS;
    let Some(issued) = permit.issued_at.as_ref().or(permit.valid_from.as_ref()) else {
        findings.unclear(rule, "the permit does not say when it was issued");
        return;
    };
    let Some(last) = half_a_year_after(issued.date()) else {
        findings.unclear(rule, "the day of issue is out of range");
        return;
    };
    if at.date() > last {
        findings.broken(rule, format!("issued on {issued}; six months ended on {last}"));
    } else {
        findings.pass(rule, format!("issued on {issued}"));
    }
}

/// The same day six months later, or the month's last one.
fn half_a_year_after(day: Date) -> Option<Date> {
    let (year, month, of_month) = day.parts();
    let (year, month) = if month > 6 {
        (year + 1, month - 6)
    } else {
        (year, month + 6)
    };
    (0..4).find_map(|back| Date::new(year, month, of_month.checked_sub(back)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit(from: &str, until: &str) -> Permit {
        Permit {
            valid_from: Some(from.parse().unwrap()),
            valid_until: Some(until.parse().unwrap()),
            ..Permit::default()
        }
    }

    #[test]
    fn the_last_day_ends_in_the_issuers_zone() {
        let check = |named: &str, at: &str, expected: Place| {
            let permit = permit("2026-06-01", "2026-12-31");
            let found = place(&permit, &at.parse().unwrap(), &zone(named).unwrap());
            assert_eq!(found, expected, "{at} in {named}");
        };
        check("Europe/Warsaw", "2026-12-31T23:59:59+01:00", Place::Within);
        check("Europe/Warsaw", "2027-01-01T00:00:00+01:00", Place::After);
        check("Europe/Warsaw", "2026-12-31T23:30:00Z", Place::After);
        check("+00:00", "2026-12-31T23:30:00Z", Place::Within);
        check("America/Lima", "2027-01-01T04:59:59Z", Place::Within);
        check("America/Lima", "2027-01-01T05:00:00Z", Place::After);
        check("Pacific/Auckland", "2026-12-31T11:00:00Z", Place::After);
        // Summer time holds on the first day and not on the last.
        check("Europe/Warsaw", "2026-05-31T22:00:00Z", Place::Within);
        check("Europe/Warsaw", "2026-05-31T21:59:59Z", Place::Before);
        check("Europe/Warsaw", "2026-12-31", Place::Within);
        check("Europe/Warsaw", "2027-01-01", Place::After);
    }

    #[test]
    fn without_a_zone_only_what_holds_everywhere_holds() {
        let check = |at: &str, expected: Place| {
            let permit = permit("2026-06-01", "2026-12-31");
            assert_eq!(place_anywhere(&permit, &at.parse().unwrap()), expected, "{at}");
        };
        check("2026-12-31T09:00:00Z", Place::Within);
        check("2026-12-31T12:00:00Z", Place::Edge);
        check("2027-01-01T12:00:00Z", Place::After);
        check("2026-05-31T09:00:00Z", Place::Before);
        check("2026-06-01T00:00:00Z", Place::Edge);
    }

    #[test]
    fn half_a_year_ends_with_the_month() {
        let check = |day: &str, expected: &str| {
            let found = half_a_year_after(day.parse().unwrap());
            assert_eq!(found.map(|day| day.to_string()).as_deref(), Some(expected));
        };
        check("2026-06-01", "2026-12-01");
        check("2026-08-31", "2027-02-28");
        check("2026-03-31", "2026-09-30");
    }

    #[test]
    fn zones_are_names_or_offsets() {
        let check = |text: &str, expected: bool| assert_eq!(is_zone(text), expected, "{text}");
        check("Europe/Zurich", true);
        check("-03:00", true);
        check("Z", true);
        check("Middle/Earth", false);
        check("+25", false);
    }
}
