//! The site file.

use super::Kind::{
    Duration, Either, Flag, List, Named, Nothing, Object, Operation, Schema, Secret, Size, Text, Whole, Words,
};
use super::{Kind, Map, key, map, need};

pub(super) static SITE: Map = map(
    "site",
    "A site file: what runs where, and with whom.",
    &[
        need("dragoman", Whole(1, 1), "The version of the language.", "1"),
        need("site", Text, "The site's name.", "warehouse"),
        key("listen", Text, "Address and port of the server.", "127.0.0.1:8080"),
        key("store", Kind::Map(&STORE), "Where runs are kept.", "{ sqlite: data }"),
        key(
            "mode",
            Words(&["live", "observe"]),
            "`observe`: the whole site only observes.",
            "observe",
        ),
        key("pipelines", Text, "The folder of the pipelines.", "pipelines"),
        key("plugins", Text, "The folder of the plugins.", "plugins"),
        key(
            "values",
            Object,
            "Values that pipelines see as `site.<name>`.",
            "{ country: PL }",
        ),
        key(
            "connections",
            Named(&Kind::Map(&CONNECTION)),
            "The connections by name.",
            "{ orders: { plugin: orders } }",
        ),
        key(
            "brokers",
            Named(&Kind::Map(&BROKER)),
            "The brokers of messages (AMQP) by name.",
            "{ national: { url: amqps://broker.example, user: dragoman, password: env:BROKER_PASSWORD } }",
        ),
        key(
            "senders",
            Named(&Kind::Map(&SENDER)),
            "Who sends messages, and how that is known.",
            "{ partner: { bearer: env:PARTNER_TOKEN } }",
        ),
        key("ledgers", Named(&Nothing), "The ledgers by name.", "{ stock: {} }"),
        key(
            "events",
            Named(&Either(&[Schema, Operation])),
            "The events that pipelines may emit, and the shape of what each brings.",
            "{ order-shipped: { type: object, properties: { id: { type: string } } } }",
        ),
        key(
            "users",
            Named(&Kind::Map(&USER)),
            "People and services with an account.",
            "{ olga: { roles: [approver], password: file:olga.hash } }",
        ),
        key(
            "heads",
            Kind::Map(&HEADS),
            "Where the heads of the trail go.",
            "{ file: heads.jsonl, every: 1m }",
        ),
        key(
            "reconciliation",
            Kind::Map(&RECONCILIATION),
            "Which days are reconciled, and when.",
            "{ zone: Europe/Warsaw, after: 4h }",
        ),
        key(
            "retention",
            Kind::Map(&RETENTION),
            "How long messages are kept after the end of their runs; for ever where nothing is said.",
            "{ after: 2557d, pipelines: { notices: 90d } }",
        ),
        key(
            "limits",
            Kind::Map(&LIMITS),
            "Bounds of the site.",
            "{ message: 20MiB }",
        ),
    ],
);

static USER: Map = map(
    "user",
    "Somebody with an account.",
    &[
        key("name", Text, "The person's name, for the trail.", "Olga Nowak"),
        need(
            "roles",
            List(&Words(&["viewer", "operator", "approver", "administrator"])),
            "What they may do.",
            "[approver]",
        ),
        key(
            "password",
            Secret,
            "Where the hash of the password is; `dragoman user hash` makes it.",
            "file:olga.hash",
        ),
        key(
            "token",
            Secret,
            "Where the token of a service is.",
            "env:REGISTER_TOKEN",
        ),
    ],
);

static STORE: Map = map(
    "store",
    "Where runs are kept.",
    &[
        key("sqlite", Text, "The folder of the store.", "data"),
        key(
            "postgres",
            Kind::Map(&DATABASE),
            "The database that several machines share.",
            "{ url: postgresql://db.example/dragoman, user: dragoman, password: env:STORE_PASSWORD }",
        ),
        key(
            "encryption",
            List(&Secret),
            "Where the keys are with which messages are encrypted; the first encrypts, all decrypt.",
            "[file:store.key]",
        ),
    ],
)
.one_of(&["sqlite", "postgres"]);

