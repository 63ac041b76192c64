//! The consignment of a toolkit v2 message: boxes 3, 4, 7 to 12, 14 and 15.

use crate::items::{ITEM, LAST_CERTIFICATE, ORIGIN_PERMIT};
use crate::write::moment;
use crate::{endorsements, parties, quantities};
use dragoman_documents::{Date, EndorsedItem, Endorsement, Moment, Party, Permit, PermitItem, Quantity};
use dragoman_xml::Writer;

/// Writes what is inside the consignment.
pub(crate) fn consignment(writer: &mut Writer, permit: &Permit) {
    let applicant = permit.applicant.as_ref();
    let applicant = applicant.and_then(|party| party.name.as_deref());
    let (exporter, importer) = (permit.exporter.as_ref(), permit.importer.as_ref());
    parties::write(writer, "r:ConsignorTradeParty", exporter, applicant);
    parties::write(writer, "r:ConsigneeTradeParty", importer, None);
    let bill = permit.transport_document.as_deref();
    // Box 15 of a permit that was endorsed is the transport document that the endorsement names.
    let bill = bill.or_else(|| {
        let mut endorsed = permit.endorsements.iter().rev();
        endorsed.find_map(|one| one.transport_document.as_deref())
    });
    if let Some(bill) = bill {
        writer.element("r:TransportContractReferencedDocument", &[], |writer| {
            writer.leaf("r:ID", &[], bill);
        });
    }
    for endorsement in &permit.endorsements {
        examination(writer, endorsement);
    }
    for (place, item) in permit.items.iter().enumerate() {
        let again = permit.items[..place].iter().any(|one| one.id == item.id);
        let endorsements: &[Endorsement] = if again { &[] } else { &permit.endorsements };
        write_item(writer, item, endorsements);
    }
    let of_importer = importer.and_then(|party| party.address.as_ref()?.country.as_ref());
    if let Some(country) = permit.country_of_import.as_ref()
        && of_importer != Some(country)
    {
        writer.element("r:ImportTradeCountry", &[], |writer| {
            writer.leaf("r:ID", &[], country);
        });
    }
}

/// Box 14 in the header: when, where, by whom, and the total where it has one unit.
fn examination(writer: &mut Writer, endorsement: &Endorsement) {
    writer.element(&format!("r:{}", endorsements::EVENT), &[], |writer| {
        moment(writer, "r:ActualOccurrenceDateTime", endorsement.at.as_ref());
        if let Some(total) = total(&endorsement.items) {
            quantities::write(writer, "r:UnitQuantity", &total);
        }
        if let Some(port) = &endorsement.port {
            writer.element("r:OccurrenceLogisticsLocation", &[], |writer| {
                writer.optional("r:ID", &[], port.code.as_deref());
                writer.optional("r:Name", &[], port.name.as_deref());
            });
        }
        let office = endorsement.office.as_ref();
        let by = endorsement.endorsed_by.as_ref();
        let name = by
            .and_then(|by| by.authority.clone())
            .or_else(|| office.and_then(|office| office.name.clone()));
        let party = Party {
            id: office.and_then(|office| office.code.clone()),
            name,
            address: None,
        };
        let officer = by.and_then(|by| by.name.as_deref());
        let party = (party != Party::default()).then_some(&party);
        parties::write(writer, "r:CertifyingTradeParty", party, officer);
    });
}

fn total(items: &[EndorsedItem]) -> Option<Quantity> {
    let (first, rest) = items.split_first()?;
    let unit = quantities::written_unit(&first.quantity);
    rest.iter().try_fold(first.quantity.clone(), |sum, line| {
        let same = quantities::written_unit(&line.quantity) == unit;
        let value = sum.value.checked_add(line.quantity.value).filter(|_| same)?;
        Some(Quantity { value, ..sum })
    })
}

fn write_item(writer: &mut Writer, item: &PermitItem, endorsements: &[Endorsement]) {
    writer.element(&format!("r:{ITEM}"), &[], |writer| {
        writer.leaf("r:ID", &[], &item.id);
        for mark in &item.marks {
            writer.element("r:PhysicalLogisticsShippingMarks", &[], |writer| {
                writer.leaf("r:Marking", &[], mark);
            });
        }
        origins(writer, item);
        if let Some(quantity) = &item.quantity {
            writer.element("r:TransportLogisticsPackage", &[], |writer| {
                quantities::write(writer, "r:ItemQuantity", quantity);
            });
        }
        line_item(writer, item);
        examined(writer, item, endorsements);
        procedure(writer, item);
    });
}

