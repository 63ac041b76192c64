//! From the text of a message to the tree, refusing what is not well-formed.

use crate::attributes::{self, short};
use crate::element::{Attribute, Element};
use crate::encoding;
use crate::error::{Cursor, Error, Position, position_of};
use crate::limits::{KEPT, Limits};
use crate::names::{self, Scopes};
use crate::tags::{Tag, Tags};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::rc::Rc;

/// A well-formed message.
#[derive(Debug, Clone)]
pub struct Document {
    root: Element,
}

impl Document {
    /// Reads a message with the usual [`Limits`]. Bytes that are handed over are not copied, and given back before the
    /// tree is: a large message then takes less memory at once.
    ///
    /// # Errors
    /// Whatever [`Error`] can say but [`Error::Unwritable`].
    pub fn parse<'a>(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self, Error> {
        Self::parse_within(bytes, Limits::default())
    }

    /// Reads a message within the given limits.
    ///
    /// # Errors
    /// Whatever [`Error`] can say but [`Error::Unwritable`].
    pub fn parse_within<'a>(bytes: impl Into<Cow<'a, [u8]>>, limits: Limits) -> Result<Self, Error> {
        let bytes = bytes.into();
        if bytes.len() > limits.size {
            return Err(Error::TooLarge {
                size: bytes.len(),
                limit: limits.size,
            });
        }
        let text = encoding::decode(bytes, limits.size)?;
        if let Some((offset, character)) = text.char_indices().find(|(_, c)| !names::is_allowed(*c)) {
            return Err(Error::Malformed {
                at: position_of(&text, offset),
                what: format!("the character U+{:04X} is not allowed", u32::from(character)),
            });
        }
        let root = Reading::new(&text, limits).document()?;
        Ok(Self { root })
    }

    /// The root element.
    #[must_use]
    pub fn root(&self) -> &Element {
        &self.root
    }
}

/// An element that is not closed yet.
struct Open {
    tag: Rc<Tag>,
    attributes: Box<[Attribute]>,
    /// Where its children begin among those that are closed.
    first: usize,
    text: String,
    at: Position,
}

