//! Parser and tables know the same keys, in every mapping of every kind of file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dragoman_model::{Diagnostic, Source, Value};
use serde_json::{Map as Members, json};

use super::{ANSWER, BLOCK, Document, Key, Kind, Map, STEP, json_schema};
use crate::reading::Reading;
use crate::yaml;

const DOCUMENTS: [Document; 3] = [Document::Pipeline, Document::Site, Document::Case];

fn parse(document: Document, text: &str) -> Vec<Diagnostic> {
    let source = Source::new("test.yaml", text);
    match document {
        Document::Pipeline => crate::parse_pipeline(source).1,
        Document::Site => crate::parse_site(source).1,
        Document::Case => crate::cases::parse_case(source).1,
    }
}

fn value(text: &str) -> Value {
    let (node, found) = yaml::read(&Source::new("example", text));
    assert!(found.is_empty(), "{text}: {found:?}");
    node.map_or(Value::Null, |node| Reading::default().value(&node))
}

/// A mapping with what it needs, so that further keys can be put into it.
fn base(map: &'static Map, word: Option<&str>) -> Members<String, Value> {
    let mut members = Members::new();
    for key in map.keys.iter().filter(|k| k.needed) {
        members.insert(key.name.into(), value(key.example));
    }
    let chosen = match map.name {
        "answer" => Some("output"),
        "block_map" => Some("value"),
        _ => word.or(map.one_of.first().copied()),
    };
    if let Some(key) = chosen.and_then(|name| map.key(name)) {
        members.insert(key.name.into(), value(key.example));
        if key.name == "each" {
            members.insert("as".into(), json!("line"));
            members.insert("steps".into(), json!([]));
        }
    }
    members
}

/// The way from a file to a mapping in it: the keys, and the kinds that stand behind them.
type Way = Vec<(&'static Map, &'static Key)>;

