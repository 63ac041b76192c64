//! Who uses the command, where the server knows people by accounts.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use dragoman_security::{Secret, SecretSource};
use dragoman_server::{Client, Runtime, Who, os_actor, os_user};

use crate::answer::Error;
use crate::codes::WHO;

/// The options that say who it is.
#[derive(Debug, Args)]
pub(crate) struct WhoOption {
    /// Your account of the site; else DRAGOMAN_USER. It is looked at with a server and without. The password is asked for at a terminal, or comes from
    /// --password-file or DRAGOMAN_PASSWORD
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A file with the password in its only line
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
}

impl WhoOption {
    /// The client as whoever it is. `must`: the server has to know who acts; else the administrator of this machine acts,
    /// where nothing says who it is.
    pub(crate) fn introduce(self, client: Client, must: bool) -> Result<Client, Error> {
        let name = match self.named() {
            Some(name) => name,
            None if !must => return Ok(client),
            None => ask_for_the_name()?,
        };
        let password = self.password(&name)?;
        Ok(client.acting_as(name, password))
    }

    /// Who acts where nobody serves: whoever says to be a user of the site proves it as to a server; else it is the user of
    /// the operating system, who may do here what they like. `person`: on whose authority that one acts.
    pub(crate) async fn here(self, runtime: &Runtime, person: Option<String>) -> Result<Who, Error> {
        match self.named().filter(|_| person.is_none()) {
            None => Ok(Who::administrator(os_actor("os_user", person))),
            Some(name) => {
                let password = self.password(&name)?;
                Ok(runtime.identify(&name, &password).await?)
            }
        }
    }

    fn named(&self) -> Option<String> {
        self.user.clone().or_else(|| std::env::var("DRAGOMAN_USER").ok())
    }

    fn password(self, name: &str) -> Result<String, Error> {
        if let Some(file) = self.password_file {
            let read = SecretSource::File(file).resolve(std::path::Path::new("."));
            return text(&read.map_err(|e| Error::coded(e.code, e.message))?);
        }
        if let Ok(password) = std::env::var("DRAGOMAN_PASSWORD") {
            return Ok(password);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Error::coded(
                WHO,
                format!("the password of {name} cannot be asked for: this is no terminal"),
            )
            .help("write --password-file FILE, or set DRAGOMAN_PASSWORD"));
        }
        rpassword::prompt_password(format!("password of {name}: ")).map_err(unread)
    }
}

fn ask_for_the_name() -> Result<String, Error> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::coded(WHO, "people have accounts at this server: it must know who answers")
            .help("write --user NAME with --password-file FILE or DRAGOMAN_PASSWORD; or, as the administrator of this machine, --as PERSON"));
    }
    let own = os_user();
    eprint!("your account [{own}]: ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(unread)?;
    Ok(match line.trim() {
        "" => own,
        name => name.to_owned(),
    })
}

/// A new password: from a terminal, where it is asked for twice, or the first line of the standard input.
pub(crate) fn new_password() -> Result<Secret, Error> {
    let password = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password("new password: ").map_err(unread)?;
        let again = rpassword::prompt_password("once more: ").map_err(unread)?;
        if first != again {
            return Err(Error::plain("the two are not the same").help("try again"));
        }
        first
    } else {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(unread)?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    Ok(Secret::new(password))
}

fn text(secret: &Secret) -> Result<String, Error> {
    let text = secret.expose_text().map(str::to_owned);
    text.ok_or_else(|| Error::coded(WHO, "the password is not UTF-8 text"))
}

fn unread(error: std::io::Error) -> Error {
    Error::plain(format!("nothing can be read from the terminal: {error}"))
}
