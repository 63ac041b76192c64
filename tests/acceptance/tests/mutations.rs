//! The shipped pipelines with the shapes of the built connectors: changed a thousand times as an editor changes them, and
//! with each operation, field and step misspelt in its turn.

#[path = "../../../runtime/plan/tests/language/changes.rs"]
mod changes;

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_acceptance::Error;
use dragoman_acceptance::country::PATIENCE;
use dragoman_manifest::{Site, parse_site};
use dragoman_model::{Diagnostic, OperationEffect, Source};
use dragoman_plan::World;
use dragoman_schema::{DescribedOperation, Descriptor, Surface};
use dragoman_support::process::{Launch, dragoman, target_folder, workspace_root};
use serde_json::Value;

use changes::{Numbers, changed, said, told_badly};

/// How many changes are tried.
const CHANGES: usize = 1_000;

/// What a built plugin offers, as `dragoman plugin inspect` says.
async fn surface(plugin: &str) -> Result<Arc<Surface>, Error> {
    let target = std::env::var("CARGO_TARGET_DIR").map_or(workspace_root().join("target"), Into::into);
    let file = target.join("plugins").join(format!("{plugin}.wasm"));
    let inspect = Launch::new(dragoman()?)
        .args(["plugin", "inspect", file.to_str().unwrap_or_default(), "--json"])
        .env("XDG_CACHE_HOME", target_folder().join("caches"));
    let said: Value = serde_json::from_str(&inspect.run(PATIENCE).await?.out)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
    let mut operations = Vec::new();
    for (name, operation) in said["operations"].as_object().into_iter().flatten() {
        operations.push(DescribedOperation {
            name: name.clone(),
            summary: text(&operation["summary"]),
            input_schema: operation["input"].to_string(),
            output_schema: operation["output"].to_string(),
            effect: serde_json::from_value::<OperationEffect>(operation["effect"].clone())?,
            has_probe: operation["has_probe"] == true,
            undo: operation["undo"].as_str().map(str::to_owned),
            documents: list(&operation["documents"]),
            codes: list(&operation["codes"]),
        });
    }
    let descriptor = Descriptor {
        name: text(&said["name"]),
        version: text(&said["version"]),
        config_schema: said["config"].to_string(),
        endpoints: list(&said["endpoints"]),
        credentials: list(&said["credentials"]),
        operations,
        ..Descriptor::default()
    };
    let (surface, _) = Surface::from_descriptor(text(&said["digest"]).parse()?, descriptor)?;
    Ok(Arc::new(surface))
}

/// The site of the demonstration, with what its plugins offer.
async fn world() -> Result<World, Error> {
    let file = workspace_root().join("examples/export/dragoman.yaml");
    let (site, _) = parse_site(Source::new("dragoman.yaml", std::fs::read_to_string(file)?));
    let site: Site = site.ok_or("the site of the demonstration cannot be read")?;
    let mut world = World {
        ledgers: site.ledgers.iter().map(|ledger| ledger.value.clone()).collect(),
        senders: site.senders.iter().map(|(name, _)| name.value.clone()).collect(),
        site: site.values.clone(),
        ..World::default()
    };
    for (name, connection) in &site.connections {
        world = world.with_connection(&name.value, surface(&connection.plugin.value).await?);
        if let Some(known) = world.connections.get_mut(&name.value) {
            known.personal = connection.personal.as_ref().is_some_and(|said| said.value);
        }
    }
    Ok(world)
}

/// The shipped pipelines by name.
fn pipelines() -> Result<BTreeMap<String, String>, Error> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(workspace_root().join("pipelines"))? {
        let entry = entry?;
        if let Ok(text) = std::fs::read_to_string(entry.path().join("pipeline.yaml")) {
            found.insert(entry.file_name().to_string_lossy().into_owned(), text);
        }
    }
    Ok(found)
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The places of the words that lead to something which the connectors say: operations behind `call:` and `read:`, and
/// what follows `steps.` and `trigger.message.` in an expression, part by part.
fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut words = Vec::new();
    for begin in ["call: ", "read: ", "steps.", "trigger.message."] {
        for (at, _) in text.match_indices(begin) {
            let mut from = at + begin.len();
            // What is written in a comment, and a longer word that ends so, is none of it.
            let line = text[..at].rsplit('\n').next().unwrap_or_default();
            if line.contains('#') || text[..at].ends_with(is_name) {
                continue;
            }
            loop {
                let length = text[from..].find(|c| !is_name(c)).unwrap_or(text.len() - from);
                let end = from + length;
                // A function is no field.
                if length == 0 || text[end..].starts_with('(') {
                    break;
                }
                words.push(from..end);
                if !text[end..].starts_with('.') {
                    break;
                }
                from = end + 1;
            }
        }
    }
    words.sort_by_key(|word| word.start);
    words.dedup();
    words
}

/// The text with a letter of a word doubled where that is another word, else with two swapped.
fn misspelt(text: &str, word: &std::ops::Range<usize>) -> String {
    let middle = word.start + (word.len() - 1) / 2;
    let letter = &text[middle..=middle];
    format!("{}{letter}{}", &text[..middle], &text[middle..])
}

/// Whether one of the mistakes that are told stands in the word, with what to write.
fn is_told(found: &[Diagnostic], word: &std::ops::Range<usize>) -> bool {
    found.iter().any(|diagnostic| {
        let span = diagnostic.span.as_ref();
        let at = span.is_some_and(|span| (word.start..=word.end).contains(&span.range.start));
        at && !diagnostic.help.is_empty()
    })
}

#[tokio::test]
async fn a_thousand_changes_are_told_with_the_shapes_of_the_connectors() -> Result<(), Error> {
    let (world, pipelines) = (world().await?, pipelines()?);
    let seeds: Vec<&String> = pipelines.values().collect();
    let mut numbers = Numbers(20_261_122);
    let (mut wrong, mut told) = (Vec::new(), 0);
    for number in 0..CHANGES {
        let (what, text) = changed(seeds[number % seeds.len()], &mut numbers);
        let (found, badly) = told_badly(&text, &world);
        told += usize::from(found > 0);
        wrong.extend(badly.map(|badly| format!("{what}: {badly}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(told > CHANGES / 2, "only {told} changes of {CHANGES} were seen");
    Ok(())
}

#[tokio::test]
async fn each_word_that_a_connector_says_is_told_where_it_is_misspelt() -> Result<(), Error> {
    let world = world().await?;
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (name, text) in pipelines()? {
        let (found, _) = said(&text, &world);
        assert!(found.is_empty(), "{name} as it is shipped: {}", found[0].render(false));
        for word in words(&text) {
            tried += 1;
            let (found, _) = said(&misspelt(&text, &word), &world);
            if !is_told(&found, &word) {
                let line = text[..word.start].matches('\n').count() + 1;
                let told: Vec<String> = found.iter().map(|d| d.render(false)).collect();
                wrong.push(format!("{name}:{line} `{}`: {}", &text[word], told.join("\n")));
            }
        }
    }
    assert!(tried >= 150, "only {tried} words");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
