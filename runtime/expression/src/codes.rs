//! The codes of what can be wrong with an expression; each has a page in `docs/codes`.

use dragoman_model::Code;

/// It cannot be read.
pub const SYNTAX: Code = Code::new("D0301", "an expression cannot be read");
/// A name that is not there.
pub const UNKNOWN_NAME: Code = Code::new("D0302", "unknown name in an expression");
/// A field that is not there.
pub const UNKNOWN_FIELD: Code = Code::new("D0303", "unknown field");
/// An operator or function got a value of the wrong kind.
pub const WRONG_TYPE: Code = Code::new("D0304", "a value of the wrong kind");
/// A comparison whose result is known beforehand.
pub const NEVER_EQUAL: Code = Code::new("D0305", "a comparison that can never hold");
/// A value that may be absent, used without a test.
pub const MAYBE_ABSENT: Code = Code::new("D0306", "a value that may be absent is used without a test");
/// A list's item by its number.
pub const INDEX: Code = Code::new("D0307", "an item of a list is taken by its number");
/// `all`, `map` and the like, one in another in another.
pub const NESTED: Code = Code::new("D0308", "an expression is nested too deeply");
/// Too many characters.
pub const TOO_LONG: Code = Code::new("D0309", "an expression is too long");
/// A quantity and a bare number.
pub const UNITS: Code = Code::new("D0310", "quantities that do not go together");
/// A value of which nothing is known.
pub const NEEDS_CAST: Code = Code::new("D0311", "a value of which nothing is known needs a cast");
/// A function that is not there.
pub const UNKNOWN_FUNCTION: Code = Code::new("D0312", "unknown function");
/// A function with too few or too many arguments.
pub const ARGUMENTS: Code = Code::new("D0313", "wrong number of arguments");
/// The value of the whole expression is not what its place asks for.
pub const WRONG_RESULT: Code = Code::new("D0314", "the value of an expression does not fit its place");
/// `null`.
pub const NULL: Code = Code::new("D0315", "`null` in an expression");
/// CEL that this language leaves out.
pub const NOT_IN_LANGUAGE: Code = Code::new("D0316", "something of CEL that is not in the language");
/// A cast to an operation that is not there.
pub const UNKNOWN_OPERATION: Code = Code::new("D0317", "a cast to an operation that is not there");
/// A step that exists and gives nothing here.
pub const STEP_NOT_HERE: Code = Code::new("D0318", "the output of a step is not there yet");
/// Two branches without a common shape.
pub const BRANCHES: Code = Code::new("D0319", "the branches of a choice give different things");
/// An evaluation failed at run time.
pub const FAILED: Code = Code::new("D0320", "an expression failed");
/// A decimal, date or duration that is not one.
pub const INVALID_LITERAL: Code = Code::new("D0321", "a written value is not what it is said to be");
/// An evaluation ran over its bounds.
pub const OVER_BUDGET: Code = Code::new("D0322", "an expression took too long");
/// A condition that holds always, or never.
pub const ALWAYS_THE_SAME: Code = Code::new("D0323", "a comparison whose outcome is always the same");
