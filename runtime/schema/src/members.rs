//! Members of a value that its schema has no name for.
//!
//! JSON Schema lets every object have further members unless it is told not to, and a generated schema does not tell.
//! For what a person writes by hand that is a trap: a misspelt name says nothing, and the default decides.

use std::collections::BTreeMap;

use dragoman_model::{Value, nearest};
use serde_json::Map;

/// References and combinations nested deeper than this say nothing.
const DEPTH: usize = 64;
/// So many schemas are looked at; one that unfolds into more is taken to know every name.
const SCHEMAS: usize = 10_000;

/// A member that the schema does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMember {
    /// JSON Pointer to the object that has it.
    pub path: String,
    /// Its name.
    pub name: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
    /// The names that the schema knows there, in order.
    pub known: Vec<String>,
}

/// The members of `value`, at every depth, that `schema` has no name for.
///
/// An object knows the names of its `properties`, also through `$ref`, `allOf`, and those alternatives of `oneOf` and
/// `anyOf` whose constants fit the value. It knows every name where the schema says so (`additionalProperties` that is
/// true or a schema, or `patternProperties`), or says nothing of the object but that it is one.
pub fn unknown_members(schema: &Value, value: &Value) -> Vec<UnknownMember> {
    let mut search = Search {
        root: schema,
        left: SCHEMAS,
        found: Vec::new(),
    };
    search.walk(&[schema], value, "");
    search.found
}

struct Search<'a> {
    root: &'a Value,
    left: usize,
    found: Vec<UnknownMember>,
}

/// What the schemas of one place say of it.
#[derive(Default)]
struct Said<'a> {
    properties: BTreeMap<&'a str, Vec<&'a Value>>,
    /// Schemas of members under other names.
    others: Vec<&'a Value>,
    /// Schemas of the items of a list.
    items: Vec<&'a Value>,
    /// Any name may be there.
    open: bool,
}

impl<'a> Search<'a> {
    fn walk(&mut self, schemas: &[&'a Value], value: &Value, path: &str) {
        let mut said = Said::default();
        let mut described = false;
        for schema in schemas {
            described |= self.gather(schema, value, DEPTH, &mut said);
        }
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(&said.items, item, &format!("{path}/{index}"));
                }
            }
            Value::Object(members) => {
                let open = said.open || !described;
                for (name, member) in members {
                    match said.properties.get(name.as_str()) {
                        Some(schemas) => self.walk(schemas, member, &format!("{path}/{}", escaped(name))),
                        None if open => self.walk(&said.others, member, &format!("{path}/{}", escaped(name))),
                        // Where the schema was too large to be read whole, nothing is said against a name.
                        None if self.left == 0 => {}
                        None => self.found.push(UnknownMember {
                            path: path.to_owned(),
                            name: name.clone(),
                            nearest: nearest(name, said.properties.keys().copied()).map(str::to_owned),
                            known: said.properties.keys().map(|&known| known.to_owned()).collect(),
                        }),
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds what a schema says of a value; whether it says which members there are.
    fn gather(&mut self, schema: &'a Value, value: &Value, depth: usize, said: &mut Said<'a>) -> bool {
        if depth == 0 || self.left == 0 {
            return false;
        }
        self.left -= 1;
        let Value::Object(object) = schema else {
            return false;
        };
        said.items.extend(object.get("items"));
        let mut described = members(object, said);
        if let Some(Value::String(reference)) = object.get("$ref")
            && let Some(target) = reference
                .strip_prefix('#')
                .and_then(|pointer| self.root.pointer(pointer))
        {
            described |= self.gather(target, value, depth - 1, said);
        }
        for part in parts(object, "allOf") {
            described |= self.gather(part, value, depth - 1, said);
        }
        for keyword in ["oneOf", "anyOf"] {
            for part in parts(object, keyword) {
                if !self.fits(part, value, depth - 1) {
                    continue;
                }
                // An alternative that says nothing of the members lets every one be.
                said.open |= !self.gather(part, value, depth - 1, said);
                described = true;
            }
        }
        described
    }

    /// Whether an alternative can be the one that a value is written for: of its type, and with its constants.
    fn fits(&self, part: &Value, value: &Value, depth: usize) -> bool {
        if depth == 0 {
            return true;
        }
        if let Some(Value::String(reference)) = part.get("$ref") {
            let target = reference.strip_prefix('#').and_then(|p| self.root.pointer(p));
            return target.is_none_or(|target| self.fits(target, value, depth - 1));
        }
        let kind = match value {
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            // Nothing is looked for in a scalar.
            _ => return false,
        };
        let of_type = match part.get("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            _ => part.get("enum").is_none() && part.get("const").is_none(),
        };
        let properties = part.get("properties").and_then(Value::as_object);
        of_type
            && properties.into_iter().flatten().all(|(name, property)| {
                let constant = property.get("const");
                value.get(name).is_none_or(|v| constant.is_none_or(|c| c == v))
            })
    }
}

/// Adds the members that an object of a schema names itself; whether it says which there are.
fn members<'a>(object: &'a Map<String, Value>, said: &mut Said<'a>) -> bool {
    let named = object.get("properties").and_then(Value::as_object);
    for (name, property) in named.into_iter().flatten() {
        said.properties.entry(name).or_default().push(property);
    }
    for keyword in ["additionalProperties", "unevaluatedProperties"] {
        match object.get(keyword) {
            Some(Value::Bool(true)) => said.open = true,
            Some(other @ Value::Object(_)) => {
                said.open = true;
                said.others.push(other);
            }
            _ => {}
        }
    }
    if let Some(Value::Object(patterns)) = object.get("patternProperties") {
        said.open = true;
        said.others.extend(patterns.values());
    }
    let closed = object.get("additionalProperties") == Some(&Value::Bool(false));
    // A type that has a name and no fields (a plugin without settings) has none.
    let empty = object.contains_key("title") && object.get("type").is_some_and(|kind| kind == "object");
    named.is_some() || closed || empty || said.open
}

fn parts<'a>(object: &'a Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'a Value> {
    object.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

/// A name as a part of a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
