//! The functions at run time.

use std::collections::BTreeSet;

use dragoman_model::digest::canonical;
use dragoman_model::{Digest, Value};

use super::{Evaluation, Outcome};
use crate::data::Data;
use crate::program::{Amount, Arithmetic, Code, Function};
use crate::{Error, calendar, number, units};

impl<'v> Evaluation<'v> {
    pub(super) fn call(&mut self, code: &'v Code, function: Function, arguments: &'v [Code]) -> Outcome<'v> {
        match function {
            Function::First | Function::Last | Function::At => self.pick(function, arguments),
            Function::Sum(amount) => self.sum(code, amount, &arguments[0]),
            Function::StartsWith | Function::EndsWith | Function::Contains => {
                let (whole, part) = (self.need(&arguments[0])?, self.need(&arguments[1])?);
                let (Some(whole), Some(part)) = (whole.as_text(), part.as_text()) else {
                    return Err(self.fail(code, "a value is not text"));
                };
                Ok(Some(Data::boolean(match function {
                    Function::StartsWith => whole.starts_with(part),
                    Function::EndsWith => whole.ends_with(part),
                    _ => whole.contains(part),
                })))
            }
            Function::Lower | Function::Upper | Function::Trim => {
                let text = self.text(&arguments[0])?;
                let changed = match function {
                    Function::Lower => text.to_lowercase(),
                    Function::Upper => text.to_uppercase(),
                    _ => text.trim().to_owned(),
                };
                self.make(changed.len())?;
                Ok(Some(Data::text_of(changed)))
            }
            Function::Split | Function::Join | Function::Unique | Function::Flatten => {
                self.lists(code, function, arguments).map(Some)
            }
            _ => self.convert(code, function, arguments).map(Some),
        }
    }

    /// What makes one scalar, quantity or digest out of a value.
    fn convert(&mut self, code: &'v Code, function: Function, arguments: &'v [Code]) -> Result<Data<'v>, Error> {
        let data = self.need(&arguments[0])?;
        match function {
            Function::Size => {
                let size = data.size().ok_or_else(|| self.fail(code, "has no size"))?;
                Ok(Data::Made(Value::from(size)))
            }
            Function::Text => {
                let text = written(&data).ok_or_else(|| self.fail(code, "has no spelling as text"))?;
                self.make(text.len())?;
                Ok(Data::text_of(text))
            }
            Function::Integer => {
                let whole = number::integer(&data).or_else(|| {
                    let decimal = number::decimal(&data).filter(|d| d.is_integer())?;
                    i64::try_from(decimal.trunc().normalize().mantissa())
                        .ok()
                        .filter(|_| decimal.normalize().scale() == 0)
                });
                whole
                    .map(|n| Data::Made(Value::from(n)))
                    .ok_or_else(|| self.fail(code, "is not a whole number"))
            }
            Function::Decimal => {
                let decimal = number::decimal(&data);
                decimal
                    .map(number::decimal_data)
                    .ok_or_else(|| self.fail(code, "is not a decimal of at most 28 digits"))
            }
            Function::Timestamp => match data.as_text() {
                Some(text) if calendar::time(text).is_some() => Ok(data),
                _ => Err(self.fail(code, "is not a time with its zone, such as 2026-11-21T18:00:00Z")),
            },
            Function::Quantity => {
                let unit = self.text(&arguments[1])?;
                self.make(64)?;
                match number::decimal(&data) {
                    Some(value) => Ok(number::Amount {
                        value,
                        unit,
                        qualifier: None,
                    }
                    .into_data()),
                    None => Err(self.fail(code, "the value is not a decimal of at most 28 digits")),
                }
            }
            Function::Convert => self.in_unit(code, &data, &arguments[1]),
            Function::Digest => {
                let weight = data.weight(self.limits.bytes);
                self.charge(weight as u64 / 32)?;
                self.make(weight)?;
                Ok(Data::text_of(Digest::of_value(&data.into_value()).to_string()))
            }
            _ => Err(self.fail(code, "is not a function")),
        }
    }

    /// A quantity in another unit of its kind, exactly. What stands behind the unit (`#`) stays.
    fn in_unit(&mut self, code: &'v Code, data: &Data<'v>, unit: &'v Code) -> Result<Data<'v>, Error> {
        let unit = self.text(unit)?;
        let amount = number::amount(data).ok_or_else(|| self.fail(code, "the value is not a quantity"))?;
        self.make(64)?;
        if amount.unit == unit {
            return Ok(amount.into_data());
        }
        let known = |code: &str| units::find(code);
        let (Some(from), Some(into)) = (known(&amount.unit), known(&unit)) else {
            let text = format!(
                "`{}` and `{unit}` are not both units that can be converted",
                amount.unit
            );
            return Err(self.fail(code, text));
        };
        let Some(value) = from.converted(amount.value, into) else {
            let text = match from.kind == into.kind {
                true => format!("{} {} is no exact number of {unit}", amount.value, amount.unit),
                false => format!("`{}` is a {}, `{unit}` a {}", from.code, from.kind, into.kind),
            };
            return Err(self.fail(code, text));
        };
        Ok(number::Amount { value, unit, ..amount }.into_data())
    }

    fn pick(&mut self, function: Function, arguments: &'v [Code]) -> Outcome<'v> {
        // Of an absent list the first item is absent as well: the checker has allowed that only behind a test.
        let Some(list) = self.run(&arguments[0])? else {
            return Ok(None);
        };
        let index = match (function, list.size()) {
            (_, None) => return Err(self.fail(&arguments[0], "is not a list")),
            (Function::First, _) => Some(0),
            (Function::Last, Some(size)) => size.checked_sub(1),
            _ => {
                let index = self.need(&arguments[1])?;
                number::integer(&index).and_then(|index| usize::try_from(index).ok())
            }
        };
        let item = index.and_then(|index| match &list {
            Data::Borrowed(Value::Array(items)) => items.get(index).map(Data::Borrowed),
            Data::List(items) => items.get(index).cloned(),
            _ => None,
        });
        Ok(item.and_then(Data::present))
    }

    fn sum(&mut self, code: &'v Code, amount: Amount, list: &'v Code) -> Outcome<'v> {
        let mut total = match amount {
            Amount::Integer => Some(Data::Made(Value::from(0))),
            Amount::Decimal => Some(Data::text_of("0")),
            // There is no unit to give nothing in.
            Amount::Quantity => None,
        };
        for item in self.items(list)? {
            self.step()?;
            total = Some(match total {
                None => item,
                Some(before) => self.calculate(code, Arithmetic::Add, amount, &before, &item)?,
            });
        }
        Ok(total)
    }

    fn lists(&mut self, code: &'v Code, function: Function, arguments: &'v [Code]) -> Result<Data<'v>, Error> {
        if function == Function::Split {
            return self.split(code, arguments);
        }
        let items = self.items(&arguments[0])?;
        match function {
            Function::Join => {
                let between = self.text(&arguments[1])?;
                let mut joined = String::new();
                for (index, item) in items.iter().enumerate() {
                    let text = item.as_text().ok_or_else(|| self.fail(code, "an item is not text"))?;
                    self.make(text.len() + between.len())?;
                    if index > 0 {
                        joined.push_str(&between);
                    }
                    joined.push_str(text);
                }
                Ok(Data::text_of(joined))
            }
            Function::Unique => {
                let mut seen = BTreeSet::new();
                let mut kept = Vec::new();
                for item in items {
                    self.make(item.weight(self.limits.bytes))?;
                    if seen.insert(canonical(&item.clone().into_value())) {
                        kept.push(item);
                    }
                }
                Ok(Data::list(kept))
            }
            _ => {
                let mut flat = Vec::new();
                for item in items {
                    let inner = item.items().ok_or_else(|| self.fail(code, "an item is not a list"))?;
                    self.make(32 * inner.len())?;
                    flat.extend(inner);
                }
                Ok(Data::list(flat))
            }
        }
    }

    fn split(&mut self, code: &'v Code, arguments: &'v [Code]) -> Result<Data<'v>, Error> {
        let text = self.text(&arguments[0])?;
        let between = self.text(&arguments[1])?;
        if between.is_empty() {
            return Err(self.fail(code, "splits at nothing"));
        }
        let mut parts = Vec::new();
        for part in text.split(between.as_str()) {
            self.make(32 + part.len())?;
            parts.push(Data::text_of(part));
        }
        Ok(Data::list(parts))
    }
}

/// The one spelling of a value as text.
fn written(data: &Data<'_>) -> Option<String> {
    match data.plain() {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Bool(value)) => Some(value.to_string()),
        Some(Value::Object(_)) | None => number::amount(data).map(|a| format!("{} {}", a.value, a.unit_text())),
        _ => None,
    }
}
