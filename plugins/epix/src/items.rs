//! The items of a permit, boxes 7 to 12.

use crate::quantities;
use crate::values::{country, date, decimal, every, said, text, texts};
use dragoman_documents::{Decimal, LastReExport, Origin, PermitItem};
use dragoman_xml::{Element, Refusal, short};
use std::collections::BTreeSet;

/// The name of an item's element.
pub(crate) const ITEM: &str = "IncludedSupplyChainConsignmentItem";
/// UNTDID 1001 as the toolkit uses it: the permit of the country of origin.
pub(crate) const ORIGIN_PERMIT: &str = "861";
/// UNTDID 1001 as the toolkit uses it: the certificate of the last re-export.
pub(crate) const LAST_CERTIFICATE: &str = "811";
/// So many items a permit may have. The form has four to a sheet; more than this would not fit into a connector's memory.
const MOST: usize = 10_000;
const PRODUCT: &str = "IncludedSupplyChainTradeLineItem/SpecifiedTradeProduct";

/// Reads the items; one without an ID gets the letter of its place. An ID that comes twice is refused: endorsements and
/// confirmations name items by it, and would be about either.
pub(crate) fn read(consignment: &Element) -> Result<Vec<PermitItem>, Refusal> {
    if let Some(element) = consignment.children_named(ITEM).nth(MOST) {
        let what = format!("a permit of more than {MOST} items is not read");
        return Err(Refusal::unreadable(element, what));
    }
    let mut ids = BTreeSet::new();
    consignment
        .children_named(ITEM)
        .enumerate()
        .map(|(place, element)| {
            let item = item(element, place)?;
            if !ids.insert(item.id.to_uppercase()) {
                let named = text(element, "ID").is_some();
                let what = if named {
                    "is given twice"
                } else {
                    "of an item without an ID is another one's"
                };
                return Err(Refusal::unreadable(
                    element,
                    format!("the ID {} {what}", short(&item.id)),
                ));
            }
            Ok(item)
        })
        .collect()
}

fn item(element: &Element, place: usize) -> Result<PermitItem, Refusal> {
    let product = |name: &str| format!("{PRODUCT}/{name}");
    let (source_code, secondary_source_code) = match text(element, "IncludedSupplyChainTradeLineItem/TypeExtensionCode")
    {
        Some(code) => sources(&code),
        None => (None, None),
    };
    let procedure = procedure(element);
    let joined = |path: &str, between: &str| {
        let texts = texts(element, &product(path));
        (!texts.is_empty()).then(|| texts.join(between))
    };
    Ok(PermitItem {
        id: text(element, "ID").unwrap_or_else(|| letter(place)),
        scientific_name: text(element, &product("ScientificName")),
        common_name: joined("CommonName", ", "),
        description: joined("Description", "\n"),
        term_code: text(element, &product("TypeCode")),
        marks: every(element, "PhysicalLogisticsShippingMarks/Marking"),
        appendix: text(element, "IncludedSupplyChainTradeLineItem/TypeCode"),
        source_code,
        secondary_source_code,
        quantity: quantities::total(&element.all("TransportLogisticsPackage/ItemQuantity"))?,
        used_to_date_quota: quota(procedure, "UsedToDateQuotaQuantity")?,
        annual_quota: quota(procedure, "AnnualQuotaQuantity")?,
        origin: origins(element)?,
        last_re_export: last_re_export(element)?,
        operation: procedure.and_then(|procedure| {
            text(procedure, "PreviousReferencedDocument/ID")
                .or_else(|| text(procedure, "PreviousReferencedDocument/Name"))
        }),
        acquired_on: match procedure {
            Some(procedure) => date(procedure, "AcquisitionDateTime")?,
            None => None,
        },
        ..PermitItem::default()
    })
}

/// The letters of the form: A to Z, then AA, AB and on.
pub(crate) fn letter(place: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = place + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// Box 10 may hold two sources (`I` or `O` with a second one): `I/C`, `O W`.
pub(crate) fn sources(code: &str) -> (Option<String>, Option<String>) {
    let parts: Vec<&str> = code
        .split(['/', ',', ' ', '+'])
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        [first, second] if first.len() == 1 && second.len() == 1 => {
            (Some((*first).to_owned()), Some((*second).to_owned()))
        }
        _ => (Some(code.to_owned()), None),
    }
}

/// Boxes 11a and 12b: a regulatory procedure in v2, a government procedure in v1.
fn procedure(element: &Element) -> Option<&Element> {
    element
        .child("ApplicableCrossBorderRegulatoryProcedure")
        .or_else(|| element.child("ApplicableCrossBorderGovernmentProcedure"))
}

fn quota(procedure: Option<&Element>, name: &str) -> Result<Option<Decimal>, Refusal> {
    match procedure.and_then(|procedure| procedure.child(name)) {
        Some(element) => decimal(element),
        None => Ok(None),
    }
}

fn is_last_certificate(document: &Element) -> bool {
    text(document, "TypeCode").as_deref() == Some(LAST_CERTIFICATE)
}

/// Box 12. Countries and permits belong together by their place: the first country to the first permit and on,
/// empty ones included.
fn origins(element: &Element) -> Result<Vec<Origin>, Refusal> {
    let mut origins: Vec<Origin> = Vec::new();
    let documents = element
        .children_named("AssociatedReferencedDocument")
        .filter(|document| !is_last_certificate(document));
    for document in documents {
        let mut origin = Origin {
            permit: text(document, "ID"),
            issued_on: date(document, "IssueDateTime")?,
            ..Origin::default()
        };
        if origin != Origin::default() {
            origin.type_code = text(document, "TypeCode");
        }
        origins.push(origin);
    }
    for (place, id) in element.all("OriginTradeCountry/ID").iter().enumerate() {
        if place == origins.len() {
            origins.push(Origin::default());
        }
        if let (Some(origin), Some(code)) = (origins.get_mut(place), id.text().and_then(said)) {
            origin.country = Some(code.to_ascii_uppercase());
        }
    }
    origins.retain(|origin| *origin != Origin::default());
    Ok(origins)
}

/// Box 12a.
fn last_re_export(element: &Element) -> Result<Option<LastReExport>, Refusal> {
    let mut last = LastReExport {
        country: country(element, "ExportTradeCountry/ID"),
        ..LastReExport::default()
    };
    let documents = element
        .children_named("AssociatedReferencedDocument")
        .filter(|document| is_last_certificate(document));
    for document in documents {
        last.certificate = last.certificate.or_else(|| text(document, "ID"));
        last.issued_on = match last.issued_on {
            Some(day) => Some(day),
            None => date(document, "IssueDateTime")?,
        };
    }
    Ok((last != LastReExport::default()).then_some(last))
}

#[cfg(test)]
mod tests {
    use super::{letter, sources};

    #[test]
    fn items_have_the_letters_of_the_form() {
        let check = |place: usize, expected: &str| assert_eq!(letter(place), expected);
        check(0, "A");
        check(25, "Z");
        check(26, "AA");
        check(27, "AB");
        check(701, "ZZ");
        check(702, "AAA");
    }

    #[test]
    fn two_sources_are_told_apart() {
        let check = |code: &str, first: &str, second: Option<&str>| {
            let (one, two) = sources(code);
            assert_eq!((one.as_deref(), two.as_deref()), (Some(first), second), "{code}");
        };
        check("W", "W", None);
        check("I/C", "I", Some("C"));
        check("O W", "O", Some("W"));
        check("WILD", "WILD", None);
        check("not known", "not known", None);
    }
}
