//! What a pipeline says, piece by piece, each with its place. Nothing here is checked against plugins.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_model::{Class, Source, Span, Value};

use crate::measure::Backoff;
use crate::{ExpressionText, Spanned, Template};

/// A pipeline, as it was said.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its text.
    pub source: Arc<Source>,
    /// Its name.
    pub name: Spanned<String>,
    /// For people; may be empty.
    pub summary: String,
    /// What begins a run.
    pub triggers: Vec<Trigger>,
    /// One run per key.
    pub key: Option<ExpressionText>,
    /// Runs with the same value take turns.
    pub serial: Option<ExpressionText>,
    /// Bounds.
    pub limits: super::Limits,
    /// Decisions that waits name.
    pub decisions: Vec<(Spanned<String>, Decision)>,
    /// The steps.
    pub steps: Block,
    /// The output of a run.
    pub output: Option<Template>,
    /// After a failure that nothing handled.
    pub on_failure: Option<Spanned<FailureWord>>,
    /// Whether it only observes.
    pub observe: bool,
}

/// After a failure that nothing handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureWord {
    /// A person repairs.
    Park,
    /// What was done is undone.
    Undo,
    /// The run fails.
    Fail,
}

/// What begins a run.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Its id.
    pub id: Spanned<String>,
    /// How a message comes.
    pub kind: TriggerKind,
    /// The operation that reads the message.
    pub read: Option<OperationName>,
    /// The shape of a message that is given by hand or by another pipeline.
    pub input: Option<super::SaidShape>,
    /// Where it stands.
    pub span: Span,
}

/// How a message comes.
#[derive(Debug, Clone)]
pub enum TriggerKind {
    /// Over HTTP.
    Http {
        /// With the leading slash.
        path: Spanned<String>,
        /// A sender of the site file.
        from: Option<Spanned<String>>,
        /// Whether the sender waits for the end.
        replied: bool,
    },
    /// As files of a folder.
    Files {
        /// Below the site's folder.
        folder: Spanned<String>,
        /// A glob on the name.
        matching: String,
        /// In milliseconds.
        settle_ms: u64,
    },
    /// Over a queue of a broker.
    Amqp {
        /// The queue.
        queue: Spanned<String>,
        /// A sender of the site file, whose broker has the queue.
        from: Spanned<String>,
    },
    /// When it is time.
    Schedule(Box<super::Schedule>),
    /// Events that pipelines hand to the site.
    Event {
        /// The event's name.
        name: Spanned<String>,
        /// Only those of this pipeline.
        from: Option<Spanned<String>>,
    },
    /// By hand.
    Manual,
}

/// An operation of a connection: `orders.get`.
#[derive(Debug, Clone)]
pub struct OperationName {
    /// The connection.
    pub connection: Spanned<String>,
    /// The operation.
    pub operation: Spanned<String>,
}

/// A decision that a person takes.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// The answers it may have.
    pub answers: Vec<Answer>,
    /// Further fields of an answer.
    pub fields: Vec<AnswerField>,
}

/// A further field of an answer.
#[derive(Debug, Clone)]
pub struct AnswerField {
    /// Its name.
    pub name: Spanned<String>,
    /// Its JSON Schema.
    pub schema: Value,
    /// Where the pieces of the schema stand, by JSON Pointer: of a member its key, of an item the item.
    pub places: BTreeMap<String, Span>,
}

/// An answer that a person may give.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its name.
    pub name: Spanned<String>,
    /// The fields that must come with it.
    pub needs: Vec<Spanned<String>>,
}

/// Steps in order, and perhaps a value.
#[derive(Debug, Clone)]
pub struct Block {
    /// The steps.
    pub steps: Vec<Step>,
    /// What it yields.
    pub value: Option<Template>,
    /// Where it stands (its heading).
    pub span: Span,
    /// Whether something in it was refused, so that less is there than was meant.
    pub refused: bool,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its heading.
    pub span: Span,
    /// Its id.
    pub id: Option<Spanned<String>>,
    /// Its word, at the word's place.
    pub word: Spanned<&'static str>,
    /// What it does.
    pub kind: StepKind,
    /// Skipped where it is false.
    pub when: Option<ExpressionText>,
    /// Retry of a call.
    pub retry: Option<Retry>,
    /// Of one attempt, in milliseconds.
    pub timeout_ms: Option<Spanned<u64>>,
    /// The business key.
    pub once: Option<ExpressionText>,
    /// The business reference.
    pub reference: Option<ExpressionText>,
    /// Whether the effect is tightened to `once`.
    pub tightened: Option<Span>,
    /// How it is undone.
    pub undo: Option<Call>,
    /// After a rejected call.
    pub on_rejected: Option<Handler>,
    /// After a refused claim.
    pub on_refused: Option<Handler>,
    /// After a failure.
    pub on_failure: Option<Handler>,
    /// After a wait that nobody answered.
    pub on_timeout: Option<Handler>,
}

