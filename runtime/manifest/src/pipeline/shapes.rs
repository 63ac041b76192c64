//! Shapes that a person writes: a JSON Schema, or the name of an operation whose output has the shape.

use std::collections::BTreeMap;

use dragoman_model::{Span, Value};

use super::OperationName;
use super::decisions::note_places;
use super::triggers::operation_name;
use crate::reading::Reading;
use crate::yaml::{Node, NodeKind};

/// A shape, as it was said.
#[derive(Debug, Clone)]
pub enum SaidShape {
    /// A JSON Schema.
    Schema {
        /// It.
        schema: Value,
        /// Where its pieces stand, by JSON Pointer: of a member its key, of an item the item; under the pointer and a
        /// slash a member's value, where that is one.
        places: BTreeMap<String, Span>,
    },
    /// That of an operation's output.
    Operation(OperationName),
}

/// A JSON Schema, or `connection.operation`.
pub(crate) fn shape(reading: &mut Reading, node: &Node) -> Option<SaidShape> {
    match &node.kind {
        NodeKind::Mapping(_) => {
            let mut places = BTreeMap::new();
            note_places(node, String::new(), &mut places);
            let schema = reading.value(node);
            Some(SaidShape::Schema { schema, places })
        }
        NodeKind::Sequence(_) => {
            let help = "write, for example, `{ type: string }`, or an operation whose output it is: `orders.get`";
            reading.wrong_type(node, "a JSON Schema or an operation", help);
            None
        }
        _ => operation_name(reading, node).map(SaidShape::Operation),
    }
}
