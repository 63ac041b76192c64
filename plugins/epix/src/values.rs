//! Values inside elements: what is empty or `?` is absent, what is there and cannot be read is refused.

use dragoman_documents::{Date, Decimal, Moment};
pub(crate) use dragoman_xml::said;
use dragoman_xml::{Element, Refusal, short};
use std::collections::BTreeSet;

/// The text of the first element at a path that says anything.
pub(crate) fn text(parent: &Element, path: &str) -> Option<String> {
    parent.value_of(path).map(str::to_owned)
}

/// The texts of all elements at a path that say anything, in order. One that comes again is another one of the kind.
pub(crate) fn every(parent: &Element, path: &str) -> Vec<String> {
    let said = parent.all(path).into_iter().filter_map(Element::value);
    said.map(str::to_owned).collect()
}

/// The texts of all elements at a path that say anything, each once: what is repeated for another language.
pub(crate) fn texts(parent: &Element, path: &str) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut found = every(parent, path);
    found.retain(|text| known.insert(text.clone()));
    found
}

/// A country's code at a path, in capitals.
pub(crate) fn country(parent: &Element, path: &str) -> Option<String> {
    text(parent, path).map(|code| code.to_ascii_uppercase())
}

/// The moment in the first element at a path that has one.
pub(crate) fn moment(parent: &Element, path: &str) -> Result<Option<Moment>, Refusal> {
    moment_by(read_moment, parent, path)
}

/// The last moment of a period, likewise. A day that ends with its own midnight (24:00:00) is that day, to its end.
pub(crate) fn last_moment(parent: &Element, path: &str) -> Result<Option<Moment>, Refusal> {
    let read = |text: &str| match read_moment(text)? {
        Moment::Day(day) => {
            let written = text.get(..10).and_then(|date| date.parse().ok());
            Some(Moment::Day(written.unwrap_or(day)))
        }
        time @ Moment::Time(_) => Some(time),
    };
    moment_by(read, parent, path)
}

fn moment_by(read: fn(&str) -> Option<Moment>, parent: &Element, path: &str) -> Result<Option<Moment>, Refusal> {
    for element in parent.all(path) {
        let inner = element
            .children()
            .find(|child| matches!(child.name(), "DateTimeString" | "DateTime" | "Date"))
            .unwrap_or(element);
        if let Some(text) = inner.value() {
            return read(text).map(Some).ok_or_else(|| {
                Refusal::unreadable(inner, format!("`{}` in {} is not a date", short(text), element.name()))
            });
        }
    }
    Ok(None)
}

/// The day in the first element at a path that has one, at the offset that is written.
pub(crate) fn date(parent: &Element, path: &str) -> Result<Option<Date>, Refusal> {
    Ok(moment(parent, path)?.map(|moment| moment.date()))
}

/// Reads `xs:dateTime` and `xs:date`, and the form CCYYMMDD. A date and time without an offset is a time in a
/// zone that is not known: only its day is certain, in the issuer's zone.
fn read_moment(text: &str) -> Option<Moment> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let date = format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]);
        return date.parse().ok().map(Moment::Day);
    }
    let mut date: Date = text.get(..10)?.parse().ok()?;
    let rest = text.get(10..)?;
    let Some(clock) = rest.strip_prefix(['T', 't', ' ']) else {
        // `xs:date` may carry an offset.
        return is_offset(rest).then_some(Moment::Day(date));
    };
    let zone_at = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    let mut clock = if clock.matches(':').count() == 1 {
        format!("{clock}:00")
    } else {
        clock.to_owned()
    };
    // The day's last midnight is the next day's first (XML Schema part 2, 3.2.7.1).
    if let Some(rest) = clock.strip_prefix("24:")
        && rest.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'))
    {
        date = date.following()?;
        clock = format!("00:{rest}");
    }
    let zone = match zone.as_bytes() {
        [] => {
            // The clock is read all the same, so that nonsense is refused.
            let probe = format!("{date}T{clock}Z");
            return matches!(probe.parse(), Ok(Moment::Time(_))).then_some(Moment::Day(date));
        }
        [b'+' | b'-', _, _] => format!("{zone}:00"),
        [b'+' | b'-', _, _, _, _] => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
        _ => zone.to_owned(),
    };
    format!("{date}T{clock}{zone}").parse().ok()
}

/// Whether a text is `Z` or an offset such as `+02:00`.
fn is_offset(text: &str) -> bool {
    let probe = format!("2000-01-01T00:00:00{text}");
    matches!(probe.parse(), Ok(Moment::Time(_)))
}

/// An `xs:boolean` at a path.
pub(crate) fn boolean(parent: &Element, path: &str) -> Result<Option<bool>, Refusal> {
    for element in parent.all(path) {
        if let Some(text) = element.value() {
            return match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(Some(true)),
                "false" | "0" => Ok(Some(false)),
                _ => Err(Refusal::unreadable(
                    element,
                    format!("`{}` in {} is neither true nor false", short(text), element.name()),
                )),
            };
        }
    }
    Ok(None)
}

/// An `xs:decimal` in an element; none where it says nothing.
pub(crate) fn decimal(element: &Element) -> Result<Option<Decimal>, Refusal> {
    let Some(text) = element.value() else {
        return Ok(None);
    };
    Decimal::from_xml(text).map(Some).ok_or_else(|| {
        Refusal::unreadable(
            element,
            format!("`{}` in {} is not a number", short(text), element.name()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::read_moment;

    #[test]
    fn moments_are_read_as_exactly_as_they_are_known() {
        let check = |text: &str| read_moment(text).map(|moment| moment.to_string());
        let cases = [
            ("2014-01-06T12:03:52.00+01:00", Some("2014-01-06T12:03:52.00+01:00")),
            ("2014-01-06T12:03:52Z", Some("2014-01-06T12:03:52Z")),
            ("2014-01-06T12:03+0100", Some("2014-01-06T12:03:00+01:00")),
            ("2014-01-06T12:03:52+01", Some("2014-01-06T12:03:52+01:00")),
            ("2014-01-06T12:03:52", Some("2014-01-06")),
            ("2014-01-06T00:00:00", Some("2014-01-06")),
            ("2014-01-06", Some("2014-01-06")),
            ("2014-01-06+01:00", Some("2014-01-06")),
            ("20140106", Some("2014-01-06")),
            ("2014-01-06T24:00:00+01:00", Some("2014-01-07T00:00:00+01:00")),
            ("2014-12-31T24:00:00.0Z", Some("2015-01-01T00:00:00.0Z")),
            ("2014-01-06T24:00:00", Some("2014-01-07")),
            ("2014-01-06T24:00:01", None),
            ("2014-01-06T24:30:00Z", None),
            ("2014-01-06T25:00:00", None),
            ("2014-02-30", None),
            ("2014-01-06x", None),
            ("06.01.2014", None),
            ("soon", None),
        ];
        for (text, expected) in cases {
            assert_eq!(check(text).as_deref(), expected, "{text}");
        }
    }
}
