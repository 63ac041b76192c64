//! The codes that this room raises: D01 for the text of a pipeline, D09 for what only a site file can get wrong.

use dragoman_model::Code;

/// The text is not YAML.
pub const NOT_YAML: Code = Code::new("D0100", "the text is not YAML");
/// A key that is not known at this place.
pub const UNKNOWN_KEY: Code = Code::new("D0101", "unknown key");
/// A key that must be there is not.
pub const MISSING_KEY: Code = Code::new("D0102", "missing key");
/// A value of another type than the key takes.
pub const WRONG_TYPE: Code = Code::new("D0103", "wrong type of value");
/// A text that the key does not take.
pub const WRONG_VALUE: Code = Code::new("D0104", "a value that the key does not take");
/// The same key twice in one mapping.
pub const DUPLICATE_KEY: Code = Code::new("D0105", "the same key twice");
/// A comma inside `{ }` or `[ ]` ended a value that was meant to go on.
pub const CUT_BY_COMMA: Code = Code::new("D0106", "a comma cut the text");
/// Delimiters of another language around an expression.
pub const FOREIGN_DELIMITERS: Code = Code::new("D0107", "delimiters of another language");
/// An anchor, an alias, a merge key or a tag.
pub const YAML_FEATURE: Code = Code::new("D0108", "a part of YAML that is not taken");
/// The text is larger, deeper or longer than the bounds.
pub const TOO_LARGE: Code = Code::new("D0109", "the text is beyond the bounds");
/// A duration, size or retry that cannot be read.
pub const MEASURE: Code = Code::new("D0110", "a duration, size or retry that cannot be read");
/// A step with no word, or with two.
pub const STEP_WORD: Code = Code::new("D0111", "a step says one word");
/// A key that belongs to another word.
pub const MISPLACED_KEY: Code = Code::new("D0112", "a key that belongs elsewhere");
/// A name that is not of the form of names.
pub const BAD_NAME: Code = Code::new("D0113", "a name that cannot be one");
/// More than one document in a file, or none.
pub const DOCUMENTS: Code = Code::new("D0114", "a file holds one document");
/// An expression that is empty.
pub const EMPTY_EXPRESSION: Code = Code::new("D0115", "an expression is missing");
/// The version of the language is not one that this runtime knows.
pub const LANGUAGE_VERSION: Code = Code::new("D0117", "another version of the language");
/// A secret written as plain text.
pub const PLAIN_SECRET: Code = Code::new("D0118", "a secret is written as plain text");
/// A sender comes by a broker that the site does not have.
pub const UNKNOWN_BROKER: Code = Code::new("D0922", "there is no such broker");
/// A broker is reached without TLS, and nobody has said that this may be.
pub const PLAIN_BROKER: Code = Code::new("D0923", "the way to the broker can be read by others");
