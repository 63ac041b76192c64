//! The plan: what the engine interprets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_calendar::Calendar;
use dragoman_expression::Expression;
pub use dragoman_manifest::Rate;
use dragoman_model::{Digest, OperationEffect, Value};
use dragoman_schema::Shape;

use crate::runs::RunStep;

/// A pipeline, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its name.
    pub pipeline: String,
    /// The content hash of its text.
    pub version: Digest,
    /// Its text, kept for the runs that are pinned to it.
    pub text: Arc<str>,
    /// For people.
    pub summary: String,
    /// What begins a run.
    pub triggers: Vec<Trigger>,
    /// One run per key; none: the transport's default.
    pub key: Option<Expression>,
    /// Runs with the same value take turns, over all pipelines.
    pub serial: Option<Expression>,
    /// Bounds.
    pub limits: Limits,
    /// The steps.
    pub steps: Block,
    /// The run's output.
    pub output: Option<Template>,
    /// What happens after a failure that nothing handled.
    pub on_failure: OnFailure,
    /// Reads only; the rest is written down.
    pub observe: bool,
    /// The plugins it uses: connection to component digest. Runs are pinned to them.
    pub plugins: BTreeMap<String, Digest>,
    /// The pipelines it runs, with their versions. Runs are pinned to them too.
    pub runs: BTreeMap<String, Digest>,
    /// The shape of the run's output.
    pub gives: Shape,
}

/// What begins a run.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Its id.
    pub id: String,
    /// How it comes.
    pub kind: TriggerKind,
    /// The operation that reads the message: connection and operation. None: the message is JSON and is taken as it is.
    pub read: Option<(String, String)>,
    /// The shape of `trigger.message`.
    pub message: Shape,
    /// JSON Schema of a message that is given by hand or by another pipeline, where one is said.
    pub input: Option<Value>,
}

/// How a message comes.
#[derive(Debug, Clone, PartialEq)]
pub enum TriggerKind {
    /// Over HTTP.
    Http {
        /// The path on the server, with the leading slash.
        path: String,
        /// The sender in the site file; none: anybody (the checker warns).
        from: Option<String>,
        /// Whether the sender waits for the end.
        replied: bool,
    },
    /// A folder.
    Files {
        /// Below the site's folder.
        folder: String,
        /// A glob on the name.
        matching: String,
        /// How long a file must not have changed, in milliseconds.
        settle_ms: u64,
    },
    /// A queue of a broker.
    Amqp {
        /// The queue.
        queue: String,
        /// The sender in the site file, whose broker has the queue.
        from: String,
    },
    /// When it is time.
    Schedule {
        /// When it is due.
        calendar: Calendar,
        /// Due times at which nobody looked are passed; else the latest of them is made up for.
        skip_missed: bool,
    },
    /// Events that pipelines emit; the message is what the event brings.
    Event {
        /// The event's name.
        name: String,
        /// Only those of this pipeline.
        from: Option<String>,
    },
    /// `dragoman run`.
    Manual,
}

/// Bounds of a pipeline.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Runs at work at once.
    pub concurrent: usize,
    /// Accepted and not yet at work; past it, messages are refused.
    pub backlog: usize,
    /// Runs at work at once that have something in common.
    pub per_key: Option<PerKey>,
    /// Runs that begin to work in a time; the others wait in the backlog.
    pub rate: Option<Rate>,
    /// A run that is older than so many milliseconds and has come to rest needs a person.
    pub deadline_ms: Option<u64>,
}

/// Runs at work at once that have something in common.
#[derive(Debug, Clone)]
pub struct PerKey {
    /// What they have in common; it sees what the key sees.
    pub by: Expression,
    /// How many.
    pub concurrent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            concurrent: 200,
            backlog: 10_000,
            per_key: None,
            rate: None,
            deadline_ms: None,
        }
    }
}

