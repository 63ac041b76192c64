//! Shapes of values.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The shape of a value, as far as the profile knows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Anything; needs a cast before a field of it is used.
    Any,
    /// `null`; also the shape of a step that gives nothing.
    Nothing,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Text.
    Text,
    /// Text out of a list.
    Enumeration(Arc<[String]>),
    /// Text that is a decimal number.
    Decimal,
    /// A date.
    Date,
    /// A point in time.
    DateTime,
    /// `{ value, unit, ... }`: a decimal with its unit.
    Quantity,
    /// A document of the store.
    Document,
    /// A list.
    List(Arc<Shape>),
    /// A map from text to values of one shape.
    Map(Arc<Shape>),
    /// An object with known fields.
    Object(Arc<ObjectShape>),
    /// One of several objects, told apart by a field.
    OneOf(Arc<Vec<Shape>>),
    /// May be absent.
    Optional(Arc<Shape>),
}

/// The fields of an object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObjectShape {
    /// The name of the type where it has one (`Permit`).
    pub name: Option<String>,
    /// Its fields; an optional one has an [`Shape::Optional`] shape.
    pub fields: BTreeMap<String, Shape>,
    /// Whether others may be there.
    pub open: bool,
}
