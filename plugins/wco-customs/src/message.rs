//! What a message is: finding the declaration or response inside envelopes and wrappers.

use dragoman_documents::{DeclarationId, size};
use dragoman_xml::{Element, Refusal, short, soap};
use serde::Serialize;

/// The kinds of payload that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Response,
    Declaration,
}

impl Kind {
    fn element(self) -> &'static str {
        match self {
            Self::Response => "Response",
            Self::Declaration => "Declaration",
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Self::Response => "a notification (Response)",
            Self::Declaration => "a declaration",
        }
    }
}

/// Finds a message's one payload of the wanted kind.
pub(crate) fn find(root: &Element, wanted: Kind) -> Result<&Element, Refusal> {
    match soap::open(root) {
        soap::Message::Fault(fault) => {
            let text = fault.text.or(fault.code).unwrap_or_default();
            return Err(Refusal::unexpected(root, format!("a SOAP fault: {}", short(&text))));
        }
        soap::Message::Empty => {
            return Err(Refusal::unexpected(root, "an envelope with nothing in it"));
        }
        soap::Message::Bare(_) | soap::Message::Payload(_) => {}
    }
    let mut found = Vec::new();
    collect(root, &mut found)?;
    let kinds: Vec<Kind> = found.iter().map(|(kind, _)| *kind).collect();
    match (found.as_slice(), kinds.as_slice()) {
        ([(kind, payload)], _) if *kind == wanted => Ok(payload),
        ([(kind, payload)], _) => Err(Refusal::unexpected(
            payload,
            format!("this is {}, and {} was expected", kind.phrase(), wanted.phrase()),
        )),
        ([], _) => Err(Refusal::unexpected(
            root,
            format!("<{}> holds no {}", short(root.name()), wanted.element()),
        )),
        ([_, (_, second), ..], _) => Err(Refusal::unexpected(
            second,
            format!("the message holds {} payloads, and one at a time is read", found.len()),
        )),
    }
}

/// Gathers payloads, from the outside in. A payload is not searched for others: a response holds a
/// `Declaration` of its own.
fn collect<'a>(element: &'a Element, found: &mut Vec<(Kind, &'a Element)>) -> Result<(), Refusal> {
    let name = element.name();
    if name == "Declaration" {
        found.push((Kind::Declaration, element));
        return Ok(());
    }
    if name == "Response"
        && element
            .children()
            .any(|child| matches!(child.name(), "FunctionCode" | "Declaration"))
    {
        found.push((Kind::Response, element));
        return Ok(());
    }
    if name != "MetaData" && name.ends_with("MetaData") {
        let prefix = &name[..name.len() - "MetaData".len()];
        return Err(Refusal::unreadable(
            element,
            format!(
                "<{}> looks like <{}:MetaData> whose colon was lost",
                short(name),
                short(prefix)
            ),
        ));
    }
    element.children().try_for_each(|child| collect(child, found))
}

/// The text of the first of several paths that has one.
pub(crate) fn first_text(element: &Element, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| element.value_of(path)).map(str::to_owned)
}

/// A document that may be handed out: one that is larger is refused here, with its place, and not by the host.
pub(crate) fn fitting<T: Serialize>(document: T, element: &Element) -> Result<T, Refusal> {
    if size::fits(&document, size::MOST) {
        return Ok(document);
    }
    let what = format!(
        "{} holds more than {} bytes of what is read",
        element.name(),
        size::MOST
    );
    Err(Refusal::unreadable(element, what))
}

/// The version that customs gave; a lodged declaration has none. It is an identifier in the schema, so that any text is
/// valid: one that is no number says nothing of what is newer, and is absent.
pub(crate) fn version(element: &Element) -> Option<u32> {
    element.value_of("VersionID")?.parse().ok()
}

/// The identity of the declaration in an element: its MRN, else its LRN. Customs has given no number yet then,
/// or refuses to, and the trader's own reference is all there is.
pub(crate) fn identity(element: &Element) -> Result<DeclarationId, Refusal> {
    let known = [("mrn", "ID"), ("lrn", "FunctionalReferenceID")];
    known
        .iter()
        .find_map(|(scheme, name)| {
            Some(DeclarationId {
                scheme: (*scheme).to_owned(),
                value: element.value_of(name)?.to_owned(),
            })
        })
        .ok_or_else(|| Refusal::incomplete(element, "the declaration has neither ID nor FunctionalReferenceID"))
}
