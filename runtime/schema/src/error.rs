//! What can be wrong with a schema or a descriptor.

use dragoman_model::Code;

/// A schema is not JSON, or not a valid JSON Schema.
pub const INVALID_SCHEMA: Code = Code::new("D0201", "a schema of a plugin is not valid");
/// A descriptor contradicts itself.
pub const INVALID_SURFACE: Code = Code::new("D0202", "a plugin describes itself wrongly");

/// What can be wrong with a schema or a descriptor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not JSON, or JSON Schema refuses it.
    #[error("D0201: the schema of {what} is not valid: {reason}")]
    InvalidSchema {
        /// Whose schema: `the configuration`, `the input of orders.get`.
        what: String,
        /// Why.
        reason: String,
    },
    /// The descriptor contradicts itself.
    #[error("D0202: plugin `{plugin}` describes itself wrongly: {reason}")]
    InvalidSurface {
        /// The plugin's name.
        plugin: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Error::InvalidSchema { .. } => INVALID_SCHEMA,
            Error::InvalidSurface { .. } => INVALID_SURFACE,
        }
    }
}
