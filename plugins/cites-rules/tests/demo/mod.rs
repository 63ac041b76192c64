//! The project's own export case: the declarations that the customs connector's samples hold, and the register of the example.
#![allow(missing_docs, unreachable_pub, dead_code)]

use cites_rules::CitesRules;
use dragoman_guest::Failure;
use dragoman_guest::testing::{self, Scripted};
use serde_json::{Value, json};

fn read(path: &str) -> Value {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

pub fn declaration(case: &str) -> Value {
    read(&format!("plugins/wco-customs/tests/samples/{case}/declaration.json"))
}

pub fn permit(number: &str) -> Value {
    let register = read("examples/export/partners/permits.json");
    let permits = register["permits"].as_array().unwrap();
    permits
        .iter()
        .find(|permit| permit["number"] == number)
        .unwrap()
        .clone()
}

/// The input of `check_export` for one of a declaration's permits, as the pipeline builds it.
pub fn input(case: &str, entry: usize) -> Value {
    let declaration = declaration(case);
    let entry = declaration["permits"][entry].clone();
    let permit = permit(entry["number"].as_str().unwrap());
    json!({
        "declaration": declaration, "entry": entry, "permit": permit,
        "listings": [], "at": "2026-11-17T17:10:00+01:00",
    })
}

/// The input whose every rule is kept: the caiman skins.
pub fn caiman() -> Value {
    input("export-with-permits", 0)
}

pub fn invoke(config: &Value, operation: &str, input: Value) -> Result<Value, Failure> {
    let host = Scripted::new().config(config.clone()).shared();
    testing::invoke::<CitesRules>(&host, operation, input).map(|answer| answer.payload)
}

/// Sets the value at a JSON Pointer; null takes a member away.
pub fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{pointer} is not there"));
    match parent {
        Value::Object(members) if value.is_null() => {
            members.remove(name);
        }
        Value::Object(members) => {
            members.insert(name.to_owned(), value);
        }
        Value::Array(items) if name == "-" => items.push(value),
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        other => panic!("{pointer}: {other}"),
    }
}

/// The rules that came to a result, in order.
pub fn rules_with(check: &Value, result: &str) -> Vec<String> {
    check["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["result"] == result)
        .map(|finding| finding["rule"].as_str().unwrap().to_owned())
        .collect()
}
