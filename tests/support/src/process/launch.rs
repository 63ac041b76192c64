//! Starting a program, or running it to its end.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::Process;
use crate::Error;

/// A program to be started.
#[derive(Clone, Debug)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    user: Option<(u32, u32)>,
}

impl Launch {
    /// Starts this program file.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
            user: None,
        }
    }

    /// With these further arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With this environment variable, beside those of this process.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// In this working directory.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// As this user and group, which only root may say.
    #[must_use]
    pub fn user(mut self, user: u32, group: u32) -> Self {
        self.user = Some((user, group));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: what the program starts dies with it, and a Ctrl-C of the tester's does not reach it
            // before the test has said what it saw.
            .process_group(0)
            .kill_on_drop(true);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts the program. Its input stays open until it is closed or the value is dropped.
    ///
    /// # Errors
    /// The program could not be started.
    pub fn start(&self) -> Result<Process, Error> {
        let what = format!("start {}", self.program.display());
        let child = self.command().spawn().map_err(|source| Error::io(what, source))?;
        Process::watch(child)
    }

    /// Runs the program to its end, its input empty.
    ///
    /// # Errors
    /// It could not be started, or did not end in time (it is then killed).
    pub async fn run(&self, deadline: Duration) -> Result<Finished, Error> {
        let mut command = self.command();
        command.stdin(Stdio::null());
        let what = format!("run {}", self.program.display());
        let output = tokio::time::timeout(deadline, command.output()).await;
        let output = output.map_err(|_| Error::Deadline {
            what: what.clone(),
            millis: deadline.as_millis(),
            last: "still running".to_owned(),
        })?;
        let output = output.map_err(|source| Error::io(what, source))?;
        Ok(Finished {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// A program that has run to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}
