//! Log lines, which the host keeps with the call, bounded in number and size.

use crate::boundary;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For following single values.
    Trace,
    /// For finding faults.
    Debug,
    /// What an operator may want to read.
    Info,
    /// What an operator should look at.
    Warn,
    /// What went wrong.
    Error,
}

/// Writes a line with named fields.
pub fn emit(level: Level, message: &str, fields: &[(&str, &str)]) {
    boundary::log(level, message, fields);
}

/// Writes a line for following single values.
pub fn trace(message: &str, fields: &[(&str, &str)]) {
    emit(Level::Trace, message, fields);
}

/// Writes a line for finding faults.
pub fn debug(message: &str, fields: &[(&str, &str)]) {
    emit(Level::Debug, message, fields);
}

/// Writes a line that an operator may want to read.
pub fn info(message: &str, fields: &[(&str, &str)]) {
    emit(Level::Info, message, fields);
}

/// Writes a line that an operator should look at.
pub fn warn(message: &str, fields: &[(&str, &str)]) {
    emit(Level::Warn, message, fields);
}

/// Writes a line about what went wrong.
pub fn error(message: &str, fields: &[(&str, &str)]) {
    emit(Level::Error, message, fields);
}
