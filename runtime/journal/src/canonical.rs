//! The canonical text of anything that can be written as JSON, in one pass.
//!
//! The text equals `dragoman_model::digest::canonical` of the value: members sorted by name, no white space. That
//! function needs a tree of values first; this one writes the text as serde walks the type, and puts the members of
//! an object in order when the object ends. The headers of all entries pass here, so the difference is felt.

use std::cell::RefCell;
use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::error::{Error, UNKEEPABLE};

/// Levels of arrays and objects in a text: readers of JSON go no deeper, and what is kept must be read back.
const LEVELS: usize = 127;

/// The canonical text of a value.
///
/// # Errors
/// D0709 where the value has no JSON text (a map whose keys are not texts, say), or is nested deeper than 127 levels.
pub fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let buffer = RefCell::new(Vec::with_capacity(512));
    let formatter = Canonical {
        buffer: &buffer,
        level: 0,
        open: Vec::new(),
        members: Vec::new(),
    };
    let mut serializer = serde_json::Serializer::with_formatter(Sink(&buffer), formatter);
    value.serialize(&mut serializer).map_err(|e| unkeepable(&e))?;
    String::from_utf8(buffer.into_inner()).map_err(|e| unkeepable(&e))
}

fn unkeepable(why: &dyn std::fmt::Display) -> Error {
    Error::new(
        UNKEEPABLE,
        format!("a value cannot be kept as JSON ({why}); nothing of it was written"),
    )
}

/// Where serde_json writes; shared with the formatter, which moves members about.
struct Sink<'a>(&'a RefCell<Vec<u8>>);

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One member of an object: where it begins, where its name ends, where it ends.
#[derive(Clone, Copy)]
struct Member {
    begin: usize,
    name_end: usize,
    end: usize,
}

struct Canonical<'a> {
    buffer: &'a RefCell<Vec<u8>>,
    /// How many arrays and objects are open.
    level: usize,
    /// For each open object: how many members were on the stack before it.
    open: Vec<usize>,
    members: Vec<Member>,
}

impl Canonical<'_> {
    fn goes_deeper(&mut self) -> io::Result<()> {
        self.level += 1;
        if self.level > LEVELS {
            return Err(io::Error::other(format!("it is nested deeper than {LEVELS} levels")));
        }
        Ok(())
    }
}

impl Formatter for Canonical<'_> {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.goes_deeper()?;
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.level -= 1;
        writer.write_all(b"]")
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.goes_deeper()?;
        self.open.push(self.members.len());
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        let begin = self.buffer.borrow().len();
        self.members.push(Member {
            begin,
            name_end: begin,
            end: begin,
        });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        let end = self.buffer.borrow().len();
        if let Some(member) = self.members.last_mut() {
            member.name_end = end;
        }
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        let end = self.buffer.borrow().len();
        if let Some(member) = self.members.last_mut() {
            member.end = end;
        }
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.level -= 1;
        let from = self.open.pop().unwrap_or(0);
        sort_members(&mut self.buffer.borrow_mut(), &mut self.members[from..]);
        self.members.truncate(from);
        writer.write_all(b"}")
    }
}

/// Puts the members of the object that has just ended in the order of their names.
fn sort_members(buffer: &mut Vec<u8>, members: &mut [Member]) {
    let in_order = members.windows(2).all(|w| name(buffer, w[0]) <= name(buffer, w[1]));
    if in_order {
        return;
    }
    let begin = members.first().map_or(buffer.len(), |m| m.begin);
    members.sort_by(|a, b| name(buffer, *a).cmp(&name(buffer, *b)));
    let mut sorted = Vec::with_capacity(buffer.len() - begin);
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            sorted.push(b',');
        }
        sorted.extend_from_slice(&buffer[member.begin..member.end]);
    }
    buffer.truncate(begin);
    buffer.extend_from_slice(&sorted);
}

/// A member's name as bytes. An escaped name is read first: its order is that of the text, not of its escapes.
fn name(buffer: &[u8], member: Member) -> std::borrow::Cow<'_, [u8]> {
    let quoted = &buffer[member.begin..member.name_end];
    if quoted.contains(&b'\\')
        && let Ok(text) = serde_json::from_slice::<String>(quoted)
    {
        return text.into_bytes().into();
    }
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn the_order_of_fields_does_not_count() {
        #[derive(Serialize)]
        struct Line {
            #[serde(rename = "b\n")]
            second: u8,
            #[serde(rename = "b!")]
            third: Option<u8>,
            a: Vec<Value>,
        }
        let line = Line {
            second: 1,
            third: None,
            a: vec![Value::from("x\"")],
        };
        assert_eq!(text(&line).as_deref(), Ok(r#"{"a":["x\""],"b\n":1,"b!":null}"#));
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        let nested = |levels: usize| (0..levels).fold(Value::from(1), |inner, _| Value::from(vec![inner]));
        let deepest = text(&nested(LEVELS)).expect("as deep as a reader goes");
        assert_eq!(
            serde_json::from_str::<Value>(&deepest).expect("it is read"),
            nested(LEVELS)
        );
        let objects = serde_json::json!({ "a": nested(LEVELS) });
        for refused in [nested(LEVELS + 1), objects] {
            let error = text(&refused).expect_err("deeper than a reader goes");
            assert_eq!(error.code, UNKEEPABLE);
            assert!(error.message.contains("127 levels"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_canonical_text_of_the_model(value in value()) {
            prop_assert_eq!(text(&value), Ok(dragoman_model::digest::canonical(&value)));
        }
    }
}
