//! Shapes in words, for people.

use std::fmt;

use crate::Shape;

/// So many fields are named.
const SHOWN: usize = 6;
/// So many values of a list are named: who does not know them has to choose one.
const VALUES: usize = 24;

impl Shape {
    /// In words: `text`, `list of Order`, `Order { number, ... }`.
    pub fn describe(&self) -> String {
        match self {
            Shape::Any => "any".into(),
            Shape::Nothing => "nothing".into(),
            Shape::Boolean => "true or false".into(),
            Shape::Integer => "whole number".into(),
            Shape::Number => "number".into(),
            Shape::Text => "text".into(),
            Shape::Enumeration(values) => describe_values(values),
            Shape::Decimal => "decimal".into(),
            Shape::Date => "date".into(),
            Shape::DateTime => "date-time".into(),
            Shape::Quantity => "quantity".into(),
            Shape::Measured(unit) => format!("quantity in {unit}"),
            Shape::Document => "document".into(),
            Shape::List(item) => format!("list of {}", item.short()),
            Shape::Map(item) => format!("map of {}", item.short()),
            Shape::Object(object) => {
                let fields = shown(object.fields.keys().map(String::as_str));
                match &object.name {
                    Some(name) => format!("{name} {{ {fields} }}"),
                    None => format!("{{ {fields} }}"),
                }
            }
            Shape::OneOf(variants) if variants.is_empty() => "nothing at all".into(),
            Shape::OneOf(variants) => {
                let names: Vec<String> = variants.iter().map(Shape::short).collect();
                format!("one of {}", names.join(" | "))
            }
            Shape::Optional(inner) => format!("optional {}", inner.short()),
        }
    }

    /// The same, with a named object by its name alone.
    pub fn short(&self) -> String {
        match self {
            Shape::Object(object) => object.name.clone().unwrap_or_else(|| self.describe()),
            _ => self.describe(),
        }
    }
}

fn describe_values(values: &[String]) -> String {
    match values {
        [one] => format!("text \"{one}\""),
        _ => {
            let quoted: Vec<String> = values.iter().take(VALUES).map(|v| format!("\"{v}\"")).collect();
            let more = if values.len() > VALUES { " | ..." } else { "" };
            format!("{}{more}", quoted.join(" | "))
        }
    }
}

fn shown<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.take(SHOWN + 1).collect();
    if names.len() > SHOWN {
        names[SHOWN] = "...";
    }
    names.join(", ")
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}
