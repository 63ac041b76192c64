//! Arithmetic, times, concatenation and casts at run time.

use dragoman_model::Value;

use super::{Evaluation, Outcome};
use crate::data::Data;
use crate::program::{Amount, Arithmetic, Code, InZone};
use crate::{Error, calendar, number};

impl<'v> Evaluation<'v> {
    pub(super) fn arithmetic(
        &mut self,
        code: &'v Code,
        operation: Arithmetic,
        amount: Amount,
        pair: &'v [Code; 2],
    ) -> Result<Data<'v>, Error> {
        let (left, right) = (self.need(&pair[0])?, self.need(&pair[1])?);
        self.calculate(code, operation, amount, &left, &right)
    }

    pub(super) fn calculate(
        &self,
        code: &Code,
        operation: Arithmetic,
        amount: Amount,
        left: &Data<'v>,
        right: &Data<'v>,
    ) -> Result<Data<'v>, Error> {
        let zero = matches!(operation, Arithmetic::Divide | Arithmetic::Remainder);
        let over = if zero {
            "divides by zero, or is too large"
        } else {
            "is too large"
        };
        match amount {
            Amount::Integer => match (number::integer(left), number::integer(right)) {
                (Some(a), Some(b)) => match number::integers(operation, a, b) {
                    Some(result) => Ok(Data::Made(Value::from(result))),
                    None => Err(self.fail(code, over)),
                },
                _ => Err(self.fail(code, "a part is not a whole number")),
            },
            Amount::Decimal => match (number::decimal(left), number::decimal(right)) {
                (Some(a), Some(b)) => match number::decimals(operation, a, b) {
                    Some(result) => Ok(number::decimal_data(result)),
                    None => Err(self.fail(code, over)),
                },
                _ => Err(self.fail(code, "a part is not a decimal of at most 28 digits")),
            },
            Amount::Quantity => match (number::amount(left), number::amount(right)) {
                (Some(a), Some(b)) if a.same_unit(&b) => match number::decimals(operation, a.value, b.value) {
                    Some(value) => Ok(program_amount(a, value).into_data()),
                    None => Err(self.fail(code, over)),
                },
                (Some(a), Some(b)) => {
                    let units = format!("quantities in `{}` and `{}`", a.unit_text(), b.unit_text());
                    Err(self.fail(code, format!("{units} are not converted into each other")))
                }
                _ => Err(self.fail(code, "a part is not a quantity")),
            },
        }
    }

    pub(super) fn append(&mut self, pair: &'v [Code; 2]) -> Result<Data<'v>, Error> {
        let mut items = self.items(&pair[0])?;
        items.extend(self.items(&pair[1])?);
        self.make(32 * items.len())?;
        Ok(Data::list(items))
    }

    pub(super) fn concatenate(&mut self, pair: &'v [Code; 2]) -> Result<Data<'v>, Error> {
        let left = self.text(&pair[0])?;
        let right = self.text(&pair[1])?;
        Ok(Data::text_of(left + &right))
    }

    pub(super) fn later(&mut self, code: &'v Code, of: &'v Code, period: calendar::Period) -> Result<Data<'v>, Error> {
        let text = self.text(of)?;
        let later = if text.len() == 10 {
            calendar::later_date(&text, period)
        } else {
            calendar::later_time(&text, period)
        };
        later
            .map(Data::text_of)
            .ok_or_else(|| self.fail(code, "is not a time of the calendar"))
    }

    pub(super) fn date(&mut self, code: &'v Code, of: &'v Code, zone: Option<&'v InZone>) -> Result<Data<'v>, Error> {
        let text = self.text(of)?;
        let day = match calendar::date(&text) {
            Some(_) => Some(text),
            None => {
                let found;
                let zone = match zone {
                    None => None,
                    Some(InZone::Written(zone)) => Some(zone),
                    Some(InZone::Computed(name)) => {
                        found = self.zone(name)?;
                        Some(&found)
                    }
                };
                calendar::day(&text, zone)
            }
        };
        day.map(Data::text_of)
            .ok_or_else(|| self.fail(code, "is neither a date nor a time"))
    }

    /// The zone of that name; to look one up costs as much as a hundred nodes.
    fn zone(&mut self, code: &'v Code) -> Result<calendar::Zone, Error> {
        self.charge(100)?;
        let name = self.text(code)?;
        calendar::Zone::find(&name).ok_or_else(|| {
            let near =
                calendar::Zone::nearest(&name).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            self.fail(code, format!("is \"{name}\", which is no time zone{near}"))
        })
    }

    pub(super) fn cast(&mut self, of: &'v Code, shape: &dragoman_schema::Shape, operation: &str) -> Outcome<'v> {
        let Some(data) = self.run(of)? else {
            return Ok(None);
        };
        self.charge(data.weight(self.limits.bytes) as u64 / 32)?;
        let made;
        let value = match data.plain() {
            Some(value) => value,
            None => {
                made = data.clone().into_value();
                &made
            }
        };
        match shape.refusal(value) {
            None => Ok(Some(data)),
            Some((path, expected)) => {
                let place = if path.is_empty() {
                    String::new()
                } else {
                    format!(" at `{path}`")
                };
                Err(self.fail(
                    of,
                    format!("is not what `{operation}` says: expected {expected}{place}"),
                ))
            }
        }
    }
}

fn program_amount(like: number::Amount, value: rust_decimal::Decimal) -> number::Amount {
    number::Amount { value, ..like }
}
