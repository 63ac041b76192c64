//! `dragoman user`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_security::PasswordHash;

use crate::answer::{Error, Outcome};
use crate::who::new_password;

/// A password has at least so many characters (NIST SP 800-63B).
const SHORTEST: usize = 8;

/// The accounts of people.
#[derive(Debug, Args)]
pub(crate) struct User {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Prints the hash of a password, for `users: { NAME: { password: file:FILE } }`. The password is asked for at a
    /// terminal, or is the first line of the standard input
    Hash,
}

impl User {
    pub(crate) fn run(self) -> Outcome {
        let Act::Hash = self.act;
        let password = new_password()?;
        if password
            .expose_text()
            .is_none_or(|text| text.chars().count() < SHORTEST)
        {
            return Err(Error::plain(format!("a password has at least {SHORTEST} characters"))
                .help("several words in a row are easy to remember and hard to guess"));
        }
        let hash = PasswordHash::make(&password).map_err(|e| Error::coded(e.code, e.message))?;
        println!("{}", hash.text());
        Ok(ExitCode::SUCCESS)
    }
}
