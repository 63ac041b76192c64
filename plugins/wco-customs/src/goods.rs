//! Goods items of a declaration.

use crate::config::Config;
use crate::quantities::quantity;
use dragoman_documents::{GoodsDocument, GoodsItem};
use dragoman_xml::{Element, Refusal};

/// A goods item, and the elements that its documents were read from, in the same order.
pub(crate) struct ReadItem<'a> {
    pub(crate) item: GoodsItem,
    pub(crate) sources: Vec<&'a Element>,
}

/// Reads the goods items of a declaration's `GoodsShipment`s, in order.
pub(crate) fn read<'a>(declaration: &'a Element, config: &Config) -> Result<Vec<ReadItem<'a>>, Refusal> {
    declaration
        .all("GoodsShipment/GovernmentAgencyGoodsItem")
        .into_iter()
        .enumerate()
        .map(|(index, element)| item(element, index, config))
        .collect()
}

fn item<'a>(element: &'a Element, index: usize, config: &Config) -> Result<ReadItem<'a>, Refusal> {
    let number = match element.text_of("SequenceNumeric") {
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
    let item = GoodsItem {
        number,
        description: element.text_of("Commodity/Description").map(str::to_owned),
        origin: element.text_of("Origin/CountryCode").map(str::to_owned),
        // The data element is defined in kilograms, so a unit is often left out.
        net_mass: quantity(element.path("Commodity/GoodsMeasure/NetNetWeightMeasure"), Some("KGM"))?,
        tariff_quantity: quantity(element.path("Commodity/GoodsMeasure/TariffQuantity"), unit)?,
        documents: sources
            .iter()
            .map(|source| document(source))
            .collect::<Result<_, _>>()?,
        hs_code,
    };
    Ok(ReadItem { item, sources })
}

/// Reads an `AdditionalDocument`.
pub(crate) fn document(element: &Element) -> Result<GoodsDocument, Refusal> {
    let text = |name: &str| element.text_of(name).map(str::to_owned);
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
            .filter(|one| one.text_of("IdentificationTypeCode") == Some(kind))
            .find_map(|one| one.text_of("ID"))
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let nomenclature = digits("TSP").or_else(|| digits("HS"))?;
    Some(format!("{nomenclature}{}", digits("TRC").unwrap_or_default()))
}
