//! Decimal numbers that travel as strings.

use crate::Error;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A decimal number, at most 28 digits, written as a string so that no reader rounds it.
///
/// It keeps the digits that were written (`10.00` stays `10.00`); equality and order go by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(rust_decimal::Decimal);

impl Decimal {
    /// The number for calculating.
    #[must_use]
    pub fn value(self) -> rust_decimal::Decimal {
        self.0
    }

    /// Whether it has no fraction (`2.00` has none).
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0.fract().is_zero()
    }

    /// Whether it is greater than nought.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > rust_decimal::Decimal::ZERO
    }

    /// Reads an `xs:decimal`, which allows what the canonical form does not: a plus sign, and no digit before or after the
    /// point (`+1`, `.5`, `5.` are 1, 0.5, 5). None where it is none.
    #[must_use]
    pub fn from_xml(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        if unsigned.len() < text.len() && unsigned.starts_with('-') {
            return None;
        }
        let (sign, digits) = match unsigned.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", unsigned),
        };
        let digits = match digits.split_once('.') {
            Some(("", fraction)) if !fraction.is_empty() => format!("0.{fraction}"),
            Some((whole, "")) => whole.to_owned(),
            _ => digits.to_owned(),
        };
        format!("{sign}{digits}").parse().ok()
    }

    /// The sum; none where it has too many digits.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference; none where it has too many digits.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The product; none where it has too many digits.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        self.0.checked_mul(other.0).map(Self)
    }

    /// The same number without trailing noughts.
    #[must_use]
    pub fn normalized(self) -> Self {
        Self(self.0.normalize())
    }
}

impl From<rust_decimal::Decimal> for Decimal {
    fn from(value: rust_decimal::Decimal) -> Self {
        Self(value)
    }
}

impl From<u32> for Decimal {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

impl FromStr for Decimal {
    type Err = Error;

    /// Reads digits with an optional sign and decimal point; no exponent, no separators, no white space.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = || Error::Decimal(crate::error::short(text));
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(refused());
        }
        rust_decimal::Decimal::from_str_exact(text)
            .map(Self)
            .map_err(|_| refused())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "decimal" })
    }
}
