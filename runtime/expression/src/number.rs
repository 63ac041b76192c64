//! Numbers and quantities at run time: whole numbers and decimals, never floats.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use dragoman_model::Value;
use rust_decimal::Decimal;

use crate::data::Data;
use crate::program::Arithmetic;

/// A decimal in a unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Amount {
    pub(crate) value: Decimal,
    pub(crate) unit: String,
    pub(crate) qualifier: Option<String>,
}

/// Reads a decimal out of its text or a number; an exponent only where it is a JSON number.
pub(crate) fn decimal(data: &Data<'_>) -> Option<Decimal> {
    match data.plain()? {
        Value::String(text) => decimal_text(text),
        Value::Number(number) => {
            let text = number.to_string();
            decimal_text(&text).or_else(|| Decimal::from_scientific(&text).ok())
        }
        _ => None,
    }
}

/// Reads a decimal out of its text; none where it is not one or has more than 28 digits.
pub(crate) fn decimal_text(text: &str) -> Option<Decimal> {
    if !dragoman_schema::accepts::is_decimal(text) {
        return None;
    }
    Decimal::from_str_exact(text.strip_prefix('+').unwrap_or(text)).ok()
}

/// Reads a whole number: `1.0` is one, as JSON Schema has it.
pub(crate) fn integer(data: &Data<'_>) -> Option<i64> {
    let Value::Number(number) = data.plain()? else {
        return None;
    };
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9.0e15)?;
        // Whole and below 2^53, so that the conversion is exact.
        #[allow(clippy::cast_possible_truncation)]
        Some(float as i64)
    })
}

/// Compares two JSON numbers; none where one is not a number.
pub(crate) fn compare(left: &Data<'_>, right: &Data<'_>) -> Option<Ordering> {
    match (decimal(left), decimal(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        // Too large for a decimal: as floats, which is what JSON made of them.
        _ => left.plain()?.as_f64()?.partial_cmp(&right.plain()?.as_f64()?),
    }
}

/// Reads a quantity: `{ value, unit, qualifier? }`.
pub(crate) fn amount(data: &Data<'_>) -> Option<Amount> {
    let member = |name: &str| data.member(name).ok().flatten();
    Some(Amount {
        value: decimal(&member("value")?)?,
        unit: member("unit")?.as_text()?.to_owned(),
        qualifier: member("qualifier").and_then(|q| q.as_text().map(str::to_owned)),
    })
}

impl Amount {
    /// Whether both are in one unit, with one qualifier.
    pub(crate) fn same_unit(&self, other: &Amount) -> bool {
        self.unit == other.unit && self.qualifier == other.qualifier
    }

    /// The unit with its qualifier, for messages.
    pub(crate) fn unit_text(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}#{qualifier}", self.unit),
            None => self.unit.clone(),
        }
    }

    pub(crate) fn into_data<'v>(self) -> Data<'v> {
        let mut members = BTreeMap::new();
        members.insert("value".to_owned(), decimal_data(self.value));
        members.insert("unit".to_owned(), Data::text_of(self.unit));
        if let Some(qualifier) = self.qualifier {
            members.insert("qualifier".to_owned(), Data::text_of(qualifier));
        }
        Data::Object(Rc::new(members))
    }
}

/// A decimal as a value: its text.
pub(crate) fn decimal_data<'v>(value: Decimal) -> Data<'v> {
    Data::text_of(value.to_string())
}

/// Whole numbers; none on overflow or division by zero.
pub(crate) fn integers(operation: Arithmetic, left: i64, right: i64) -> Option<i64> {
    match operation {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    }
}

/// Decimals; none on overflow or division by zero.
pub(crate) fn decimals(operation: Arithmetic, left: Decimal, right: Decimal) -> Option<Decimal> {
    match operation {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    }
}
