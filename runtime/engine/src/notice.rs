//! What an operator reads in the log: messages that were refused, and runs that failed or stopped for a person.
//!
//! **Invariants.** A line has codes, names of the site and ids, and nothing that a message, a person or a partner wrote:
//! that is in the trail, for those who may read it. Of one kind and pipeline at most ten lines are written in ten seconds;
//! what is beyond them is counted, and the count is a line of its own. What goes well costs nothing here.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use dragoman_journal::{Draft, Ending, Record};
use dragoman_model::RunId;
use tokio::time::Instant;

use crate::source::Refused;

/// So many lines of one kind and pipeline are written ...
const LINES: u32 = 10;
/// ... in so long.
const WHILE: Duration = Duration::from_secs(10);
/// No code or name is longer in a line: plugins give codes, and senders name files.
const LONGEST: usize = 100;

impl Refused {
    /// The code that the sender is answered with.
    pub fn code(&self) -> &str {
        match self {
            Refused::Unreadable { failure, .. } => &failure.code,
            Refused::KeyConflict { .. } => "key.conflict",
            Refused::Overloaded { .. } => "overloaded",
            Refused::Store { .. } => "store",
            Refused::Unknown => "path.unknown",
        }
    }

    /// The run that keeps the message, or has its key.
    pub fn run(&self) -> Option<RunId> {
        match self {
            Refused::Unreadable { run, .. } => *run,
            Refused::KeyConflict { run, .. } => Some(*run),
            Refused::Overloaded { .. } | Refused::Store { .. } | Refused::Unknown => None,
        }
    }
}

/// What a line is about; the limit is that of one kind and pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// A message over HTTP, by the status of the answer.
    Message(u16),
    File,
    Queued,
    Event,
    Again,
    Parked,
    Failed,
}

impl Kind {
    /// What there are more of.
    fn several(self) -> &'static str {
        match self {
            Kind::Message(_) => "refused messages",
            Kind::File => "refused files",
            Kind::Queued => "rejected messages of queues",
            Kind::Event => "events that begin no run",
            Kind::Again => "messages that came again to runs that stopped",
            Kind::Parked => "runs that wait for a person to repair them",
            Kind::Failed => "runs that failed",
        }
    }
}

/// A while in which lines are counted.
#[derive(Debug)]
struct Window {
    since: Instant,
    lines: u32,
    more: u64,
}

type Windows = HashMap<(Kind, String), Window>;

#[derive(Debug, Default)]
struct Counted(Mutex<Windows>);

impl Counted {
    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    /// What was counted is said at the latest when nobody is left to count.
    fn drop(&mut self) {
        let windows = std::mem::take(&mut *self.windows());
        for ((kind, pipeline), window) in windows {
            tell_more(kind, &pipeline, window.more);
        }
    }
}

/// Writes such lines; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Counted>);

impl Notices {
    /// A message over HTTP was answered with this status and code, and not taken. `pipelines`: those on its path, or the
    /// one that refused it; `run`: that which keeps it, or has its key.
    pub fn message(&self, status: u16, code: &str, pipelines: &str, from: Option<SocketAddr>, run: Option<RunId>) {
        if !self.may(Kind::Message(status), pipelines) {
            return;
        }
        let todo = match (status, run) {
            (401, _) => {
                "it does not prove to come from the sender that the pipeline names; compare what the sender has with `senders:` \
                 in the site file"
                    .to_owned()
            }
            (413, _) => {
                "it is too large; where it should be taken, raise `limits: { message: }` in the site file".to_owned()
            }
            (409, Some(run)) => {
                format!("another message had its key; `dragoman runs show {run}` shows what was taken")
            }
            (_, Some(run)) => format!("it is kept; `dragoman runs show {run}` says what is wrong with it"),
            _ => format!("`dragoman explain {}` says why", brief(code)),
        };
        let (code, from) = (brief(code), from.map(tracing::field::display));
        tracing::warn!(target: "dragoman::messages", status, code, pipeline = pipelines, from, "a message was refused: {todo}");
    }

    /// A file was put aside. `file`: where it lies now, with its reason beside it.
    pub fn file(&self, code: &str, pipelines: &str, file: &str) {
        if self.may(Kind::File, pipelines) {
            let (code, file) = (brief(code), tail(file));
            tracing::warn!(
                target: "dragoman::messages", code, pipeline = pipelines, file,
                "a file was refused: the file beside it, with `.why.json` behind its name, says why"
            );
        }
    }

    /// A message of a queue was rejected. `pipelines`: those that read the queue, or the one that refused it; `run`: that
    /// which keeps it, or has its key.
    pub fn queued(&self, code: &str, pipelines: &str, queue: &str, run: Option<RunId>) {
        if !self.may(Kind::Queued, pipelines) {
            return;
        }
        let code = brief(code);
        let look = match run {
            Some(run) => format!("`dragoman runs show {run}` says more"),
            None => format!("`dragoman explain {code}` says why"),
        };
        tracing::warn!(
            target: "dragoman::messages", code, pipeline = pipelines, queue,
            "a message of a queue was rejected, and is in the queue's dead letters where it has such: {look}"
        );
    }

    /// An event begins no run of this pipeline, now or later.
    pub(crate) fn event(&self, pipeline: &str, refused: &Refused) {
        if !self.may(Kind::Event, pipeline) {
            return;
        }
        let code = brief(refused.code());
        let look = refused
            .run()
            .map(|run| format!(": `dragoman runs show {run}` says why"))
            .unwrap_or_default();
        tracing::warn!(target: "dragoman::messages", code, pipeline, "an event begins no run{look}");
    }

