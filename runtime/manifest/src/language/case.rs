//! A case: what a pipeline is told, what calls and people answer, what is expected.

use super::Kind::{Any, Duration, Either, List, Named, Object, Text, Whole, Words};
use super::{Key, Kind, Map, key, map, need};

pub(super) static CASE: Map = map(
    "case",
    "A case: what a pipeline is told, what calls and people answer, and what is expected of it.",
    &[
        need(
            "case",
            Text,
            "What it shows, in a sentence.",
            "an open order is shipped once",
        ),
        need("pipeline", Text, "The pipeline that it is about.", "ship-orders"),
        key(
            "site",
            Object,
            "Values of the site that are others here.",
            "{ limit: 5 }",
        ),
        key(
            "mode",
            Either(&[Words(&["live", "observe"]), Kind::Map(&MODE)]),
            "What only observes here: the pipeline, nothing, or the connections that are named.",
            "observe",
        ),
        key(
            "before",
            List(&Kind::Map(&BEFORE)),
            "What happens before: messages that come, references that are closed.",
            "[ { message: { number: A6 } } ]",
        ),
        need(
            "trigger",
            Kind::Map(&MESSAGE),
            "The message that the case is about.",
            "{ message: { number: A7 } }",
        ),
        key(
            "later",
            List(&Kind::Map(&LATER)),
            "What happens while the run is under way.",
            "[ { after: 1h, void: A7 } ]",
        ),
        key(
            "answers",
            Named(&Kind::Answer),
            "What calls answer: by `connection.operation`, or by `steps.` and the path of a step; a list has one for each attempt.",
            "{ orders.get: { output: { number: A7 } } }",
        ),
        key(
            "people",
            List(&Kind::Map(&PERSON)),
            "What people answer to waits.",
            "[ { wait: clerk, answer: { answer: accept } } ]",
        ),
        key(
            "operators",
            List(&Kind::Map(&OPERATOR)),
            "What operators do to runs that are parked, or to the run of the message.",
            "[ { parked: shipped, act: resume, after: 2h } ]",
        ),
        key(
            "until",
            Duration,
            "Time passes so long after the message, and no longer.",
            "2d",
        ),
        key(
            "crash",
            Words(&["every_commit", "never"]),
            "Whether it is run once for every commit as well, killed there.",
            "every_commit",
        ),
        key(
            "expect",
            Kind::Map(&EXPECT),
            "What is expected.",
            "{ ending: completed }",
        ),
    ],
);

static MODE: Map = map(
    "mode",
    "Connections that only observe in a case.",
    &[need("observe", List(&Text), "Their names.", "[mail]")],
);

const MESSAGE_KEYS: [Key; 9] = [
    key(
        "pipeline",
        Text,
        "Another pipeline than that of the case.",
        "ship-orders",
    ),
    key(
        "id",
        Text,
        "The trigger; the pipeline's first where nothing is said.",
        "hook",
    ),
    key(
        "message",
        Any,
        "What the trigger's `read` makes of it; the message itself where nothing reads it.",
        "{ number: A7 }",
    ),
    key(
        "failure",
        Kind::Map(&FAILURE),
        "Nothing that the connector can read.",
        "{ class: rejected, code: xml.broken }",
    ),
    key(
        "document",
        Text,
        "A file beside the case with the message as it was received.",
        "message.xml",
    ),
    key(
        "sender",
        Text,
        "Who sends it; whom the trigger names where nothing is said.",
        "partner",
    ),
    key("at", Text, "When it comes.", "2026-03-02T09:00:00Z"),
    key("headers", Named(&Text), "Its headers.", "{ message-id: A7 }"),
    key(
        "attributes",
        Object,
        "What its transport tells of it besides.",
        "{ file: order.json }",
    ),
];

static BEFORE: Map = map(
    "before",
    "Something that happens before the message of the case comes: a message, or a reference that is closed.",
    &BEFORE_KEYS,
)
.one_of(&["message", "failure", "void"]);

const BEFORE_KEYS: [Key; 10] = {
    let [a, b, c, d, e, f, g, h, i] = MESSAGE_KEYS;
    let void = key("void", Text, "A business reference is closed.", "A7");
    [void, a, b, c, d, e, f, g, h, i]
};

static MESSAGE: Map = map("message", "A message that begins a run.", &MESSAGE_KEYS).one_of(&["message", "failure"]);

static LATER: Map = map(
    "later",
    "Something that happens while the run is under way: a message, an event, or a reference that is closed.",
    &LATER_KEYS,
)
.one_of(&["message", "failure", "void", "event"]);

const LATER_KEYS: [Key; 14] = {
    let [a, b, c, d, e, f, g, h, i] = MESSAGE_KEYS;
    let after = need("after", Duration, "So long after the message came.", "1h");
    let void = key("void", Text, "A business reference is closed.", "A7");
    let event = key("event", Text, "An event is handed to the site.", "order-shipped");
    let by = key("key", Text, "What waits find the event by.", "A7").beside(&["event"]);
    let data = key("data", Object, "What the event brings.", "{ number: A7 }").beside(&["event"]);
    [after, void, event, by, data, a, b, c, d, e, f, g, h, i]
};

