//! The read-only tree.

use crate::error::Position;
use crate::tags::Tag;
use std::rc::Rc;

/// One element of a message: names without their prefix, attributes, children, and its own text.
///
/// All look-ups are by local name; who must tell namespaces apart asks [`Element::namespace`].
#[derive(Debug, Clone)]
pub struct Element {
    pub(crate) tag: Rc<Tag>,
    pub(crate) attributes: Box<[Attribute]>,
    pub(crate) children: Box<[Element]>,
    pub(crate) text: Box<str>,
    pub(crate) at: Position,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) tag: Rc<Tag>,
    pub(crate) value: Box<str>,
}

/// A text unless it says nothing: systems of the field send elements empty, or with a question mark in them.
#[must_use]
pub fn said(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.chars().all(|character| character == '?')).then_some(text)
}

impl Element {
    /// The name without its prefix.
    #[must_use]
    pub fn name(&self) -> &str {
        self.tag.name()
    }

    /// The prefix as written.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.tag.prefix()
    }

    /// The URI of the namespace; none where the message uses none.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.tag.namespace()
    }

    /// Where the element begins.
    #[must_use]
    pub fn position(&self) -> Position {
        self.at
    }

    /// Its own text, trimmed; none where that is empty. The text of its children is not part of it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let trimmed = self.text.trim();
        (!trimmed.is_empty()).then_some(trimmed)
    }

    /// Its own text as [`Element::text`]; none as well where it is nothing but `?`.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        said(&self.text)
    }

    /// Its own text as it stands, white space and all; but white space between children is not kept.
    #[must_use]
    pub fn raw_text(&self) -> &str {
        &self.text
    }

    /// An attribute's value by local name, trimmed; none where it is missing or empty.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|one| one.tag.name() == name)?;
        let trimmed = found.value.trim();
        (!trimmed.is_empty()).then_some(trimmed)
    }

    /// All attributes but namespace declarations: prefix, local name and value as written.
    pub fn attributes(&self) -> impl Iterator<Item = (Option<&str>, &str, &str)> {
        self.attributes
            .iter()
            .map(|one| (one.tag.prefix(), one.tag.name(), &*one.value))
    }

    /// All children in order.
    pub fn children(&self) -> std::slice::Iter<'_, Element> {
        self.children.iter()
    }

    /// The first child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name() == name)
    }

    /// All children of this name, in order.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name() == name)
    }

    /// The first element at a path of names such as `"Commodity/GoodsMeasure"`. Where a step exists
    /// several times, the first one under which the rest of the path exists counts.
    #[must_use]
    pub fn path(&self, path: &str) -> Option<&Element> {
        self.all(path).into_iter().next()
    }

    /// All elements at a path of names, in order.
    #[must_use]
    pub fn all<'a>(&'a self, path: &str) -> Vec<&'a Element> {
        let mut level = vec![self];
        for step in path.split('/') {
            level = level
                .into_iter()
                .flat_map(|element| element.children.iter().filter(|child| child.name() == step))
                .collect();
        }
        level
    }

    /// The first text that is there at a path of names: empty elements are passed over.
    #[must_use]
    pub fn text_of(&self, path: &str) -> Option<&str> {
        self.all(path).into_iter().find_map(Element::text)
    }

    /// The first value that is there at a path of names: empty elements and those of `?` are passed over.
    #[must_use]
    pub fn value_of(&self, path: &str) -> Option<&str> {
        self.all(path).into_iter().find_map(Element::value)
    }

    /// This element and everything below it, in document order.
    #[must_use]
    pub fn descendants(&self) -> Descendants<'_> {
        Descendants { ahead: vec![self] }
    }

    /// The first element of this name among this one and everything below it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Element> {
        self.descendants().find(|element| element.name() == name)
    }

    /// Whether it holds anything: text, an attribute with a value, or a child that does.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text().is_none()
            && self.attributes.iter().all(|one| one.value.trim().is_empty())
            && self.children.iter().all(Element::is_blank)
    }
}

/// An element and everything below it, in document order; see [`Element::descendants`].
#[derive(Debug, Clone)]
pub struct Descendants<'a> {
    ahead: Vec<&'a Element>,
}

impl<'a> Iterator for Descendants<'a> {
    type Item = &'a Element;

    fn next(&mut self) -> Option<&'a Element> {
        let next = self.ahead.pop()?;
        self.ahead.extend(next.children.iter().rev());
        Some(next)
    }
}