/// What is done where a step did not end well.
#[derive(Debug, Clone)]
pub struct Handler {
    /// The place of its key.
    pub key: Span,
    /// What is done.
    pub block: Block,
}

/// Retry of a call, as far as it was said.
#[derive(Debug, Clone)]
pub struct Retry {
    /// The pauses.
    pub backoff: Option<Spanned<Backoff>>,
    /// For how long, in milliseconds.
    pub for_ms: Option<Spanned<u64>>,
    /// At most so many attempts.
    pub attempts: Option<Spanned<u64>>,
    /// Where it stands.
    pub span: Span,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// Calls an operation.
    Call(Call),
    /// The first arm whose condition holds.
    Choose(Vec<Arm>),
    /// A child run for each item.
    Each(Box<Each>),
    /// All branches at once.
    Parallel(Vec<(Spanned<String>, Block)>),
    /// Rounds of the same steps.
    Repeat(Box<Repeat>),
    /// A group whose failures are handled together.
    Try(Block),
    /// Runs another pipeline.
    Run(Box<Run>),
    /// Takes quantities from a ledger.
    Claim(Box<Claim>),
    /// Gives a claim back.
    Release {
        /// The ledger.
        ledger: Spanned<String>,
        /// The key of the claim.
        once: ExpressionText,
    },
    /// Closes a business reference.
    Void {
        /// The reference.
        reference: ExpressionText,
    },
    /// Waits for a person.
    Wait(Box<Wait>),
    /// Waits for an event.
    WaitEvent(Box<super::EventWait>),
    /// Hands an event to the site.
    Emit(Box<super::Emit>),
    /// Sleeps so many milliseconds.
    Sleep(Spanned<u64>),
    /// Names a value.
    Set(Template),
    /// Answers a sender that waits.
    Reply(Template),
    /// Ends the run: nothing more is to be done.
    Stop {
        /// Why.
        reason: Template,
    },
    /// Stops for a person.
    Park {
        /// Why.
        reason: Template,
    },
    /// Ends the run as failed.
    Fail {
        /// Why.
        reason: Template,
        /// `rejected` or `permanent`.
        class: Class,
    },
    /// Refused (a diagnostic says why); its id is known.
    Refused,
}

/// A call of an operation.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation.
    pub operation: OperationName,
    /// The payload.
    pub with: Option<Template>,
    /// Documents by name.
    pub documents: Vec<(Spanned<String>, Template)>,
    /// Where it stands (the name of the operation).
    pub span: Span,
}

/// An arm of a `choose`.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its condition; none: `else`.
    pub when: Option<ExpressionText>,
    /// What it does and yields.
    pub block: Block,
    /// Where it stands.
    pub span: Span,
}

/// A child run for each item.
#[derive(Debug, Clone)]
pub struct Each {
    /// The list.
    pub items: ExpressionText,
    /// The item's name; none where it was left out, which a diagnostic says.
    pub name: Option<Spanned<String>>,
    /// Unique among the items.
    pub item_key: Option<ExpressionText>,
    /// Children at work at once.
    pub concurrent: Option<Spanned<u64>>,
    /// Whether the others go on where one fails.
    pub go_on: bool,
    /// The child's steps.
    pub block: Block,
}

/// Rounds of the same steps.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// Whether a round was the last one.
    pub until: ExpressionText,
    /// The pauses between rounds.
    pub every: Option<Spanned<Backoff>>,
    /// For how long, in milliseconds.
    pub for_ms: Option<Spanned<u64>>,
    /// At most so many rounds.
    pub rounds: Option<Spanned<u64>>,
    /// What a round does and yields.
    pub block: Block,
}

/// Runs another pipeline.
#[derive(Debug, Clone)]
pub struct Run {
    /// The pipeline.
    pub pipeline: Spanned<String>,
    /// Its message.
    pub with: Option<Template>,
    /// Its run key.
    pub key: Option<ExpressionText>,
}

/// A claim.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The ledger.
    pub ledger: Spanned<String>,
    /// The account.
    pub account: ExpressionText,
    /// What is taken.
    pub lines: ExpressionText,
    /// What may be taken at most.
    pub limits: ExpressionText,
    /// Whether a person decided on the lines.
    pub decided: Option<ExpressionText>,
    /// Whether only one claim may stand.
    pub single: Option<ExpressionText>,
}

/// A wait for a person.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The decision's name.
    pub decision: Spanned<String>,
    /// Its answers and fields; none: those of the pipeline's `decisions`.
    pub said: Option<Decision>,
    /// How long, in milliseconds.
    pub for_ms: Option<Spanned<u64>>,
    /// What is shown.
    pub show: Option<Template>,
    /// Who may answer.
    pub roles: Vec<Spanned<String>>,
    /// What must hold of an answer.
    pub check: Option<ExpressionText>,
    /// What is said to who gives an answer of which it does not hold.
    pub refusal: Option<Spanned<String>>,
}
