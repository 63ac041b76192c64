//! Programs under test: found or built, started in a process group of their own, watched, killed, waited for.

mod binary;
mod launch;
mod site;

use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::sync::watch;
use tokio::time::Instant;

pub use binary::{built, dragoman, target_folder, workspace_root};
pub use launch::{Finished, Launch};
pub use site::TempSite;

use crate::Error;
use crate::record::locked;

/// Which of a program's outputs a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

struct Output {
    lines: Mutex<Vec<(Stream, String)>>,
    /// Changes with every line; its value is how many outputs are still open.
    open: watch::Sender<u8>,
}

async fn collect(source: impl AsyncRead + Unpin, stream: Stream, output: Arc<Output>) {
    let mut lines = BufReader::new(source).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        locked(&output.lines).push((stream, line));
        output.open.send_modify(|_| {});
    }
    output.open.send_modify(|open| *open -= 1);
}

/// A running program; killed with all that it started when dropped.
pub struct Process {
    id: u32,
    child: Child,
    input: Option<ChildStdin>,
    output: Arc<Output>,
    status: Option<ExitStatus>,
}

impl Process {
    /// Begins to collect what a started program writes.
    fn watch(mut child: Child) -> Result<Self, Error> {
        let none = || Error::io("watch a process", std::io::Error::other("it has no id"));
        let id = child.id().ok_or_else(none)?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let output = Arc::new(Output {
            lines: Mutex::new(Vec::new()),
            open: watch::channel(u8::from(out.is_some()) + u8::from(err.is_some())).0,
        });
        if let Some(out) = out {
            tokio::spawn(collect(out, Stream::Out, output.clone()));
        }
        if let Some(err) = err {
            tokio::spawn(collect(err, Stream::Err, output.clone()));
        }
        Ok(Self {
            id,
            input: child.stdin.take(),
            child,
            output,
            status: None,
        })
    }

    /// Its process id, which is also that of its group.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Everything it has written so far, line by line.
    #[must_use]
    pub fn output(&self) -> Vec<(Stream, String)> {
        locked(&self.output.lines).clone()
    }

    /// Waits for a line out of which `read` makes something; lines already written count.
    ///
    /// # Errors
    /// [`Error::Deadline`] with all the output, where no such line came in time; [`Error::Ended`] at once, where none
    /// can come any more.
    pub async fn line<T>(
        &self,
        what: &str,
        deadline: Duration,
        mut read: impl FnMut(Stream, &str) -> Option<T>,
    ) -> Result<T, Error> {
        let end = Instant::now() + deadline;
        let mut output = self.output.open.subscribe();
        let mut seen = 0;
        loop {
            // Asked before the lines are looked through: what is closed by now has written all of them.
            let open = *output.borrow_and_update();
            {
                let lines = locked(&self.output.lines);
                for (stream, line) in lines.iter().skip(seen) {
                    if let Some(found) = read(*stream, line) {
                        return Ok(found);
                    }
                }
                seen = lines.len();
            }
            if open == 0 {
                return Err(Error::Ended {
                    what: what.to_owned(),
                    last: self.transcript(),
                });
            }
            if tokio::time::timeout_at(end, output.changed()).await.is_err() {
                return Err(Error::Deadline {
                    what: what.to_owned(),
                    millis: deadline.as_millis(),
                    last: self.transcript(),
                });
            }
        }
    }

    /// Waits until it has written the address it serves at, on either output, and gives it as `http://HOST:PORT`.
    ///
    /// # Errors
    /// [`Error::Deadline`] with all the output, where no address came in time; [`Error::Ended`] where it ended first.
    pub async fn address(&self, deadline: Duration) -> Result<String, Error> {
        self.line("an address", deadline, |_, line| address_in(line)).await
    }

    fn transcript(&self) -> String {
        let lines = locked(&self.output.lines);
        let text: Vec<&str> = lines.iter().map(|(_, line)| &**line).collect();
        format!("output:\n{}", text.join("\n"))
    }

    /// Closes its input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Errors
    /// The signal could not be sent.
    pub fn terminate(&self) -> Result<(), Error> {
        self.signal("TERM", &self.id.to_string())
    }

    /// Has it and all that it started stand still (SIGSTOP), until [`Process::go_on`].
    ///
    /// # Errors
    /// The signal could not be sent.
    pub fn stand_still(&self) -> Result<(), Error> {
        self.signal("STOP", &format!("-{}", self.id))
    }

    /// Lets what stands still go on (SIGCONT).
    ///
    /// # Errors
    /// The signal could not be sent.
    pub fn go_on(&self) -> Result<(), Error> {
        self.signal("CONT", &format!("-{}", self.id))
    }

    /// Kills it and all that it started, at once (SIGKILL), and waits until it is gone.
    ///
    /// # Errors
    /// The signal could not be sent or the end not be waited for.
    pub async fn kill(&mut self) -> Result<ExitStatus, Error> {
        if self.status.is_none() {
            self.signal("KILL", &format!("-{}", self.id))?;
        }
        self.wait(Duration::from_secs(10)).await
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`Error::Deadline`] with all the output, where it did not end in time; it goes on then.
    pub async fn wait(&mut self, deadline: Duration) -> Result<ExitStatus, Error> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        match tokio::time::timeout(deadline, self.child.wait()).await {
            Ok(status) => {
                let status = status.map_err(|source| Error::io("wait for a process", source))?;
                self.status = Some(status);
                Ok(status)
            }
            Err(_) => Err(Error::Deadline {
                what: format!("the end of process {}", self.id),
                millis: deadline.as_millis(),
                last: self.transcript(),
            }),
        }
    }

    /// Sends a signal through the shell's own `kill`: it is everywhere, and the group needs no unsafe code this way.
    fn signal(&self, signal: &str, target: &str) -> Result<(), Error> {
        let what = format!("send {signal} to {target}");
        let status = std::process::Command::new("sh")
            .args(["-c", "kill -s \"$0\" -- \"$1\"", signal, target])
            .stderr(Stdio::null())
            .status()
            .map_err(|source| Error::io(&*what, source))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::io(what, std::io::Error::other("there is no such process")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status.is_none() {
            // It may have ended by itself since; then there is nothing to kill.
            let _ = self.signal("KILL", &format!("-{}", self.id));
        }
    }
}

/// The loopback or any-address `host:port` in a line, as a URL that can be asked.
fn address_in(line: &str) -> Option<String> {
    for host in ["127.0.0.1:", "0.0.0.0:", "localhost:", "[::1]:"] {
        let Some(at) = line.find(host) else { continue };
        let digits: String = line[at + host.len()..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        if digits.parse::<u16>().is_ok_and(|port| port > 0) {
            let host = if host == "0.0.0.0:" { "127.0.0.1:" } else { host };
            return Some(format!("http://{host}{digits}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::address_in;

    fn check(line: &str, expected: Option<&str>) {
        assert_eq!(address_in(line).as_deref(), expected, "{line}");
    }

    #[test]
    fn addresses_are_found_in_output() {
        check("serving at http://127.0.0.1:8080/v1", Some("http://127.0.0.1:8080"));
        check(
            "\u{1b}[32mINFO\u{1b}[0m listening addr=0.0.0.0:4000",
            Some("http://127.0.0.1:4000"),
        );
        check("listening on [::1]:4000", Some("http://[::1]:4000"));
        check("bind 127.0.0.1:0", None);
        check("nothing here", None);
    }
}
