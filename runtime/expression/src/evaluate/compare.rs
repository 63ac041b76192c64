//! Comparisons at run time.

use std::cmp::Ordering;

use super::Evaluation;
use crate::data::Data;
use crate::program::{Code, Comparison, Ordered};
use crate::{Error, calendar, number};

impl<'v> Evaluation<'v> {
    pub(super) fn compare(
        &mut self,
        code: &'v Code,
        how: Comparison,
        asked: Ordered,
        pair: &'v [Code; 2],
    ) -> Result<bool, Error> {
        let (left, right) = (self.need(&pair[0])?, self.need(&pair[1])?);
        if how == Comparison::Whole {
            let same = self.same(&left, &right)?;
            return Ok(same == (asked == Ordered::Equal));
        }
        let order = self.order(code, how, &left, &right)?;
        Ok(match asked {
            Ordered::Equal => order == Ordering::Equal,
            Ordered::Unequal => order != Ordering::Equal,
            Ordered::Less => order == Ordering::Less,
            Ordered::LessOrEqual => order != Ordering::Greater,
            Ordered::Greater => order == Ordering::Greater,
            Ordered::GreaterOrEqual => order != Ordering::Less,
        })
    }

    pub(super) fn within(&mut self, code: &'v Code, how: Comparison, pair: &'v [Code; 2]) -> Result<bool, Error> {
        let one = self.need(&pair[0])?;
        for item in self.items(&pair[1])? {
            self.step()?;
            let same = match item.present() {
                None => false,
                Some(item) if how == Comparison::Whole => self.same(&one, &item)?,
                Some(item) => self.order(code, how, &one, &item)? == Ordering::Equal,
            };
            if same {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn order(&self, code: &Code, how: Comparison, left: &Data<'v>, right: &Data<'v>) -> Result<Ordering, Error> {
        let texts = left.as_text().zip(right.as_text());
        let order = match how {
            Comparison::Text => texts.map(|(a, b)| a.cmp(b)),
            Comparison::Number => number::compare(left, right),
            Comparison::Decimal => number::decimal(left)
                .zip(number::decimal(right))
                .map(|(a, b)| a.cmp(&b)),
            Comparison::Date => texts.and_then(|(a, b)| Some(calendar::date(a)?.cmp(&calendar::date(b)?))),
            Comparison::DateTime => texts.and_then(|(a, b)| Some(calendar::time(a)?.cmp(&calendar::time(b)?))),
            Comparison::Quantity => match (number::amount(left), number::amount(right)) {
                (Some(a), Some(b)) if a.same_unit(&b) => Some(a.value.cmp(&b.value)),
                (Some(a), Some(b)) => {
                    let units = format!("quantities in `{}` and `{}`", a.unit_text(), b.unit_text());
                    return Err(self.fail(code, format!("{units} cannot be compared")));
                }
                _ => None,
            },
            Comparison::Whole => None,
        };
        order.ok_or_else(|| self.fail(code, "a value is not of the kind that its schema promises"))
    }

    fn same(&mut self, left: &Data<'v>, right: &Data<'v>) -> Result<bool, Error> {
        self.charge(left.weight(self.limits.bytes) as u64 / 32)?;
        if let (Some(left), Some(right)) = (left.plain(), right.plain()) {
            return Ok(left == right);
        }
        self.make(left.weight(self.limits.bytes) + right.weight(self.limits.bytes))?;
        Ok(left.clone().into_value() == right.clone().into_value())
    }
}
