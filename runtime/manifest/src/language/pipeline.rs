//! The head of a pipeline and its triggers.

use super::Kind::{Backoff, Duration, Either, Expression, List, Name, Named, Operation, Rate, Schema};
use super::Kind::{Steps, Template, Text, Whole, Words};
use super::{Kind, Map, key, map, need};

const LIVE: Kind = Words(&["live", "observe"]);

pub(super) static PIPELINE: Map = map(
    "pipeline",
    "A pipeline: what begins a run, and its steps in order.",
    &[
        need("dragoman", Whole(1, 1), "The version of the language.", "1"),
        need(
            "pipeline",
            Name,
            "The pipeline's name: small letters, digits, `_` and `-`.",
            "ship-orders",
        ),
        key(
            "summary",
            Text,
            "What it is for, in a sentence.",
            "Ship each order once.",
        ),
        need(
            "on",
            List(&Kind::Map(&TRIGGER)),
            "What begins a run: a list of triggers.",
            "[ { id: hook, http: { path: /orders, from: partner }, read: orders.read_order } ]",
        ),
        key(
            "key",
            Expression,
            "One run per key. Left out: the digest of the message over HTTP, path and digest of a file.",
            "trigger.message.number",
        ),
        key(
            "serial",
            Expression,
            "Runs with the same value take turns, over all pipelines.",
            "trigger.message.customer.name",
        ),
        key(
            "limits",
            Kind::Map(&LIMITS),
            "Bounds of the pipeline.",
            "{ concurrent: 20, backlog: 1000 }",
        ),
        key(
            "decisions",
            Named(&Kind::Map(&DECISION)),
            "Decisions that waits name.",
            "{ accept-order: { answers: [accept, refuse] } }",
        ),
        need(
            "steps",
            Steps,
            "The steps, in order.",
            "[ { id: order, call: orders.get, with: { number: =trigger.message.number } } ]",
        ),
        key(
            "output",
            Template,
            "The output of a run.",
            "{ shipment: =steps.shipped.id }",
        ),
        key(
            "on_failure",
            Words(&["park", "undo", "fail"]),
            "After a failure that nothing handled: a person repairs (`park`, the default), what was done is undone, or the run fails.",
            "park",
        ),
        key(
            "mode",
            LIVE,
            "`observe`: reads are made, all else is written down as what would have been done.",
            "observe",
        ),
    ],
);

static LIMITS: Map = map(
    "limits",
    "Bounds of a pipeline.",
    &[
        key(
            "concurrent",
            Whole(1, 100_000),
            "Runs at work at once; 200 where nothing is said.",
            "20",
        ),
        key(
            "backlog",
            Whole(1, 10_000_000),
            "Runs accepted and not yet at work; 10,000 where nothing is said.",
            "1000",
        ),
        key(
            "per_key",
            Kind::Map(&PER_KEY),
            "Runs at work at once that have something in common.",
            "{ by: trigger.message.customer.name, concurrent: 2 }",
        ),
        key(
            "rate",
            Rate,
            "Runs that begin to work in a time; the others stay in the backlog.",
            "100/1m",
        ),
        key("deadline", Duration, "A run that is older needs a person.", "2d"),
    ],
);

static PER_KEY: Map = map(
    "per_key",
    "Runs at work at once that have something in common.",
    &[
        need(
            "by",
            Expression,
            "What they have in common.",
            "trigger.message.customer.name",
        ),
        need(
            "concurrent",
            Whole(1, 100_000),
            "How many of them are at work at once.",
            "2",
        ),
    ],
);

pub(super) static DECISION: Map = map(
    "decision",
    "A decision that a person takes.",
    &[
        need("answers", ANSWERS, ANSWERS_SAY, "[accept, refuse]"),
        key("fields", FIELDS, FIELDS_SAY, "{ amount: { type: integer } }"),
    ],
);

pub(super) const ANSWERS: Kind = Either(&[List(&Name), Named(&List(&Text))]);
pub(super) const ANSWERS_SAY: &str =
    "The answers: a list, or a mapping from each answer to the fields that must come with it.";
pub(super) const FIELDS: Kind = Named(&Schema);
pub(super) const FIELDS_SAY: &str = "Further fields of an answer: name and JSON Schema.";

