//! The keys at the top of a site file.

use std::sync::Arc;

use dragoman_model::{Diagnostic, Source, Span, Value};
use serde_json::Map;

use super::broker::{self, brokers};
use super::connection::{connections, personal};
use super::secret::secret;
use super::store;
use super::users::users;
use super::{Heads, Reconciliation, Retention, Sender, Site, Store};
use crate::fields::Fields;
use crate::pipeline::{SaidShape, shape, version};
use crate::reading::Reading;
use crate::yaml::{Node, NodeKind, shorten};
use crate::{Spanned, codes};

/// The largest message that is taken where nothing is said, in bytes.
const LARGEST_MESSAGE: u64 = 20 << 20;
/// How often the heads are written where nothing is said, in milliseconds.
const EVERY_MS: u64 = 60_000;

pub(super) fn site(reading: &mut Reading, source: &Arc<Source>, root: &Node) -> Option<Site> {
    let mut fields = reading.fields(root, "a site file", "with `dragoman: 1` in its first line")?;
    version(reading, &mut fields);
    let name = fields
        .need(reading, "site", "the-name-of-the-site")
        .and_then(|n| reading.text(n, "the-name-of-the-site"));
    let listen = text_or(reading, &mut fields, root, "listen", "127.0.0.1:8080");
    address(reading, &listen);
    let folder = || Spanned::new(store::FOLDER.into(), beginning(root));
    let store = fields.take("store").and_then(|n| store::store(reading, n, folder()));
    let observe = fields
        .take("mode")
        .and_then(|n| reading.word(n, &[("observe", true), ("live", false)]));
    let pipelines = text_or(reading, &mut fields, root, "pipelines", "pipelines");
    let plugins = text_or(reading, &mut fields, root, "plugins", "plugins");
    let values = object(reading, &mut fields, "values", "the values");
    let connections = given(&mut fields, "connections").map_or_else(Vec::new, |n| connections(reading, n));
    let said_brokers = given(&mut fields, "brokers");
    let brokers = said_brokers.map_or_else(Vec::new, |n| brokers(reading, n));
    let mut personal_senders = Vec::new();
    let senders = given(&mut fields, "senders").map_or_else(Vec::new, |n| senders(reading, n, &mut personal_senders));
    broker::unknown(reading, &senders, &brokers, &names(said_brokers));
    let ledgers = given(&mut fields, "ledgers").map_or_else(Vec::new, |n| ledgers(reading, n));
    let events = given(&mut fields, "events").map_or_else(Vec::new, |n| events(reading, n));
    let users = given(&mut fields, "users").map_or_else(Vec::new, |n| users(reading, n));
    let heads = fields.take("heads").and_then(|n| heads(reading, n));
    let reconciliation = given(&mut fields, "reconciliation").map(|n| reconciliation(reading, n));
    let retention = given(&mut fields, "retention").map(|n| retention(reading, n));
    let largest_message = fields.take("limits").and_then(|n| limits(reading, n));
    fields.finish(reading);
    Some(Site {
        source: source.clone(),
        name: name?,
        listen,
        store: store.unwrap_or_else(|| Store {
            folder: folder(),
            database: None,
            encryption: Vec::new(),
        }),
        observe: observe.is_some_and(|o| o.value),
        pipelines,
        plugins,
        values,
        connections,
        brokers,
        senders,
        personal_senders,
        ledgers,
        events,
        users,
        heads,
        reconciliation: reconciliation.unwrap_or_default(),
        retention: retention.unwrap_or_default(),
        largest_message: largest_message.unwrap_or(LARGEST_MESSAGE),
    })
}

/// What stands at a key that may be there and say nothing.
fn given<'a>(fields: &mut Fields<'a>, key: &'static str) -> Option<&'a Node> {
    fields.take(key).filter(|n| !n.is_null())
}

/// The keys of a mapping, whatever is wrong with what stands there.
fn names(node: Option<&Node>) -> Vec<String> {
    match node.map(|node| &node.kind) {
        Some(NodeKind::Mapping(mapping)) => mapping.entries.iter().map(|e| e.key.value.clone()).collect(),
        _ => Vec::new(),
    }
}

fn beginning(root: &Node) -> Span {
    Span::new(&root.span.source, root.span.range.start..root.span.range.start)
}

fn text_or(
    reading: &mut Reading,
    fields: &mut Fields<'_>,
    root: &Node,
    key: &'static str,
    default: &str,
) -> Spanned<String> {
    let said = fields.take(key).and_then(|n| reading.text(n, default));
    said.unwrap_or_else(|| Spanned::new(default.into(), beginning(root)))
}

fn address(reading: &mut Reading, listen: &Spanned<String>) {
    if listen.parse::<std::net::SocketAddr>().is_err() {
        let message = format!("`{}` is not an address with a port", shorten(&listen.value));
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, listen.span.clone(), message)
                .help("write, for example, `127.0.0.1:8080`"),
        );
    }
}

fn object(reading: &mut Reading, fields: &mut Fields<'_>, key: &'static str, what: &str) -> Value {
    match fields.take(key) {
        Some(node) if matches!(node.kind, NodeKind::Mapping(_)) => reading.value(node),
        Some(node) if !node.is_null() => {
            reading.wrong_type(node, "a mapping", &format!("write {what} as keys and values"));
            Value::Object(Map::new())
        }
        _ => Value::Object(Map::new()),
    }
}

fn senders(reading: &mut Reading, node: &Node, personal: &mut Vec<String>) -> Vec<(Spanned<String>, Sender)> {
    let Some(fields) = reading.fields(node, "the senders", "`{ partner: { bearer: env:PARTNER_TOKEN } }`") else {
        return Vec::new();
    };
    let mut senders = Vec::new();
    for entry in fields.entries() {
        let good = reading.check_name(&entry.key, "_-");
        let mut allowed = false;
        if let Some(sender) = sender(reading, &entry.value, &mut allowed).filter(|_| good) {
            if allowed {
                personal.push(entry.key.value.clone());
            }
            senders.push((entry.key.clone(), sender));
        }
    }
    senders
}

