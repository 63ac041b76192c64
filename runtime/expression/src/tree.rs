//! An expression as a tree with places.

use std::ops::Range;

use rust_decimal::Decimal;

/// A part of an expression with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
}

impl Tree {
    /// What it is made of.
    pub(crate) fn parts(&self) -> Vec<&Tree> {
        match &self.kind {
            Kind::Field { of, .. } => vec![of],
            Kind::Call {
                receiver, arguments, ..
            } => receiver.as_deref().into_iter().chain(arguments).collect(),
            Kind::Operator { operands: parts, .. } | Kind::List(parts) => parts.iter().collect(),
            Kind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
            _ => Vec::new(),
        }
    }
}

/// What a part is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Text(String),
    Integer(i64),
    /// A number with a point: exact, as it was written.
    Point(Decimal),
    Boolean(bool),
    Null,
    Name(String),
    Field {
        of: Box<Tree>,
        name: String,
        at: Range<usize>,
    },
    Call {
        function: String,
        at: Range<usize>,
        receiver: Option<Box<Tree>>,
        arguments: Vec<Tree>,
    },
    Operator {
        operator: Operator,
        at: Range<usize>,
        operands: Vec<Tree>,
    },
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
}

/// The operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    If,
    And,
    Or,
    Not,
    Minus,
    Index,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
