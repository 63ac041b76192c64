//! When calendars are due, by examples and by comparing with a clock that is watched minute by minute.

use dragoman_calendar::{Calendar, Cron, zones};
use dragoman_model::Timestamp;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|text| panic!("{text} is no time"))
}

fn cron(text: &str, zone: &str) -> Calendar {
    Calendar::cron(text, zone).unwrap_or_else(|wrong| panic!("{text} in {zone}: {wrong:?}"))
}

/// The times after one, each with the seconds left out.
fn dues(calendar: &Calendar, after: &str, count: usize) -> Vec<String> {
    let next = |time: &Timestamp| calendar.next_after(*time);
    let times = std::iter::successors(calendar.next_after(at(after)), next).take(count);
    times.map(|time| time.to_string().replace(":00.000Z", "")).collect()
}

#[test]
fn it_is_due_by_the_clock_on_the_wall() {
    for (text, zone, after, expected) in [
        // Working days at six, over a weekend.
        (
            "0 6 * * 1-5",
            "Europe/Warsaw",
            "2026-11-19T05:00:00Z",
            vec!["2026-11-20T05:00", "2026-11-23T05:00"],
        ),
        // What is due now is not due next.
        ("0 6 * * *", "UTC", "2026-11-19T06:00:00Z", vec!["2026-11-20T06:00"]),
        ("0 6 * * *", "UTC", "2026-11-19T05:59:59.999Z", vec!["2026-11-19T06:00"]),
        // The hour of summer time that does not exist: once, when the clocks show three.
        (
            "30 2 * * *",
            "Europe/Warsaw",
            "2026-03-27T12:00:00Z",
            vec!["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
        ),
        (
            "*/30 1-3 * * *",
            "Europe/Warsaw",
            "2026-03-28T23:30:00Z",
            vec![
                "2026-03-29T00:00",
                "2026-03-29T00:30",
                "2026-03-29T01:00",
                "2026-03-29T01:30",
            ],
        ),
        // The hour that exists twice: once, the first time.
        (
            "30 2 * * *",
            "Europe/Warsaw",
            "2026-10-24T12:00:00Z",
            vec!["2026-10-25T00:30", "2026-10-26T01:30"],
        ),
        // Asked in the second pass of that hour.
        (
            "30 2,4 * * *",
            "Europe/Warsaw",
            "2026-10-25T01:10:00Z",
            vec!["2026-10-25T03:30"],
        ),
        // Half an hour of summer time.
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-02T18:00:00Z",
            vec!["2026-10-03T15:30", "2026-10-04T15:15"],
        ),
        // A whole day that a place left out.
        (
            "0 12 * * *",
            "Pacific/Apia",
            "2011-12-29T00:00:00Z",
            vec!["2011-12-29T22:00", "2011-12-30T10:00", "2011-12-30T22:00"],
        ),
        // Either the day or the weekday; both where one of them is `*`.
        (
            "0 0 13 * 5",
            "UTC",
            "2026-11-10T00:00:00Z",
            vec!["2026-11-13T00:00", "2026-11-20T00:00", "2026-11-27T00:00"],
        ),
        ("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", vec!["2104-02-29T00:00"]),
    ] {
        assert_eq!(
            dues(&cron(text, zone), after, expected.len()),
            expected,
            "{text} in {zone}"
        );
    }
}

#[test]
fn an_interval_is_counted_from_the_beginning_of_time() {
    let every = Calendar::Every { millis: 900_000 };
    assert_eq!(
        dues(&every, "2026-11-19T05:07:00Z", 2),
        ["2026-11-19T05:15", "2026-11-19T05:30"]
    );
    assert_eq!(dues(&every, "1969-12-31T23:59:00Z", 1), ["1970-01-01T00:00"]);
}

