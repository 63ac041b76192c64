//! What a message is: finding the permit in envelopes and response wrappers, and what the wrapper says of it.

use crate::values::{boolean, said, text};
use dragoman_documents::Attachment;
use dragoman_xml::{Element, Refusal, short, soap};

/// Roots of a permit: toolkit v2 and v1.
const ROOTS: [&str; 2] = ["CITESEPermit", "CBFShip"];

/// A permit's element, and the response around it where there is one.
pub(crate) struct Found<'a> {
    pub(crate) permit: &'a Element,
    wrapper: Option<&'a Element>,
}

/// Finds the one permit in a message: bare, in a response, or in a whole SOAP envelope.
pub(crate) fn find(root: &Element) -> Result<Found<'_>, Refusal> {
    match soap::open(root) {
        soap::Message::Fault(fault) => {
            let text = fault.text.or(fault.code).unwrap_or_default();
            return Err(Refusal::unexpected(
                root,
                format!("a SOAP fault instead of a permit: {}", short(&text)),
            ));
        }
        soap::Message::Empty => {
            return Err(Refusal::unexpected(root, "an envelope with nothing in it"));
        }
        soap::Message::Bare(_) | soap::Message::Payload(_) => {}
    }
    let mut found = Vec::new();
    collect(root, None, &mut found)?;
    match found.as_slice() {
        [(wrapper, permit)] => Ok(Found {
            permit,
            wrapper: *wrapper,
        }),
        [] => Err(Refusal::unexpected(
            root,
            format!(
                "<{}> holds no permit: neither CITESEPermit (toolkit v2) nor CBFShip (v1)",
                short(root.name())
            ),
        )),
        [_, (_, second), ..] => Err(Refusal::unexpected(
            second,
            format!("the message holds {} permits, and one at a time is read", found.len()),
        )),
    }
}

type Place<'a> = (Option<&'a Element>, &'a Element);

/// Gathers permits with the element around each, from the outside in.
fn collect<'a>(element: &'a Element, around: Option<&'a Element>, found: &mut Vec<Place<'a>>) -> Result<(), Refusal> {
    let name = element.name();
    if ROOTS.contains(&name) {
        found.push((around, element));
        return Ok(());
    }
    if let Some(root) = ROOTS.iter().find(|root| name.ends_with(**root)) {
        let prefix = &name[..name.len() - root.len()];
        return Err(Refusal::unreadable(
            element,
            format!(
                "<{}> looks like <{}:{root}> whose colon was lost",
                short(name),
                short(prefix)
            ),
        ));
    }
    element
        .children()
        .try_for_each(|child| collect(child, Some(element), found))
}

impl Found<'_> {
    /// Names of the attachments that the response carries; one without a name has its content's address (`cid:...`).
    pub(crate) fn attachments(&self) -> Vec<Attachment> {
        let entries = self
            .wrapper
            .into_iter()
            .flat_map(|wrapper| wrapper.children_named("Attachments"));
        entries
            .filter_map(|entry| {
                let name = text(entry, "AttachmentName").or_else(|| address(entry))?;
                Some(Attachment {
                    name: Some(name),
                    ..Attachment::default()
                })
            })
            .collect()
    }

    /// Whether the response says that several permits were merged into this one.
    pub(crate) fn composite(&self) -> Result<Option<bool>, Refusal> {
        self.wrapper.map_or(Ok(None), |wrapper| boolean(wrapper, "Composite"))
    }
}

/// Where an attachment's content is: written as text, or as the `href` of an `xop:Include`. Content that is
/// in the message itself is no address.
fn address(entry: &Element) -> Option<String> {
    let content = entry.child("AttachmentContent")?;
    content
        .text()
        .or_else(|| content.child("Include")?.attribute("href"))
        .and_then(said)
        .filter(|text| text.starts_with("cid:"))
        .map(str::to_owned)
}