/// Boxes 12 and 12a. Countries and permits of origin belong together by their place, so that the empty ones before
/// others are written too.
fn origins(writer: &mut Writer, item: &PermitItem) {
    let has_permit: Vec<bool> = item
        .origin
        .iter()
        .map(|origin| origin.permit.is_some() || origin.issued_on.is_some())
        .collect();
    let mut countries: Vec<&str> = item
        .origin
        .iter()
        .map(|origin| origin.country.as_deref().unwrap_or_default())
        .collect();
    while countries.last().is_some_and(|country| country.is_empty()) {
        countries.pop();
    }
    if !countries.is_empty() {
        writer.element("r:OriginTradeCountry", &[], |writer| {
            for country in countries {
                writer.leaf("r:ID", &[], country);
            }
        });
    }
    let last = item.last_re_export.as_ref();
    if let Some(country) = last.and_then(|last| last.country.as_deref()) {
        writer.element("r:ExportTradeCountry", &[], |writer| {
            writer.leaf("r:ID", &[], country);
        });
    }
    let permits = has_permit.iter().rposition(|has| *has).map_or(0, |at| at + 1);
    for origin in &item.origin[..permits] {
        let code = origin.type_code.as_deref();
        let code = code.filter(|code| *code != LAST_CERTIFICATE);
        let code = code.unwrap_or(ORIGIN_PERMIT);
        referenced(writer, code, origin.issued_on, origin.permit.as_deref());
    }
    if let Some(last) = last
        && (last.certificate.is_some() || last.issued_on.is_some())
    {
        let certificate = last.certificate.as_deref();
        referenced(writer, LAST_CERTIFICATE, last.issued_on, certificate);
    }
}

fn referenced(writer: &mut Writer, code: &str, issued_on: Option<Date>, number: Option<&str>) {
    writer.element("r:AssociatedReferencedDocument", &[], |writer| {
        let issued = issued_on.map(Moment::Day);
        moment(writer, "r:IssueDateTime", issued.as_ref());
        writer.leaf("r:TypeCode", &[("listID", "1001")], code);
        writer.optional("r:ID", &[], number);
    });
}

/// Boxes 7 to 10.
fn line_item(writer: &mut Writer, item: &PermitItem) {
    writer.element("r:IncludedSupplyChainTradeLineItem", &[], |writer| {
        writer.optional("r:TypeCode", &[], item.appendix.as_deref());
        writer.optional("r:TypeExtensionCode", &[], item.source_code.as_deref());
        writer.element("r:SpecifiedTradeProduct", &[], |writer| {
            writer.optional("r:Description", &[], item.description.as_deref());
            writer.optional("r:TypeCode", &[], item.term_code.as_deref());
            writer.optional("r:CommonName", &[], item.common_name.as_deref());
            writer.optional("r:ScientificName", &[], item.scientific_name.as_deref());
        });
    });
}

/// Box 14 of an item: one event for each endorsement where there are several, so that they belong together by
/// their place; else one where the item was exported.
fn examined(writer: &mut Writer, item: &PermitItem, endorsements: &[Endorsement]) {
    for endorsement in endorsements {
        let mut lines = endorsement.items.iter();
        let line = lines.find(|line| line.item == item.id);
        if line.is_none() && endorsements.len() == 1 {
            continue;
        }
        writer.element(&format!("r:{}", endorsements::EVENT), &[], |writer| {
            let Some(line) = line else { return };
            moment(writer, "r:ActualOccurrenceDateTime", endorsement.at.as_ref());
            quantities::write(writer, "r:UnitQuantity", &line.quantity);
        });
    }
}

/// Boxes 11a and 12b.
fn procedure(writer: &mut Writer, item: &PermitItem) {
    if item.used_to_date_quota.is_none()
        && item.annual_quota.is_none()
        && item.acquired_on.is_none()
        && item.operation.is_none()
    {
        return;
    }
    // Quotas are in the unit of the item, where that is known.
    let unit = item.quantity.as_ref().map(quantities::written_unit);
    let unit: Vec<(&str, &str)> = unit.iter().map(|unit| ("unitCode", unit.as_str())).collect();
    let name = "r:ApplicableCrossBorderRegulatoryProcedure";
    writer.element(name, &[], |writer| {
        let used = item.used_to_date_quota.map(|used| used.to_string());
        writer.optional("r:UsedToDateQuotaQuantity", &unit, used.as_deref());
        let annual = item.annual_quota.map(|annual| annual.to_string());
        writer.optional("r:AnnualQuotaQuantity", &unit, annual.as_deref());
        let acquired = item.acquired_on.map(Moment::Day);
        moment(writer, "r:AcquisitionDateTime", acquired.as_ref());
        if let Some(operation) = &item.operation {
            writer.element("r:PreviousReferencedDocument", &[], |writer| {
                writer.leaf("r:ID", &[], operation);
            });
        }
    });
}
