//! Quantities per permit item, compared as decimals and never across units.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

/// Item id and unit to amount. Two units of one item are two entries: mass and number are never converted.
pub(crate) type Amounts = BTreeMap<(String, String), Decimal>;

/// Reads a canonical quantity `{value, unit}`, its value a decimal string.
pub(crate) fn read(quantity: &Value) -> Result<(Decimal, String), String> {
    let text = quantity["value"]
        .as_str()
        .ok_or("a quantity's value is a decimal string")?;
    let value: Decimal = text.parse().map_err(|_| format!("`{text}` is not a decimal"))?;
    let unit = quantity["unit"].as_str().ok_or("a quantity has a unit")?;
    Ok((value, unit.to_owned()))
}

/// Reads endorsement lines `[{item, quantity}]`: at least one, each above zero; the same item twice adds up.
pub(crate) fn lines(lines: &Value) -> Result<Amounts, String> {
    let list = lines.as_array().ok_or("`items` is a list")?;
    if list.is_empty() {
        return Err("`items` is empty".to_owned());
    }
    let mut amounts = Amounts::new();
    for line in list {
        let item = line["item"].as_str().ok_or("a line names its `item`")?;
        let (value, unit) = read(&line["quantity"])?;
        if value <= Decimal::ZERO {
            return Err(format!("the quantity of item {item} is not above zero"));
        }
        *amounts.entry((item.to_owned(), unit)).or_default() += value;
    }
    Ok(amounts)
}

/// What the permit allows, from its `items`.
pub(crate) fn allowed(permit: &Value) -> Amounts {
    let mut amounts = Amounts::new();
    for item in permit["items"].as_array().into_iter().flatten() {
        if let (Some(id), Ok((value, unit))) = (item["id"].as_str(), read(&item["quantity"])) {
            *amounts.entry((id.to_owned(), unit)).or_default() += value;
        }
    }
    amounts
}

/// The items of a permit that say no quantity: how much of them is exported, an officer says.
pub(crate) fn unlimited(permit: &Value) -> impl Iterator<Item = &str> {
    let items = permit["items"].as_array().into_iter().flatten();
    items
        .filter(|item| item["quantity"].is_null())
        .filter_map(|item| item["id"].as_str())
}

/// What these endorsements took, leaving out the withdrawn ones.
pub(crate) fn taken<'a>(endorsements: impl Iterator<Item = &'a Value>) -> Amounts {
    let mut amounts = Amounts::new();
    for endorsement in endorsements.filter(|endorsement| endorsement["status"] == "valid") {
        for (line, value) in lines(&endorsement["items"]).unwrap_or_default() {
            *amounts.entry(line).or_default() += value;
        }
    }
    amounts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(items: Value, expected: Result<&[(&str, &str, &str)], &str>) {
        let read = lines(&items).map(|amounts| {
            let flat = amounts.into_iter();
            flat.map(|((item, unit), value)| (item, unit, value.normalize().to_string()))
                .collect::<Vec<_>>()
        });
        match (read, expected) {
            (Ok(read), Ok(expected)) => {
                let read: Vec<_> = read.iter().map(|(i, u, v)| (&**i, &**u, &**v)).collect();
                assert_eq!(read, expected);
            }
            (Err(read), Err(expected)) => assert!(read.contains(expected), "{read}"),
            (read, expected) => panic!("{read:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn lines_add_up_by_item_and_unit() {
        let line =
            |item: &str, value: &str, unit: &str| json!({"item": item, "quantity": {"value": value, "unit": unit}});
        check(
            json!([line("A", "0.1", "KGM"), line("A", "0.20", "KGM")]),
            Ok(&[("A", "KGM", "0.3")]),
        );
        check(
            json!([line("A", "1", "KGM"), line("A", "2", "C62")]),
            Ok(&[("A", "C62", "2"), ("A", "KGM", "1")]),
        );
        check(json!([]), Err("empty"));
        check(json!([line("A", "0", "KGM")]), Err("above zero"));
        check(json!([line("A", "many", "KGM")]), Err("not a decimal"));
        check(
            json!([{"item": "A", "quantity": {"value": 3, "unit": "KGM"}}]),
            Err("decimal string"),
        );
        check(
            json!([{"quantity": {"value": "3", "unit": "KGM"}}]),
            Err("names its `item`"),
        );
    }
}
