//! From the text of a message to the tree, refusing what is not well-formed.

use crate::attributes::{self, short};
use crate::element::{Attribute, Element};
use crate::encoding;
use crate::error::{Cursor, Error, Position, position_of};
use crate::names::{self, Scopes};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// How much of a message is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The greatest size in bytes.
    pub size: usize,
    /// The greatest depth of nested elements.
    pub depth: usize,
    /// The greatest number of elements and attributes together.
    pub nodes: usize,
}

impl Default for Limits {
    /// 20 MB, 128 deep, 250,000 elements and attributes: a declaration of 999 goods items needs a fifth of that.
    fn default() -> Self {
        Self {
            size: 20_000_000,
            depth: 128,
            nodes: 250_000,
        }
    }
}

/// A well-formed message.
#[derive(Debug, Clone)]
pub struct Document {
    root: Element,
}

impl Document {
    /// Reads a message with the usual [`Limits`].
    ///
    /// # Errors
    /// Whatever [`Error`] can say but [`Error::Unwritable`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_within(bytes, Limits::default())
    }

    /// Reads a message within the given limits.
    ///
    /// # Errors
    /// Whatever [`Error`] can say but [`Error::Unwritable`].
    pub fn parse_within(bytes: &[u8], limits: Limits) -> Result<Self, Error> {
        if bytes.len() > limits.size {
            return Err(Error::TooLarge {
                size: bytes.len(),
                limit: limits.size,
            });
        }
        let text = encoding::decode(bytes)?;
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

    /// Hands out the root element.
    #[must_use]
    pub fn into_root(self) -> Element {
        self.root
    }
}

/// One reading of one text.
struct Reading<'a> {
    text: &'a str,
    limits: Limits,
    cursor: Cursor,
    scopes: Scopes,
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str, limits: Limits) -> Self {
        Self {
            text,
            limits,
            cursor: Cursor::default(),
            scopes: Scopes::default(),
            open: Vec::new(),
            root: None,
            nodes: 0,
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
                short(&open.name),
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
        match self.open.last_mut() {
            Some(element) => element.text.push_str(content),
            None if content.trim().is_empty() => {}
            None => return Err(self.malformed("text stands outside the root element")),
        }
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
        let written = attributes::read(start.attributes_raw()).map_err(|what| self.malformed(what))?;
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
        self.open.push(Element {
            name: local.into(),
            prefix: prefix.map(Into::into),
            namespace,
            attributes,
            children: Vec::new(),
            text: String::new(),
            at,
        });
        Ok(())
    }

    /// Declares the namespaces of a start tag, then keeps its other attributes.
    fn attributes(&mut self, written: &[attributes::Written<'_>], depth: usize) -> Result<Vec<Attribute>, Error> {
        let mut kept = Vec::new();
        for attribute in written {
            match names::split(attribute.name) {
                Some((None, "xmlns")) => self.scopes.declare(depth, None, &attribute.value),
                Some((Some("xmlns"), prefix)) => {
                    if attribute.value.is_empty() || prefix == "xmlns" {
                        return Err(self.malformed(format!(
                            "the prefix `{prefix}` cannot be bound to `{}`",
                            short(&attribute.value)
                        )));
                    }
                    self.scopes.declare(depth, Some(prefix), &attribute.value);
                }
                _ => kept.push(attribute),
            }
        }
        kept.into_iter()
            .map(|attribute| {
                let (prefix, name) = names::split(attribute.name).unwrap_or((None, attribute.name));
                if let Some(prefix) = prefix {
                    self.scopes.resolve(Some(prefix)).map_err(|()| self.unbound(prefix))?;
                }
                Ok(Attribute {
                    name: name.into(),
                    prefix: prefix.map(Into::into),
                    value: attribute.value.as_str().into(),
                })
            })
            .collect()
    }

    fn close(&mut self) {
        self.scopes.leave(self.open.len());
        if let Some(element) = self.open.pop() {
            match self.open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => self.root = Some(element),
            }
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
