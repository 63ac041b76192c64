//! Codes of the command line: what cannot be done with what was written behind the command.

use std::path::Path;

use dragoman_model::Code;
pub(crate) use dragoman_server::{NOT_THERE, UNWRITTEN};

use crate::answer::Error;

/// A file that was named cannot be read.
pub(crate) const UNREAD: Code = Code::new("D0904", "a file cannot be read");
/// What an option was given is not what it takes.
pub(crate) const OPTION: Code = Code::new("D0906", "an option does not take this");
/// It is not known who acts.
pub(crate) const WHO: Code = Code::new("D0907", "it is not known who acts");
/// There is no server to do it.
pub(crate) const NOT_SERVED: Code = Code::new("D0908", "nothing serves the site");

/// A file cannot be read, and why.
pub(crate) fn unread(file: &Path, why: impl std::fmt::Display) -> Error {
    Error::coded(UNREAD, format!("{} cannot be read: {why}", file.display()))
}

/// A file cannot be written, and why.
pub(crate) fn unwritten(file: &Path, why: impl std::fmt::Display) -> Error {
    Error::coded(UNWRITTEN, format!("{} cannot be written: {why}", file.display()))
}

/// The site has no pipeline of this name.
pub(crate) fn no_pipeline(name: &str) -> Error {
    Error::coded(NOT_THERE, format!("the site has no pipeline `{name}`"))
}

/// Something was refused with a code, which over HTTP is the answer's `code`.
pub(crate) fn refused(code: &str, message: impl Into<String>) -> Error {
    Error::Plain {
        code: code.into(),
        message: message.into(),
        help: None,
    }
}
