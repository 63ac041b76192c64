//! The structural check of a value against a shape, as a cast makes it.

use dragoman_model::Value;

use crate::Shape;

/// Values nested deeper than this are not looked into: JSON parsers stop at 128 levels as well.
const DEPTH: usize = 128;

impl Shape {
    /// Whether a value has this shape. `null` counts as absent; fields that the shape does not know are no objection.
    pub fn accepts(&self, value: &Value) -> bool {
        self.refusal(value).is_none()
    }

    /// The first place where a value does not have this shape: a path (`lines[2].quantity`, empty for the value
    /// itself) and what was expected there. None where it has the shape.
    pub fn refusal(&self, value: &Value) -> Option<(String, String)> {
        let mut path = Vec::new();
        let expected = refuse(self, value, &mut path, DEPTH)?;
        Some((path.concat().trim_start_matches('.').to_owned(), expected))
    }
}

fn refuse(shape: &Shape, value: &Value, path: &mut Vec<String>, depth: usize) -> Option<String> {
    if depth == 0 {
        return Some("a value that is not nested so deeply".into());
    }
    let fine = match (shape, value) {
        (Shape::Any | Shape::Optional(_), Value::Null) => true,
        (Shape::Any, _) => true,
        (Shape::Optional(inner), _) => return refuse(inner, value, path, depth),
        (Shape::Nothing, _) => value.is_null(),
        (Shape::Boolean, _) => value.is_boolean(),
        (Shape::Integer, Value::Number(number)) => number.is_i64() || number.is_u64() || is_whole(number.as_f64()),
        (Shape::Number, _) => value.is_number(),
        (Shape::Text, _) => value.is_string(),
        (Shape::Enumeration(values), Value::String(text)) => values.iter().any(|v| v == text),
        (Shape::Decimal, Value::String(text)) => is_decimal(text),
        (Shape::Date, Value::String(text)) => is_date(text),
        (Shape::DateTime, Value::String(text)) => is_date_time(text),
        (Shape::List(item), Value::Array(items)) => {
            return items
                .iter()
                .enumerate()
                .find_map(|(index, one)| below(item, one, format!("[{index}]"), path, depth));
        }
        (Shape::Map(item), Value::Object(members)) => {
            // A member that is null is absent, as an optional field is that is null.
            return members
                .iter()
                .filter(|(_, one)| !one.is_null())
                .find_map(|(name, one)| below(item, one, format!(".{name}"), path, depth));
        }
        (Shape::OneOf(variants), Value::Object(_)) => variants
            .iter()
            .any(|variant| refuse(variant, value, &mut Vec::new(), depth).is_none()),
        (Shape::Object(_) | Shape::Quantity | Shape::Measured(_) | Shape::Document, Value::Object(members)) => {
            let object = shape.as_object()?;
            return object.fields.iter().find_map(|(name, field)| match members.get(name) {
                Some(one) => below(field, one, format!(".{name}"), path, depth),
                None if field.is_optional() || *field == Shape::Any => None,
                None => {
                    path.push(format!(".{name}"));
                    Some(field.describe())
                }
            });
        }
        _ => false,
    };
    (!fine).then(|| shape.describe())
}

fn below(shape: &Shape, value: &Value, segment: String, path: &mut Vec<String>, depth: usize) -> Option<String> {
    path.push(segment);
    let refused = refuse(shape, value, path, depth - 1);
    if refused.is_none() {
        path.pop();
    }
    refused
}

/// JSON Schema counts `1.0` as a whole number.
fn is_whole(number: Option<f64>) -> bool {
    number.is_some_and(|n| n.fract() == 0.0)
}

/// Whether a text is a decimal number: a sign, digits, a point and digits; no exponent, no blanks.
pub fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all(whole) && all(fraction)
}

/// Whether a text is a date of the Gregorian calendar: `2026-11-21`, years 0000 to 9999. The last days of 9999 count:
/// they are how systems write "without an end".
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (digits(&bytes[..4]), digits(&bytes[5..7]), digits(&bytes[8..])) else {
        return false;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Whether a text is an RFC 3339 point in time with its zone: `2026-11-21T18:00:00Z`, `...T18:00:00.120+01:00`.
/// A leap second is accepted.
pub fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_at_checked(10) else {
        return false;
    };
    let bytes = time.as_bytes();
    if !is_date(date) || bytes.len() < 10 || !bytes[0].eq_ignore_ascii_case(&b't') {
        return false;
    }
    let below = |part: &[u8], limit: u32| digits(part).is_some_and(|value| value < limit);
    let clock = bytes[3] == b':'
        && bytes[6] == b':'
        && below(&bytes[1..3], 24)
        && below(&bytes[4..6], 60)
        && below(&bytes[7..9], 61);
    let rest = &bytes[9..];
    let zone = match rest.split_first() {
        Some((b'.', fraction)) => {
            let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if count == 0 {
                return false;
            }
            &fraction[count..]
        }
        _ => rest,
    };
    let zoned = match zone {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', hours @ .., b':', a, b] => hours.len() == 2 && below(hours, 24) && below(&[*a, *b], 60),
        _ => false,
    };
    clock && zoned
}

/// A number of ASCII digits only.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'))
    })
}