static DATABASE: Map = map(
    "database",
    "A PostgreSQL database.",
    &[
        need("url", Text, "Host and database.", "postgresql://db.example/dragoman"),
        need("user", Text, "The user.", "dragoman"),
        key(
            "password",
            Secret,
            "Where the user's password is.",
            "env:STORE_PASSWORD",
        ),
        key(
            "schema",
            Text,
            "The schema, for several sites in one database.",
            "dragoman",
        ),
        key("folder", Text, "The folder of what stays on this machine.", "data"),
        key("private", Flag, "Without TLS, in a network of one's own.", "true"),
    ],
);

static LIMITS: Map = map(
    "site_limits",
    "Bounds of the site.",
    &[key("message", Size, "The largest message that is taken.", "20MiB")],
);

static HEADS: Map = map(
    "heads",
    "Where the heads of the trail go.",
    &[
        need("file", Text, "A file that is appended to.", "heads.jsonl"),
        key("every", Duration, "How often.", "1m"),
    ],
);

static RECONCILIATION: Map = map(
    "reconciliation",
    "Which days are reconciled, and when.",
    &[
        key(
            "zone",
            Text,
            "Whose days; those of UTC where nothing is said.",
            "Europe/Warsaw",
        ),
        key("after", Duration, "How long after a day's end.", "4h"),
    ],
);

static RETENTION: Map = map(
    "retention",
    "How long messages are kept after the end of their runs.",
    &[
        key("after", Duration, "Of pipelines that are not named here.", "2557d"),
        key(
            "pipelines",
            Named(&Duration),
            "Of pipelines by name.",
            "{ notices: 90d }",
        ),
    ],
);

static SENDER: Map = map(
    "sender",
    "Who sends messages, and how that is known.",
    &[
        key("bearer", Secret, "A token that it sends along.", "env:PARTNER_TOKEN"),
        key(
            "hmac",
            Kind::Map(&HMAC),
            "A signature of the body in a header (HMAC-SHA-256).",
            "{ secret: env:PARTNER_KEY, header: X-Signature }",
        ),
        key(
            "broker",
            Text,
            "The broker whose queues its messages come from; the broker says who may put them there.",
            "national",
        ),
        key("none", Flag, "It is not known at all.", "true"),
        key(
            "personal",
            Words(&["allowed", "denied"]),
            "Whether it may be answered personal data.",
            "allowed",
        ),
    ],
)
.one_of(&["bearer", "hmac", "broker", "none"]);

static BROKER: Map = map(
    "broker",
    "A broker of messages (AMQP 0-9-1), and how the site proves who it is.",
    &[
        need(
            "url",
            Text,
            "Scheme, host, port and virtual host, without user and password.",
            "amqps://broker.example/orders",
        ),
        need("user", Text, "The user.", "dragoman"),
        need("password", Secret, "The user's password.", "env:BROKER_PASSWORD"),
        key(
            "prefetch",
            Whole(1, 10_000),
            "How many messages of a queue may be held unacknowledged at once; 50 where nothing is said.",
            "50",
        ),
        key(
            "deliveries",
            Whole(1, 1_000),
            "How often a message may be delivered without being taken, before it is rejected; 10 where nothing is said.",
            "10",
        ),
        key(
            "private",
            Flag,
            "The network on the way is the operator's own: `amqp://`, without TLS, is allowed.",
            "true",
        ),
    ],
);

static HMAC: Map = map(
    "hmac",
    "A signature of the body in a header.",
    &[
        need("secret", Secret, "The secret.", "env:PARTNER_KEY"),
        need("header", Text, "The header.", "X-Signature"),
    ],
);

