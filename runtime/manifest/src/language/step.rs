//! Steps: the words, and what stands beside them.

use super::Kind::{Backoff, Block, Duration, Either, Expression, Handler, List, Name, Named, Operation, Steps};
use super::Kind::{Template, Templates, Text, Whole, Words};
use super::pipeline::{ANSWERS, ANSWERS_SAY, FIELDS, FIELDS_SAY, RETRY};
use super::{Key, Kind, Map, key, map, need};

/// The words, in the order of the reference.
pub(super) const WORDS: &[&str] = &[
    "call", "choose", "each", "parallel", "repeat", "try", "run", "claim", "release", "void", "wait", "emit", "sleep",
    "set", "reply", "stop", "park", "fail",
];

const CALL: &[&str] = &["call"];
const EACH: &[&str] = &["each"];

pub(crate) static STEP: Map = map(
    "step",
    "A step: one word, and what stands beside it.",
    &[
        key("id", Name, "Its output is `steps.<id>`: small letters, digits, `_`.", "order"),
        key("call", Operation, "Calls an operation of a connection.", "orders.get"),
        key(
            "choose",
            List(&Kind::Map(&ARM)),
            "The first arm whose condition holds.",
            "[ { when: steps.order.count < 10, value: { by: clerk } }, { else: [], value: { by: chief } } ]",
        ),
        key("each", Expression, "A child run for each item of a list.", "steps.order.lines"),
        key(
            "parallel",
            Named(&Block),
            "All branches at once; the output maps each branch's name to what it gives.",
            "{ told: [ { call: mail.send, with: { to: clerk, text: shipped } } ], counted: { value: 1 } }",
        ),
        key(
            "repeat",
            Kind::Map(&REPEAT),
            "The same steps again, until something holds.",
            "{ until: steps.asked.status == \"shipped\", every: 30s, for: 1h, steps: [ { id: asked, call: orders.get, with: { number: =trigger.message.number } } ] }",
        ),
        key(
            "try",
            Block,
            "A group of steps: its handlers take what no step in it handled.",
            "[ { call: mail.send, with: { to: clerk, text: shipped } } ]",
        ),
        key("run", Name, "Runs another pipeline of the site, as a child.", "ship-orders"),
        key(
            "claim",
            Kind::Map(&CLAIM),
            "Takes quantities from an account of a ledger, all lines or none.",
            "{ ledger: stock, account: steps.order.customer.name, once: steps.order.number, lines: steps.order.lines, limits: steps.stock.limits }",
        ),
        key("release", Kind::Map(&RELEASE), "Gives a claim back.", "{ ledger: stock, once: steps.order.number }"),
        key("void", Kind::Map(&VOID), "Closes a business reference: what comes later under it is refused.", "{ ref: trigger.message.number }"),
        key(
            "wait",
            Either(&[Kind::Map(&WAIT), Kind::Map(&EVENT_WAIT)]),
            "Waits for a person, or for an event.",
            "{ decision: accept-order, answers: [accept, refuse], for: 30d, roles: [approver] }",
        ),
        key(
            "emit",
            Kind::Map(&EMIT),
            "Hands an event to the site.",
            "{ event: order-shipped, key: trigger.message.number, data: { id: =steps.shipped.id } }",
        ),
        key("sleep", Duration, "Sleeps.", "10m"),
        key("set", Template, "Names a value.", "{ total: =trigger.message.total }"),
        key("reply", Template, "Answers a sender that waits (`reply: replied`).", "{ accepted: true }"),
        key("stop", Kind::Map(&END), "Ends the run: nothing more is to be done.", "{ reason: not ours }"),
        key("park", Kind::Map(&END), "Stops for a person to repair.", "{ reason: no clerk decided }"),
        key("fail", Kind::Map(&FAIL), "Ends the run as failed.", "{ reason: refused, class: rejected }"),
        key("when", Expression, "The step is skipped where this is false; its output may then be absent.", "trigger.message.status == \"open\""),
        key("as", Name, "The name of an item in the steps of an `each`.", "line").beside(EACH),
        key("item_key", Expression, "Unique among the items; left out: the index.", "line.item").beside(EACH),
        key("concurrent", Whole(1, 1_000), "Children at work at once; 8 where nothing is said.", "4").beside(EACH),
        key("on_item_failure", Words(&["stop", "continue"]), "Whether the others go on where one fails.", "continue").beside(EACH),
        key(
            "once",
            Expression,
            "The business key: the act is done once over all runs, whatever messages caused it.",
            "trigger.message.number",
        )
        .beside(CALL),
        key("key", Expression, "The key of the run that is begun.", "trigger.message.number").beside(&["run"]),
        key("ref", Expression, "The business reference under which `void` finds what was done.", "trigger.message.number")
            .beside(&["call", "wait"]),
        key("effect", Words(&["once"]), "Tightens an idempotent operation; it is never loosened.", "once").beside(CALL),
        key("with", Template, "The payload of a call, checked against the operation's schema.", "{ number: =trigger.message.number }")
            .beside(&["call", "run"]),
        key("documents", Templates, "The documents that a call takes.", "{ paper: =trigger.document }").beside(CALL),
        key("retry", Kind::Map(&RETRY), "When a call is tried again; only failures without effect are.", "{ backoff: 1s..15m x2 jitter, for: 10d }")
            .beside(CALL),
        key("timeout", Duration, "Of one attempt.", "30s").beside(CALL),
        key("steps", Steps, "What a child does.", "[ { call: mail.send, with: { to: clerk, text: =line.item } } ]").beside(EACH),
        key("value", Template, "What a child gives.", "=line.item").beside(EACH),
        key("undo", Kind::Map(&UNDO), "Takes the act back; sees the step's own output.", "{ call: orders.cancel, with: { id: =steps.shipped.id } }")
            .beside(CALL),
        key("on_rejected", Handler, "What is done where the other side said no.", "park").beside(&["call", "try", "run"]),
        key("on_refused", Handler, "What is done where the ledger said no.", "{ park: { reason: more than there is } }").beside(&["claim"]),
        key("on_timeout", Handler, "What is done where nothing came in time.", "{ park: { reason: no clerk decided } }")
            .beside(&["wait", "repeat"]),
        key("on_failure", Handler, "What is done where it failed, and retries are over.", "park")
            .beside(&["call", "claim", "each", "repeat", "try", "run"]),
    ],
)
.one_of(WORDS);