/// Steps in order.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The steps.
    pub steps: Vec<Step>,
    /// The value that a handler or an arm yields after its steps; none: it yields nothing or ends the run.
    pub value: Option<Template>,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Step {
    /// The segment of its path: its id, or its word and number (`stop-1`), unique in its block. The path of a step is
    /// the dotted list of segments from the root; handlers add a segment (`place.on_failure.officer`), an attempt
    /// of a `repeat` adds `[round]`.
    pub segment: String,
    /// Its id: its output is `steps.<id>`.
    pub id: Option<String>,
    /// Skipped where it is false; its output is then absent.
    pub when: Option<Expression>,
    /// What it does.
    pub kind: StepKind,
    /// Retry of calls.
    pub retry: Retry,
    /// Of one attempt, in milliseconds; none: the host's limit alone.
    pub timeout_ms: Option<u64>,
    /// The business key.
    pub once: Option<Expression>,
    /// The business reference.
    pub reference: Option<Expression>,
    /// How it is undone.
    pub undo: Option<Undo>,
    /// After a rejected call.
    pub on_rejected: Option<Block>,
    /// After a refused claim.
    pub on_refused: Option<Block>,
    /// After a failure with retries over.
    pub on_failure: Option<Block>,
    /// After a wait that nobody answered.
    pub on_timeout: Option<Block>,
    /// The shape of its output.
    pub shape: Shape,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// Calls an operation.
    Call(CallStep),
    /// The first arm whose condition holds; none holds: the output is absent.
    Choose(Vec<Arm>),
    /// A child run for each item.
    Each(Box<EachStep>),
    /// All branches at once; the output maps each branch's name to its value or to its last step's outputs.
    Parallel(Vec<(String, Block)>),
    /// Rounds of the same steps; the output is what the last one gives.
    Repeat(Box<RepeatStep>),
    /// A group whose failures are handled together. Its output: its value, else the outputs of its steps by id.
    Try(Block),
    /// Runs another pipeline as a child; the output is its output.
    Run(Box<RunStep>),
    /// Takes quantities from a ledger.
    Claim(Box<ClaimStep>),
    /// Gives a claim back.
    Release {
        /// The ledger.
        ledger: String,
        /// The key of the claim.
        once: Expression,
    },
    /// Closes a business reference; the output is `{ effects: [{ run, path, scope, key, state, input, output }] }`,
    /// given once nothing under it is open any more.
    Void {
        /// The reference.
        reference: Expression,
    },
    /// Waits for a person; the output is `{ answer, by: actor, reason?, at, ...fields }`.
    Wait(Box<WaitStep>),
    /// Waits for an event; the output is what it brings.
    WaitEvent(Box<EventWaitStep>),
    /// Hands an event to the site.
    Emit(Box<EmitStep>),
    /// Sleeps.
    Sleep {
        /// In milliseconds.
        millis: u64,
    },
    /// Names a value.
    Set(Template),
    /// Answers a sender that waits.
    Reply(Template),
    /// Ends the run: nothing more is to be done.
    Stop {
        /// Why.
        reason: Template,
    },
    /// Stops for a person to repair.
    Park {
        /// Why.
        reason: Template,
    },
    /// Ends the run as failed.
    Fail {
        /// Why.
        reason: Template,
        /// `rejected` or `permanent`.
        class: dragoman_model::Class,
    },
}

/// A call.
#[derive(Debug, Clone)]
pub struct CallStep {
    /// The connection.
    pub connection: String,
    /// The operation.
    pub operation: String,
    /// The component.
    pub plugin: Digest,
    /// The payload.
    pub with: Template,
    /// Documents by name: expressions that give `x-type: document` values.
    pub documents: Vec<(String, Template)>,
    /// Declared by the plugin, perhaps tightened.
    pub effect: OperationEffect,
    /// Whether it answers probes.
    pub has_probe: bool,
}

/// An arm of a `choose`.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its condition; none: `else`.
    pub when: Option<Expression>,
    /// What it does and yields.
    pub block: Block,
}

/// A child run for each item.
#[derive(Debug, Clone)]
pub struct EachStep {
    /// The list.
    pub items: Expression,
    /// The item's name in expressions.
    pub name: String,
    /// Unique among the items; none: the index.
    pub item_key: Option<Expression>,
    /// What its expressions read from outside of the block, as names one below the other (`["steps", "order", "lines"]`,
    /// `["trigger", "message", "lot"]`): a child is given these parts when it begins, and no others.
    pub captures: BTreeSet<Vec<String>>,
    /// Children at work at once.
    pub concurrent: usize,
    /// Whether the others go on where one fails.
    pub go_on: bool,
    /// The child's steps. Its output: `value`, else `{ steps: {...} }` of its ids. The step's output is the list of
    /// `{ key, item, status, output?, reason? }`.
    pub block: Block,
}