static TRIGGER: Map = map(
    "trigger",
    "What begins a run: one way in which messages come.",
    &[
        key("id", Name, "Its id: `trigger.id` in expressions.", "hook"),
        key(
            "http",
            Kind::Map(&HTTP),
            "A message comes over HTTP.",
            "{ path: /orders, from: partner, reply: accepted }",
        ),
        key(
            "files",
            Kind::Map(&FILES),
            "A message comes as a file.",
            "{ folder: inbox, match: \"*.xml\", settle: 2s }",
        ),
        key(
            "schedule",
            Kind::Map(&SCHEDULE),
            "A run begins when it is time.",
            "{ cron: \"0 6 * * 1-5\", zone: Europe/Warsaw }",
        ),
        key(
            "event",
            Kind::Map(&EVENT),
            "An event of the site begins a run.",
            "{ name: order-shipped }",
        ),
        key(
            "amqp",
            Kind::Map(&AMQP),
            "A message comes over a queue.",
            "{ queue: orders, from: partner }",
        ),
        key(
            "manual",
            Kind::Map(&MANUAL),
            "A run is begun by `dragoman run`, or by another pipeline.",
            "{}",
        ),
        key(
            "read",
            Operation,
            "The operation that reads the message; its output is `trigger.message`.",
            "orders.read_order",
        ),
    ],
)
.one_of(&["http", "files", "schedule", "event", "amqp", "manual"]);

static MANUAL: Map = map(
    "manual",
    "A run is begun by `dragoman run`, or by another pipeline.",
    &[key(
        "input",
        Either(&[Schema, Operation]),
        "The shape of the message: a JSON Schema, or the operation whose output it is.",
        "orders.read_order",
    )],
);

static HTTP: Map = map(
    "http",
    "A message comes over HTTP.",
    &[
        need("path", Text, "The path on the server.", "/orders"),
        key("from", Text, "A sender of the site file.", "partner"),
        key(
            "reply",
            Words(&["accepted", "replied"]),
            "`accepted`: 202 once it is durable (the default). `replied`: the sender waits for the end.",
            "replied",
        ),
    ],
);

static FILES: Map = map(
    "files",
    "A message comes as a file.",
    &[
        need("folder", Text, "A folder below that of the site file.", "inbox"),
        key(
            "match",
            Text,
            "A glob on the file's name; `*` where nothing is said.",
            "\"*.xml\"",
        ),
        key(
            "settle",
            Duration,
            "How long a file must not have changed; 2s where nothing is said.",
            "2s",
        ),
    ],
);

static SCHEDULE: Map = map(
    "schedule",
    "A run begins when it is time.",
    &[
        key("cron", Text, "Minute, hour, day, month, weekday.", "\"0 6 * * 1-5\""),
        key(
            "zone",
            Text,
            "The zone of the clock, a name of the tz database; UTC where nothing is said.",
            "Europe/Warsaw",
        ),
        key("every", Duration, "Every so long.", "15m"),
        key(
            "missed",
            Words(&["once", "skip"]),
            "What was due while nobody looked: the latest is made up for (`once`, the default), or passed.",
            "skip",
        ),
    ],
)
.one_of(&["cron", "every"]);

static EVENT: Map = map(
    "event",
    "An event of the site begins a run.",
    &[
        need("name", Name, "The event's name.", "order-shipped"),
        key("from", Name, "Only where this pipeline emits it.", "ship-orders"),
    ],
);

static AMQP: Map = map(
    "amqp",
    "A message comes over a queue.",
    &[
        need("queue", Text, "The queue.", "orders"),
        need(
            "from",
            Text,
            "A sender of the site file, whose broker has the queue.",
            "partner",
        ),
    ],
);

pub(super) static RETRY: Map = map(
    "retry",
    "When a call that failed without effect is tried again.",
    &[
        key(
            "backoff",
            Backoff,
            "The first pause, the longest, the growth, spread by chance.",
            "1s..15m x2 jitter",
        ),
        key("for", Duration, "How long it is tried.", "10d"),
        key("attempts", Whole(1, 1_000_000), "How often at most.", "50"),
    ],
);
