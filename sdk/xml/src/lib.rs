//! Reads and writes the XML messages of partner systems, for connector plugins.
//!
//! In goes the text of a message as bytes, out comes a read-only tree ([`Document`], [`Element`]);
//! or in go names and texts, out comes an indented XML text ([`Writer`]).
//! What a connector then does not take, it refuses with a place ([`Refusal`]).
//!
//! Invariants:
//! - What is not well-formed, has a document type declaration or an unbound prefix is refused, with line and column.
//! - Size, depth, text and the number of elements are capped, so a message costs bounded memory, whoever wrote it ([`Limits`]).
//! - Empty and whitespace-only text is absent: [`Element::text`] answers `None`; so does [`Element::value`] for `?`.
//! - What [`Writer`] writes, [`Document::parse`] reads.
//!
//! Names are looked up without their namespace on purpose: authorities publish the same message
//! with a prefix, with a default namespace and with none at all.
//!
//! Not here: schema validation, canonicalisation, signatures, the meaning of any message.

mod attributes;
mod element;
mod encoding;
mod error;
mod limits;
mod names;
mod reader;
mod refusal;
pub mod soap;
mod tags;
mod writer;

pub use element::{Descendants, Element, said};
pub use error::{Error, Position};
pub use limits::Limits;
pub use reader::Document;
pub use refusal::{Refusal, short};
pub use writer::Writer;
