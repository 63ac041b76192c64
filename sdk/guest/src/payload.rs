//! Reading a payload, and where in it something does not fit.

use serde::de::DeserializeOwned;

use crate::failure::Issue;

/// Reads JSON text as `T`; otherwise one issue of code `input.invalid` with the JSON Pointer to the place.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Issue> {
    serde_json::from_str(text).map_err(|error| {
        let place = pointer_at(text, offset(text, error.line(), error.column()));
        let said = error.to_string();
        // The line and column of the host's own JSON text tell nobody anything; the pointer does.
        let message = said
            .rsplit_once(" at line ")
            .map_or(said.as_str(), |(message, _)| message);
        Issue::new(place, "input.invalid", message)
    })
}

/// Reads bytes as JSON. All reading goes through text: the parser for bytes would be a second copy of the code
/// of every type, and checks each string where here the whole is checked at once.
pub(crate) fn read_utf8<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(error) => Err(serde::de::Error::custom(error)),
    }
}

/// The byte offset of a line and column, both from 1 (column 0: before the first byte).
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(line.saturating_sub(1)).map(str::len).sum();
    (before + column).min(text.len())
}

/// One container that is open at a place: the key or index of what stands there in it.
enum Open {
    Object(String),
    Array(usize),
}

/// The JSON Pointer to the value that ends or stands at `offset`: what is open there, read from the left.
/// Made for text that the parser took up to that place, so it need not be strict.
fn pointer_at(text: &str, offset: usize) -> String {
    let text = text.as_bytes();
    let end = offset.min(text.len());
    let mut open: Vec<Open> = Vec::new();
    let mut place = 0;
    let mut key_follows = false;
    while place < end {
        match text[place] {
            b'{' => {
                open.push(Open::Object(String::new()));
                key_follows = true;
            }
            b'[' => open.push(Open::Array(0)),
            b'}' | b']' if place + 1 < end => {
                open.pop();
                key_follows = false;
            }
            // A container that ends just here is what does not fit: a missing field, a wrong length.
            b'}' | b']' => {
                open.pop();
                break;
            }
            b',' => match open.last_mut() {
                Some(Open::Array(index)) => *index += 1,
                Some(Open::Object(_)) => key_follows = true,
                None => {}
            },
            b'"' => {
                let after = string_end(text, place);
                if key_follows && let Some(Open::Object(key)) = open.last_mut() {
                    *key = unquoted(&text[place..after.min(text.len())]);
                    key_follows = false;
                }
                place = after;
                continue;
            }
            _ => {}
        }
        place += 1;
    }
    open.iter().fold(String::new(), |pointer, step| match step {
        Open::Object(key) if key.is_empty() => pointer,
        Open::Object(key) => pointer + "/" + &key.replace('~', "~0").replace('/', "~1"),
        Open::Array(index) => format!("{pointer}/{index}"),
    })
}

/// The offset after the string that begins at `start`.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut place = start + 1;
    while place < text.len() {
        match text[place] {
            b'\\' => place += 2,
            b'"' => return place + 1,
            _ => place += 1,
        }
    }
    text.len()
}

fn unquoted(quoted: &[u8]) -> String {
    let plain = || String::from_utf8_lossy(quoted).trim_matches('"').to_owned();
    read_utf8(quoted).unwrap_or_else(|_| plain())
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Order {
        number: String,
        #[serde(default)]
        lines: Vec<Line>,
        #[serde(default)]
        notes: BTreeMap<String, u8>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Line {
        item: u32,
        parts: Option<Vec<u8>>,
    }

    #[test]
    fn the_pointer_names_the_place() {
        for (text, pointer, message) in [
            (r#"{"number": 5}"#, "/number", "invalid type"),
            (r#"{"lines": []}"#, "", "missing field `number`"),
            (
                r#"{"number": "A", "lines": [{"item": 1}, {"item": "x"}]}"#,
                "/lines/1/item",
                "invalid type",
            ),
            (
                r#"{"number": "A", "lines": [{"item": 1}, {"parts": []}]}"#,
                "/lines/1",
                "missing field `item`",
            ),
            (
                r#"{"number": "A", "lines": [{"item": 1, "parts": [1, 300]}]}"#,
                "/lines/0/parts/1",
                "invalid value",
            ),
            (
                r#"{"number": "A", "notes": {"a/b": -1}}"#,
                "/notes/a~1b",
                "invalid value",
            ),
            ("{\"number\": \"\u{e9}\",\n \"lines\": 7}", "/lines", "invalid type"),
            (r#"{"number": "A", "odd": 1}"#, "/odd", "unknown field `odd`"),
            (r#"{"number": "A", "#, "/number", "EOF"),
            ("", "", "EOF"),
            ("[", "/0", "EOF"),
        ] {
            let issue = read::<Order>(text).expect_err(text);
            assert_eq!(issue.path, pointer, "{text}: {}", issue.message);
            assert!(issue.message.contains(message), "{text}: {}", issue.message);
            assert!(!issue.message.contains(" line "), "{text}: {}", issue.message);
        }
    }
}