/// `{ steps, value }`.
pub(crate) static BLOCK: Map = map("block_map", "Steps, and what they give.", BLOCK_KEYS);

const BLOCK_KEYS: &[Key] = &[
    key(
        "steps",
        Steps,
        "The steps.",
        "[ { call: mail.send, with: { to: clerk, text: hello } } ]",
    ),
    key("value", Template, "What is given.", "{ id: none }"),
];

static ARM: Map = map(
    "arm",
    "An arm of a choice.",
    &[
        key(
            "when",
            Expression,
            "It is taken where this holds, and no arm before it was.",
            "steps.order.count < 10",
        ),
        key(
            "else",
            Either(&[Steps, Block, Kind::Nothing]),
            "It is taken where no arm before it was: its steps.",
            "[]",
        ),
        key(
            "steps",
            Steps,
            "What is done.",
            "[ { call: mail.send, with: { to: clerk, text: hello } } ]",
        ),
        key(
            "value",
            Template,
            "What the choice then gives.",
            "{ lines: =steps.order.lines }",
        ),
    ],
)
.one_of(&["when", "else"]);

static REPEAT: Map = map(
    "repeat",
    "The same steps again, until something holds.",
    &[
        need(
            "until",
            Expression,
            "After a round: whether it was the last one.",
            "steps.asked.status == \"shipped\"",
        ),
        key("every", Backoff, "The pause between two rounds.", "30s"),
        key("for", Duration, "How long at most.", "1h"),
        key("rounds", Whole(1, 1_000_000), "How often at most.", "100"),
        need(
            "steps",
            Steps,
            "What a round does.",
            "[ { id: asked, call: orders.get, with: { number: =trigger.message.number } } ]",
        ),
        key("value", Template, "What the last round gives.", "=steps.asked"),
    ],
);

