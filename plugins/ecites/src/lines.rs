//! The quantities of an endorsement, one per item of the permit.

use std::collections::BTreeMap;

use dragoman_documents::{EndorsedItem, Quantity};
use dragoman_guest::prelude::*;

use crate::Error;

/// One quantity that was really exported. What a check says beside it (`goods_item`, `basis`) is not sent.
#[record]
#[derive(Eq)]
pub struct Line {
    /// The item's letter on the permit.
    pub item: String,
    /// The quantity that was really exported, in the unit of the permit's item.
    pub quantity: Quantity,
    /// The goods item of the declaration that it comes from.
    pub goods_item: Option<u32>,
    /// Where the quantity was taken from.
    pub basis: Option<String>,
}

/// Quantities by item: each item once, each above zero, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines(BTreeMap<String, Quantity>);

impl Lines {
    /// Sums lines by item: several goods items of a declaration may be of one item of the permit.
    ///
    /// # Errors
    /// Where there is no line, an item is blank, a quantity is not above zero, or one item comes in two units:
    /// units are never converted here.
    pub fn of(lines: &[Line]) -> Result<Self, Error> {
        let mut sums: BTreeMap<String, Quantity> = BTreeMap::new();
        for (index, line) in lines.iter().enumerate() {
            let refused = |what: String| Error::Line {
                path: format!("/items/{index}"),
                what,
            };
            let item = line.item.trim();
            if item.is_empty() {
                return Err(refused("it names no item of the permit".to_owned()));
            }
            if line.quantity.unit.trim().is_empty() {
                return Err(refused("its quantity has no unit".to_owned()));
            }
            if !line.quantity.value.is_positive() {
                let value = line.quantity.value;
                return Err(refused(format!("its quantity {value} is not above zero")));
            }
            match sums.get_mut(item) {
                None => {
                    sums.insert(item.to_owned(), line.quantity.clone());
                }
                Some(sum) => add(sum, &line.quantity).map_err(refused)?,
            }
        }
        if sums.is_empty() {
            return Err(Error::NoItems);
        }
        Ok(Self(sums))
    }

    /// As an endorsement writes them, in the order of the items.
    #[must_use]
    pub fn endorsed(&self) -> Vec<EndorsedItem> {
        let item = |(item, quantity): (&String, &Quantity)| EndorsedItem {
            item: item.clone(),
            quantity: quantity.clone(),
        };
        self.0.iter().map(item).collect()
    }

    /// Whether an endorsement has these quantities: the same amounts in the same units, however they are written.
    #[must_use]
    pub fn equal(&self, endorsed: &[EndorsedItem]) -> bool {
        let line = |one: &EndorsedItem| Line {
            item: one.item.clone(),
            quantity: one.quantity.clone(),
            goods_item: None,
            basis: None,
        };
        let Ok(there) = Self::of(&endorsed.iter().map(line).collect::<Vec<_>>()) else {
            return false;
        };
        let same = |(own, other): ((&String, &Quantity), (&String, &Quantity))| {
            // The qualifier and the original unit are not compared: a system need not keep them.
            own.0 == other.0 && own.1.unit == other.1.unit && own.1.value.normalized() == other.1.value.normalized()
        };
        self.0.len() == there.0.len() && self.0.iter().zip(&there.0).all(same)
    }
}

fn add(sum: &mut Quantity, more: &Quantity) -> Result<(), String> {
    if sum.unit != more.unit || sum.qualifier != more.qualifier {
        return Err(format!(
            "the item comes in {} and in {}, and units are not converted here",
            unit(sum),
            unit(more)
        ));
    }
    let added = sum.value.checked_add(more.value);
    sum.value = added.ok_or("the sum of its quantities is too large")?;
    if sum.original_unit != more.original_unit {
        sum.original_unit = None;
    }
    Ok(())
}

fn unit(quantity: &Quantity) -> String {
    match &quantity.qualifier {
        Some(qualifier) => format!("{}#{qualifier}", quantity.unit),
        None => quantity.unit.clone(),
    }
}
