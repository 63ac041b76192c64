//! From a WCO response (a notification) to the canonical notice.

use crate::config::Config;
use crate::message::{self, Kind, first_text};
use crate::moments::moment_in;
use crate::zone::Zone;
use dragoman_documents::{Event, Moment, Notice, NoticeError, Office};
use dragoman_xml::{Document, Element, Refusal, short};
use std::borrow::Cow;

/// Reads a notification: a bare `MetaData` or `Response`, in other elements, or in a SOAP envelope.
/// `digest` stands in where the message has no identifier of its own.
///
/// # Errors
/// [`Refusal`] where the message cannot be read, is of another kind, names no declaration or several, or has no date.
pub fn read_notice<'a>(bytes: impl Into<Cow<'a, [u8]>>, digest: &str, config: &Config) -> Result<Notice, Refusal> {
    let document = Document::parse(bytes)?;
    let response = message::find(document.root(), Kind::Response)?;
    let zone = config.zone();
    let code = response
        .value_of("FunctionCode")
        .ok_or_else(|| Refusal::incomplete(response, "the response has no FunctionCode"))?;
    let about = about(response)?;
    let lrn = about.value_of("FunctionalReferenceID");
    let event = event(code);
    let issued_at = moment_in(response, "IssueDateTime", &zone)?;
    let effective_at = effective_at(response, about, event, &zone)?
        .or_else(|| issued_at.clone())
        .ok_or_else(|| Refusal::incomplete(response, "the response has no IssueDateTime, and no other date"))?;
    let exit = office_of_exit(response);
    let notice = Notice {
        message_id: response.value_of("FunctionalReferenceID").unwrap_or(digest).to_owned(),
        event,
        code: code.to_owned(),
        declaration: message::identity(about)?,
        lrn: lrn.map(str::to_owned),
        version: message::version(about),
        issued_at,
        effective_at,
        office: first_text(response, &["ContactOffice/ID", "AppealOffice/ID"])
            .map(|code| Office {
                code: Some(code),
                name: None,
            })
            .or_else(|| exit.clone()),
        actual_office_of_exit: exit,
        reason: reason(response),
        errors: response.children_named("Error").map(read_error).collect(),
    };
    message::fitting(notice, response)
}

/// The function codes of a response (WCO data element 017, as customs declarations use them).
fn event(code: &str) -> Event {
    match code.trim_start_matches('0') {
        "1" => Event::Accepted,
        "2" => Event::Received,
        "3" => Event::Rejected,
        "5" => Event::Held,
        "6" => Event::DocumentsRequested,
        "7" => Event::Inspected,
        "8" => Event::Released,
        "9" => Event::Cleared,
        "10" => Event::Invalidated,
        "13" => Event::Taxed,
        "16" => Event::Exited,
        _ => Event::Other,
    }
}

/// The declaration that the response is about: the first that has a number. A control result carries a
/// second one, with what customs has changed; but a second number is another declaration, and neither may be passed over.
fn about(response: &Element) -> Result<&Element, Refusal> {
    for name in ["ID", "FunctionalReferenceID"] {
        let mut named = response
            .children_named("Declaration")
            .filter_map(|one| Some((one, one.value_of(name)?)));
        let Some((_, first)) = named.next() else { continue };
        if let Some((second, other)) = named.find(|(_, other)| *other != first) {
            return Err(Refusal::unexpected(
                second,
                format!(
                    "the response is about two declarations, {} and {}, and one at a time is read",
                    short(first),
                    short(other)
                ),
            ));
        }
        break;
    }
    response
        .children_named("Declaration")
        .find(|one| one.value_of("ID").is_some() || one.value_of("FunctionalReferenceID").is_some())
        .or_else(|| response.child("Declaration"))
        .ok_or_else(|| Refusal::incomplete(response, "the response names no declaration"))
}

/// When it took effect: as its status says, else by the date of the declaration that belongs to the event.
fn effective_at(response: &Element, about: &Element, event: Event, zone: &Zone) -> Result<Option<Moment>, Refusal> {
    for status in response.children_named("Status") {
        for name in ["EffectiveDateTime", "ReleaseDateTime"] {
            if let Some(moment) = moment_in(status, name, zone)? {
                return Ok(Some(moment));
            }
        }
    }
    let name = match event {
        Event::Accepted => "AcceptanceDateTime",
        Event::Rejected => "RejectionDateTime",
        Event::Invalidated => "CancellationDateTime",
        _ => return Ok(None),
    };
    moment_in(about, name, zone)
}

/// Statement types whose description is an office of exit (UCC data element 5/12).
fn is_exit_statement(information: &Element) -> bool {
    matches!(information.value_of("StatementTypeCode"), Some("CEX" | "AES"))
}

fn office_of_exit(response: &Element) -> Option<Office> {
    let text = response
        .children_named("AdditionalInformation")
        .filter(|information| is_exit_statement(information))
        .find_map(|information| information.value_of("StatementDescription"))?;
    let word = text.split_whitespace().next().unwrap_or(text);
    let is_code = word.len() == 8
        && word.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let rest = text[word.len()..].trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | ',' | ':'));
    Some(if is_code {
        Office {
            code: Some(word.to_owned()),
            name: (!rest.is_empty()).then(|| rest.to_owned()),
        }
    } else {
        Office {
            code: None,
            name: Some(text.to_owned()),
        }
    })
}

/// The remarks to the submitter, in order.
fn reason(response: &Element) -> Option<String> {
    let texts: Vec<&str> = response
        .children_named("AdditionalInformation")
        .filter(|information| !is_exit_statement(information))
        .filter_map(|information| information.value_of("StatementDescription"))
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

fn read_error(error: &Element) -> NoticeError {
    let mut path = Vec::new();
    for pointer in error.children_named("Pointer") {
        if let Some(section) = pointer.value_of("DocumentSectionCode") {
            path.push(match pointer.value_of("SequenceNumeric") {
                Some(number) => format!("{section}[{number}]"),
                None => section.to_owned(),
            });
        }
        path.extend(pointer.value_of("TagID").map(str::to_owned));
    }
    NoticeError {
        code: error.value_of("ValidationCode").map(short),
        pointer: (!path.is_empty()).then(|| path.join("/")),
        text: error.value_of("Description").map(str::to_owned),
    }
}