#[test]
fn the_latest_is_found_however_far_back_it_lies() {
    let daily = cron("0 6 * * *", "UTC");
    for (text, after, until, expected) in [
        (
            "0 6 * * *",
            "2020-01-01T00:00:00Z",
            "2026-11-19T05:59:00Z",
            Some("2026-11-18T06:00:00Z"),
        ),
        ("0 6 * * *", "2026-11-18T06:00:00Z", "2026-11-19T05:59:00Z", None),
        (
            "* * * * *",
            "1990-01-01T00:00:00Z",
            "2026-11-19T05:59:30Z",
            Some("2026-11-19T05:59:00Z"),
        ),
        (
            "0 0 29 2 *",
            "1990-01-01T00:00:00Z",
            "2026-11-19T05:59:30Z",
            Some("2024-02-29T00:00:00Z"),
        ),
    ] {
        let latest = cron(text, "UTC").latest(at(after), at(until));
        assert_eq!(latest, expected.map(at), "{text} from {after} to {until}");
    }
    assert_eq!(
        daily.latest(at("2026-11-19T06:00:00Z"), at("2026-11-19T05:00:00Z")),
        None
    );
}

#[test]
fn zones_are_known_by_name() {
    assert!(zones().iter().any(|zone| zone == "Europe/Warsaw"));
    assert_eq!(Calendar::cron("0 6 * * *", "Europe/Warschau"), Err(None));
}

fn field(least: u32, most: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("*".to_owned()),
        1 => (least..=most).prop_map(|n| n.to_string()),
        1 => (least..=most, least..=most).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (1..=most).prop_map(|n| format!("*/{n}")),
        1 => (least..=most, least..=most).prop_map(|(a, b)| format!("{a},{b}")),
    ]
}

/// Whether a number fits a field, read anew and simply.
fn fits(field: &str, number: u32) -> bool {
    field
        .split(',')
        .any(|part| match (part.split_once('/'), part.split_once('-')) {
            (Some((_, step)), _) => number.is_multiple_of(step.parse::<u32>().expect("a step")),
            (None, Some((a, b))) => (a.parse().expect("a number")..=b.parse().expect("a number")).contains(&number),
            (None, None) => part == "*" || part.parse() == Ok(number),
        })
}

proptest! {
    #[test]
    fn it_is_due_exactly_in_the_minutes_that_fit(
        minutes in field(0, 59), hours in field(0, 23), weekdays in field(0, 6), start in 0i64..2_000_000_000,
    ) {
        let text = format!("{minutes} {hours} * * {weekdays}");
        let calendar = cron(&text, "UTC");
        let start = Timestamp::from_millis(start * 1_000);
        // Minute by minute for eight days, which hold every weekday and hour.
        let first = start.millis().div_euclid(60_000) + 1;
        let expected = (first..first + 8 * 1_440).find(|minute| {
            let (day, rest) = (minute.div_euclid(1_440), minute.rem_euclid(1_440));
            let number = |n: i64| u32::try_from(n).expect("small");
            // The first day of 1970 was a Thursday.
            fits(&minutes, number(rest % 60)) && fits(&hours, number(rest / 60)) && fits(&weekdays, number((day + 4) % 7))
        });
        prop_assert_eq!(calendar.next_after(start), expected.map(|m| Timestamp::from_millis(m * 60_000)));
    }

    #[test]
    fn times_grow_in_every_zone(
        minutes in field(0, 59), hours in field(0, 23), days in field(1, 28), zone in 0usize..600,
        start in 1_000_000_000i64..2_000_000_000,
    ) {
        let zones = zones();
        let zone = &zones[zone % zones.len()];
        let calendar = cron(&format!("{minutes} {hours} {days} * *"), zone);
        let mut before = Timestamp::from_millis(start * 1_000);
        for _ in 0..40 {
            let next = calendar.next_after(before).expect("it is due again");
            prop_assert!(next > before, "{zone}: {next} after {before}");
            prop_assert_eq!(calendar.latest(before, next), Some(next));
            prop_assert_eq!(calendar.latest(before, next.plus_millis(-1)), None);
            before = next;
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-*/,0-9a-zA-Z@ ä]{0,40}") {
        if let Err(wrong) = Cron::parse(&text) {
            prop_assert!(text.get(wrong.at).is_some());
        }
    }
}
