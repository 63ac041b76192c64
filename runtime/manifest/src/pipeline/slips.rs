//! Slips that move keys to another place: a dash that was forgotten, keys that are not indented far enough, rounds under
//! the name that they have in other languages.

use dragoman_model::{Diagnostic, Span};

use super::word;
use crate::fields::Fields;
use crate::reading::{Reading, plain};
use crate::said::Template;
use crate::yaml::{Entry, Node, NodeKind};
use crate::{Spanned, codes, keys};

/// Names, and what is said of each.
type Members = Vec<(Spanned<String>, Template)>;

/// Keys of a step whose value is a mapping.
const HOLDS_KEYS: &[&str] = &["with", "documents", "retry", "undo"];

/// How other languages begin rounds.
const ROUNDS: &[&str] = &["loop", "while", "do"];

/// Whether a step has two words: the second is a step whose dash was forgotten, which is reported with the step.
pub(super) fn has_two_words(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Mapping(mapping) => {
            let words = mapping.entries.iter().filter(|e| word::is_word(&e.key.value));
            words.count() > 1
        }
        _ => false,
    }
}

/// Rounds by another name, where no word is there: unlike what is done for each item, they are a mapping.
pub(super) fn rounds<'a>(fields: &Fields<'a>) -> Option<&'a Entry> {
    let mut entries = fields.entries().iter();
    entries.find(|e| ROUNDS.contains(&&*e.key.value) && matches!(e.value.kind, NodeKind::Mapping(_)))
}

/// Reports keys that stand right behind one that is to hold them, at its own column.
pub(super) fn not_indented(reading: &mut Reading, fields: &mut Fields<'_>, word: &'static str) {
    for holder in HOLDS_KEYS {
        let outside = behind(fields, holder, word);
        let Some(first) = outside.first() else { continue };
        let message = format!("`{}` does not belong to a step with `{word}`", *first.key);
        let help = match outside.len() {
            1 => format!("indent it further than `{holder}`, which is empty"),
            _ => format!("indent it, and the keys behind it, further than `{holder}`, which is empty"),
        };
        let holds = fields.entries().iter().find(|e| e.key.value == *holder);
        let mut diagnostic = Diagnostic::error(codes::MISPLACED_KEY, first.key.span.clone(), message).help(help);
        if let Some(holds) = holds {
            diagnostic = diagnostic.label(holds.key.span.clone(), "nothing stands in it");
            fields.explained(&holds.key.value);
        }
        reading.push(diagnostic);
        outside.iter().for_each(|entry| fields.explained(&entry.key.value));
    }
}

/// The keys right behind an empty one that are no keys of a step with this word.
fn behind<'a>(fields: &Fields<'a>, holder: &str, word: &str) -> &'a [Entry] {
    let entries = fields.entries();
    let Some(at) = entries
        .iter()
        .position(|e| e.key.value == holder && e.value.is_null())
        .filter(|_| word::takes(word, holder) == Some(true))
    else {
        return &[];
    };
    let behind = &entries[at + 1..];
    let own = |e: &Entry| {
        let key = e.key.value.as_str();
        let nearly = |own| word::takes(word, own) == Some(true) && keys::means(key, own);
        ["id", "when"].contains(&key)
            || word::is_word(key)
            || word::takes(word, key) == Some(true)
            || word::inside(key).is_none() && word::owned().any(nearly)
    };
    &behind[..behind.iter().position(own).unwrap_or(behind.len())]
}

/// What an empty key was meant to hold, read as it was meant, where that was reported.
pub(super) fn members(reading: &mut Reading, fields: &Fields<'_>, word: &str, holder: &str) -> Option<(Members, Span)> {
    let span = fields
        .entries()
        .iter()
        .find(|e| e.key.value == holder)?
        .key
        .span
        .clone();
    if !fields.is_explained(holder) {
        return None;
    }
    let outside = behind(fields, holder, word).iter();
    let members = outside.map(|e| (e.key.clone(), reading.template(&e.value))).collect();
    Some((members, span))
}

/// The value of a key about which nothing was said yet.
pub(super) fn unless_explained<'a>(fields: &mut Fields<'a>, key: &'static str) -> Option<&'a Node> {
    let said = fields.is_explained(key);
    fields.take(key).filter(|_| !said)
}

/// `on_error: continue` at an `each`: what other languages say of all steps is said of the items here.
pub(super) fn goes_on<'a>(fields: &mut Fields<'a>) -> Option<&'a Node> {
    let slip = fields.entries().iter().find(|entry| {
        let of_errors = keys::means(&entry.key.value, "on_failure") || entry.key.value == "continue_on_error";
        of_errors && entry.key.value != "on_failure" && plain(&entry.value) == Some("continue")
    })?;
    fields.correct(slip, "on_item_failure");
    Some(&slip.value)
}
