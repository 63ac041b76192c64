//! Values that are written as they are, where another kind is asked for: how they are written there.

use dragoman_manifest::{Literal, Template, nearly};
use dragoman_model::{Diagnostic, Value, all_meant};
use dragoman_schema::{ObjectShape, Shape};

use crate::codes;

/// The diagnostic of a written value that does not fit its place.
pub(super) fn wrong_literal(literal: &Literal, wanted: &Shape) -> Diagnostic {
    let found = match &literal.value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => format!("text `{text}`"),
        other => format!("`{other}`"),
    };
    let message = format!("found {found}, expected {}", wanted.describe());
    let diagnostic = Diagnostic::error(codes::WRONG_VALUE, literal.span.clone(), message);
    match (wanted, &literal.value) {
        (Shape::Enumeration(values), Value::String(text)) => {
            match all_meant(text, values.iter().map(String::as_str)).as_slice() {
                [] => diagnostic.help(format!("write one of: {}", values.join(", "))),
                right => diagnostic.help(format!("write `{}`", right.join("` or `"))),
            }
        }
        (Shape::Boolean, Value::String(text)) if text == "true" || text == "false" => {
            diagnostic.help(format!("write `{text}`, without quotes: in quotes it is text"))
        }
        // Words of YAML 1.1, and of people.
        (Shape::Boolean, Value::String(text)) if nearly::truth(text).is_some() => diagnostic.help(format!(
            "write `{}`, without quotes",
            nearly::truth(text).unwrap_or_default()
        )),
        (Shape::Boolean, Value::Number(number)) if nearly::truth(&number.to_string()).is_some() => {
            let truth = nearly::truth(&number.to_string()).unwrap_or_default();
            diagnostic.help(format!("write `{truth}`"))
        }
        (Shape::Integer | Shape::Number, Value::String(text)) if text.parse::<f64>().is_ok() => {
            diagnostic.help(format!("write `{text}`, without quotes: in quotes it is text"))
        }
        (_, Value::String(text))
            if text.starts_with("steps.") || text.starts_with("trigger.") || text.starts_with("site.") =>
        {
            diagnostic.help(format!("write `={text}` where an expression was meant"))
        }
        (Shape::Integer, Value::Number(number)) => {
            let whole = number.as_f64().map(|number| number.trunc());
            diagnostic.help(format!(
                "write a whole number, for example `{}`",
                whole.unwrap_or_default()
            ))
        }
        (_, value) => diagnostic.help(match written_as(value, wanted) {
            Some(written) if wanted.is_quantity() => format!("write `{written}`: a quantity has its unit"),
            Some(written) => format!("write `{written}`: {}", example(wanted)),
            None => format!("write {}", example(wanted)),
        }),
    }
}

/// How a value is written as one of another kind, where what was meant can be told.
fn written_as(value: &Value, wanted: &Shape) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => return None,
    };
    let decimal = |text: &str| {
        let text = text.replace(',', ".");
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
        (digits(whole) && digits(part)).then_some(text.clone())
    };
    match wanted {
        Shape::Integer => nearly::whole(&text).map(|number| number.to_string()),
        Shape::Decimal => decimal(&text),
        Shape::Date if accepts(wanted, text.get(..10)?) => text.get(..10).map(str::to_owned),
        Shape::Date => dragoman_expression::meant_date(&text),
        Shape::DateTime => {
            let spaced = text.replacen(' ', "T", 1);
            let day = dragoman_expression::meant_date(&text).unwrap_or_else(|| text.clone());
            let tries = [
                spaced.clone(),
                format!("{spaced}Z"),
                format!("{spaced}:00Z"),
                format!("{day}T00:00:00Z"),
            ];
            tries.into_iter().find(|text| accepts(wanted, text))
        }
        quantity if quantity.is_quantity() => {
            let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
            let code = dragoman_expression::meant_unit(unit).unwrap_or("KGM");
            Some(format!("{{ value: \"{}\", unit: {code} }}", decimal(number)?))
        }
        Shape::List(item) if item.accepts(value) => Some(format!("[{text}]")),
        _ => None,
    }
}

fn accepts(shape: &Shape, text: &str) -> bool {
    shape.accepts(&Value::String(text.to_owned()))
}

pub(super) fn example(shape: &Shape) -> String {
    match shape {
        Shape::Boolean => "`true` or `false`".into(),
        Shape::Integer => "a whole number, without quotes".into(),
        Shape::Number => "a number, without quotes".into(),
        Shape::Decimal => "a decimal number, for example `12.50`".into(),
        Shape::Date => "a date, for example `2026-11-21`".into(),
        Shape::DateTime => "a time, for example `2026-11-21T10:00:00Z`".into(),
        Shape::Quantity | Shape::Measured(_) => "a quantity, for example `{ value: \"2.5\", unit: KGM }`".into(),
        Shape::List(_) => "a list, for example `[...]`".into(),
        Shape::Object(_) | Shape::Map(_) | Shape::OneOf(_) => {
            format!("{} as an object", shape.short())
        }
        other => format!("{} here", other.describe()),
    }
}

/// The shape of a value, in which a text that was written is that text and no other.
pub(super) fn written(said: &Template, shape: Shape) -> Shape {
    match (said, shape) {
        (Template::Literal(literal), Shape::Text) => match &literal.value {
            Value::String(text) => Shape::enumeration([text.as_str()]),
            _ => Shape::Text,
        },
        (Template::Object(members, _), Shape::Object(object)) => {
            let mut object = ObjectShape::clone(&object);
            for (name, said) in members {
                if let Some(shape) = object.fields.get_mut(&name.value) {
                    *shape = written(said, shape.clone());
                }
            }
            Shape::Object(object.into())
        }
        (_, shape) => shape,
    }
}
