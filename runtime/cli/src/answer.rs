//! How a command ends: an exit code, or an error with a code and what to do.

use std::process::ExitCode;

use dragoman_model::{Code, Diagnostic};

use crate::commands::explain;

/// The command line cannot do what was asked.
pub(crate) const CANNOT: Code = Code::new("D0901", "the command cannot be carried out");

/// How a command ends.
pub(crate) type Outcome = Result<ExitCode, Error>;

/// Why a command could not do what it should.
#[derive(Debug)]
pub(crate) enum Error {
    /// Things that are wrong with what somebody wrote.
    Diagnostics(Vec<Diagnostic>),
    /// Anything else: a code, what happened, what to do.
    Plain {
        /// The code.
        code: String,
        /// What happened.
        message: String,
        /// What to do.
        help: Option<String>,
    },
}

impl Error {
    /// An error of the command line itself.
    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self::coded(CANNOT, message)
    }

    /// An error with a code of the room that raised it.
    pub(crate) fn coded(code: Code, message: impl Into<String>) -> Self {
        Error::Plain {
            code: code.id.into(),
            message: message.into(),
            help: None,
        }
    }

    /// Adds what to do.
    pub(crate) fn help(self, text: impl Into<String>) -> Self {
        match self {
            Error::Plain { code, message, .. } => Error::Plain {
                code,
                message,
                help: Some(text.into()),
            },
            other => other,
        }
    }

    /// Prints it; gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Error::Diagnostics(diagnostics) => {
                print_diagnostics(&diagnostics);
            }
            Error::Plain { code, message, help } => {
                eprintln!("error[{code}]: {message}");
                // A connector's own codes have no page.
                let explained = || explain::page(&code).map(|_| format!("`dragoman explain {code}` says what to do"));
                if let Some(help) = help.or_else(explained) {
                    eprintln!("  = help: {help}");
                }
            }
        }
        ExitCode::FAILURE
    }
}

/// Prints diagnostics to standard error, with how many there are.
pub(crate) fn print_diagnostics(diagnostics: &[Diagnostic]) {
    let colour = crate::console::colour();
    for diagnostic in diagnostics {
        eprintln!("{}\n", diagnostic.render(colour));
    }
    eprint!("{}", count_of(diagnostics.iter().map(|d| d.severity.name())));
}

/// How many there are of each severity, by its name, as a line; nothing where there are none.
pub(crate) fn count_of<'a>(severities: impl Iterator<Item = &'a str> + Clone) -> String {
    let count = |what: &str| match severities.clone().filter(|s| *s == what).count() {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let counts: Vec<String> = ["error", "warning", "note"].into_iter().filter_map(count).collect();
    if counts.is_empty() {
        return String::new();
    }
    let more = if severities.clone().any(|s| s == "error") {
        "; `dragoman explain CODE` says more"
    } else {
        ""
    };
    format!("{}{more}\n", counts.join(", "))
}

impl From<dragoman_server::Error> for Error {
    fn from(error: dragoman_server::Error) -> Self {
        match error {
            dragoman_server::Error::Diagnostics(diagnostics) => Error::Diagnostics(diagnostics),
            dragoman_server::Error::Refused { code, message, help } => Error::Plain {
                code: if code.is_empty() { CANNOT.id.into() } else { code },
                message,
                help,
            },
            dragoman_server::Error::Plain { code, message, help } => {
                let plain = Error::coded(code, message);
                if help.is_empty() { plain } else { plain.help(help) }
            }
        }
    }
}

impl From<dragoman_server::Refusal> for Error {
    fn from(refusal: dragoman_server::Refusal) -> Self {
        use dragoman_server::Refusal::{Conflict, Engine, Forbidden, Store, Unclear, Unknown};
        // With a server and without, people are told the same code.
        let code = refusal.code().to_owned();
        let message = match refusal {
            Engine(error) => error.message(),
            Unknown(message) | Unclear(message) | Conflict(message) | Store(message) | Forbidden { message, .. } => {
                message
            }
        };
        crate::codes::refused(&code, message)
    }
}
