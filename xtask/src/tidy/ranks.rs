//! Cargo edges go only to a lower rank.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell::cargo;

/// The rooms with their ranks, from what knows least to what knows all. A room on the same rank is a stranger.
/// The SDK stands before the runtime: it depends on nothing in it. Adding an edge that is not downward means
/// changing this table, on its own.
const RANKS: &[(&str, u32)] = &[
    ("dragoman-guest-macros", 0),
    ("dragoman-xml", 0),
    ("dragoman-component", 0),
    ("dragoman-guest", 1),
    ("dragoman-documents", 1),
    ("dragoman-model", 10),
    ("dragoman-manifest", 11),
    ("dragoman-calendar", 11),
    ("dragoman-schema", 11),
    ("dragoman-expression", 12),
    ("dragoman-plan", 13),
    ("dragoman-journal", 13),
    ("dragoman-security", 13),
    ("dragoman-graph", 14),
    ("dragoman-engine", 14),
    ("dragoman-journals-sqlite", 14),
    ("dragoman-journals-postgres", 14),
    ("dragoman-cases", 15),
    ("dragoman-host", 15),
    ("dragoman-transports-http", 16),
    ("dragoman-transports-files", 16),
    ("dragoman-transports-schedule", 16),
    ("dragoman-transports-amqp", 16),
    ("dragoman-server", 18),
    ("dragoman-cli", 19),
    ("dragoman-support", 20),
    ("dragoman-simulation", 20),
    ("dragoman-acceptance", 21),
    ("dragoman-xtask", 22),
    // Connectors know the SDK and nothing else.
    ("dragoman-guest-echo", 5),
    ("dragoman-guest-hostile", 5),
    ("wco-customs", 5),
    ("ecites", 5),
    ("cites-rules", 5),
    ("epix", 5),
    ("partner-gateway", 5),
    ("species-plus", 5),
    ("dragoman-telemetry", 16),
    ("dragoman-console", 17),
];

/// From this rank on there are only tests and tasks.
const TESTS: u32 = 20;
/// Libraries that one room alone knows, so that another can take their place: the invariants of `ARCHITECTURE.md`.
const KNOWN_TO: [(&str, &str); 6] = [
    ("serde-saphyr", "dragoman-manifest"),
    ("cel", "dragoman-expression"),
    ("wasmtime", "dragoman-host"),
    ("rusqlite", "dragoman-journals-"),
    ("tokio-postgres", "dragoman-journals-"),
    ("lapin", "dragoman-transports-amqp"),
];

/// Reads `cargo metadata` and compares.
pub(super) fn check() -> Result<Vec<String>> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata gives no JSON")?;
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(rank) = rank(name) else {
            findings.push(format!("{name}: has no rank; give it one in xtask/src/tidy/ranks.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let stranger = |(library, room): &&(&str, &str)| *library == used && !name.starts_with(room);
            // Tests look from outside, at whatever they must.
            if rank < TESTS
                && let Some((_, room)) = KNOWN_TO.iter().find(stranger)
            {
                findings.push(format!("{name}: depends on {used}, which only {room} knows"));
            }
            // Tests may look up: only what is shipped has ranks.
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            let to = dependency["name"].as_str().unwrap_or_default();
            if let Some(lower) = self::rank(to)
                && lower >= rank
            {
                findings.push(format!(
                    "{name} (rank {rank}) depends on {to} (rank {lower}): edges go only to a lower rank"
                ));
            }
        }
    }
    Ok(findings)
}

fn rank(name: &str) -> Option<u32> {
    RANKS.iter().find(|(n, _)| *n == name).map(|(_, rank)| *rank)
}
