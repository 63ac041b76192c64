//! Writing a message: escaped, indented, and never anything that is not well-formed.

use crate::attributes::short;
use crate::error::Error;
use crate::names;

/// Writes one XML text. Names are written as given, prefix included; who uses a prefix declares it
/// with an `xmlns:` attribute on an element around it.
///
/// ```
/// use dragoman_xml::Writer;
/// let mut writer = Writer::new();
/// writer.element("o:order", &[("xmlns:o", "urn:example:order")], |writer| {
///     writer.leaf("o:id", &[], "4711");
///     writer.optional("o:note", &[], None);
///     writer.leaf("o:mass", &[("unitCode", "KGM")], "1.5");
/// });
/// let text = writer.finish().unwrap();
/// assert!(text.contains("<o:mass unitCode=\"KGM\">1.5</o:mass>"));
/// assert!(!text.contains("note"));
/// ```
#[derive(Debug)]
pub struct Writer {
    text: String,
    depth: usize,
    roots: usize,
    scopes: Vec<Vec<String>>,
    wrong: Option<String>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Begins a text with the XML declaration.
    #[must_use]
    pub fn new() -> Self {
        Self {
            text: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
            depth: 0,
            roots: 0,
            scopes: Vec::new(),
            wrong: None,
        }
    }

    /// Writes an element with what the closure writes inside it. An element with nothing inside is written as empty.
    pub fn element(&mut self, name: &str, attributes: &[(&str, &str)], inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.start(name, attributes);
        let before = self.text.len();
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.scopes.pop();
        if self.text.len() == before {
            self.text.truncate(before - 2);
            self.text.push_str("/>\n");
        } else {
            self.indent();
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push_str(">\n");
        }
        self
    }

    /// Writes an element that holds text.
    pub fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> &mut Self {
        self.start(name, attributes);
        self.scopes.pop();
        self.text.pop();
        self.push_escaped(text, false);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\n");
        self
    }

    /// Writes an element that holds text where there is any; an empty one is never written.
    pub fn optional(&mut self, name: &str, attributes: &[(&str, &str)], text: Option<&str>) -> &mut Self {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.leaf(name, attributes, text);
        }
        self
    }

    /// Ends the text.
    ///
    /// # Errors
    /// [`Error::Unwritable`] where a name, a prefix or a character could not be written, or where there
    /// is not exactly one root element.
    pub fn finish(self) -> Result<String, Error> {
        match self.wrong {
            Some(what) => Err(Error::Unwritable(what)),
            None if self.roots != 1 => Err(Error::Unwritable(format!("{} root elements", self.roots))),
            None => Ok(self.text),
        }
    }

    /// Writes a start tag and a line break.
    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.roots += usize::from(self.depth == 0);
        self.scopes.push(
            attributes
                .iter()
                .filter_map(|(attribute, _)| attribute.strip_prefix("xmlns:"))
                .map(str::to_owned)
                .collect(),
        );
        self.check_name(name);
        self.indent();
        self.text.push('<');
        self.text.push_str(name);
        for (index, (attribute, value)) in attributes.iter().enumerate() {
            if attributes[..index].iter().any(|(other, _)| other == attribute) {
                self.note(format!("the attribute `{}` is given twice", short(attribute)));
            }
            self.check_name(attribute);
            self.text.push(' ');
            self.text.push_str(attribute);
            self.text.push_str("=\"");
            self.push_escaped(value, true);
            self.text.push('"');
        }
        self.text.push_str(">\n");
    }

    fn check_name(&mut self, name: &str) {
        match names::split(name) {
            None => self.note(format!("`{}` is not a name", short(name))),
            Some((None | Some("xml" | "xmlns"), _)) => {}
            Some((Some(prefix), _)) => {
                if !self.scopes.iter().flatten().any(|bound| bound == prefix) {
                    self.note(format!("the prefix `{}` is not declared", short(prefix)));
                }
            }
        }
    }

    fn push_escaped(&mut self, text: &str, in_attribute: bool) {
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' if in_attribute => self.text.push_str("&quot;"),
                '\n' if in_attribute => self.text.push_str("&#10;"),
                '\t' if in_attribute => self.text.push_str("&#9;"),
                // A bare carriage return would be read back as a line feed.
                '\r' => self.text.push_str("&#13;"),
                other if names::is_allowed(other) => self.text.push(other),
                other => self.note(format!("the character U+{:04X}", u32::from(other))),
            }
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
    }

    /// Keeps the first thing that is wrong.
    fn note(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }
}
