//! A part of a value that is shared with the whole it came in.
//!
//! What a step sent and what it gave are members of its entries' bodies. The state of a run, the operations on the store
//! and the request itself all need them; a part gives each of them the one tree that there is.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::Value;

/// A value, or a member of an object that is kept with it. It is read as the value itself, and a clone copies none of it.
#[derive(Clone)]
pub struct Part {
    whole: Arc<Value>,
    member: Option<&'static str>,
}

impl Part {
    /// A member of an object; none where it has none of that name.
    pub fn member(whole: &Arc<Value>, name: &'static str) -> Option<Self> {
        whole.get(name)?;
        Some(Part {
            whole: Arc::clone(whole),
            member: Some(name),
        })
    }

    /// The value by itself; copied where anybody else has it, or where it is a member.
    pub fn into_value(self) -> Value {
        match self.member {
            None => Arc::unwrap_or_clone(self.whole),
            Some(_) => Value::clone(&self),
        }
    }
}

impl Deref for Part {
    type Target = Value;

    fn deref(&self) -> &Value {
        match self.member {
            None => &self.whole,
            // That it is there was seen when the part was made.
            Some(name) => self.whole.get(name).unwrap_or(&Value::Null),
        }
    }
}

impl From<Value> for Part {
    fn from(value: Value) -> Self {
        Part::from(Arc::new(value))
    }
}

impl From<Arc<Value>> for Part {
    fn from(whole: Arc<Value>) -> Self {
        Part { whole, member: None }
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_part_is_read_as_its_value() {
        let whole = Arc::new(json!({ "input": { "number": 7 }, "other": 1 }));
        let part = Part::member(&whole, "input").expect("it is there");
        assert_eq!(part["number"], 7);
        assert_eq!(part, Part::from(json!({ "number": 7 })));
        assert_eq!(part.into_value(), json!({ "number": 7 }));
        assert!(Part::member(&whole, "output").is_none());
        assert_eq!(Part::from(json!("x")).into_value(), "x");
    }
}
