//! The codes that this room raises.

use dragoman_model::Code;

/// A connection that the site file does not have.
pub const UNKNOWN_CONNECTION: Code = Code::new("D0401", "unknown connection");
/// An operation that the connection's plugin does not have.
pub const UNKNOWN_OPERATION: Code = Code::new("D0402", "unknown operation");
/// A ledger that the site file does not have.
pub const UNKNOWN_LEDGER: Code = Code::new("D0403", "unknown ledger");
/// A sender that the site file does not have.
pub const UNKNOWN_SENDER: Code = Code::new("D0404", "unknown sender");
/// A decision of which the answers are nowhere said.
pub const UNKNOWN_DECISION: Code = Code::new("D0405", "unknown decision");
/// A role that nobody can have.
pub const UNKNOWN_ROLE: Code = Code::new("D0406", "unknown role");
/// The same id twice where both can be seen.
pub const DUPLICATE_ID: Code = Code::new("D0407", "the same id twice");
/// A name that the language keeps for itself.
pub const RESERVED_NAME: Code = Code::new("D0408", "a reserved name");
/// A field that must be there is not.
pub const MISSING_FIELD: Code = Code::new("D0409", "a field is missing");
/// A field that nobody asks for.
pub const UNKNOWN_FIELD: Code = Code::new("D0410", "unknown field");
/// A written value of the wrong kind.
pub const WRONG_VALUE: Code = Code::new("D0411", "a value does not fit its field");
/// A document that is missing or that nobody takes.
pub const DOCUMENTS: Code = Code::new("D0412", "documents of a call");
/// A handler that neither ends the run nor yields a value.
pub const FALLS_THROUGH: Code = Code::new("D0413", "a handler falls through");
/// Arms of a choice whose values have no common shape.
pub const ARMS_DIFFER: Code = Code::new("D0414", "arms give different things");
/// A step behind the end of the run.
pub const UNREACHABLE: Code = Code::new("D0415", "a step that is never reached");
/// A business key or reference, an undo or a tightened effect on an operation that only reads.
pub const ON_A_READ: Code = Code::new("D0416", "a read has no effect");
/// An undo that is not the one of the operation.
pub const UNDO: Code = Code::new("D0417", "an undo that does not fit");
/// An operation that cannot read a trigger's message.
pub const TRIGGER_READ: Code = Code::new("D0418", "an operation that cannot read the message");
/// A trigger over HTTP that takes messages from anybody.
pub const ANYBODY: Code = Code::new("D0419", "messages from anybody");
/// A reply that nobody waits for.
pub const NOBODY_WAITS: Code = Code::new("D0420", "a reply that nobody waits for");
/// Fields of an answer that are said nowhere, or schemas that cannot be read.
pub const ANSWER_FIELDS: Code = Code::new("D0421", "fields of an answer");
/// A list of steps, arms, branches or triggers that is empty.
pub const EMPTY: Code = Code::new("D0422", "nothing is there");
/// Two triggers that take the same messages.
pub const SAME_TRIGGER: Code = Code::new("D0423", "two triggers for the same messages");
/// The first or the longest pause of a retry does not fit the time it may take.
pub const RETRY: Code = Code::new("D0424", "a retry that cannot work");
/// A cron expression, or an interval, that cannot be kept.
pub const SCHEDULE: Code = Code::new("D0440", "a schedule that cannot be kept");
/// An event that the site file does not have.
pub const UNKNOWN_EVENT: Code = Code::new("D0442", "unknown event");
/// The shape of an event, in the site file, that cannot be read.
pub const EVENT_SHAPE: Code = Code::new("D0443", "the shape of an event");
/// A time zone that the tz database does not have.
pub const UNKNOWN_ZONE: Code = Code::new("D0441", "unknown time zone");
/// A plain text that begins as only an expression would.
pub const LOOKS_COMPUTED: Code = Code::new("D0425", "a text that looks like an expression");
/// Personal data that go where the site does not allow it.
pub const PERSONAL: Code = Code::new("D0426", "personal data where they are not allowed");
/// A secret that goes where nothing takes one.
pub const SECRET: Code = Code::new("D0427", "a secret where none is taken");
/// A pipeline that does not emit the event that another hears from it.
pub const NOT_EMITTED: Code = Code::new("D0428", "an event that the pipeline does not emit");
/// A sender whose messages do not come in the way of the trigger.
pub const OTHER_WAY: Code = Code::new("D0429", "the sender comes another way");
/// A `try` without a handler.
pub const CATCHES_NOTHING: Code = Code::new("D0430", "a group that catches nothing");
/// A pipeline that the site does not have.
pub const UNKNOWN_PIPELINE: Code = Code::new("D0431", "unknown pipeline");
/// Pipelines that run each other.
pub const CIRCLE: Code = Code::new("D0432", "pipelines that run each other in a circle");
/// A pipeline of which nobody knows what it is to be given.
pub const NOT_CALLABLE: Code = Code::new("D0433", "a pipeline that others cannot run");
/// The shape of what a pipeline is given.
pub const INPUT: Code = Code::new("D0434", "the input of a pipeline");
/// A call that is done once, of which nothing says of what.
pub const ONCE_A_MESSAGE: Code = Code::new("D0444", "what is done once has the key of its run");
/// Events that begin each other for ever.
pub const ECHO: Code = Code::new("D0445", "events that begin each other without end");
/// A comparison with a name that is nearly one that there is.
pub const NEARLY: Code = Code::new("D0446", "a comparison with a name that nothing has");
/// A key that tells nothing apart.
pub const SAME_KEY: Code = Code::new("D0447", "a key that is the same for all");
