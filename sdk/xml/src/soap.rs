//! SOAP envelopes, 1.1 and 1.2: taking the payload out, reading faults, writing envelopes.

use crate::element::Element;

/// The namespace of SOAP 1.1 envelopes.
pub const SOAP_1_1: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of SOAP 1.2 envelopes.
pub const SOAP_1_2: &str = "http://www.w3.org/2003/05/soap-envelope";

/// What a message turned out to be.
#[derive(Debug, Clone)]
pub enum Message<'a> {
    /// No envelope: the root itself is the payload.
    Bare(&'a Element),
    /// The first element in the body of an envelope.
    Payload(&'a Element),
    /// The body holds a fault.
    Fault(Fault),
    /// An envelope without a body, or with nothing in it.
    Empty,
}

impl<'a> Message<'a> {
    /// The payload, bare or from an envelope; none for a fault and for an empty body.
    #[must_use]
    pub fn payload(&self) -> Option<&'a Element> {
        match self {
            Self::Bare(element) | Self::Payload(element) => Some(element),
            Self::Fault(_) | Self::Empty => None,
        }
    }
}

/// A fault as the other side wrote it; what it left empty is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `faultcode`, or the value of `Code`, without its prefix.
    pub code: Option<String>,
    /// `faultstring`, or the text of `Reason`.
    pub text: Option<String>,
    /// The texts of `detail`, joined by spaces.
    pub detail: Option<String>,
}

/// Opens a message: an element named `Envelope` in a SOAP namespace, or in none, is an envelope.
#[must_use]
pub fn open(root: &Element) -> Message<'_> {
    if root.name() != "Envelope" || !is_soap(root) {
        return Message::Bare(root);
    }
    let payload = root
        .children()
        .find(|child| child.name() == "Body" && is_soap(child))
        .and_then(|body| body.children().next());
    match payload {
        None => Message::Empty,
        Some(fault) if fault.name() == "Fault" && is_soap(fault) => Message::Fault(read_fault(fault)),
        Some(payload) => Message::Payload(payload),
    }
}

fn is_soap(element: &Element) -> bool {
    matches!(element.namespace(), None | Some(SOAP_1_1 | SOAP_1_2))
}

fn read_fault(fault: &Element) -> Fault {
    let code = fault.text_of("faultcode").or_else(|| fault.text_of("Code/Value"));
    let text = fault.text_of("faultstring").or_else(|| fault.text_of("Reason/Text"));
    let detail = fault.child("detail").or_else(|| fault.child("Detail"));
    let texts: Vec<&str> = detail
        .into_iter()
        .flat_map(Element::descendants)
        .filter_map(Element::text)
        .collect();
    Fault {
        code: code.map(|code| code.rsplit(':').next().unwrap_or(code).to_owned()),
        text: text.map(str::to_owned),
        detail: (!texts.is_empty()).then(|| texts.join(" ")),
    }
}
