//! Connections: a plugin, what it is told, and what it may reach.

use dragoman_model::{Diagnostic, Value};
use serde_json::Map;

use super::endpoint::endpoint;
use super::secret::secret;
use super::{CallLimits, Connection, Credential};
use crate::reading::Reading;
use crate::yaml::{Node, NodeKind};
use crate::{Spanned, codes};

pub(super) fn connections(reading: &mut Reading, node: &Node) -> Vec<(Spanned<String>, Connection)> {
    let Some(fields) = reading.fields(node, "the connections", "`{ orders: { plugin: orders } }`") else {
        return Vec::new();
    };
    let mut connections = Vec::new();
    for entry in fields.entries() {
        let good = reading.check_name(&entry.key, "_-");
        if let Some(connection) = connection(reading, &entry.value).filter(|_| good) {
            connections.push((entry.key.clone(), connection));
        }
    }
    connections
}

fn connection(reading: &mut Reading, node: &Node) -> Option<Connection> {
    let mut fields = reading.fields(node, "a connection", "`{ plugin: orders }`")?;
    let heading = fields.heading();
    let plugin = fields
        .need(reading, "plugin", "orders")
        .and_then(|n| reading.text(n, "orders"));
    let config = fields.take("config").filter(|n| !n.is_null());
    let config_file = fields.take("config_file").and_then(|n| reading.text(n, "orders.json"));
    if let (Some(node), Some(file)) = (config, &config_file) {
        reading.push(
            Diagnostic::error(
                codes::DUPLICATE_KEY,
                file.span.clone(),
                "the configuration is said twice",
            )
            .label(crate::reading::first_line(node), "it is said here too")
            .help("take `config` or `config_file` away"),
        );
    }
    let config = match config {
        Some(node) if matches!(node.kind, NodeKind::Mapping(_)) => Spanned::new(reading.value(node), node.span.clone()),
        Some(node) => {
            reading.wrong_type(node, "a mapping", "write the configuration as keys and values");
            return None;
        }
        None => Spanned::new(Value::Object(Map::new()), heading),
    };
    let observe = fields
        .take("mode")
        .and_then(|n| reading.word(n, &[("observe", true), ("live", false)]));
    let settle = fields.take("settle").and_then(|n| settle(reading, n));
    let personal = fields.take("personal").and_then(|n| personal(reading, n));
    let endpoints = fields.take("endpoints").map_or_else(Vec::new, |n| {
        named(
            reading,
            n,
            "the endpoints",
            "`{ api: { url: https://partner.example } }`",
            endpoint,
        )
    });
    let credentials = fields.take("credentials").map_or_else(Vec::new, |n| {
        named(reading, n, "the credentials", "`{ signing: file:key.pem }`", credential)
    });
    let limits = fields
        .take("limits")
        .map_or_else(CallLimits::default, |n| limits(reading, n));
    fields.finish(reading);
    Some(Connection {
        plugin: plugin?,
        config,
        config_file,
        observe: observe.is_some_and(|o| o.value),
        settle_ms: settle,
        personal,
        endpoints,
        credentials,
        limits,
    })
}

/// Whether personal data may go there.
pub(super) fn personal(reading: &mut Reading, node: &Node) -> Option<Spanned<bool>> {
    reading.word(node, &[("allowed", true), ("denied", false)])
}

/// How long a request may still take effect. No network keeps the promise of nothing: what was sent may be on its way.
fn settle(reading: &mut Reading, node: &Node) -> Option<u64> {
    let settle = reading.duration(node)?.value;
    if settle == 0 {
        reading.push(
            Diagnostic::error(
                codes::MEASURE,
                node.span.clone(),
                "a request that was sent can still take effect",
            )
            .help("write how long at most, for example `20s`, or leave `settle` out: then it is as the plugin says"),
        );
        return None;
    }
    Some(settle)
}

/// A mapping from names to values of one kind. Names of endpoints may have capitals: `partner-CH`.
fn named<T>(
    reading: &mut Reading,
    node: &Node,
    what: &'static str,
    example: &str,
    read: fn(&mut Reading, &Node) -> Option<T>,
) -> Vec<(Spanned<String>, T)> {
    let Some(fields) = reading.fields(node, what, example) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for entry in fields.entries() {
        let good = reading.check_name_with(&entry.key, "_-.", true);
        if let Some(value) = read(reading, &entry.value).filter(|_| good) {
            all.push((entry.key.clone(), value));
        }
    }
    all
}

/// A credential: one secret, or several parts.
fn credential(reading: &mut Reading, node: &Node) -> Option<Credential> {
    let NodeKind::Mapping(mapping) = &node.kind else {
        return secret(reading, node).map(|secret| Credential {
            parts: vec![("value".to_owned(), secret)],
        });
    };
    let parts = mapping.entries.iter();
    let parts: Vec<_> = parts
        .map(|e| secret(reading, &e.value).map(|s| (e.key.value.clone(), s)))
        .collect();
    parts
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .map(|parts| Credential { parts })
}

fn limits(reading: &mut Reading, node: &Node) -> CallLimits {
    let Some(mut fields) = reading.fields(node, "the limits", "`{ cpu: 1s, wall: 30s, memory: 64MiB }`") else {
        return CallLimits::default();
    };
    let limits = CallLimits {
        cpu_ms: fields.take("cpu").and_then(|n| reading.duration(n)).map(|v| v.value),
        wall_ms: fields.take("wall").and_then(|n| reading.duration(n)).map(|v| v.value),
        memory: fields.take("memory").and_then(|n| reading.size(n)).map(|v| v.value),
        calls: fields
            .take("calls")
            .and_then(|n| reading.whole(n, 1, 10_000_000))
            .map(|v| v.value),
        log: fields.take("log").and_then(|n| reading.size(n)).map(|v| v.value),
        output: fields.take("output").and_then(|n| reading.size(n)).map(|v| v.value),
    };
    fields.finish(reading);
    limits
}