/// Rounds of the same steps.
#[derive(Debug, Clone)]
pub struct RepeatStep {
    /// Evaluated after each round, with `round` (from 0) and `last` (what the round before gave): whether it was the
    /// last one.
    pub until: Expression,
    /// The pauses between rounds, of which only the back-off counts; none: the next round follows at once.
    pub every: Option<Retry>,
    /// How long all of it may take, in milliseconds.
    pub for_ms: Option<u64>,
    /// At most so many rounds.
    pub rounds: u64,
    /// What a round does. It gives its value, else the outputs of its steps by id.
    pub block: Block,
    /// Whether what the rounds did may have to be undone: then what they rest on is kept to the end of the run.
    pub keeps: bool,
}

/// A claim.
#[derive(Debug, Clone)]
pub struct ClaimStep {
    /// The ledger.
    pub ledger: String,
    /// The account.
    pub account: Expression,
    /// `[{ item, quantity: { value, unit } }]`.
    pub lines: Expression,
    /// `[{ item, quantity: { value, unit } }]`, the account's limits. One may be without a quantity: nobody knows it.
    pub limits: Expression,
    /// Whether a person decided on the lines: then what they say of an item whose limit nobody knows is its limit.
    pub decided: Option<Expression>,
    /// Whether only one claim may stand.
    pub single: Option<Expression>,
}

/// A wait for a person.
#[derive(Debug, Clone)]
pub struct WaitStep {
    /// The decision's name.
    pub decision: String,
    /// The answers it may have.
    pub answers: Vec<String>,
    /// JSON Schema of the further fields of an answer.
    pub fields: Option<Value>,
    /// How long, in milliseconds.
    pub for_ms: Option<u64>,
    /// What is shown.
    pub show: Template,
    /// Who may answer.
    pub roles: Vec<String>,
    /// What must hold of an answer, which it sees as [`ANSWER`]; the text is for who gives another.
    pub check: Option<(Expression, String)>,
}

/// The name under which the check of a wait sees an answer: `{ answer, reason?, ...fields }`.
pub const ANSWER: &str = "answer";

/// A wait for an event.
#[derive(Debug, Clone)]
pub struct EventWaitStep {
    /// The event's name.
    pub event: String,
    /// The key that it must have.
    pub key: Expression,
    /// How long, in milliseconds.
    pub for_ms: Option<u64>,
}

/// Hands an event to the site.
#[derive(Debug, Clone)]
pub struct EmitStep {
    /// The event's name.
    pub event: String,
    /// What waits find it by; none: only triggers hear it.
    pub key: Option<Expression>,
    /// What it brings; none: an empty object.
    pub data: Option<Template>,
}

/// Retry of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// The first pause, in milliseconds.
    pub first_ms: u64,
    /// The longest pause.
    pub longest_ms: u64,
    /// Each pause is so many times the one before.
    pub factor: f64,
    /// Whether the pause is drawn from its upper half.
    pub jitter: bool,
    /// From the first journaled attempt on.
    pub for_ms: u64,
    /// At most so many attempts; none: as many as fit.
    pub attempts: Option<u32>,
}

impl Default for Retry {
    /// 1 s to 5 min, doubled, with jitter, for 24 h.
    fn default() -> Self {
        Retry {
            first_ms: 1_000,
            longest_ms: 300_000,
            factor: 2.0,
            jitter: true,
            for_ms: 86_400_000,
            attempts: None,
        }
    }
}

/// How a step is undone.
#[derive(Debug, Clone)]
pub struct Undo {
    /// The call.
    pub call: CallStep,
}

/// What happens after a failure that nothing handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// A person repairs.
    #[default]
    Park,
    /// What was done is undone, newest first.
    Undo,
    /// The run fails.
    Fail,
}

/// A value with expressions in it.
#[derive(Debug, Clone)]
pub enum Template {
    /// As it is.
    Literal(Value),
    /// Computed.
    Expression(Expression),
    /// A list.
    List(Vec<Template>),
    /// An object. A member whose expression gives an absent optional value is left out.
    Object(Vec<(String, Template)>),
}
