//! Goods items of a declaration.

use crate::config::Config;
use crate::quantities::quantity;
use dragoman_documents::{GoodsDocument, GoodsItem};
use dragoman_xml::{Element, Refusal};
use std::collections::BTreeSet;

/// A goods item, and the elements that its documents were read from, in the same order.
pub(crate) struct ReadItem<'a> {
    pub(crate) item: GoodsItem,
    pub(crate) sources: Vec<&'a Element>,
}

/// Reads the goods items of a declaration's `GoodsShipment`s, in order.
pub(crate) fn read<'a>(declaration: &'a Element, config: &Config) -> Result<Vec<ReadItem<'a>>, Refusal> {
    let mut numbers = BTreeSet::new();
    declaration
        .all("GoodsShipment/GovernmentAgencyGoodsItem")
        .into_iter()
        .enumerate()
        .map(|(index, element)| {
            let read = item(element, index, config)?;
            // Permits name goods items by their number: with two of them, a write-off could be either's.
            if !numbers.insert(read.item.number) {
                return Err(Refusal::unreadable(
                    element,
                    format!("the goods item number {} is given twice", read.item.number),
                ));
            }
            Ok(read)
        })
        .collect()
}

fn item<'a>(element: &'a Element, index: usize, config: &Config) -> Result<ReadItem<'a>, Refusal> {
    let number = match element.value_of("SequenceNumeric") {
        Some(text) => text
            .parse()
            .map_err(|_| Refusal::unreadable(element, "the SequenceNumeric of the goods item is not a number"))?,
        // Where the number was left out, the place in the message is the number.
        None => u32::try_from(index + 1).unwrap_or(u32::MAX),
    };
    let hs_code = commodity_code(element);
    let unit = hs_code.as_deref().and_then(|code| config.supplementary_unit(code));
    let sources: Vec<&Element> = element
        .children_named("AdditionalDocument")
        .filter(|one| !one.is_blank())
        .collect();
    // In one piece: a list that grows takes up to three times its size, and there may be tens of thousands of documents.
    let mut documents = Vec::with_capacity(sources.len());
    for source in &sources {
        documents.push(document(source)?);
    }
    let item = GoodsItem {
        number,
        description: element.value_of("Commodity/Description").map(str::to_owned),
        origin: element.value_of("Origin/CountryCode").map(str::to_owned),
        // The data element is defined in kilograms, so a unit is often left out.
        net_mass: quantity(element.path("Commodity/GoodsMeasure/NetNetWeightMeasure"), Some("KGM"))?,
        tariff_quantity: quantity(element.path("Commodity/GoodsMeasure/TariffQuantity"), unit)?,
        documents,
        hs_code,
    };
    Ok(ReadItem { item, sources })
}

/// Reads the documents stated for the whole declaration, each with its element.
pub(crate) fn header(declaration: &Element) -> Result<Vec<(&Element, GoodsDocument)>, Refusal> {
    declaration
        .children_named("AdditionalDocument")
        .chain(declaration.all("GoodsShipment/AdditionalDocument"))
        .filter(|source| !source.is_blank())
        .map(|source| Ok((source, document(source)?)))
        .collect()
}

/// Reads an `AdditionalDocument`.
fn document(element: &Element) -> Result<GoodsDocument, Refusal> {
    let text = |name: &str| element.value_of(name).map(str::to_owned);
    Ok(GoodsDocument {
        category_code: text("CategoryCode"),
        type_code: text("TypeCode"),
        reference: text("ID"),
        name: text("Name"),
        exemption_code: text("LPCOExemptionCode"),
        written_off: quantity(element.path("WriteOff/QuantityQuantity"), None)?,
    })
}

/// The commodity code: the nomenclature's digits (`TSP`) with the tariff's (`TRC`) behind them.
fn commodity_code(element: &Element) -> Option<String> {
    let digits = |kind: &str| {
        element
            .all("Commodity/Classification")
            .into_iter()
            .filter(|one| one.value_of("IdentificationTypeCode") == Some(kind))
            .find_map(|one| one.value_of("ID"))
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let nomenclature = digits("TSP").or_else(|| digits("HS"))?;
    Some(format!("{nomenclature}{}", digits("TRC").unwrap_or_default()))
}
