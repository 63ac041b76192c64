//! What a case says.

use std::sync::Arc;

use dragoman_model::{Failure, Source, Span, Timestamp};

use super::Json;
use crate::Spanned;

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its file.
    pub source: Arc<Source>,
    /// What it shows, in a sentence.
    pub summary: Spanned<String>,
    /// The pipeline that it is about.
    pub pipeline: Spanned<String>,
    /// Values of the site that are others here.
    pub site: Option<Json>,
    /// What only observes here; none: what the site and its pipelines say.
    pub mode: Option<Mode>,
    /// What happens before, each worked off before the next comes.
    pub before: Vec<Before>,
    /// The message that the case is about.
    pub trigger: Message,
    /// What happens later, while the run is under way.
    pub later: Vec<Later>,
    /// What calls answer.
    pub answers: Vec<Answers>,
    /// What people answer.
    pub people: Vec<Person>,
    /// What operators do.
    pub operators: Vec<Operator>,
    /// Time passes so long after the message and no longer, in milliseconds; none: until nothing is to come.
    pub until: Option<Spanned<u64>>,
    /// At which commits the case is killed as well, right before and right after it.
    pub crash: Crash,
    /// What is expected.
    pub expect: Expect,
}

/// At which commits a case is killed, once for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Crash {
    /// At none.
    #[default]
    Never,
    /// At each: `crash: every_commit`.
    EveryCommit,
    /// At each that is of another kind (a step, and what happens at it); of those that are alike (attempts, rounds, items) at
    /// some of the first and the last. No case says that: it is what `dragoman test --crash` does to all.
    EachKind,
}

/// What only observes in a case.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Nothing of the pipeline: all of it is done, whatever the site and the pipeline say.
    Live,
    /// The pipeline that the case is about.
    Observe,
    /// These connections.
    Connections(Vec<Spanned<String>>),
}

/// A message that begins a run.
#[derive(Debug, Clone)]
pub struct Message {
    /// The pipeline.
    pub pipeline: Spanned<String>,
    /// The trigger; none: the pipeline's first.
    pub id: Option<Spanned<String>>,
    /// What the trigger's `read` makes of it; the message itself where nothing reads it.
    pub content: Content,
    /// A file beside the case with the message as it was received.
    pub document: Option<Spanned<String>>,
    /// Who sends it; none: whom the trigger names.
    pub sender: Option<Spanned<String>>,
    /// When it comes; none: right after what came before.
    pub at: Option<Spanned<Timestamp>>,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// What its transport tells of it besides: when it was due, its file.
    pub attributes: Option<Json>,
    /// Where it is said.
    pub span: Span,
}

/// Something that happens before the message of the case comes.
#[derive(Debug, Clone)]
pub enum Before {
    /// A message comes.
    Message(Box<Message>),
    /// A business reference is closed.
    Void(Spanned<String>),
}

/// What is in a message.
#[derive(Debug, Clone)]
pub enum Content {
    /// This.
    Message(Json),
    /// Nothing that the connector can read.
    Unreadable(Failure),
}

/// Something that happens while the run is under way.
#[derive(Debug, Clone)]
pub struct Later {
    /// So long after the message came, in milliseconds.
    pub after: Spanned<u64>,
    /// What.
    pub what: LaterKind,
}

/// What happens while a run is under way.
#[derive(Debug, Clone)]
pub enum LaterKind {
    /// A message comes.
    Message(Box<Message>),
    /// A business reference is closed.
    Void(Spanned<String>),
    /// An event is handed to the site.
    Event(LaterEvent),
}

/// An event that comes while a run is under way.
#[derive(Debug, Clone)]
pub struct LaterEvent {
    /// Its name.
    pub name: Spanned<String>,
    /// What waits find it by.
    pub key: Option<Spanned<String>>,
    /// What it brings; none: an empty object.
    pub data: Option<Json>,
}

/// What the calls of an operation, or of a step, answer.
#[derive(Debug, Clone)]
pub struct Answers {
    /// `connection.operation`, or `steps.` and the path of a step.
    pub key: Spanned<String>,
    /// One for each attempt; the last one holds for all that follow.
    pub answers: Vec<Answer>,
}

/// What one call answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Only for inputs that hold this; none: for all.
    pub when: Option<Json>,
    /// The answer.
    pub gives: Gives,
    /// Where it is said.
    pub span: Span,
}

