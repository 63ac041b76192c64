//! What can go wrong when a site is loaded or served.

use dragoman_journal::error::LOCKED;
use dragoman_model::{Code, Diagnostic};

use crate::desk::Refusal;

/// A file of the site cannot be read.
pub(crate) const NO_FILE: Code = Code::new("D0910", "a file of the site cannot be read");
/// A connection names a plugin that is not there.
pub(crate) const NO_PLUGIN: Code = Code::new("D0911", "there is no such plugin");
/// A connection's configuration is refused by its plugin.
pub const CONFIG: Code = Code::new("D0912", "the configuration does not fit the plugin");
/// Two pipelines have one name.
pub(crate) const TWICE: Code = Code::new("D0913", "two pipelines have the same name");
/// A secret is not where the site file says.
pub(crate) const SECRET: Code = Code::new("D0914", "a secret is missing");
/// The address cannot be listened on.
pub(crate) const LISTEN: Code = Code::new("D0915", "the address cannot be listened on");
/// A plugin asks for something that the connection does not bind.
pub(crate) const NOT_BOUND: Code = Code::new(
    "D0916",
    "the plugin asks for an endpoint or credential that is not bound",
);
/// An endpoint's address is not usable.
pub(crate) const ENDPOINT: Code = Code::new("D0917", "the endpoint cannot be used as it is written");
/// A name that somebody gives is none of the site's.
pub const NOT_THERE: Code = Code::new("D0903", "the site has no such pipeline, trigger or case");
/// The site has no pipeline.
pub(crate) const NO_PIPELINE: Code = Code::new("D0918", "the site has no pipeline");
/// The store is served by another process, which was asked and went away.
pub(crate) const SERVED: Code = Code::new("D0919", "another process serves the store and does not answer");
/// A configuration holds what the plugin marks as a secret.
pub(crate) const PLAIN_SECRET: Code = Code::new("D0920", "a secret is written plainly");
/// A credential that the plugin cannot use.
pub(crate) const CREDENTIAL: Code = Code::new("D0921", "the credential cannot be used as it is written");

/// A part of the site file cannot change while the site is served.
pub(crate) const FIXED: Code = Code::new("D0930", "this cannot change while the site is served");
/// A changed site was not taken: the one that is served stays as it was.
pub(crate) const NOT_TAKEN: Code = Code::new("D0931", "the changed site was not taken");
/// What is said to be the hash of a password is none.
pub(crate) const BAD_HASH: Code = Code::new("D0932", "a user's password is not a hash");
/// A user's token is not one that can be used.
pub(crate) const BAD_TOKEN: Code = Code::new("D0933", "a user's token cannot be used");
/// Somebody asks for what they have no role for.
pub(crate) const NO_ROLE: Code = Code::new("D0934", "the role is missing");
/// Too many attempts to prove who one is.
pub(crate) const TOO_OFTEN: Code = Code::new("D0935", "too many attempts that failed");
/// An answer does not say what was shown.
pub(crate) const NOT_SHOWN: Code = Code::new("D0936", "the answer does not say what was shown");

/// Several processes are to work on a store that one has for itself.
pub(crate) const ONE_ONLY: Code = Code::new("D0938", "the store is one process's");

/// Somebody has set a clock while runs went by it.
pub(crate) const CLOCK_SET: Code = Code::new("D0947", "a clock was set");

/// The store is kept by a database, which has its own tools for this.
pub(crate) const IN_DATABASE: Code = Code::new("D0939", "the database keeps this store");
/// A file that was named cannot be written.
pub const UNWRITTEN: Code = Code::new("D0905", "a file cannot be written");

/// Why a site cannot be loaded, opened or served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What somebody wrote is wrong.
    #[error("{} things are wrong with the site", .0.len())]
    Diagnostics(Vec<Diagnostic>),
    /// A running server does not do what it was asked for.
    #[error("{message}")]
    Refused {
        /// The code that it answered with: of a page, or a word of its API.
        code: String,
        /// What it said.
        message: String,
        /// What to do, where it said so.
        help: Option<String>,
    },
    /// Anything else.
    #[error("{message}")]
    Plain {
        /// Its code.
        code: Code,
        /// What happened.
        message: String,
        /// What to do.
        help: String,
    },
}

impl Error {
    /// An error with a code and what to do.
    pub fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Error::Plain {
            code,
            message: message.into(),
            help: help.into(),
        }
    }
}

impl Error {
    /// Whether another process has the store.
    pub fn is_locked(&self) -> bool {
        matches!(self, Error::Plain { code, .. } if *code == LOCKED)
    }

    /// It as diagnostics.
    pub(crate) fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            Error::Diagnostics(diagnostics) => diagnostics.clone(),
            Error::Refused { code, message, .. } => {
                vec![Diagnostic::without_place(SERVED, format!("{code}: {message}"))]
            }
            Error::Plain { code, message, help } => {
                let plain = Diagnostic::without_place(*code, message.clone());
                vec![if help.is_empty() {
                    plain
                } else {
                    plain.help(help.clone())
                }]
            }
        }
    }
}

impl Refusal {
    /// The code that it is answered with over HTTP.
    pub fn code(&self) -> &str {
        match self {
            Refusal::Unknown(_) => "unknown",
            Refusal::Unclear(_) => "unclear",
            Refusal::Conflict(_) => "conflict",
            Refusal::Engine(error) => error.code().id,
            Refusal::Forbidden { .. } => NO_ROLE.id,
            Refusal::Store(_) => "store",
        }
    }
}

impl From<dragoman_journal::Error> for Error {
    fn from(error: dragoman_journal::Error) -> Self {
        let help = if error.code == LOCKED {
            "if that is `dragoman serve`, it may be starting: try again in a moment. What needs the store for itself, as \
             a second `serve` does, is done when that process has stopped"
        } else {
            ""
        };
        Error::new(error.code, error.message, help)
    }
}

impl From<dragoman_host::Error> for Error {
    fn from(error: dragoman_host::Error) -> Self {
        Error::new(error.code, error.message, "")
    }
}

impl From<dragoman_security::Error> for Error {
    fn from(error: dragoman_security::Error) -> Self {
        Error::new(error.code, error.message, "")
    }
}
