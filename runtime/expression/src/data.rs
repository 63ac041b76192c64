//! Values during an evaluation: borrowed from the scope as long as nobody makes a new one.

use std::collections::BTreeMap;
use std::rc::Rc;

use dragoman_model::Value;

/// A value during an evaluation; cheap to clone where it is large.
#[derive(Debug, Clone)]
pub(crate) enum Data<'v> {
    /// In the scope, or written in the expression.
    Borrowed(&'v Value),
    /// A scalar that was computed.
    Made(Value),
    /// A list that was computed, of whatever.
    List(Rc<Vec<Data<'v>>>),
    /// An object that was computed.
    Object(Rc<BTreeMap<String, Data<'v>>>),
}

impl<'v> Data<'v> {
    /// A borrowed value; `null` is absent.
    pub(crate) fn of(value: &'v Value) -> Option<Self> {
        (!value.is_null()).then_some(Data::Borrowed(value))
    }

    pub(crate) fn text_of(text: impl Into<String>) -> Self {
        Data::Made(Value::String(text.into()))
    }

    pub(crate) fn boolean(value: bool) -> Self {
        Data::Made(Value::Bool(value))
    }

    pub(crate) fn list(items: Vec<Data<'v>>) -> Self {
        Data::List(Rc::new(items))
    }

    /// Whether it is absent after all: `null` as an item of a list.
    pub(crate) fn present(self) -> Option<Self> {
        match self {
            Data::Borrowed(Value::Null) | Data::Made(Value::Null) => None,
            present => Some(present),
        }
    }

    /// The JSON value of what is not a computed list or object.
    pub(crate) fn plain(&self) -> Option<&Value> {
        match self {
            Data::Borrowed(value) => Some(value),
            Data::Made(value) => Some(value),
            Data::List(_) | Data::Object(_) => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        self.plain().and_then(Value::as_str)
    }

    pub(crate) fn as_boolean(&self) -> Option<bool> {
        self.plain().and_then(Value::as_bool)
    }

    /// A member of an object: none where it is absent or `null`; an error where this is no object.
    pub(crate) fn member(&self, name: &str) -> Result<Option<Data<'v>>, ()> {
        match self {
            Data::Borrowed(Value::Object(members)) => Ok(members.get(name).and_then(Data::of)),
            Data::Object(members) => Ok(members.get(name).cloned().and_then(Data::present)),
            _ => Err(()),
        }
    }

    /// The items of a list; the names of an object's members.
    pub(crate) fn items(&self) -> Option<Vec<Data<'v>>> {
        match self {
            Data::Borrowed(Value::Array(items)) => Some(items.iter().map(Data::Borrowed).collect()),
            Data::List(items) => Some(items.to_vec()),
            Data::Borrowed(Value::Object(members)) => Some(members.keys().map(Data::text_of).collect()),
            Data::Object(members) => Some(members.keys().map(Data::text_of).collect()),
            _ => None,
        }
    }

    /// How many items, members or characters it has.
    pub(crate) fn size(&self) -> Option<usize> {
        match self {
            Data::Borrowed(Value::Array(items)) => Some(items.len()),
            Data::Borrowed(Value::Object(members)) => Some(members.len()),
            Data::List(items) => Some(items.len()),
            Data::Object(members) => Some(members.len()),
            other => other.as_text().map(|text| text.chars().count()),
        }
    }

    /// As a value of its own.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Data::Borrowed(value) => value.clone(),
            Data::Made(value) => value,
            Data::List(items) => Value::Array(items.iter().cloned().map(Data::into_value).collect()),
            Data::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, one)| (name.clone(), one.clone().into_value()))
                    .collect(),
            ),
        }
    }

    /// About how many bytes it takes as a value of its own; counting stops past `limit`.
    pub(crate) fn weight(&self, limit: usize) -> usize {
        let add = |sum: usize, more: usize| sum.saturating_add(more);
        match self {
            Data::Borrowed(value) => weight(value, limit),
            Data::Made(value) => weight(value, limit),
            Data::List(items) => {
                let mut sum = 32;
                for item in items.iter() {
                    sum = add(sum, item.weight(limit.saturating_sub(sum)));
                    if sum > limit {
                        break;
                    }
                }
                sum
            }
            Data::Object(members) => {
                let mut sum = 32;
                for (name, one) in members.iter() {
                    sum = add(sum, 32 + name.len() + one.weight(limit.saturating_sub(sum)));
                    if sum > limit {
                        break;
                    }
                }
                sum
            }
        }
    }
}

fn weight(value: &Value, limit: usize) -> usize {
    let mut sum: usize = 32;
    match value {
        Value::String(text) => sum += text.len(),
        Value::Array(items) => {
            for item in items {
                if sum > limit {
                    break;
                }
                sum = sum.saturating_add(weight(item, limit - sum));
            }
        }
        Value::Object(members) => {
            for (name, one) in members {
                if sum > limit {
                    break;
                }
                sum = sum
                    .saturating_add(32 + name.len())
                    .saturating_add(weight(one, limit.saturating_sub(sum)));
            }
        }
        _ => {}
    }
    sum
}
