//! Shapes of values.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use dragoman_model::Value;

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
    /// A quantity whose unit is known before anything runs, by its code in UN/ECE Recommendation 20.
    Measured(Arc<str>),
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
    /// The name of the type where it has one (`Order`).
    pub name: Option<String>,
    /// Its fields; an optional one has an [`Shape::Optional`] shape.
    pub fields: BTreeMap<String, Shape>,
    /// Whether others may be there by the schema's own word (`additionalProperties`). Where it is false a further
    /// field is an error to write, but a value that has one is still accepted: a later minor version may add it.
    pub open: bool,
}

static QUANTITY: LazyLock<Arc<ObjectShape>> = LazyLock::new(|| {
    let text = || Shape::Text.optional();
    let fields = [
        ("value", Shape::Decimal),
        ("unit", Shape::Text),
        ("qualifier", text()),
        ("original_unit", text()),
    ];
    Arc::new(ObjectShape::named("Quantity", fields))
});

static DOCUMENT: LazyLock<Arc<ObjectShape>> = LazyLock::new(|| {
    let fields = [
        ("digest", Shape::Text),
        ("media_type", Shape::Text),
        ("size", Shape::Integer),
    ];
    Arc::new(ObjectShape::named("Document", fields))
});

impl ObjectShape {
    /// An object of a named type with these fields, not open.
    pub fn named<'a>(name: &str, fields: impl IntoIterator<Item = (&'a str, Shape)>) -> Self {
        ObjectShape {
            name: Some(name.into()),
            fields: fields.into_iter().map(|(n, s)| (n.to_owned(), s)).collect(),
            open: false,
        }
    }
}

impl Shape {
    /// A list of this.
    #[must_use]
    pub fn list(self) -> Shape {
        Shape::List(Arc::new(self))
    }

    /// A map from text to this.
    #[must_use]
    pub fn map(self) -> Shape {
        Shape::Map(Arc::new(self))
    }

    /// This, or absent. Optional of an optional is the same as optional; nothing stays nothing.
    #[must_use]
    pub fn optional(self) -> Shape {
        match self {
            Shape::Optional(_) | Shape::Nothing => self,
            other => Shape::Optional(Arc::new(other)),
        }
    }

    /// What it is where it is present.
    #[must_use]
    pub fn present(&self) -> &Shape {
        match self {
            Shape::Optional(inner) => inner,
            other => other,
        }
    }

    /// Whether it may be absent.
    pub fn is_optional(&self) -> bool {
        matches!(self, Shape::Optional(_) | Shape::Nothing)
    }

    /// The shape of no value at all, such as the items of the empty list: it fits everywhere.
    pub fn never() -> Shape {
        Shape::OneOf(Arc::new(Vec::new()))
    }

    /// Whether no value has it.
    pub fn is_never(&self) -> bool {
        matches!(self, Shape::OneOf(variants) if variants.is_empty())
    }

    /// Text out of a list of values.
    pub fn enumeration<S: Into<String>>(values: impl IntoIterator<Item = S>) -> Shape {
        Shape::Enumeration(values.into_iter().map(Into::into).collect())
    }

    /// An object without a type name.
    pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Shape)>) -> Shape {
        let fields = fields.into_iter().map(|(n, s)| (n.to_owned(), s)).collect();
        Shape::Object(Arc::new(ObjectShape {
            name: None,
            fields,
            open: false,
        }))
    }

    /// Text of any kind: plain, out of a list, decimal, date or time.
    pub fn is_textual(&self) -> bool {
        matches!(
            self,
            Shape::Text | Shape::Enumeration(_) | Shape::Decimal | Shape::Date | Shape::DateTime
        )
    }

    /// Whether it is a quantity, in whatever unit.
    pub fn is_quantity(&self) -> bool {
        matches!(self, Shape::Quantity | Shape::Measured(_))
    }

    /// The fields of an object; a quantity and a document have theirs as well.
    pub fn as_object(&self) -> Option<&Arc<ObjectShape>> {
        match self {
            Shape::Object(object) => Some(object),
            Shape::Quantity | Shape::Measured(_) => Some(&QUANTITY),
            Shape::Document => Some(&DOCUMENT),
            _ => None,
        }
    }

    /// The shape of a value that somebody wrote down, such as a site's settings: lists take the common shape of
    /// their items, or any where there is none.
    pub fn of_value(value: &Value) -> Shape {
        match value {
            Value::Null => Shape::Nothing,
            Value::Bool(_) => Shape::Boolean,
            Value::Number(n) if n.is_i64() || n.is_u64() => Shape::Integer,
            Value::Number(_) => Shape::Number,
            Value::String(_) => Shape::Text,
            Value::Array(items) => {
                let mut shapes = items.iter().map(Shape::of_value);
                let first = shapes.next().unwrap_or(Shape::Any);
                shapes.try_fold(first, |a, b| a.join(&b)).unwrap_or(Shape::Any).list()
            }
            Value::Object(members) => {
                let fields = members
                    .iter()
                    .map(|(name, value)| (name.as_str(), Shape::of_value(value)));
                Shape::object(fields)
            }
        }
    }
}