fn sender(reading: &mut Reading, node: &Node, allowed: &mut bool) -> Option<Sender> {
    let mut fields = reading.fields(node, "a sender", "`{ bearer: env:PARTNER_TOKEN }`")?;
    let heading = fields.heading();
    let bearer = fields.take("bearer");
    let hmac = fields.take("hmac");
    let broker = fields.take("broker");
    let none = fields.take("none");
    let said = fields.take("personal").and_then(|n| personal(reading, n));
    *allowed = said.is_some_and(|said| said.value);
    fields.finish(reading);
    match (bearer, hmac, broker, none) {
        (Some(node), None, None, None) => secret(reading, node).map(Sender::Bearer),
        (None, None, Some(node), None) => reading.text(node, "national").map(Sender::Broker),
        (None, Some(node), None, None) => {
            let mut fields = reading.fields(node, "`hmac`", "`{ secret: env:NAME, header: X-Signature }`")?;
            let found = fields
                .need(reading, "secret", "env:NAME")
                .and_then(|n| secret(reading, n));
            let header = fields
                .need(reading, "header", "X-Signature")
                .and_then(|n| reading.text(n, "X-Signature"));
            fields.finish(reading);
            Some(Sender::Hmac {
                secret: found?,
                header: header?.value,
            })
        }
        (None, None, None, Some(node)) => {
            let said = reading.flag(node)?;
            if !said.value {
                let message = "`none: false` says nothing about how this sender is known";
                reading.push(
                    Diagnostic::error(codes::WRONG_VALUE, said.span, message)
                        .help("write `bearer:` or `hmac:`, or `none: true`"),
                );
                return None;
            }
            Some(Sender::Unauthenticated)
        }
        (None, None, None, None) => {
            reading.missing(heading, "a sender", "bearer", "env:PARTNER_TOKEN");
            None
        }
        _ => {
            let message = "a sender says one of `bearer`, `hmac`, `broker` and `none`";
            reading.push(Diagnostic::error(codes::STEP_WORD, heading, message).help("take the others away"));
            None
        }
    }
}

fn ledgers(reading: &mut Reading, node: &Node) -> Vec<Spanned<String>> {
    let Some(fields) = reading.fields(node, "the ledgers", "`{ stock: {} }`") else {
        return Vec::new();
    };
    let mut ledgers = Vec::new();
    for entry in fields.entries() {
        if !entry.value.is_null()
            && let Some(inner) = reading.fields(&entry.value, "a ledger", "`stock: {}`")
        {
            inner.finish(reading);
        }
        if reading.check_name(&entry.key, "_-") {
            ledgers.push(entry.key.clone());
        }
    }
    ledgers
}

fn events(reading: &mut Reading, node: &Node) -> Vec<(Spanned<String>, SaidShape)> {
    let Some(fields) = reading.fields(node, "the events", "`{ order-shipped: { type: object } }`") else {
        return Vec::new();
    };
    let mut events = Vec::new();
    for entry in fields.entries() {
        let good = reading.check_name(&entry.key, "_-");
        if let Some(shape) = shape(reading, &entry.value).filter(|_| good) {
            events.push((entry.key.clone(), shape));
        }
    }
    events
}

fn heads(reading: &mut Reading, node: &Node) -> Option<Heads> {
    let mut fields = reading.fields(node, "`heads`", "`{ file: heads.jsonl, every: 1m }`")?;
    let file = fields
        .need(reading, "file", "heads.jsonl")
        .and_then(|n| reading.text(n, "heads.jsonl"));
    let every = fields.take("every").and_then(|n| reading.duration(n));
    fields.finish(reading);
    Some(Heads {
        file: file?,
        every_ms: every.map_or(EVERY_MS, |e| e.value.max(1_000)),
    })
}

fn reconciliation(reading: &mut Reading, node: &Node) -> Reconciliation {
    let example = "`{ zone: Europe/Warsaw, after: 4h }`";
    let Some(mut fields) = reading.fields(node, "the reconciliation", example) else {
        return Reconciliation::default();
    };
    let zone = fields.take("zone").and_then(|n| reading.text(n, "Europe/Warsaw"));
    let after = fields.take("after").and_then(|n| reading.duration(n));
    fields.finish(reading);
    Reconciliation {
        zone,
        after_ms: after.map(|after| after.value),
    }
}

fn retention(reading: &mut Reading, node: &Node) -> Retention {
    let example = "`{ after: 2557d, pipelines: { notices: 90d } }`";
    let Some(mut fields) = reading.fields(node, "the retention", example) else {
        return Retention::default();
    };
    let after = fields.take("after").and_then(|n| reading.some_time(n, "2557d"));
    let named = fields.take("pipelines");
    fields.finish(reading);
    let mut pipelines = Vec::new();
    if let Some(named) = named.and_then(|n| reading.fields(n, "periods of pipelines", "`{ notices: 90d }`")) {
        for entry in named.entries() {
            let period = reading.some_time(&entry.value, "90d");
            pipelines.extend(period.map(|period| (entry.key.clone(), period.value)));
        }
    }
    Retention {
        after_ms: after.map(|after| after.value),
        pipelines,
    }
}

fn limits(reading: &mut Reading, node: &Node) -> Option<u64> {
    let mut fields = reading.fields(node, "the limits", "`{ message: 20MiB }`")?;
    let message = fields.take("message").and_then(|n| reading.size(n));
    fields.finish(reading);
    message.map(|m| m.value)
}
