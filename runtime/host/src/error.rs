//! What can go wrong with a plugin before it is called, and with the host itself.
//!
//! A call that fails is not an error of this room: it is a [`dragoman_model::Failure`], an outcome.

use dragoman_model::Code;

/// The host cannot start.
pub const CANNOT_START: Code = Code::new("D0601", "the plugin host cannot start");
/// Not a WebAssembly component.
pub const NOT_A_COMPONENT: Code = Code::new("D0602", "the file is not a plugin");
/// It imports what the host does not give.
pub const FOREIGN_IMPORT: Code = Code::new("D0603", "the plugin imports what this host does not give");
/// It was made for another version of the contract.
pub const WRONG_VERSION: Code = Code::new("D0604", "the plugin was made for another version of the contract");
/// It does not export the connector interface.
pub const NO_CONNECTOR: Code = Code::new("D0605", "the plugin exports no connector");
/// Compiling failed.
pub const CANNOT_COMPILE: Code = Code::new("D0606", "the plugin cannot be compiled");
/// The compiled-code cache cannot be used.
pub const CACHE: Code = Code::new("D0607", "the cache of compiled plugins cannot be used");
/// It does not describe itself.
pub const CANNOT_DESCRIBE: Code = Code::new("D0608", "the plugin does not describe itself");
/// Its description contradicts itself.
pub const BAD_DESCRIPTOR: Code = Code::new("D0609", "the plugin's description cannot be used");
/// The plugin is larger than the host takes.
pub const TOO_LARGE: Code = Code::new("D0611", "the plugin is too large");
/// No such plugin is loaded.
pub const NOT_LOADED: Code = Code::new("D0612", "the plugin is not loaded");
/// The plugin asks for a power that the connection does not grant.
pub const NOT_GRANTED: Code = Code::new("D0614", "the plugin asks for a power that is not granted");

/// A plugin that cannot be used, or a host that cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Its code.
    pub code: Code,
    /// What happened and what to do, lower case.
    pub message: String,
}

impl Error {
    /// An error with a code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error {
            code,
            message: message.into(),
        }
    }
}
