//! From a WCO declaration to the canonical declaration.

use crate::config::Config;
use crate::goods;
use crate::message::{self, Kind, first_text, identity};
use crate::moments::moment_in;
use crate::permits::Gathering;
use dragoman_documents::{Address, Declaration, Direction, Office, Party, TransportMeans};
use dragoman_xml::{Document, Element, Refusal};
use std::borrow::Cow;

/// Where the country of export stands: for the whole consignment, else with the first goods item that has one.
const EXPORTING: [&str; 2] = [
    "GoodsShipment/ExportCountry/ID",
    "GoodsShipment/GovernmentAgencyGoodsItem/ExportCountry/ID",
];
/// Where the country of destination stands, likewise.
const DESTINATION: [&str; 2] = [
    "GoodsShipment/Destination/CountryCode",
    "GoodsShipment/GovernmentAgencyGoodsItem/Destination/CountryCode",
];
const EXPORTERS: [&str; 3] = ["Exporter", "GoodsShipment/Consignor", "Consignment/Consignor"];
const IMPORTERS: [&str; 2] = ["GoodsShipment/Importer", "GoodsShipment/Consignee"];

/// Reads a declaration: a bare `MetaData` or `Declaration`, in other elements, or in a SOAP envelope.
///
/// # Errors
/// [`Refusal`] where the message cannot be read, is of another kind (a request to invalidate among them),
/// has neither MRN nor LRN, or names a permit without its number.
pub fn read_declaration<'a>(bytes: impl Into<Cow<'a, [u8]>>, config: &Config) -> Result<Declaration, Refusal> {
    let document = Document::parse(bytes)?;
    let message = message::find(document.root(), Kind::Declaration)?;
    let type_code = message.value_of("TypeCode");
    if type_code == Some("INV") {
        return Err(Refusal::unexpected(
            message,
            "this is a request to invalidate a declaration",
        ));
    }
    let procedure_code = procedure(message);
    let head = Declaration {
        id: identity(message)?,
        lrn: message.value_of("FunctionalReferenceID").map(str::to_owned),
        ucr: ucr(message),
        version: message::version(message),
        type_code: type_code.map(str::to_owned),
        function_code: first_text(message, &["FunctionCode"]),
        direction: direction(type_code, procedure_code.as_deref()),
        accepted_at: moment_in(message, "AcceptanceDateTime", &config.zone())?,
        procedure_code,
        exporter: party(message, &EXPORTERS),
        importer: party(message, &IMPORTERS),
        declarant: party(message, &["Declarant"]),
        country_of_export: first_text(message, &EXPORTING),
        country_of_destination: first_text(message, &DESTINATION),
        office_of_exit: message.value_of("ExitOffice/ID").map(|code| Office {
            code: Some(code.to_owned()),
            name: None,
        }),
        transport: transport(message),
        containers: containers(message),
        ..Declaration::default()
    };
    message::fitting(with_goods(head, message, config)?, message)
}

/// Adds the goods items, and the permits and waivers that they refer to.
fn with_goods(head: Declaration, message: &Element, config: &Config) -> Result<Declaration, Refusal> {
    let items = goods::read(message, config)?;
    let header = goods::header(message)?;
    let exporting = head.country_of_export.as_deref();
    let mut gathering = Gathering::new(config, head.direction, exporting);
    for item in &items {
        gathering.take_item(item)?;
    }
    gathering.take_header(&header, &items)?;
    let (permits, waivers) = gathering.finish();
    Ok(Declaration {
        goods: items.into_iter().map(|read| read.item).collect(),
        permits,
        waivers,
        ..head
    })
}

fn containers(message: &Element) -> Vec<String> {
    message
        .all("GoodsShipment/Consignment/TransportEquipment/ID")
        .into_iter()
        .filter_map(|id| id.value().map(str::to_owned))
        .collect()
}

/// The type code begins with EX or IM (or CO, for trade with special territories, which may be either);
/// else the requested procedure says it: 1 to 3 are exports, 4 to 7 imports (UCC data element 1/10).
fn direction(type_code: Option<&str>, procedure: Option<&str>) -> Option<Direction> {
    match type_code.and_then(|code| code.get(..2)) {
        Some("EX") => return Some(Direction::Export),
        Some("IM") => return Some(Direction::Import),
        _ => {}
    }
    if type_code.is_some_and(|code| matches!(code, "T" | "T1" | "T2" | "T2F" | "T2SM" | "TIR" | "TD")) {
        return Some(Direction::Transit);
    }
    match procedure?.bytes().next()? {
        b'1'..=b'3' => Some(Direction::Export),
        b'4'..=b'7' => Some(Direction::Import),
        _ => None,
    }
}

/// Requested and previous procedure of the first goods item.
fn procedure(message: &Element) -> Option<String> {
    message
        .all("GoodsShipment/GovernmentAgencyGoodsItem/GovernmentProcedure")
        .into_iter()
        .find_map(|one| {
            Some(format!(
                "{}{}",
                one.value_of("CurrentCode")?,
                one.value_of("PreviousCode")?
            ))
        })
}

/// The reference of the whole consignment, else the one given as a previous document (`DCR`).
fn ucr(message: &Element) -> Option<String> {
    let given = ["GoodsShipment/UCR/ID", "GoodsShipment/UCR/TraderAssignedReferenceID"];
    first_text(message, &given).or_else(|| {
        message
            .all("GoodsShipment/PreviousDocument")
            .into_iter()
            .find(|document| document.value_of("TypeCode") == Some("DCR"))
            .and_then(|document| document.value_of("ID").map(str::to_owned))
    })
}

fn party(message: &Element, paths: &[&str]) -> Option<Party> {
    paths.iter().flat_map(|path| message.all(path)).find_map(|element| {
        let text = |path: &str| element.value_of(path).map(str::to_owned);
        let address = Address {
            street: text("Address/Line"),
            city: text("Address/CityName"),
            postcode: text("Address/PostcodeID"),
            subdivision: first_text(
                element,
                &["Address/CountrySubDivisionName", "Address/CountrySubDivisionCode"],
            ),
            country: text("Address/CountryCode"),
        };
        let party = Party {
            id: text("ID"),
            name: text("Name"),
            address: (address != Address::default()).then_some(address),
        };
        (party != Party::default()).then_some(party)
    })
}

/// The means of transport at the border, else the one at departure.
fn transport(message: &Element) -> Option<TransportMeans> {
    let paths = [
        "BorderTransportMeans",
        "GoodsShipment/Consignment/DepartureTransportMeans",
    ];
    paths.iter().flat_map(|path| message.all(path)).find_map(|element| {
        let text = |path: &str| element.value_of(path).map(str::to_owned);
        let means = TransportMeans {
            id: text("ID").or_else(|| text("Name")),
            id_type_code: text("IdentificationTypeCode"),
            mode_code: text("ModeCode"),
            nationality: text("RegistrationNationalityCode"),
        };
        (means != TransportMeans::default()).then_some(means)
    })
}
