//! A small XML tree for the strict reading of requests.
//!
//! The connectors read XML with the project's own reader; a partner of theirs has to judge by other means, or both
//! would make the same mistake and agree.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use crate::Error;

/// One element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name without prefix.
    pub(crate) name: String,
    /// Its namespace, empty where there is none.
    pub(crate) namespace: String,
    /// Its element children, in order.
    pub(crate) children: Vec<Element>,
    /// Its character data, as written.
    pub(crate) text: String,
}

impl Element {
    /// The only child with this local name.
    pub(crate) fn only(&self, name: &str) -> Option<&Element> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// This element and all below it, outermost first.
    pub(crate) fn walk(&self, visit: &mut impl FnMut(&Element)) {
        visit(self);
        self.children.iter().for_each(|child| child.walk(visit));
    }
}

fn wrong(reason: impl std::fmt::Display) -> Error {
    Error::Xml(reason.to_string())
}

/// Reads one whole document: well-formed, one root, no document type, every prefix bound.
///
/// # Errors
/// [`Error::Xml`] with what is wrong.
pub(crate) fn read(text: &str) -> Result<Element, Error> {
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(wrong)?;
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => Some(namespace_text(namespace)),
            ResolveResult::Unbound => Some(String::new()),
            ResolveResult::Unknown(_) => None,
        };
        match event {
            Event::Eof => break,
            Event::DocType(_) => return Err(wrong("a document type is not allowed")),
            Event::Start(start) => open.push(element(&start, namespace)?),
            Event::Empty(start) => {
                let element = element(&start, namespace)?;
                close(element, &mut open, &mut root)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| wrong("an end without a start"))?;
                close(element, &mut open, &mut root)?;
            }
            Event::Text(text) => add(&mut open, &text.xml10_content())?,
            Event::CData(text) => add(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let name = reference.into_inner();
                let text = quick_xml::escape::unescape(&format!("&{name};"))
                    .map_err(wrong)?
                    .into_owned();
                add(&mut open, &text)?;
            }
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    if !open.is_empty() {
        return Err(wrong("an element is not closed"));
    }
    root.ok_or_else(|| wrong("there is no element"))
}

fn namespace_text(namespace: quick_xml::name::Namespace<'_>) -> String {
    namespace.into_inner().to_owned()
}

fn element(start: &BytesStart<'_>, namespace: Option<String>) -> Result<Element, Error> {
    let name = start.local_name().into_inner().to_owned();
    for attribute in start.attributes() {
        attribute.map_err(wrong)?;
    }
    Ok(Element {
        namespace: namespace.ok_or_else(|| wrong(format!("the prefix of `{name}` is not bound")))?,
        name,
        children: Vec::new(),
        text: String::new(),
    })
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), Error> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err(wrong("there are several roots")),
    }
    Ok(())
}

fn add(open: &mut [Element], text: &str) -> Result<(), Error> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(wrong("there is text outside the root")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        match (read(text), expected) {
            (Ok(root), Ok(expected)) => {
                let mut flat = String::new();
                root.walk(&mut |e| flat.push_str(&format!("{}:{}={} ", e.namespace, e.name, e.text)));
                assert_eq!(flat.trim_end(), expected, "{text}");
            }
            (Err(error), Err(expected)) => {
                assert!(error.to_string().contains(expected), "{text}: {error}");
            }
            (found, expected) => panic!("{text}: {found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn documents_are_read_strictly() {
        check("<a>1<b x='1'/></a>", Ok(":a=1 :b="));
        check(
            "<?xml version='1.0'?><p:a xmlns:p='u'><b>x&amp;y&#65;</b></p:a>",
            Ok("u:a= :b=x&yA"),
        );
        check("<a xmlns='u'><b xmlns=''><![CDATA[<]]></b></a>", Ok("u:a= :b=<"));
        check("<p:a/>", Err("not bound"));
        check("<a><b></a></b>", Err(""));
        check("<a>", Err("not closed"));
        check("<a/><b/>", Err("several roots"));
        check("<a/>x", Err("outside the root"));
        check("", Err("no element"));
        check("<!DOCTYPE a []><a/>", Err("document type"));
        check("<a>&nothing;</a>", Err("nothing"));
        check("<a x='1' x='2'/>", Err(""));
    }
}
