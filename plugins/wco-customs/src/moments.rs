//! Dates as WCO messages write them, and as they should not.
//!
//! Format 304 is CCYYMMDDHHMMSS with a zone (`20230526205510+01`, `20200212091507Z`), 102 is CCYYMMDD.
//! Formats 203 and 204 are CCYYMMDDHHMM and CCYYMMDDHHMMSS without a zone: local times of customs, in the configured zone.
//! The digits are trusted more than the `formatCode`, which messages leave out or get wrong.

use crate::zone::Zone;
use dragoman_documents::{Date, DateTime, Moment};
use dragoman_xml::{Element, Refusal, short};

/// The moment inside an element such as `IssueDateTime`: in its `DateTimeString`, or directly in it.
/// Absent and empty is none; what is there and cannot be read is refused.
pub(crate) fn moment_in(parent: &Element, name: &str, zone: &Zone) -> Result<Option<Moment>, Refusal> {
    for element in parent.children_named(name) {
        let inner = element
            .children()
            .find(|child| matches!(child.name(), "DateTimeString" | "DateTime" | "Date"))
            .unwrap_or(element);
        if let Some(text) = inner.value() {
            return read(text, zone)
                .map(Some)
                .ok_or_else(|| Refusal::unreadable(inner, format!("`{}` in {name} is not a date", short(text))));
        }
    }
    Ok(None)
}

/// Reads a moment in any of the forms that are seen; one without a zone in the zone given.
pub(crate) fn read(text: &str, local: &Zone) -> Option<Moment> {
    text.parse()
        .ok()
        .or_else(|| packed(text, local))
        .or_else(|| iso(text, local))
        .or_else(|| java(text))
}

/// CCYYMMDD, CCYYMMDDHHMM and CCYYMMDDHHMMSS, with `Z`, `+01`, `+0100`, `+01:00` or nothing (a local time) behind.
fn packed(text: &str, local: &Zone) -> Option<Moment> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, zone) = text.split_at(end);
    let part = |from: usize, to: usize| digits.get(from..to);
    let date = format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?);
    match digits.len() {
        8 if zone.is_empty() => date.parse().ok().map(Moment::Day),
        12 => time(&date, part(8, 10)?, part(10, 12)?, "00", zone, local),
        14 => time(&date, part(8, 10)?, part(10, 12)?, part(12, 14)?, zone, local),
        _ => None,
    }
}

/// ISO 8601 with a zone that RFC 3339 does not know, or without one (a local time); `xs:dateTime` with 24:00:00 too.
fn iso(text: &str, local: &Zone) -> Option<Moment> {
    let (date, clock) = text.split_once(['T', ' '])?;
    date.parse::<Date>().ok()?;
    let clock = clock.trim();
    let end = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(end);
    let (hour, rest) = clock.split_once(':')?;
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "00"));
    time(date, hour, minute, second, zone, local)
}

/// What `java.util.Date` prints: `Wed Nov 13 00:00:00 UTC 2019`. A zone without a fixed meaning is refused.
fn java(text: &str) -> Option<Moment> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, month, day, clock, zone, year] = words.as_slice() else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    let zone = match *zone {
        "UTC" | "GMT" | "Z" | "WET" => "Z",
        "BST" | "CET" | "WEST" => "+01:00",
        "CEST" | "EET" => "+02:00",
        "EEST" => "+03:00",
        other => other.strip_prefix("GMT").filter(|offset| offset.len() == 6)?,
    };
    let (hour, rest) = clock.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let date = format!("{year}-{month:02}-{day:0>2}");
    time(&date, hour, minute, second, zone, &Zone::default())
}