/// Every mapping of a kind of file, with one way to it.
fn maps(document: Document) -> Vec<(&'static Map, Way)> {
    let mut found: Vec<(&'static Map, Way)> = vec![(document.root(), Vec::new())];
    let mut at = 0;
    while let Some((map, way)) = found.get(at).cloned() {
        for key in map.keys {
            for inner in inside(&key.kind) {
                if !found.iter().any(|(m, _)| m.name == inner.name) {
                    let mut way = way.clone();
                    way.push((map, key));
                    found.push((inner, way));
                }
            }
        }
        at += 1;
    }
    found
}

fn inside(kind: &'static Kind) -> Vec<&'static Map> {
    match kind {
        Kind::Map(map) => vec![map],
        Kind::List(kind) | Kind::Named(kind) => inside(kind),
        Kind::Either(kinds) => kinds.iter().flat_map(inside).collect(),
        Kind::Steps => vec![&STEP],
        Kind::Block | Kind::Handler => vec![&STEP, &BLOCK],
        Kind::Answer => vec![&ANSWER],
        _ => Vec::new(),
    }
}

/// A value of a kind with a mapping in it.
fn wrapped(kind: &Kind, map: &'static Map, members: &Value) -> Option<Value> {
    match kind {
        Kind::Map(found) => (found.name == map.name).then(|| members.clone()),
        Kind::List(kind) => wrapped(kind, map, members).map(|v| json!([v])),
        // Names of answers have a dot, all others have none.
        Kind::Named(Kind::Answer) => (map.name == "answer").then(|| json!({ "some.name": members })),
        Kind::Named(kind) => wrapped(kind, map, members).map(|v| json!({ "some": v })),
        Kind::Either(kinds) => kinds.iter().find_map(|k| wrapped(k, map, members)),
        Kind::Steps => (map.name == "step").then(|| json!([members])),
        Kind::Block | Kind::Handler => ["step", "block_map"].contains(&map.name).then(|| members.clone()),
        _ => None,
    }
}

/// A whole file in which a mapping stands at the end of a way.
fn file(map: &'static Map, way: &Way, members: Members<String, Value>) -> Value {
    let mut inner = (map, Value::Object(members));
    for (outer, key) in way.iter().rev() {
        let word = key
            .beside
            .first()
            .copied()
            .or(outer.one_of.contains(&key.name).then_some(key.name));
        let mut around = base(outer, word);
        let value = wrapped(&key.kind, inner.0, &inner.1).unwrap_or_else(|| panic!("{} in {}", inner.0.name, key.name));
        around.insert(key.name.into(), value);
        inner = (outer, Value::Object(around));
    }
    inner.1
}

/// The words beside which a key of a step stands; of other mappings there is none.
fn words(map: &'static Map) -> Vec<Option<&'static str>> {
    if map.name == "step" {
        map.one_of.iter().map(|w| Some(*w)).collect()
    } else {
        vec![None]
    }
}

/// The keys that the parser names where one is not known.
fn named(diagnostics: &[Diagnostic]) -> Option<BTreeSet<String>> {
    let help = diagnostics
        .iter()
        .filter(|d| d.code.id == "D0101" && d.message.contains("qqqqqqqq"))
        .flat_map(|d| &d.help)
        .find(|h| h.starts_with("the keys of"))?;
    let (_, keys) = help.split_once(" are: ")?;
    Some(keys.split(", ").map(str::to_owned).collect())
}

#[test]
fn parser_and_tables_know_the_same_keys() {
    let mut wrong = Vec::new();
    for document in DOCUMENTS {
        for (map, way) in maps(document) {
            for word in words(map) {
                let mut members = base(map, word);
                members.insert("qqqqqqqq".into(), json!(1));
                let text = file(map, &way, members).to_string();
                let diagnostics = parse(document, &text);
                let expected: BTreeSet<String> = map
                    .keys
                    .iter()
                    .filter(|k| map.name != "step" || !map.one_of.contains(&k.name))
                    .filter(|k| k.beside.is_empty() || word.is_some_and(|w| k.beside.contains(&w)))
                    .map(|k| k.name.to_owned())
                    .collect();
                match named(&diagnostics) {
                    Some(mut keys) => {
                        keys.retain(|k| word.is_none_or(|w| w != k));
                        if map.name == "block_map" {
                            // A step stands there as well.
                            keys.retain(|k| !STEP.one_of.contains(&k.as_str()));
                        }
                        if keys != expected {
                            wrong.push(format!(
                                "{document:?} {} {word:?}:\n  parser {keys:?}\n  tables {expected:?}",
                                map.name
                            ));
                        }
                    }
                    None => {
                        let told: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
                        wrong.push(format!(
                            "{document:?} {} {word:?}: no list of keys\n{text}\n{}",
                            map.name,
                            told.join("\n")
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "say the keys in runtime/manifest/src/language as well\n{}",
        wrong.join("\n\n")
    );
}

#[test]
fn every_key_is_taken_by_both_and_no_broken_one_by_either() {
    for document in DOCUMENTS {
        let validator = jsonschema::draft202012::new(&json_schema(document)).expect("a schema");
        for (map, way) in maps(document) {
            for key in map.keys {
                let word = key
                    .beside
                    .first()
                    .copied()
                    .or(map.one_of.contains(&key.name).then_some(key.name));
                let mut members = base(map, word);
                members.insert(key.name.into(), value(key.example));
                let good = file(map, &way, members.clone());
                let diagnostics = parse(document, &good.to_string());
                let refused = diagnostics.iter().find(|d| {
                    ["D0101", "D0112"].contains(&d.code.id) && d.message.contains(&format!("`{}`", key.name))
                });
                assert!(
                    refused.is_none(),
                    "{} of {}: {:?}\n{good}",
                    key.name,
                    map.name,
                    refused.map(|d| d.render(false))
                );
                let errors: Vec<String> = validator
                    .iter_errors(&good)
                    .map(|e| format!("{}: {e}", e.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{} of {}: {errors:?}\n{good:#}", key.name, map.name);

                if map.name == "answer" {
                    // Without any key of its own it would be an output, of which nothing is known here.
                    members.insert("probe".into(), json!("absent"));
                    members.insert("failure".into(), value("{ class: rejected }"));
                }
                let broken = members
                    .into_iter()
                    .map(|(k, v)| (if k == key.name { format!("qqqqqqqq{k}") } else { k }, v));
                let broken = file(map, &way, broken.collect());
                assert!(
                    !parse(document, &broken.to_string()).is_empty(),
                    "{} of {}: the parser takes {broken}",
                    key.name,
                    map.name
                );
                assert!(
                    !validator.is_valid(&broken),
                    "{} of {}: the schema takes {broken}",
                    key.name,
                    map.name
                );
            }
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn what_is_shipped_fits_the_schemas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = vec![root.join("runtime/plan/tests/good.yaml")];
    for folder in ["pipelines", "examples"] {
        files(&root.join(folder), &mut found);
    }
    let mut seen = 0;
    for file in found {
        let text = std::fs::read_to_string(&file).expect("a text");
        let instance = value(&text);
        let document = match &instance {
            Value::Object(members) if members.contains_key("case") => Document::Case,
            Value::Object(members) if members.contains_key("pipeline") => Document::Pipeline,
            Value::Object(members) if members.contains_key("site") => Document::Site,
            _ => continue,
        };
        let validator = jsonschema::draft202012::new(&json_schema(document)).expect("a schema");
        let errors: Vec<String> = validator
            .iter_errors(&instance)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
        seen += 1;
    }
    assert!(seen >= 5, "only {seen} files were found");
}

#[test]
fn every_key_says_what_it_is_and_has_an_example() {
    for document in DOCUMENTS {
        for (map, _) in maps(document) {
            assert!(map.says.ends_with('.'), "{}", map.name);
            for key in map.keys {
                assert!(key.says.ends_with('.'), "{} of {}", key.name, map.name);
                assert!(!key.example.is_empty(), "{} of {}", key.name, map.name);
            }
        }
    }
}