static FAILURE: Map = map(
    "failure",
    "A failure.",
    &[
        need(
            "class",
            Words(&["retryable", "permanent", "rejected"]),
            "What may be done next.",
            "retryable",
        ),
        key(
            "effect",
            Words(&["none", "unknown", "applied"]),
            "What is known of its effect.",
            "none",
        ),
        key("code", Text, "A short and stable name.", "http.503"),
        key("message", Text, "What happened.", "try later"),
        key("retry_after", Duration, "When it may be tried again.", "30s"),
        key("remote_reference", Text, "What the other side calls it.", "R-7"),
        key(
            "issues",
            List(&Kind::Map(&ISSUE)),
            "What is wrong with the input.",
            "[ { path: /number, code: unknown, message: no such number } ]",
        ),
        key("detail", Any, "More of it, for programs.", "{ item: A }"),
    ],
);

static ISSUE: Map = map(
    "issue",
    "One thing that is wrong with an input.",
    &[
        need("path", Text, "Where, as a JSON Pointer.", "/number"),
        need("code", Text, "A short and stable name.", "unknown"),
        need("message", Text, "What is wrong.", "no such number"),
    ],
);

pub(crate) static ANSWER: Map = map(
    "answer",
    "What a call answers.",
    &[
        key("when", Object, "Only for inputs that hold this.", "{ number: A7 }"),
        key("output", Any, "The output.", "{ number: A7 }"),
        key(
            "failure",
            Kind::Map(&FAILURE),
            "It fails.",
            "{ class: retryable, code: http.503 }",
        ),
        key(
            "probe",
            Words(&["applied", "absent", "pending"]),
            "What is found where it is asked whether it took effect.",
            "absent",
        ),
        key(
            "joined",
            Any,
            "It is not called: another run did the same under its business key, and this is the result.",
            "{ number: A7 }",
        ),
    ],
);

static PERSON: Map = map(
    "person",
    "A person's answer to a wait.",
    &[
        need("wait", Text, "The path of the wait.", "clerk"),
        need("answer", Any, "The answer.", "{ answer: accept }"),
        key(
            "by",
            Either(&[Text, Kind::Map(&BY)]),
            "Who.",
            "{ id: olga, roles: [approver] }",
        ),
        key("after", Duration, "How long after the wait began.", "2d"),
    ],
);

static OPERATOR: Map = map(
    "operator",
    "What an operator does to a run.",
    &[
        key(
            "parked",
            Text,
            "The path of the step at which it is parked, or the pipeline's name; left out: the run of the message, which is given up.",
            "shipped",
        ),
        need("act", Words(&["resume", "absent", "skip", "cancel"]), "What.", "resume"),
        key(
            "after",
            Duration,
            "How long after it was parked, or after the message came.",
            "2h",
        ),
        key("by", Text, "Who.", "olga"),
        key("reason", Text, "Why.", "the partner is up again"),
    ],
);

static BY: Map = map(
    "by",
    "A person.",
    &[
        need("id", Text, "Their id.", "olga"),
        key("roles", List(&Text), "Their roles.", "[approver]"),
        key("authentication", Text, "How it is known who they are.", "password"),
    ],
);

static CALL: Kind = Either(&[Text, Kind::Map(&EXPECTED_CALL)]);
static RUN: Kind = Either(&[Text, Kind::Map(&BEGUN)]);

static EXPECT: Map = map("expect", "What is expected of the run.", &EXPECT_KEYS);

static EXPECT_KEYS: [Key; 10] = {
    let [a, b, c, d, e, f, g, h, i] = EXPECTED;
    [a, b, c, d, e, f, g, h, i, begun()]
};

static BEGUN: Map = map(
    "begun",
    "A run that an event began, and what is expected of it.",
    &BEGUN_KEYS,
);

// Not a constant: it refers to itself.
static BEGUN_KEYS: [Key; 11] = {
    let [a, b, c, d, e, f, g, h, i] = EXPECTED;
    let pipeline = need("pipeline", Text, "Its pipeline.", "send-invoices");
    [pipeline, a, b, c, d, e, f, g, h, i, begun()]
};

const fn begun() -> Key {
    key(
        "begun",
        List(&RUN),
        "The runs that events of this run began, in the order of the events.",
        "[ { pipeline: send-invoices, ending: completed } ]",
    )
}

const EXPECTED: [Key; 9] = [
    key(
        "ending",
        Words(&["completed", "stopped", "failed", "parked", "waiting", "refused"]),
        "How it ends.",
        "completed",
    ),
    key("reason", Text, "A part of the reason.", "not ours"),
    key("path", List(&Text), "The steps, in order.", "[order, shipped]"),
    key(
        "calls",
        List(&CALL),
        "The calls, in order.",
        "[ { call: orders.ship, input: { number: A7 } } ]",
    ),
    key("output", Any, "What the output holds.", "{ id: S1 }"),
    key(
        "undo",
        List(&Text),
        "The steps that were undone, in order.",
        "[shipped]",
    ),
    key(
        "observed",
        Any,
        "What would have been done.",
        "[ { operation: orders.ship } ]",
    ),
    key(
        "emitted",
        Any,
        "The events that were emitted, in order.",
        "[ { event: order-shipped, key: A7 } ]",
    ),
    key(
        "reply",
        Any,
        "What the value of the first `reply` holds.",
        "{ accepted: true }",
    ),
];

static EXPECTED_CALL: Map = map(
    "expected_call",
    "A call.",
    &[
        need("call", Text, "`connection.operation`.", "orders.ship"),
        key("input", Any, "What its input holds.", "{ number: A7 }"),
        key("attempts", Whole(1, 1_000_000), "How often it was tried.", "2"),
    ],
);
