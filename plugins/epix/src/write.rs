//! The canonical permit as a message of toolkit v2 (`CITESEPermit`), so that it is read back equal.

use crate::error::Error;
use crate::extension::{self, Parameter};
use crate::read::read_permit;
use crate::signatories::ELEMENTS;
use crate::{parties, settle, write_items};
use dragoman_documents::{Attachment, Moment, Permit, PermitKind, Signatory, SignatoryRole};
use dragoman_guest::prelude::record;
use dragoman_xml::{Writer, soap};

const PERMIT: &str = "urn:un:unece:uncefact:data:standard:CITESEPermit:2";
const AGGREGATE: &str = "urn:un:unece:uncefact:data:draft:ReusableAggregateBusinessInformationEntity:1";
const EXCHANGE: &str = "urn:CitesDataExchange/v2/";

/// What to write around the permit.
#[record]
#[derive(Copy, Eq, Default)]
pub enum Form {
    /// Nothing: the message `CITESEPermit` itself.
    #[default]
    Message,
    /// The SOAP response with which a national system answers `GetFinalCitesCertificate`.
    Response,
}

/// Writes a permit. What the message has no element for goes into context parameters, so that nothing is lost
/// between two sides that know them; others read the form's boxes.
///
/// # Errors
/// If the permit has no number or issuing country, a character that XML cannot hold, or could not be read back equal.
pub fn write_permit(permit: &Permit, form: Form) -> Result<String, Error> {
    let permit = settle::permit(permit)?;
    let broken = |error: serde_json::Error| Error::unwritable(Vec::new(), error.to_string());
    let wanted = serde_json::to_value(&permit).map_err(broken)?;
    let (plain, mut parameters) = extension::split(&permit).map_err(broken)?;
    let text = message(&plain, &parameters, form)?;
    let read = read_back(&text)?;
    let found = serde_json::to_value(&read).map_err(broken)?;
    let missing = extension::differences(&found, &wanted)?;
    if missing.is_empty() {
        return Ok(text);
    }
    parameters.extend(missing);
    let text = message(&plain, &parameters, form)?;
    // Checked, not assumed: a permit that changes on its way must not leave.
    if serde_json::to_value(read_back(&text)?).map_err(broken)? != wanted {
        return Err(Error::unwritable(Vec::new(), "it would not be read back equal"));
    }
    Ok(text)
}

fn read_back(text: &str) -> Result<Permit, Error> {
    read_permit(text.as_bytes(), None)
        .map_err(|error| Error::unwritable(Vec::new(), format!("what was written: {error}")))
}

fn message(permit: &Permit, parameters: &[Parameter], form: Form) -> Result<String, Error> {
    let mut writer = Writer::new();
    match form {
        Form::Message => root(&mut writer, permit, parameters),
        Form::Response => response(&mut writer, permit, parameters),
    }
    writer
        .finish()
        .map_err(|error| Error::unwritable(Vec::new(), error.to_string()))
}

fn response(writer: &mut Writer, permit: &Permit, parameters: &[Parameter]) {
    let names = [("xmlns:soap", soap::SOAP_1_1), ("xmlns:x", EXCHANGE)];
    writer.element("soap:Envelope", &names, |writer| {
        writer.element("soap:Body", &[], |writer| {
            writer.element("x:GetFinalCitesCertificateResponse", &[], |writer| {
                root(writer, permit, parameters);
                for (place, attachment) in permit.attachments.iter().enumerate() {
                    write_attachment(writer, attachment, place);
                }
                let composite = permit.composite.unwrap_or_default();
                writer.leaf("Composite", &[], &composite.to_string());
            });
        });
    });
}

/// The content of an attachment travels beside the message; its address is its digest, else its place.
fn write_attachment(writer: &mut Writer, attachment: &Attachment, place: usize) {
    let digest = attachment.digest.as_deref();
    let digest = digest.map(|digest| digest.strip_prefix("sha256:").unwrap_or(digest));
    let named = attachment.name.as_deref();
    let address = match (named.filter(|name| name.starts_with("cid:")), digest) {
        (Some(address), _) => address.to_owned(),
        (None, Some(digest)) => format!("cid:{digest}"),
        (None, None) => format!("cid:attachment-{}", place + 1),
    };
    writer.element("Attachments", &[], |writer| {
        let name = named.filter(|name| !name.starts_with("cid:"));
        writer.optional("AttachmentName", &[], name);
        writer.leaf("AttachmentContent", &[], &address);
    });
}

