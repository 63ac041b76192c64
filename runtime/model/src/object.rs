//! JSON objects out of values that are given away.

use serde_json::{Map, Value};

/// An object with these members. The values are moved into it, where `json!` would copy each of them through a
/// serializer: of the payloads of a run that is a good part of its work.
pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_what_json_makes() {
        let made = object([("b", json!([1, null])), ("a", json!({ "x": "y" }))]);
        assert_eq!(made, json!({ "a": { "x": "y" }, "b": [1, null] }));
    }
}
