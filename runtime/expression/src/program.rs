//! The checked expression as the evaluator runs it.

use std::ops::Range;
use std::sync::Arc;

use dragoman_model::Value;
use dragoman_schema::Shape;

use crate::calendar::{Period, Zone};

/// A node with its place in the text, for messages.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) range: Range<usize>,
    pub(crate) node: Node,
}

/// What a node computes. Every name is resolved and every operator knows the kind of its operands.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Constant(Value),
    Root(String),
    Step(String),
    /// A variable of `all`, `map` and the like, by its level.
    Variable(usize),
    Field(Box<Code>, String),
    /// A member of a map by a computed name.
    Member(Box<Code>, Box<Code>),
    List(Vec<Code>),
    Object(Vec<(String, Code)>),
    /// A map whose keys are computed.
    Map(Vec<(Code, Code)>),
    If(Box<[Code; 3]>),
    And(Box<[Code; 2]>),
    Or(Box<[Code; 2]>),
    Not(Box<Code>),
    Present(Box<Code>),
    Otherwise(Box<[Code; 2]>),
    Compare(Comparison, Ordered, Box<[Code; 2]>),
    /// Whether a list has an item, or a map a member.
    Within(Comparison, Box<[Code; 2]>),
    Arithmetic(Arithmetic, Amount, Box<[Code; 2]>),
    /// Lists one behind the other.
    Append(Box<[Code; 2]>),
    /// Texts one behind the other.
    Concatenate(Box<[Code; 2]>),
    /// A date or time so much later.
    Later(Box<Code>, Period),
    Call(Function, Vec<Code>),
    Date(Box<Code>, Option<InZone>),
    /// Checked against a shape; the text names the operation.
    Cast(Box<Code>, Arc<Shape>, String),
    Iterate(Iteration, Box<Iterated>),
}

/// The zone whose day is meant: found when the expression was checked, or named by a value.
#[derive(Debug, Clone)]
pub(crate) enum InZone {
    Written(Zone),
    Computed(Box<Code>),
}

/// The parts of `list.all(x, condition)` and the like.
#[derive(Debug, Clone)]
pub(crate) struct Iterated {
    pub(crate) list: Code,
    pub(crate) condition: Option<Code>,
    pub(crate) result: Option<Code>,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Iteration {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Text,
    Number,
    Decimal,
    Date,
    DateTime,
    Quantity,
    /// Member by member; only for equality.
    Whole,
}

/// What is asked of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordered {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The four operations and the remainder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// On what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    Integer,
    Decimal,
    Quantity,
}

/// The functions, by what they do at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Size,
    StartsWith,
    EndsWith,
    Contains,
    Text,
    Integer,
    Decimal,
    Timestamp,
    First,
    Last,
    At,
    Sum(Amount),
    Quantity,
    /// A quantity in another unit of its kind.
    Convert,
    Lower,
    Upper,
    Trim,
    Split,
    Join,
    Unique,
    Flatten,
    Digest,
}