fn root(writer: &mut Writer, permit: &Permit, parameters: &[Parameter]) {
    let names = [("xmlns:c", PERMIT), ("xmlns:r", AGGREGATE)];
    writer.element("CITESEPermit", &names, |writer| {
        writer.element("c:SpecifiedExchangedDocumentContext", &[], |writer| {
            let process = "r:BusinessProcessSpecifiedDocumentContextParameter";
            writer.element(process, &[], |writer| {
                writer.leaf("r:ID", &[], "1");
                writer.leaf("r:Value", &[], "CITES PERMITTING");
            });
            extension::write(writer, parameters);
        });
        writer.element("c:HeaderExchangedDocument", &[], |writer| {
            header(writer, permit);
        });
        writer.element("c:SpecifiedSupplyChainConsignment", &[], |writer| {
            write_items::consignment(writer, permit);
        });
    });
}

/// Boxes 1, 2, 5, 6 and 13.
fn header(writer: &mut Writer, permit: &Permit) {
    let code = match permit.kind {
        PermitKind::Export => "E",
        PermitKind::ReExport => "R",
        PermitKind::Import => "I",
        PermitKind::Other => "O",
    };
    writer.leaf("r:ID", &[], &permit.number);
    writer.optional("r:Name", &[], permit.kind_name.as_deref());
    writer.leaf("r:TypeCode", &[], code);
    moment(writer, "r:IssueDateTime", permit.issued_at.as_ref());
    if let Some(copy) = permit.copy_indicator {
        writer.leaf("r:CopyIndicator", &[], &copy.to_string());
    }
    writer.optional("r:Purpose", &[], permit.purpose.as_deref());
    writer.optional("r:PurposeCode", &[], permit.purpose_code.as_deref());
    writer.optional("r:Information", &[], permit.special_conditions.as_deref());
    if permit.valid_from.is_some() || permit.valid_until.is_some() {
        writer.element("r:EffectiveSpecifiedPeriod", &[], |writer| {
            moment(writer, "r:StartDateTime", permit.valid_from.as_ref());
            // A day of expiry is valid to its end.
            let until = permit.valid_until.as_ref();
            let until = until.map(|until| stamp(until, "23:59:59"));
            writer.optional("r:EndDateTime", &[], until.as_deref());
        });
    }
    place(writer, permit.issued_place.as_deref());
    for (role, name) in ELEMENTS {
        let mut signatories = permit.signatories.iter();
        let signatory = signatories.find(|one| one.role == Some(role));
        authentication(writer, name, role, signatory, permit);
    }
}

/// One signature; the first one carries the issuing authority and the security stamp as well (boxes 6 and 5b).
fn authentication(
    writer: &mut Writer,
    name: &str,
    role: SignatoryRole,
    signatory: Option<&Signatory>,
    permit: &Permit,
) {
    let is_first = role == SignatoryRole::A;
    let stamp = permit.security_stamp.as_deref().filter(|_| is_first);
    let own = signatory.and_then(|one| one.authority.clone());
    let provider = if is_first {
        permit.authority.clone()
    } else {
        own.map(|name| dragoman_documents::Party {
            name: Some(name),
            ..Default::default()
        })
    };
    if signatory.is_none() && stamp.is_none() && provider.is_none() {
        return;
    }
    let said = |member: fn(&Signatory) -> Option<&String>| signatory.and_then(member).map(String::as_str);
    let code = match role {
        SignatoryRole::A => "A",
        SignatoryRole::B => "B",
        SignatoryRole::C => "C",
        SignatoryRole::D => "D",
    };
    writer.element(&format!("r:{name}"), &[], |writer| {
        writer.leaf("r:TypeCode", &[], code);
        let at = signatory.and_then(|one| one.at.as_ref());
        moment(writer, "r:ActualDateTime", at);
        writer.optional("r:ID", &[], stamp);
        writer.optional("r:Statement", &[], said(|one| one.method.as_ref()));
        let person = said(|one| one.name.as_ref());
        parties::write(writer, "r:ProviderTradeParty", provider.as_ref(), person);
        place(writer, said(|one| one.place.as_ref()));
    });
}

fn place(writer: &mut Writer, name: Option<&str>) {
    if let Some(name) = name {
        writer.element("r:IssueLogisticsLocation", &[], |writer| {
            writer.leaf("r:Name", &[], name);
        });
    }
}

/// Writes a moment as `xs:dateTime`; nothing where there is none.
pub(crate) fn moment(writer: &mut Writer, name: &str, moment: Option<&Moment>) {
    let text = moment.map(|moment| stamp(moment, "00:00:00"));
    writer.optional(name, &[], text.as_deref());
}

/// A moment as `xs:dateTime`: a day has no offset, because it is a day in the issuer's zone, and reads back as a day.
fn stamp(moment: &Moment, clock: &str) -> String {
    match moment {
        Moment::Day(day) => format!("{day}T{clock}"),
        Moment::Time(time) => time.to_string(),
    }
}