    /// A message came again, and its run is parked or has failed.
    pub(crate) fn again(&self, pipeline: &str, run: RunId, status: &str) {
        if self.may(Kind::Again, pipeline) {
            tracing::warn!(
                target: "dragoman::messages", pipeline, %run, status,
                "a message came again whose run stopped, and it begins nothing: `dragoman dead show {run}` says what can be done"
            );
        }
    }

    /// An entry of a run is durable: a line, where it says that the run stopped for a person or failed.
    pub(crate) fn entry(&self, pipeline: &str, entry: &Draft) {
        let (kind, what) = match &entry.record {
            Record::Parked { .. } => (Kind::Parked, "a run waits for a person to repair it"),
            Record::Closed { ending: Ending::Failed } => (Kind::Failed, "a run failed"),
            _ => return,
        };
        if !self.may(kind, pipeline) {
            return;
        }
        let member = |of: &str, name: &str| entry.body.as_deref()?.pointer(of)?.get(name)?.as_str();
        // The failure says more than the step that handled it.
        let code = member("/failure", "code").or(match &entry.record {
            Record::Parked { code } => Some(code),
            _ => member("", "code"),
        });
        let step = member("", "path").unwrap_or(&entry.path);
        let (run, code) = (entry.run, brief(code.unwrap_or_default()));
        tracing::warn!(
            target: "dragoman::runs", pipeline, %run, step, code,
            "{what}: `dragoman runs show {run}` says what happened"
        );
    }

    /// Whether a line may be written now; where not, it is counted.
    fn may(&self, kind: Kind, pipeline: &str) -> bool {
        let now = Instant::now();
        let mut windows = self.0.windows();
        let window = windows.entry((kind, pipeline.to_owned())).or_insert(Window {
            since: now,
            lines: 0,
            more: 0,
        });
        // One that has something to say is ended by who says it.
        if window.more == 0 && now.duration_since(window.since) >= WHILE {
            (window.since, window.lines) = (now, 0);
        }
        if window.lines < LINES {
            window.lines += 1;
            return true;
        }
        window.more += 1;
        // Where there is no runtime, the last of them says it.
        if window.more == 1
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let end = window.since + WHILE;
            runtime.spawn(say_more(Arc::downgrade(&self.0), kind, pipeline.to_owned(), end));
        }
        false
    }
}

/// Says at the end of a while how many there were beyond those with a line.
async fn say_more(counted: Weak<Counted>, kind: Kind, pipeline: String, end: Instant) {
    tokio::time::sleep_until(end).await;
    let Some(counted) = counted.upgrade() else {
        return;
    };
    let key = (kind, pipeline);
    let ended = counted.windows().remove(&key);
    tell_more(kind, &key.1, ended.map_or(0, |window| window.more));
}

fn tell_more(kind: Kind, pipeline: &str, more: u64) {
    let (several, seconds) = (kind.several(), WHILE.as_secs());
    match kind {
        _ if more == 0 => {}
        Kind::Parked | Kind::Failed => {
            tracing::warn!(target: "dragoman::runs", pipeline, "and {more} more in {seconds} s: {several}");
        }
        Kind::Message(status) => {
            tracing::warn!(target: "dragoman::messages", status, pipeline, "and {more} more in {seconds} s: {several}");
        }
        Kind::File | Kind::Queued | Kind::Event | Kind::Again => {
            tracing::warn!(target: "dragoman::messages", pipeline, "and {more} more in {seconds} s: {several}");
        }
    }
}

/// The beginning of a text.
fn brief(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

/// The end of a text: of a path, the name is what tells.
fn tail(text: &str) -> &str {
    text.char_indices()
        .rev()
        .nth(LONGEST)
        .map_or(text, |(at, first)| &text[at + first.len_utf8()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_kind_and_pipeline_are_bounded() {
        let notices = Notices::default();
        let lines = |kind, pipeline| (0..25).filter(|_| notices.may(kind, pipeline)).count();
        assert_eq!(lines(Kind::Parked, "orders"), 10);
        assert_eq!(lines(Kind::Parked, "orders"), 0);
        assert_eq!(lines(Kind::Failed, "orders"), 10);
        assert_eq!(lines(Kind::Message(401), "returns"), 10);
        assert_eq!(lines(Kind::Message(422), "returns"), 10);
        let more = |kind, pipeline: &str| notices.0.windows()[&(kind, pipeline.to_owned())].more;
        assert_eq!((more(Kind::Parked, "orders"), more(Kind::Failed, "orders")), (40, 15));
    }

    #[tokio::test]
    async fn at_the_end_of_a_while_what_was_counted_is_said_and_lines_are_written_again() {
        let notices = Notices::default();
        let written = (0..12).filter(|_| notices.may(Kind::Event, "orders")).count();
        assert_eq!(written, 10);
        let now = Instant::now();
        say_more(Arc::downgrade(&notices.0), Kind::Event, "orders".into(), now).await;
        assert!(notices.0.windows().is_empty());
        assert!(notices.may(Kind::Event, "orders"));
        // One that nobody has any more says nothing, and waits for nothing.
        let gone = Arc::downgrade(&Notices::default().0);
        say_more(gone, Kind::Event, "orders".into(), now).await;
    }

    #[test]
    fn what_others_named_is_cut() {
        assert_eq!(brief(&"ä".repeat(300)).chars().count(), LONGEST);
        assert_eq!(tail(&format!("{}name", "ä".repeat(300))).chars().count(), LONGEST);
        assert!(tail(&format!("{}name", "ä".repeat(300))).ends_with("name"));
        assert_eq!((brief("code"), tail("name")), ("code", "name"));
    }
}