static CLAIM: Map = map(
    "claim",
    "Takes quantities from an account of a ledger, all lines or none.",
    &[
        need("ledger", Name, "A ledger of the site file.", "stock"),
        need("account", Expression, "The account in it.", "steps.order.customer.name"),
        need(
            "once",
            Expression,
            "The business key of the claim.",
            "steps.order.number",
        ),
        key(
            "ref",
            Expression,
            "The business reference under which `void` finds it.",
            "steps.order.number",
        ),
        need(
            "lines",
            Expression,
            "What is taken: `[{ item, quantity: { value, unit } }]`.",
            "steps.order.lines",
        ),
        need(
            "limits",
            Expression,
            "What may be taken at most over all claims, in the same form.",
            "steps.stock.limits",
        ),
        key(
            "decided",
            Expression,
            "Whether a person decided on the lines.",
            "steps.decision.decided",
        ),
        key(
            "single",
            Expression,
            "Whether only one claim may ever stand.",
            "\"true\"",
        ),
    ],
);

static RELEASE: Map = map(
    "release",
    "Gives a claim back.",
    &[
        need("ledger", Name, "A ledger of the site file.", "stock"),
        need(
            "once",
            Expression,
            "The business key of the claim.",
            "steps.order.number",
        ),
    ],
);

static VOID: Map = map(
    "void",
    "Closes a business reference.",
    &[need(
        "ref",
        Expression,
        "The business reference.",
        "trigger.message.number",
    )],
);

static WAIT: Map = map(
    "wait",
    "Waits for a person.",
    &[
        need(
            "decision",
            Name,
            "The decision's name; answers and fields may stand under `decisions` at the top.",
            "accept-order",
        ),
        key("answers", ANSWERS, ANSWERS_SAY, "[accept, refuse]"),
        key("fields", FIELDS, FIELDS_SAY, "{ amount: { type: integer } }"),
        key("for", Duration, "How long; without end where nothing is said.", "30d"),
        key(
            "show",
            Template,
            "What is shown: a list of templates.",
            "[=steps.order]",
        ),
        key(
            "roles",
            List(&Text),
            "Who may answer: `viewer`, `operator`, `approver`, `administrator`.",
            "[approver]",
        ),
        key(
            "check",
            Expression,
            "What must hold of an answer; it sees `answer`.",
            "answer.answer == \"refuse\" || size(answer.lines) > 0",
        ),
        key(
            "refusal",
            Text,
            "What is said to who gives an answer of which it does not hold.",
            "an item is not in the order",
        ),
    ],
);

static EVENT_WAIT: Map = map(
    "wait_for_event",
    "Waits for an event.",
    &[
        need("event", Name, "The event's name.", "order-shipped"),
        need(
            "key",
            Expression,
            "The key that it must have.",
            "trigger.message.number",
        ),
        key("for", Duration, "How long; without end where nothing is said.", "30d"),
    ],
);

static EMIT: Map = map(
    "emit",
    "Hands an event to the site.",
    &[
        need("event", Name, "The event's name.", "order-shipped"),
        key("key", Expression, "What waits find it by.", "trigger.message.number"),
        key("data", Template, "What it brings.", "{ id: =steps.shipped.id }"),
    ],
);

const REASON: Key = need("reason", Template, "Why, for people.", "not ours");

static END: Map = map("end", "An end, and why.", &[REASON]);

static FAIL: Map = map(
    "fail",
    "Ends the run as failed.",
    &[
        REASON,
        key(
            "class",
            Words(&["permanent", "rejected"]),
            "`permanent` is the default; `rejected`: the other side said no.",
            "rejected",
        ),
    ],
);

static UNDO: Map = map(
    "undo",
    "A call that takes an act back.",
    &[
        need("call", Operation, "The operation.", "orders.cancel"),
        key("with", Template, "Its payload.", "{ id: =steps.shipped.id }"),
        key(
            "documents",
            Templates,
            "The documents that it takes.",
            "{ paper: =trigger.document }",
        ),
    ],
);
