//! The language as JSON Schema (draft 2020-12), for editors.

use std::collections::BTreeMap;

use dragoman_model::{Source, Value};
use serde_json::{Map as Members, json};

use super::{ANSWER, ANSWERS, BLOCK, Document, Key, Kind, Map, STEP};
use crate::reading::Reading;
use crate::yaml;

/// The JSON Schema of a kind of file, with a description and an example for every key.
///
/// It is what editors need, not more: what only the checker can know (names, types of expressions) it takes.
pub fn json_schema(document: Document) -> Value {
    let mut definitions = Definitions::default();
    let mut schema = definitions.map(document.root());
    let title = match document {
        Document::Pipeline => "Dragoman pipeline",
        Document::Site => "Dragoman site file",
        Document::Case => "Dragoman case",
    };
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), title.into());
    definitions.finish();
    let all: Members<String, Value> = definitions.done.into_iter().map(|(k, v)| (k.into(), v)).collect();
    schema.insert("$defs".into(), Value::Object(all));
    Value::Object(schema)
}

/// The definitions that were asked for.
#[derive(Default)]
struct Definitions {
    wanted: Vec<(&'static str, Wanted)>,
    done: BTreeMap<&'static str, Value>,
}

/// What a definition is of.
#[derive(Clone, Copy)]
enum Wanted {
    Map(&'static Map),
    Block,
    Handler,
    Template,
}

impl Definitions {
    fn reference(&mut self, name: &'static str, wanted: Wanted) -> Value {
        if !self.done.contains_key(name) && !self.wanted.iter().any(|(n, _)| *n == name) {
            self.wanted.push((name, wanted));
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn finish(&mut self) {
        while let Some((name, wanted)) = self.wanted.pop() {
            // Held open, so that what refers to itself is not asked for again.
            self.done.insert(name, Value::Null);
            let schema = match wanted {
                Wanted::Map(map) => Value::Object(self.map(map)),
                Wanted::Block => {
                    let step = self.reference("step", Wanted::Map(&STEP));
                    let both = self.reference("block_map", Wanted::Map(&BLOCK));
                    json!({ "anyOf": [step, { "type": "array", "items": step }, both] })
                }
                Wanted::Handler => {
                    let block = self.reference("block", Wanted::Block);
                    json!({ "anyOf": [{ "const": "park" }, block] })
                }
                Wanted::Template => json!({
                    "description": "A value. A text that begins with `=` is an expression; `\\=x` is the text `=x`."
                }),
            };
            self.done.insert(name, schema);
        }
    }

    fn map(&mut self, map: &'static Map) -> Members<String, Value> {
        let properties: Members<String, Value> = map
            .keys
            .iter()
            .map(|key| (key.name.to_owned(), self.key(key)))
            .collect();
        let needed: Vec<&str> = map.keys.iter().filter(|k| k.needed).map(|k| k.name).collect();
        let mut schema = Members::new();
        schema.insert("description".into(), map.says.into());
        schema.insert("type".into(), "object".into());
        schema.insert("properties".into(), Value::Object(properties));
        schema.insert("additionalProperties".into(), false.into());
        if !needed.is_empty() {
            schema.insert("required".into(), json!(needed));
        }
        if !map.one_of.is_empty() {
            let one: Vec<Value> = map.one_of.iter().map(|key| json!({ "required": [key] })).collect();
            schema.insert("oneOf".into(), one.into());
        }
        let beside: Members<String, Value> = map
            .keys
            .iter()
            .filter(|key| !key.beside.is_empty())
            .map(|key| {
                let words: Vec<Value> = key.beside.iter().map(|word| json!({ "required": [word] })).collect();
                (key.name.to_owned(), json!({ "anyOf": words }))
            })
            .collect();
        if !beside.is_empty() {
            schema.insert("dependentSchemas".into(), Value::Object(beside));
        }
        // What `each` must have beside it.
        if map.name == "step" {
            let each = json!({ "each": ["as", "steps"] });
            schema.insert("dependentRequired".into(), each);
        }
        schema
    }

    fn key(&mut self, key: &'static Key) -> Value {
        let mut schema = self.kind(key.kind);
        if let Value::Object(members) = &mut schema {
            members.insert("description".into(), key.says.into());
            members.insert("examples".into(), json!([example(key.example)]));
        }
        schema
    }

    fn kind(&mut self, kind: Kind) -> Value {
        match kind {
            // A plain scalar takes the type that its place asks for: `number: 0012` is text where text is asked for.
            Kind::Text => json!({ "type": ["string", "number", "boolean"] }),
            Kind::Name => json!({ "type": "string", "pattern": "^[a-z][a-z0-9_-]{0,63}$" }),
            Kind::Operation => json!({ "type": "string", "pattern": "^[a-z][a-z0-9_-]*\\.[a-z][a-z0-9_-]*$" }),
            Kind::Expression => json!({ "type": ["string", "number", "boolean"] }),
            Kind::Template => self.reference("template", Wanted::Template),
            Kind::Any => json!({}),
            Kind::Object => json!({ "type": "object" }),
            Kind::Templates => {
                let template = self.reference("template", Wanted::Template);
                json!({ "type": "object", "additionalProperties": template })
            }
            Kind::Schema => json!({ "type": "object" }),
            Kind::Duration => json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d|w))+$" }),
            Kind::Size => json!({ "type": "string", "pattern": "^[0-9]+ *(B|KiB|MiB|GiB|kB|MB|GB)$" }),
            Kind::Backoff | Kind::Rate => json!({ "type": "string" }),
            Kind::Secret => json!({ "type": "string", "pattern": "^(env|file|credential):.+" }),
            Kind::Flag => json!({ "type": "boolean" }),
            Kind::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Kind::Words(words) => json!({ "enum": words }),
            Kind::Map(map) => self.reference(map.name, Wanted::Map(map)),
            Kind::List(items) => {
                let items = self.kind(*items);
                json!({ "type": "array", "items": items })
            }
            Kind::Named(values) => {
                let values = self.kind(*values);
                json!({ "type": "object", "additionalProperties": values })
            }
            Kind::Either(kinds) => {
                let kinds: Vec<Value> = kinds.iter().map(|k| self.kind(*k)).collect();
                json!({ "anyOf": kinds })
            }
            Kind::Steps => {
                let step = self.reference("step", Wanted::Map(&STEP));
                json!({ "type": "array", "items": step })
            }
            Kind::Block => self.reference("block", Wanted::Block),
            Kind::Handler => self.reference("handler", Wanted::Handler),
            Kind::Answer => {
                let answer = self.reference("answer", Wanted::Map(&ANSWER));
                let own: Vec<Value> = ANSWERS.iter().map(|key| json!({ "required": [key] })).collect();
                let one = json!({ "if": { "type": "object", "anyOf": own }, "then": answer });
                json!({ "if": { "type": "array" }, "then": { "items": one }, "else": one })
            }
            Kind::Nothing => json!({ "type": ["object", "null"], "maxProperties": 0 }),
        }
    }
}

/// An example as a value.
fn example(text: &str) -> Value {
    let (node, _) = yaml::read(&Source::new("example", text));
    node.map_or(Value::Null, |node| Reading::default().value(&node))
}