static CONNECTION: Map = map(
    "connection",
    "A plugin, what it is told, and what it may reach.",
    &[
        need("plugin", Text, "A name in the folder of plugins, or a path.", "orders"),
        key(
            "mode",
            Words(&["live", "observe"]),
            "`observe`: this connection only observes.",
            "observe",
        ),
        key(
            "settle",
            Duration,
            "How long after it was sent a request can still take effect at this partner.",
            "20s",
        ),
        key(
            "personal",
            Words(&["allowed", "denied"]),
            "Whether personal data may go there.",
            "allowed",
        ),
        key(
            "config",
            Object,
            "Its configuration, checked by the plugin.",
            "{ country: PL }",
        ),
        key("config_file", Text, "A file with its configuration.", "orders.json"),
        key(
            "endpoints",
            Named(&Kind::Map(&ENDPOINT)),
            "What it may reach, by name.",
            "{ api: { url: https://partner.example/api } }",
        ),
        key(
            "credentials",
            Named(&Either(&[Secret, Named(&Secret)])),
            "Credentials by name: a secret, or parts.",
            "{ signing: file:key.pem }",
        ),
        key(
            "limits",
            Kind::Map(&CALL_LIMITS),
            "Limits of its calls.",
            "{ cpu: 1s, wall: 30s, memory: 64MiB }",
        ),
    ],
);

static ENDPOINT: Map = map(
    "endpoint",
    "What a plugin may reach under a name, and what the host adds.",
    &[
        need("url", Text, "Scheme, host and path.", "https://partner.example/api"),
        key(
            "methods",
            List(&Words(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])),
            "The methods that are granted; all where nothing is said.",
            "[GET, POST]",
        ),
        key(
            "private",
            Flag,
            "The address may be a private or a loopback one.",
            "true",
        ),
        key(
            "trust_safe",
            Flag,
            "Whether the other side's safe methods are trusted to be safe.",
            "false",
        ),
        key(
            "auth",
            Kind::Map(&AUTH),
            "What the host adds to a request.",
            "{ bearer: env:PARTNER_TOKEN }",
        ),
        key(
            "idempotency_header",
            Text,
            "The header that carries the key of a request that must not be done twice.",
            "Idempotency-Key",
        ),
        key("timeout", Duration, "Of a whole request.", "30s"),
        key("max_response", Size, "The largest answer.", "20MiB"),
        key("concurrency", Whole(1, 10_000), "Requests under way at once.", "8"),
    ],
);

static AUTH: Map = map(
    "auth",
    "What the host adds to a request.",
    &[
        key("bearer", Secret, "`Authorization: Bearer ...`.", "env:PARTNER_TOKEN"),
        key(
            "basic",
            Kind::Map(&BASIC),
            "`Authorization: Basic ...`.",
            "{ user: dragoman, password: env:PARTNER_PASSWORD }",
        ),
        key(
            "header",
            Kind::Map(&HEADER),
            "A header of its own.",
            "{ name: X-Api-Key, value: env:PARTNER_KEY }",
        ),
    ],
)
.one_of(&["bearer", "basic", "header"]);

static BASIC: Map = map(
    "basic",
    "User and password.",
    &[
        need("user", Text, "The user.", "dragoman"),
        need("password", Secret, "The password.", "env:PARTNER_PASSWORD"),
    ],
);

static HEADER: Map = map(
    "header",
    "A header.",
    &[
        need("name", Text, "Its name.", "X-Api-Key"),
        need("value", Secret, "Its value.", "env:PARTNER_KEY"),
    ],
);

static CALL_LIMITS: Map = map(
    "call_limits",
    "Limits of the calls of a connection.",
    &[
        key("cpu", Duration, "CPU time of a call.", "1s"),
        key("wall", Duration, "Wall time of a call.", "30s"),
        key("memory", Size, "Memory of an instance.", "64MiB"),
        key("calls", Whole(1, 10_000_000), "Calls of the host.", "1000"),
        key("log", Size, "What a call may write to the log.", "64KiB"),
        key("output", Size, "The largest output.", "4MiB"),
    ],
);
