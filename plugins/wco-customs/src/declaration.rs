//! From a WCO declaration to the canonical declaration.

use crate::config::Config;
use crate::goods;
use crate::message::{self, Kind, first_text, identity};
use crate::moments::moment_in;
use crate::permits::Gathering;
use dragoman_documents::{Address, Declaration, Direction, Office, Party, TransportMeans};
use dragoman_xml::{Element, Refusal, short};

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
pub fn read_declaration(bytes: &[u8], config: &Config) -> Result<Declaration, Refusal> {
    let message = message::open(bytes, Kind::Declaration)?;
    let type_code = message.text_of("TypeCode");
    if type_code == Some("INV") {
        return Err(Refusal::unexpected(
            &message,
            "this is a request to invalidate a declaration",
        ));
    }
    let procedure_code = procedure(&message);
    let head = Declaration {
        id: identity(&message)?,
        lrn: message.text_of("FunctionalReferenceID").map(str::to_owned),
        ucr: ucr(&message),
        version: version(&message)?,
        type_code: type_code.map(str::to_owned),
        function_code: first_text(&message, &["FunctionCode"]),
        direction: direction(type_code, procedure_code.as_deref()),
        accepted_at: moment_in(&message, "AcceptanceDateTime")?,
        procedure_code,
        exporter: party(&message, &EXPORTERS),
        importer: party(&message, &IMPORTERS),
        declarant: party(&message, &["Declarant"]),
        country_of_export: first_text(&message, &EXPORTING),
        country_of_destination: first_text(&message, &DESTINATION),
        office_of_exit: message.text_of("ExitOffice/ID").map(|code| Office {
            code: Some(code.to_owned()),
            name: None,
        }),
        transport: transport(&message),
        containers: containers(&message),
        ..Declaration::default()
    };
    with_goods(head, &message, config)
}

/// Adds the goods items, and the permits and waivers that they refer to.
fn with_goods(head: Declaration, message: &Element, config: &Config) -> Result<Declaration, Refusal> {
    let items = goods::read(message, config)?;
    let exporting = head.country_of_export.as_deref();
    let mut gathering = Gathering::new(config, head.direction, exporting);
    for item in &items {
        gathering.take_item(item)?;
    }
    gathering.take_header(message, &items)?;
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
        .filter_map(|id| id.text().map(str::to_owned))
        .collect()
}

/// The version that customs gave; a lodged declaration has none.
fn version(message: &Element) -> Result<Option<u32>, Refusal> {
    message
        .text_of("VersionID")
        .map(|text| {
            text.parse()
                .map_err(|_| Refusal::unreadable(message, format!("the VersionID `{}` is not a number", short(text))))
        })
        .transpose()
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
                one.text_of("CurrentCode")?,
                one.text_of("PreviousCode")?
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
            .find(|document| document.text_of("TypeCode") == Some("DCR"))
            .and_then(|document| document.text_of("ID").map(str::to_owned))
    })
}

fn party(message: &Element, paths: &[&str]) -> Option<Party> {
    let element = paths
        .iter()
        .flat_map(|path| message.all(path))
        .find(|one| !one.is_blank())?;
    let text = |path: &str| element.text_of(path).map(str::to_owned);
    let address = element.child("Address").filter(|address| !address.is_blank());
    Some(Party {
        id: text("ID"),
        name: text("Name"),
        address: address.map(|_| Address {
            street: text("Address/Line"),
            city: text("Address/CityName"),
            postcode: text("Address/PostcodeID"),
            subdivision: first_text(
                element,
                &["Address/CountrySubDivisionName", "Address/CountrySubDivisionCode"],
            ),
            country: text("Address/CountryCode"),
        }),
    })
}

/// The means of transport at the border, else the one at departure.
fn transport(message: &Element) -> Option<TransportMeans> {
    let paths = [
        "BorderTransportMeans",
        "GoodsShipment/Consignment/DepartureTransportMeans",
    ];
    let element = paths
        .iter()
        .flat_map(|path| message.all(path))
        .find(|one| !one.is_blank())?;
    let text = |path: &str| element.text_of(path).map(str::to_owned);
    Some(TransportMeans {
        id: text("ID").or_else(|| text("Name")),
        id_type_code: text("IdentificationTypeCode"),
        mode_code: text("ModeCode"),
        nationality: text("RegistrationNationalityCode"),
    })
}
