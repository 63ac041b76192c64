//! A permit message of the CITES electronic permitting toolkit, v1 (`CBFShip`) or v2 (`CITESEPermit`), as the
//! canonical permit. Both are read by the same names: where they differ, whichever element is there counts.

use crate::parties::{party, person};
use crate::values::{boolean, country, last_moment, moment, text, texts};
use crate::{endorsements, extension, items, message, signatories};
use dragoman_documents::{Party, Permit, PermitKind, country, size};
use dragoman_xml::{Document, Element, Limits, Refusal};
use std::borrow::Cow;

/// The authority that issued the permit (box 6), below the header.
const AUTHORITY: &str = "FirstSignatoryDocumentAuthentication/ProviderTradeParty";
const APPLICANT: &str = "SecondSignatoryDocumentAuthentication/ProviderTradeParty";
/// Stands for an unknown country in CITES documents (guidelines for annual reports).
const UNKNOWN_COUNTRY: &str = "XX";

/// Reads a permit from a message: bare, inside a hub's response, or a whole SOAP envelope. `asked` is the country
/// that was asked for it, where that is known: it stands in where the message itself does not say who issued it.
///
/// # Errors
/// If the message cannot be read, is no permit, or has no number; with the place.
pub fn read_permit<'a>(bytes: impl Into<Cow<'a, [u8]>>, asked: Option<&str>) -> Result<Permit, Refusal> {
    let document = Document::parse_within(bytes, limits())?;
    let found = message::find(document.root())?;
    let mut permit = body(found.permit, asked)?;
    permit.attachments = found.attachments();
    permit.composite = found.composite()?;
    let permit = extension::apply(found.permit, permit)?;
    if size::fits(&permit, size::MOST) {
        return Ok(permit);
    }
    let what = format!("the permit holds more than {} bytes of what is read", size::MOST);
    Err(Refusal::unreadable(found.permit, what))
}

/// How much of a message is read: attachments may be inside it, and are left to the original that is kept.
pub(crate) fn limits() -> Limits {
    Limits {
        embedded: &["AttachmentContent"],
        ..Limits::default()
    }
}

/// What the message itself says, without the parameters of [`extension`].
fn body(root: &Element, asked: Option<&str>) -> Result<Permit, Refusal> {
    let header = root
        .child("HeaderExchangedDocument")
        .ok_or_else(|| Refusal::incomplete(root, "the permit has no HeaderExchangedDocument"))?;
    let number = text(header, "ID").ok_or_else(|| Refusal::incomplete(header, "the permit has no number (ID)"))?;
    let mut permit = Permit {
        number,
        ..head(header)?
    };
    if let Some(consignment) = root.child("SpecifiedSupplyChainConsignment") {
        consigned(&mut permit, consignment)?;
    }
    permit.applicant = permit.applicant.or_else(|| header.path(APPLICANT).and_then(party));
    permit.issuing_country = issuing_country(&permit, asked);
    complete_endorsements(&mut permit);
    Ok(permit)
}

/// Boxes 1, 2, 5, 6 and 13.
fn head(header: &Element) -> Result<Permit, Refusal> {
    let (kind, unknown_kind) = kind(header);
    Ok(Permit {
        kind,
        kind_name: text(header, "Name").or(unknown_kind),
        copy_indicator: boolean(header, "CopyIndicator")?,
        valid_from: moment(header, "EffectiveSpecifiedPeriod/StartDateTime")?,
        valid_until: last_moment(header, "EffectiveSpecifiedPeriod/EndDateTime")?,
        special_conditions: joined(header, "Information"),
        purpose_code: text(header, "PurposeCode"),
        purpose: text(header, "Purpose"),
        security_stamp: text(header, "FirstSignatoryDocumentAuthentication/ID"),
        authority: header.path(AUTHORITY).and_then(party),
        signatories: signatories::read(header)?,
        issued_at: moment(header, "IssueDateTime")?,
        issued_place: text(header, "IssueLogisticsLocation/Name").or_else(|| text(header, "IssueLogisticsLocation/ID")),
        ..Permit::default()
    })
}

/// Boxes 3, 4, 7 to 12, 14 and 15.
fn consigned(permit: &mut Permit, consignment: &Element) -> Result<(), Refusal> {
    let exporter = consignment.child("ConsignorTradeParty");
    let located = |party: &Option<Party>| {
        let address = party.as_ref()?.address.as_ref()?;
        address.country.clone()
    };
    permit.importer = consignment.child("ConsigneeTradeParty").and_then(party);
    permit.exporter = exporter.and_then(party);
    permit.applicant = exporter.and_then(person).map(|name| Party {
        name: Some(name),
        ..Party::default()
    });
    permit.country_of_import = country(consignment, "ImportTradeCountry/ID").or_else(|| located(&permit.importer));
    permit.country_of_export = located(&permit.exporter);
    permit.items = items::read(consignment)?;
    permit.endorsements = endorsements::read(consignment, &permit.items)?;
    permit.transport_document = text(consignment, "TransportContractReferencedDocument/ID");
    Ok(())
}

/// The kind by the toolkit's letters E, R, I, O; of another code its text as well.
fn kind(header: &Element) -> (PermitKind, Option<String>) {
    let Some(code) = text(header, "TypeCode") else {
        return (PermitKind::Other, None);
    };
    match code.to_ascii_uppercase().as_str() {
        "E" => (PermitKind::Export, None),
        "R" => (PermitKind::ReExport, None),
        "I" => (PermitKind::Import, None),
        "O" => (PermitKind::Other, None),
        _ => (PermitKind::Other, Some(code)),
    }
}

/// All texts of a name that comes several times (one for each language or condition), one to a line.
fn joined(parent: &Element, path: &str) -> Option<String> {
    let texts = texts(parent, path);
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// Who issued it: the country of the authority, else what the number begins with (Res. Conf. 12.3 has numbers begin
/// with the country's code), else the country that was asked, else the side whose permit it is.
fn issuing_country(permit: &Permit, asked: Option<&str>) -> String {
    let authority = permit.authority.as_ref();
    let of_authority = authority.and_then(|party| party.address.as_ref()?.country.clone());
    let of_number = permit
        .number
        .get(..2)
        .filter(|prefix| country::is_known(prefix))
        .map(str::to_owned);
    let side = match permit.kind {
        PermitKind::Export | PermitKind::ReExport => &permit.country_of_export,
        PermitKind::Import => &permit.country_of_import,
        PermitKind::Other => &None,
    };
    of_authority
        .or(of_number)
        .or_else(|| asked.map(str::to_owned))
        .or_else(|| side.clone())
        .unwrap_or_else(|| UNKNOWN_COUNTRY.to_owned())
}

/// What box 14 leaves to the rest of the form: the permit's number, and the officer who signed (box D).
fn complete_endorsements(permit: &mut Permit) {
    let officer = signatories::endorsing_officer(&permit.signatories);
    let single = permit.endorsements.len() == 1;
    for endorsement in &mut permit.endorsements {
        endorsement.permit.clone_from(&permit.number);
        endorsement.issuing_country.clone_from(&permit.issuing_country);
        if let (true, Some(officer)) = (single, &officer) {
            let by = endorsement.endorsed_by.get_or_insert_default();
            if by.name.is_none() {
                by.name.clone_from(&officer.name);
                by.authority = by.authority.take().or_else(|| officer.authority.clone());
            }
        }
    }
}
