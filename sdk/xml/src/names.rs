//! Names and characters of XML 1.0, and the scopes of namespace declarations.

use std::collections::BTreeSet;
use std::rc::Rc;

/// Whether XML 1.0 allows the character in a document (section 2.2).
pub(crate) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether the text is a name without a colon (XML 1.0 section 2.3, Namespaces section 3).
pub(crate) fn is_plain_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(begins_name) && characters.all(continues_name)
}

fn begins_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(character: char) -> bool {
    begins_name(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Splits `prefix:local`; none where it is not a name.
pub(crate) fn split(name: &str) -> Option<(Option<&str>, &str)> {
    match name.split_once(':') {
        None => is_plain_name(name).then_some((None, name)),
        Some((prefix, local)) => (is_plain_name(prefix) && is_plain_name(local)).then_some((Some(prefix), local)),
    }
}

/// The namespace of the prefix `xml`, bound in every document.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// So many declarations may be in force at once: each name is looked up among them. Messages of the field have a dozen.
pub(crate) const MOST_BINDINGS: usize = 1024;

/// The namespace declarations in force while a document is read.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    bindings: Vec<Binding>,
    /// Each namespace once: some systems declare it anew on every element.
    namespaces: BTreeSet<Rc<str>>,
}

#[derive(Debug)]
struct Binding {
    depth: usize,
    prefix: Option<String>,
    namespace: Rc<str>,
}

impl Scopes {
    /// Declares a prefix (none: the default namespace) for an element at this depth and all within it. Answers how many
    /// bytes that newly takes; none where too many are in force.
    pub(crate) fn declare(&mut self, depth: usize, prefix: Option<&str>, namespace: &str) -> Option<usize> {
        if self.bindings.len() == MOST_BINDINGS {
            return None;
        }
        let (namespace, new) = match self.namespaces.get(namespace) {
            Some(known) => (known.clone(), 0),
            None => (Rc::from(namespace), namespace.len()),
        };
        self.namespaces.insert(namespace.clone());
        self.bindings.push(Binding {
            depth,
            prefix: prefix.map(str::to_owned),
            namespace,
        });
        Some(new)
    }

    /// Forgets what the element at this depth declared.
    pub(crate) fn leave(&mut self, depth: usize) {
        while self.bindings.last().is_some_and(|last| last.depth >= depth) {
            self.bindings.pop();
        }
    }

    /// The namespace of a prefix. `Err` where the prefix is not bound; `Ok(None)` for no default namespace.
    pub(crate) fn resolve(&self, prefix: Option<&str>) -> Result<Option<Rc<str>>, ()> {
        if prefix == Some("xml") {
            return Ok(Some(Rc::from(XML)));
        }
        let found = self
            .bindings
            .iter()
            .rev()
            .find(|binding| binding.prefix.as_deref() == prefix)
            .map(|binding| binding.namespace.clone());
        match found {
            Some(namespace) if !namespace.is_empty() => Ok(Some(namespace)),
            _ if prefix.is_none() => Ok(None),
            _ => Err(()),
        }
    }
}