/// What comes back.
#[derive(Debug, Clone)]
pub enum Gives {
    /// The call's output.
    Output(Json),
    /// It fails. `stated`: the case says what is known of the effect; else that is what the host would find.
    Failure {
        /// The failure.
        failure: Failure,
        /// Whether its effect is said.
        stated: bool,
    },
    /// What the other side says when it is asked whether the call took effect.
    Probe(Probe),
    /// It is not called: another run did the same under its business key, and this is the result.
    Joined(Json),
}

/// What a probe finds.
#[derive(Debug, Clone)]
pub enum Probe {
    /// It took effect; this is the output.
    Applied(Json),
    /// It did not.
    Absent,
    /// Not decided yet.
    Pending,
}

/// A person's answer to a wait.
#[derive(Debug, Clone)]
pub struct Person {
    /// The path of the wait.
    pub wait: Spanned<String>,
    /// `{ answer, reason?, ...fields }`.
    pub answer: Json,
    /// Who.
    pub by: Spanned<String>,
    /// Their roles; empty: whichever the wait asks for.
    pub roles: Vec<Spanned<String>>,
    /// How they are known.
    pub authentication: String,
    /// So long after the wait began, in milliseconds.
    pub after: u64,
}

/// What an operator does to a run.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The path of the step at which it is parked, or the pipeline's name where it is parked as a whole; none: it is the
    /// run of the message, wherever it is.
    pub parked: Option<Spanned<String>>,
    /// What.
    pub act: Spanned<OperatorAct>,
    /// So long after it was parked, or after the message came, in milliseconds.
    pub after: u64,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What is done to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorAct {
    /// The step that parked it goes on.
    Resume,
    /// Its request had no effect: it is made again.
    Absent,
    /// The step counts as done.
    Skip,
    /// The run is given up.
    Cancel,
}

impl OperatorAct {
    /// All of them with their words.
    pub const WORDS: [(&'static str, OperatorAct); 4] = [
        ("resume", OperatorAct::Resume),
        ("absent", OperatorAct::Absent),
        ("skip", OperatorAct::Skip),
        ("cancel", OperatorAct::Cancel),
    ];
}

/// How a run stands in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All steps are done.
    Completed,
    /// Nothing more was to be done.
    Stopped,
    /// It failed.
    Failed,
    /// It stopped for a person to repair.
    Parked,
    /// It waits for a person.
    Waiting,
    /// The message was not taken.
    Refused,
}

impl Ending {
    /// All of them with their words.
    pub const WORDS: [(&'static str, Ending); 6] = [
        ("completed", Ending::Completed),
        ("stopped", Ending::Stopped),
        ("failed", Ending::Failed),
        ("parked", Ending::Parked),
        ("waiting", Ending::Waiting),
        ("refused", Ending::Refused),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, e)| *e == self).map_or("", |(w, _)| w)
    }
}

/// What is expected. What is not said is not looked at.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// How it ends.
    pub ending: Option<Spanned<Ending>>,
    /// A part of the reason why it ended so.
    pub reason: Option<Spanned<String>>,
    /// The steps that did something, in their order.
    pub path: Option<Spanned<Vec<Spanned<String>>>>,
    /// All calls with an effect, in their order; reads may be named as well.
    pub calls: Option<Spanned<Vec<ExpectedCall>>>,
    /// What the run's output holds.
    pub output: Option<Json>,
    /// The steps whose effects were undone, in the order of the undoing.
    pub undo: Option<Spanned<Vec<Spanned<String>>>>,
    /// What was only written down, in its order: each holds `{ what, path, ... }`.
    pub observed: Option<Json>,
    /// The events that were emitted, in their order: each holds `{ event, key, data }`.
    pub emitted: Option<Json>,
    /// What a sender that waits is answered by a `reply` step.
    pub reply: Option<Json>,
    /// The runs that events of this run began, in the order of the events.
    pub begun: Option<Spanned<Vec<ExpectedRun>>>,
    /// Where `expect` stands, with its keys in their order: from each key to the end of its value. None: it is not said.
    pub said: Option<Said>,
}

/// Where `expect` stands.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its value.
    pub value: Json,
    /// From the beginning of each key to the end of its value.
    pub keys: Vec<Spanned<String>>,
    /// Whether it is written in braces.
    pub flow: bool,
}

/// A run that is expected to begin by an event.
#[derive(Debug, Clone)]
pub struct ExpectedRun {
    /// Its pipeline.
    pub pipeline: Spanned<String>,
    /// What is expected of it.
    pub expect: Expect,
}

/// A call that is expected.
#[derive(Debug, Clone)]
pub struct ExpectedCall {
    /// `connection.operation`.
    pub call: Spanned<String>,
    /// What its input holds.
    pub input: Option<Json>,
    /// How often it was tried.
    pub attempts: Option<Spanned<u64>>,
}