fn time(date: &str, hour: &str, minute: &str, second: &str, zone: &str, local: &Zone) -> Option<Moment> {
    let mut day: Date = date.parse().ok()?;
    let mut hour = hour;
    // The day's last midnight is the next day's first (XML Schema part 2, 3.2.7.1; ISO 8601).
    if hour == "24" && minute == "00" && second.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        day = day.following()?;
        hour = "00";
    }
    let zone = match zone.as_bytes() {
        [] => local.offset_at(day, hour, minute)?,
        [b'Z' | b'z'] => "Z".to_owned(),
        [b'+' | b'-', _, _] => format!("{zone}:00"),
        [b'+' | b'-', _, _, b':', _, _] => zone.to_owned(),
        [b'+' | b'-', _, _, _, _] => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
        _ => return None,
    };
    // `+00:00` says the same as `Z`; one form keeps equal moments equal as texts.
    let zone = if zone == "+00:00" { "Z".to_owned() } else { zone };
    let text = format!("{day}T{hour}:{minute}:{second}{zone}");
    text.parse::<DateTime>().ok().map(Moment::Time)
}

#[cfg(test)]
mod tests {
    use super::{Zone, read};

    fn check(text: &str) -> Option<String> {
        check_in("Z", text)
    }

    fn check_in(zone: &str, text: &str) -> Option<String> {
        read(text, &Zone::named(zone).unwrap()).map(|moment| moment.to_string())
    }

    #[test]
    fn local_times_are_in_the_configured_zone() {
        let cases = [
            ("20200212091507", "2020-02-12T09:15:07+01:00"),
            ("202007120915", "2020-07-12T09:15:00+02:00"),
            ("2024-01-16T15:13:35", "2024-01-16T15:13:35+01:00"),
            ("20200212091507Z", "2020-02-12T09:15:07Z"),
            ("20200212091507+05", "2020-02-12T09:15:07+05:00"),
            ("20200212", "2020-02-12"),
            ("Wed Nov 13 00:00:00 UTC 2019", "2019-11-13T00:00:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(check_in("Europe/Warsaw", text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(
            check_in("-03:00", "20200212240000").as_deref(),
            Some("2020-02-13T00:00:00-03:00")
        );
    }

    #[test]
    fn dates_are_read_in_the_forms_that_are_seen() {
        let cases = [
            ("20230526205510+01", "2023-05-26T20:55:10+01:00"),
            ("20200212091507Z", "2020-02-12T09:15:07Z"),
            ("20200212091507", "2020-02-12T09:15:07Z"),
            ("20200212091507+0530", "2020-02-12T09:15:07+05:30"),
            ("20200212091507-03:00", "2020-02-12T09:15:07-03:00"),
            ("20200212091507+00", "2020-02-12T09:15:07Z"),
            ("202002120915", "2020-02-12T09:15:00Z"),
            ("20200212", "2020-02-12"),
            ("2020-02-12", "2020-02-12"),
            ("2024-01-16T15:13:35.035Z", "2024-01-16T15:13:35.035Z"),
            ("2024-01-16T15:13:35", "2024-01-16T15:13:35Z"),
            ("2024-01-16T15:13+0100", "2024-01-16T15:13:00+01:00"),
            ("2024-01-16 15:13:35", "2024-01-16T15:13:35Z"),
            ("2024-12-31T24:00:00+01:00", "2025-01-01T00:00:00+01:00"),
            ("20241231240000Z", "2025-01-01T00:00:00Z"),
            ("Wed Nov 13 00:00:00 UTC 2019", "2019-11-13T00:00:00Z"),
            ("Fri Jun 7 09:05:01 BST 2019", "2019-06-07T09:05:01+01:00"),
            ("Fri Jun 07 09:05:01 GMT+03:00 2019", "2019-06-07T09:05:01+03:00"),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "?",
            "2020",
            "20201301",
            "20200230091507Z",
            "20200212251507Z",
            "20200212240001Z",
            "2024-12-31T24:01:00",
            "20200212Z",
            "2020021209150Z",
            "Wed Nov 13 00:00:00 EST 2019",
            "Wed Brumaire 13 00:00:00 UTC 2019",
            "tomorrow",
            "2020-02-30T10:00",
            "20200212091507+1",
            "20200212091507+é",
            "２０２００２１２",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }
}
