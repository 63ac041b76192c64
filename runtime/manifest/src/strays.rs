//! Keys that are none where they stand: what was meant, or where they belong.

use dragoman_model::meant::is_same;
use dragoman_model::{Diagnostic, meant, nearest};

use crate::homes::{self, Home};
use crate::reading::{Reading, first_line};
use crate::yaml::{Entry, NodeKind};
use crate::{Spanned, codes, keys};

/// A longer value is not told again.
const LONGEST_TOLD: usize = 60;

/// The diagnostic of a key that is not known.
pub(crate) fn unknown(
    key: &Spanned<String>,
    what: &str,
    known: &[&'static str],
    likely: &[&'static str],
    there: &[Entry],
) -> Diagnostic {
    let diagnostic = misspelt(key, what);
    // A key that is there already was not meant, and one that is right here is likelier than one that is right elsewhere.
    let free = |k: &&'static str| !there.iter().any(|e| e.key.value == **k);
    let near = |keys: &[&'static str]| nearest(&key.value, keys.iter().copied().filter(free));
    if let Some(help) = elsewhere(key, known, there) {
        return diagnostic.help(help);
    }
    let part = || keys::part(&key.value, known.iter().copied().filter(free));
    let said = || meant(&key.value, known.iter().copied().filter(free));
    // The same words in another order go before letters: `timeout_on` is near `timeout`, and is `on_timeout`.
    let all = known.iter().chain(likely).copied();
    let same = all.filter(free).find(|k| is_same(&key.value, k));
    match same
        .or_else(|| near(known))
        .or_else(|| near(likely))
        .or_else(part)
        .or_else(said)
    {
        Some(right) => diagnostic.help(format!("write `{right}`")),
        None => {
            let mut names: Vec<&str> = known.to_vec();
            names.sort_unstable();
            names.dedup();
            diagnostic.help(format!("the keys of {what} are: {}", names.join(", ")))
        }
    }
}

/// That a key is none of a mapping.
pub(crate) fn misspelt(key: &Spanned<String>, what: &str) -> Diagnostic {
    let message = format!("unknown key `{}`", key.value);
    Diagnostic::error(codes::UNKNOWN_KEY, key.span.clone(), message).mark(format!("not a key of {what}"))
}

/// Where a key belongs that is right one level deeper or further out.
fn elsewhere(key: &Spanned<String>, known: &[&'static str], there: &[Entry]) -> Option<String> {
    match homes::home(key, known)? {
        Home::Under(_) => {
            let by = holder(key, known, there)?;
            let Some(holder) = there.iter().find(|e| e.key.value == by) else {
                return Some(format!(
                    "`{}` belongs under `{by}`: `{by}: {{ {} }}`",
                    **key,
                    member(key, there)
                ));
            };
            Some(inside(key, holder, there))
        }
        Home::Beside(all) => {
            let by: Vec<String> = all.iter().map(|by| format!("`{by}`")).collect();
            let by = by.join(" or ");
            Some(format!(
                "`{}` belongs beside {by}: indent it no further than {by}",
                **key
            ))
        }
    }
}

/// What to write where the key that is to hold another one is there already: a second one of it would be a mistake too.
fn inside(key: &Spanned<String>, holder: &Entry, there: &[Entry]) -> String {
    let place = |key: &Spanned<String>| key.span.source.position(key.span.range.start);
    let (name, by) = (&**key, &*holder.key.value);
    let (line, column) = place(&holder.key);
    if holder.value.is_null() && place(key).1 == column {
        return format!("`{name}` belongs under `{by}`, which is empty: indent it further than `{by}`");
    }
    if let NodeKind::Mapping(inner) = &holder.value.kind
        && inner.entries.iter().any(|e| e.key.value == *name)
    {
        return format!("`{by}` in line {line} has a `{name}` already: take this one away");
    }
    format!(
        "write `{}` inside of `{by}` in line {line}, not beside it",
        member(key, there)
    )
}

/// A key with its value as it was written, where that is short.
fn member(key: &Spanned<String>, there: &[Entry]) -> String {
    let entry = there.iter().find(|e| e.key.span == key.span);
    let value = entry.and_then(|e| e.value.span.source.text.get(e.value.span.range.clone()));
    let told = value.map(str::trim).filter(|value| {
        let plain = !value.is_empty() && !value.contains(['\n', '`']);
        plain && value.len() <= LONGEST_TOLD
    });
    format!("{}: {}", **key, told.unwrap_or("..."))
}

/// The key of a mapping under which another one belongs.
fn holder(key: &str, known: &[&'static str], there: &[Entry]) -> Option<&'static str> {
    let Home::Under(all) = homes::home(key, known)? else {
        return None;
    };
    let is_there = |by: &&&str| there.iter().any(|e| e.key.value == **by);
    match all.iter().find(is_there) {
        Some(by) => Some(by),
        None => all.first().copied().filter(|_| all.len() == 1),
    }
}

/// The keys, beside the first of them, that belong under the same one and are said with it: a help that tells each of
/// them alone would have it written twice.
pub(crate) fn together<'a>(
    key: &Spanned<String>,
    strangers: &[&'a Entry],
    known: &[&'static str],
    there: &[Entry],
) -> Option<(&'static str, Vec<&'a Entry>)> {
    let by = holder(key, known, there)?;
    let same = |e: &&&Entry| holder(&e.key, known, there) == Some(by);
    let all: Vec<&Entry> = strangers.iter().filter(same).copied().collect();
    (all.len() > 1).then_some((by, all))
}

/// What is said of several keys that belong under one.
pub(crate) fn unknown_together(all: &[&Entry], by: &str, what: &str, there: &[Entry]) -> Option<Diagnostic> {
    let first = all.first()?;
    let diagnostic = misspelt(&first.key, what);
    let members: Vec<String> = all.iter().map(|e| member(&e.key, there)).collect();
    let members = members.join(", ");
    let names: Vec<String> = all.iter().map(|e| format!("`{}`", *e.key)).collect();
    let names = names.join(", ");
    let place = |key: &Spanned<String>| key.span.source.position(key.span.range.start);
    let Some(holder) = there.iter().find(|e| e.key.value == by) else {
        return Some(diagnostic.help(format!("{names} belong under `{by}`: `{by}: {{ {members} }}`")));
    };
    let (line, column) = place(&holder.key);
    Some(if holder.value.is_null() && place(&first.key).1 == column {
        diagnostic.help(format!(
            "{names} belong under `{by}`, which is empty: indent them further than `{by}`"
        ))
    } else {
        diagnostic.help(format!(
            "write `{members}` inside of `{by}` in line {line}, not beside it"
        ))
    })
}

/// Takes back what was said of an empty key whose members stand beside it: that is the mistake.
pub(crate) fn fill(reading: &mut Reading, key: &Spanned<String>, known: &[&'static str], there: &[Entry]) {
    let by = holder(key, known, there);
    let Some(holder) = there.iter().find(|e| Some(&*e.key.value) == by && e.value.is_null()) else {
        return;
    };
    let at = first_line(&holder.value);
    let of_it = |d: &Diagnostic| d.code == codes::WRONG_TYPE && d.span.as_ref() == Some(&at);
    reading.diagnostics.retain(|d| !of_it(d));
}
