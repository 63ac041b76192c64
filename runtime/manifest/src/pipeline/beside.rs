//! Keys of a step that are indented too far: they stand inside the value of its word.

use dragoman_model::Diagnostic;

use super::word;
use crate::codes;
use crate::fields::Fields;
use crate::reading::Reading;

/// Reports keys that belong beside a word and stand inside it. What the word has of its own was taken before.
pub(super) fn beside(reading: &mut Reading, fields: &mut Fields<'_>, word: &'static str) {
    for entry in fields.entries() {
        let key = entry.key.value.as_str();
        let of_a_step = ["id", "when"].contains(&key) || word::takes(word, key) == Some(true);
        if !of_a_step || fields.is_asked(key) || fields.is_explained(key) {
            continue;
        }
        let message = format!("`{key}` does not belong inside `{word}`");
        let help = format!("put it beside `{word}`: indent it no further than `{word}`");
        reading.push(Diagnostic::error(codes::MISPLACED_KEY, entry.key.span.clone(), message).help(help));
        fields.explained(key);
    }
}