/// One reading of one text.
struct Reading<'a> {
    text: &'a str,
    limits: Limits,
    cursor: Cursor,
    scopes: Scopes,
    tags: Tags,
    open: Vec<Open>,
    /// Closed elements whose parent is open, in order; a parent takes its own when it is closed, in one piece.
    closed: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
    /// Bytes of text that are kept.
    kept: usize,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str, limits: Limits) -> Self {
        Self {
            text,
            limits,
            cursor: Cursor::default(),
            scopes: Scopes::default(),
            tags: Tags::default(),
            open: Vec::new(),
            closed: Vec::new(),
            root: None,
            nodes: 0,
            kept: 0,
        }
    }

    fn document(mut self) -> Result<Element, Error> {
        if self.text.trim().is_empty() {
            return Err(self.malformed("the message is empty"));
        }
        let mut reader = Reader::from_str(self.text);
        let config = reader.config_mut();
        config.check_comments = true;
        config.check_end_names = true;
        loop {
            let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            self.cursor.advance(self.text, before);
            let event = reader.read_event().map_err(|error| {
                let offset = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                self.reader_error(&error, offset.max(before))
            })?;
            if matches!(event, Event::Eof) {
                break;
            }
            self.take(event, before)?;
        }
        if let Some(open) = self.open.last() {
            return Err(self.malformed(format!(
                "the message ends while <{}> from {} is open",
                short(open.tag.name()),
                open.at
            )));
        }
        match self.root.take() {
            Some(root) => Ok(root),
            None => Err(self.malformed("the message has no element")),
        }
    }

    fn take(&mut self, event: Event<'_>, offset: usize) -> Result<(), Error> {
        match event {
            Event::Start(start) => self.open(&start),
            Event::Empty(start) => {
                self.open(&start)?;
                self.close();
                Ok(())
            }
            Event::End(_) => {
                self.close();
                Ok(())
            }
            Event::Text(text) => {
                let content = text.xml10_content();
                if content.contains("]]>") {
                    return Err(self.malformed("`]]>` stands outside a CDATA section"));
                }
                self.append(&content)
            }
            Event::CData(data) if !self.open.is_empty() => self.append(&data.xml10_content()),
            Event::CData(_) => Err(self.malformed("a CDATA section stands outside the root element")),
            Event::GeneralRef(reference) if !self.open.is_empty() => {
                let character =
                    attributes::character(&reference.xml10_content()).map_err(|what| self.malformed(what))?;
                self.append(character.encode_utf8(&mut [0; 4]))
            }
            Event::GeneralRef(_) => Err(self.malformed("text stands outside the root element")),
            Event::DocType(_) => Err(Error::DocumentType {
                at: self.cursor.position(),
            }),
            Event::Decl(declaration) => {
                if offset > 0 {
                    Err(self.malformed("the xml declaration is not at the beginning"))
                } else if declaration.version().is_err() {
                    Err(self.malformed("the xml declaration has no version"))
                } else {
                    Ok(())
                }
            }
            Event::PI(instruction) => {
                let target = instruction.target();
                if names::is_plain_name(target) && !target.eq_ignore_ascii_case("xml") {
                    Ok(())
                } else {
                    Err(self.malformed("a processing instruction has no proper name"))
                }
            }
            Event::Comment(_) | Event::Eof => Ok(()),
        }
    }

    fn append(&mut self, content: &str) -> Result<(), Error> {
        let is_blank = content.trim().is_empty();
        let Some(element) = self.open.last_mut() else {
            if is_blank {
                return Ok(());
            }
            return Err(self.malformed("text stands outside the root element"));
        };
        // White space between children is none's text.
        if is_blank && element.first < self.closed.len() && element.text.is_empty() {
            return Ok(());
        }
        let mut content = content;
        if self.limits.embedded.contains(&element.tag.name()) {
            let room = KEPT.saturating_sub(element.text.len()).min(content.len());
            content = &content[..content.floor_char_boundary(room)];
        }
        if content.len() > self.limits.text.saturating_sub(self.kept) {
            return Err(self.too_much_text());
        }
        self.kept += content.len();
        element.text.push_str(content);
        Ok(())
    }

    /// Counts what is newly kept.
    fn keep(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes > self.limits.text.saturating_sub(self.kept) {
            return Err(self.too_much_text());
        }
        self.kept += bytes;
        Ok(())
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Error> {
        let at = self.cursor.position();
        let whole = start.name().into_inner();
        if self.root.is_some() {
            return Err(self.malformed(format!("<{}> is a second root element", short(whole))));
        }
        let depth = self.open.len() + 1;
        if depth > self.limits.depth {
            return Err(Error::TooDeep {
                at,
                limit: self.limits.depth,
            });
        }
        let Some((prefix, local)) = names::split(whole) else {
            return Err(self.malformed(format!("`{}` is not the name of an element", short(whole))));
        };
        let raw = start.attributes_raw();
        if raw.len() > self.limits.text {
            return Err(self.too_much_text());
        }
        let written = attributes::read(raw).map_err(|what| self.malformed(what))?;
        self.nodes += 1 + written.len();
        if self.nodes > self.limits.nodes {
            return Err(Error::TooMany {
                at,
                limit: self.limits.nodes,
            });
        }
        let attributes = self.attributes(&written, depth)?;
        let namespace = self
            .scopes
            .resolve(prefix)
            .map_err(|()| self.unbound(prefix.unwrap_or_default()))?;
        let (tag, new) = self.tags.of(whole, local, namespace);
        self.keep(new)?;
        if let Some(parent) = self.open.last_mut()
            && parent.text.trim().is_empty()
        {
            self.kept -= parent.text.len();
            parent.text = String::new();
        }
        self.open.push(Open {
            tag,
            attributes,
            first: self.closed.len(),
            text: String::new(),
            at,
        });
        Ok(())
    }

    /// Declares the namespaces of a start tag, then keeps its other attributes.
    fn attributes(&mut self, written: &[attributes::Written<'_>], depth: usize) -> Result<Box<[Attribute]>, Error> {
        let mut kept = Vec::new();
        for attribute in written {
            match names::split(attribute.name) {
                Some((None, "xmlns")) => self.declare(depth, None, &attribute.value)?,
                Some((Some("xmlns"), prefix)) => {
                    if attribute.value.is_empty() || prefix == "xmlns" {
                        return Err(self.malformed(format!(
                            "the prefix `{prefix}` cannot be bound to `{}`",
                            short(&attribute.value)
                        )));
                    }
                    self.declare(depth, Some(prefix), &attribute.value)?;
                }
                _ => kept.push(attribute),
            }
        }
        kept.into_iter()
            .map(|attribute| {
                let (prefix, name) = names::split(attribute.name).unwrap_or((None, attribute.name));
                let namespace = match prefix {
                    Some(_) => self
                        .scopes
                        .resolve(prefix)
                        .map_err(|()| self.unbound(prefix.unwrap_or_default()))?,
                    None => None,
                };
                let (tag, new) = self.tags.of(attribute.name, name, namespace);
                self.keep(new + attribute.value.len())?;
                Ok(Attribute {
                    tag,
                    value: attribute.value.as_str().into(),
                })
            })
            .collect()
    }

    fn declare(&mut self, depth: usize, prefix: Option<&str>, namespace: &str) -> Result<(), Error> {
        match self.scopes.declare(depth, prefix, namespace) {
            Some(new) => self.keep(new),
            None => Err(self.malformed(format!(
                "more than {} namespace declarations are in force",
                names::MOST_BINDINGS
            ))),
        }
    }

    fn close(&mut self) {
        self.scopes.leave(self.open.len());
        let Some(open) = self.open.pop() else { return };
        let element = Element {
            tag: open.tag,
            attributes: open.attributes,
            children: self.closed.drain(open.first..).collect(),
            text: open.text.into_boxed_str(),
            at: open.at,
        };
        if self.open.is_empty() {
            self.root = Some(element);
        } else {
            self.closed.push(element);
        }
    }

    fn too_much_text(&self) -> Error {
        Error::TooMuchText {
            at: self.cursor.position(),
            limit: self.limits.text,
        }
    }

    fn unbound(&self, prefix: &str) -> Error {
        Error::UnboundPrefix {
            at: self.cursor.position(),
            prefix: short(prefix),
        }
    }

    fn malformed(&self, what: impl Into<String>) -> Error {
        Error::Malformed {
            at: self.cursor.position(),
            what: what.into(),
        }
    }

    /// The parser's own words, but for those that a person would not understand.
    fn reader_error(&self, error: &quick_xml::Error, offset: usize) -> Error {
        use quick_xml::errors::IllFormedError as Ill;
        let at: Position = position_of(self.text, offset);
        let what = match error {
            quick_xml::Error::IllFormed(Ill::MismatchedEndTag { expected, found }) => {
                let opened = self.open.last().map_or(at, |open| open.at);
                format!(
                    "</{}> closes <{}>, which was opened at {opened}",
                    short(found),
                    short(expected)
                )
            }
            quick_xml::Error::IllFormed(Ill::UnmatchedEndTag(found)) => {
                format!("</{}> closes nothing", short(found))
            }
            quick_xml::Error::IllFormed(Ill::UnclosedReference) => {
                "an `&` begins no reference: write `&amp;`".to_owned()
            }
            other => other.to_string(),
        };
        Error::Malformed { at, what }
    }
}
