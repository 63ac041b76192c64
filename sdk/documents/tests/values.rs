//! Numbers, days and points in time: what is read, what is refused, how they compare.

use dragoman_documents::{Date, DateTime, Decimal, Moment, country};
use proptest::prelude::*;

/// The value written again, or the refusal.
fn check<T: std::str::FromStr<Err = dragoman_documents::Error> + ToString>(text: &str) -> String {
    match text.parse::<T>() {
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn decimals_are_read_strictly() {
    for good in [
        "0",
        "10.00",
        "-0.5",
        "007",
        "1234567890123456789012345678",
        "0.0000000000000000000000000001",
    ] {
        let again: Decimal = check::<Decimal>(good).parse().unwrap();
        assert_eq!(again, good.parse().unwrap());
    }
    assert_eq!(check::<Decimal>("10.00"), "10.00");
    for bad in [
        "",
        " 1",
        "1,5",
        "1e3",
        "+1",
        "1_000",
        ".5",
        "1.",
        "--1",
        "NaN",
        "１",
        "99999999999999999999999999999999",
    ] {
        assert!(check::<Decimal>(bad).ends_with("is not a decimal number"), "{bad}");
    }
    let two: Decimal = "2.00".parse().unwrap();
    assert!(two.is_whole() && two.is_positive() && two == Decimal::from(2));
    assert_eq!(two.normalized().to_string(), "2");
    assert_eq!(serde_json::to_string(&two).unwrap(), "\"2.00\"");
    assert!(
        serde_json::from_str::<Decimal>("2.5").is_err(),
        "a float is not a decimal"
    );
}

#[test]
fn days_are_those_of_the_calendar() {
    for good in [
        "1970-01-01",
        "2000-02-29",
        "2024-02-29",
        "0001-01-01",
        "9999-12-31",
        "1600-12-31",
    ] {
        assert_eq!(check::<Date>(good), good);
    }
    for bad in [
        "2023-02-29",
        "1900-02-29",
        "2023-04-31",
        "2023-13-01",
        "2023-00-10",
        "2023-1-1",
        "23-01-01",
        "2023-01-01T",
        "0000-01-01",
        "2023-01-0１",
    ] {
        assert!(check::<Date>(bad).contains("is not a date"), "{bad}");
    }
    assert_eq!("1970-01-02".parse::<Date>().unwrap().days(), 1);
    assert_eq!("2000-03-01".parse::<Date>().unwrap().days(), 11_017);
}

#[test]
fn times_are_kept_as_written_and_compared_by_instant() {
    for good in [
        "2023-05-26T20:55:10+01:00",
        "2020-02-12T09:15:07Z",
        "2016-12-31T23:59:60Z",
        "2024-01-16T15:13:35.035Z",
        "2024-01-16T15:13:35.123456789123-11:30",
    ] {
        assert_eq!(check::<DateTime>(good), good);
    }
    assert_eq!(check::<DateTime>("2020-02-12t09:15:07z"), "2020-02-12T09:15:07Z");
    for bad in [
        "2020-02-12",
        "2020-02-12T09:15Z",
        "2020-02-12 09:15:07Z",
        "2020-02-12T09:15:07",
        "2020-02-12T24:00:00Z",
        "2020-02-12T09:60:07Z",
        "2020-02-12T09:15:07.Z",
        "2020-02-12T09:15:07+0100",
        "2020-02-30T09:15:07Z",
        "2020-02-12T09:15:07+24:00",
        "é020-02-12T09:15:07Z",
    ] {
        assert!(check::<DateTime>(bad).contains("is not a date and time"), "{bad}");
    }
    let time = |text: &str| text.parse::<DateTime>().unwrap();
    assert_eq!(time("2023-05-26T20:55:10+01:00"), time("2023-05-26T19:55:10Z"));
    assert!(time("2023-05-26T20:55:10+01:00") < time("2023-05-26T20:00:00.5Z"));
    assert!(time("2024-01-16T15:13:35.035Z") < time("2024-01-16T15:13:35.1Z"));
    assert_eq!(time("2023-12-31T23:30:00-02:00").date().to_string(), "2023-12-31");
    assert_eq!(time("2023-12-31T23:30:00-02:00").date_at(0).to_string(), "2024-01-01");
    assert_eq!(
        DateTime::from_unix(0, -90).unwrap().to_string(),
        "1969-12-31T22:30:00-01:30"
    );
}

#[test]
fn a_moment_is_a_day_or_a_time() {
    let moment = |text: &str| text.parse::<Moment>().unwrap();
    assert_eq!(moment("2024-06-30").begins(120), 1_719_698_400);
    assert_eq!(
        moment("2024-06-30").ends(120) - moment("2024-06-30").begins(120),
        86_399
    );
    assert_eq!(
        moment("2024-06-30T12:00:00Z").begins(0),
        moment("2024-06-30T12:00:00Z").ends(0)
    );
    assert!(check::<Moment>("yesterday").contains("neither a date nor a date and time"));
}

#[test]
fn countries_are_known_by_code() {
    for known in ["PL", "GB", "CH", "XI", "XX", "EU", "ZW", "AD"] {
        assert!(country::is_known(known), "{known}");
    }
    for unknown in ["", "P", "UK", "pl", "QQ", "DAE", "AE "] {
        assert!(!country::is_known(unknown), "{unknown}");
    }
    let first: Vec<u8> = (b'A'..=b'Z').collect();
    let codes = first
        .iter()
        .flat_map(|one| first.iter().map(move |two| format!("{}{}", *one as char, *two as char)));
    assert_eq!(
        codes.filter(|code| country::is_known(code)).count(),
        249 + country::FURTHER.len()
    );
    assert!(!country::is_in_use("EU", "2015-07-07".parse().unwrap()));
    assert!(country::is_in_use("EU", "2015-07-08".parse().unwrap()));
}

#[test]
fn numbers_of_xml_schema_are_read_into_the_canonical_form() {
    let check = |text: &str| Decimal::from_xml(text).map(|number| number.to_string());
    let cases = [
        ("5", Some("5")),
        ("2.50", Some("2.50")),
        ("+1", Some("1")),
        ("-3", Some("-3")),
        (".5", Some("0.5")),
        ("-.5", Some("-0.5")),
        ("5.", Some("5")),
        (".", None),
        ("", None),
        ("+-3", None),
        ("++3", None),
        ("1,5", None),
        ("1e3", None),
        ("five", None),
    ];
    for (text, expected) in cases {
        assert_eq!(check(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn a_day_has_a_following_one() {
    let check = |day: &str| day.parse::<Date>().unwrap().following().map(|day| day.to_string());
    assert_eq!(check("2026-12-31").as_deref(), Some("2027-01-01"));
    assert_eq!(check("2024-02-28").as_deref(), Some("2024-02-29"));
    assert_eq!(check("9999-12-31"), None);
}

#[test]
fn a_document_fits_up_to_its_limit() {
    let text = "x\"".repeat(10);
    let written = serde_json::to_string(&text).unwrap().len();
    assert!(dragoman_documents::size::fits(&text, written));
    assert!(!dragoman_documents::size::fits(&text, written - 1));
}

proptest! {
    #[test]
    fn every_day_comes_back(days in -719_162i32..=2_932_896) {
        let date = Date::from_days(days).unwrap();
        let (year, month, day) = date.parts();
        prop_assert_eq!(Date::new(year, month, day), Some(date));
        prop_assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
    }

    #[test]
    fn every_instant_comes_back(seconds in -62_000_000_000i64..250_000_000_000, offset in -1439i16..=1439) {
        if let Some(time) = DateTime::from_unix(seconds, offset) {
            let again: DateTime = time.to_string().parse().unwrap();
            prop_assert_eq!(again.unix_seconds(), seconds);
            prop_assert_eq!(again.offset_minutes(), offset);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,40}") {
        let _ = (text.parse::<Decimal>(), text.parse::<Moment>(), text.parse::<Date>());
    }
}
