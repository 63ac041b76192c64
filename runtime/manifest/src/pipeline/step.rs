//! One step: its word, and the keys that go with every word or with some.

use dragoman_model::{Class, Diagnostic};

use super::{Each, Handler, Step, StepKind, block, call, called, claim, decisions, events, names, repeat, slips, word};
use crate::fields::Fields;
use crate::reading::{Reading, plain};
use crate::said::{ExpressionText, Template};
use crate::template::refused_expression;
use crate::yaml::{Entry, Node, NodeKind};
use crate::{Spanned, codes, own_words};

/// A step; none where it is not even a mapping with a word.
pub(super) fn step(reading: &mut Reading, node: &Node) -> Option<Step> {
    if let Some(word) = plain(node).filter(|text| word::is_word(text)) {
        word_alone(reading, node, word);
        return None;
    }
    let mut fields = reading.fields(node, "a step", "`- call: orders.get`")?;
    let id = fields.take("id").and_then(|n| step_id(reading, n));
    let entry = find_word(reading, &mut fields);
    let Some((word, entry)) = entry else {
        // What is wrong was said; its id is kept, so that what uses it is not reported too.
        let word = Spanned::new("", fields.heading());
        let mut step = bare(word, StepKind::Refused);
        step.id = id.clone();
        return id.is_some().then_some(step);
    };
    let mut step = bare(Spanned::new(word, entry.key.span.clone()), StepKind::Refused);
    step.span = fields.heading();
    step.id = id;
    slips::not_indented(reading, &mut fields, word);
    misplaced(reading, &mut fields, word);
    step.kind =
        kind(reading, &mut fields, &mut step.once, &mut step.reference, word, entry).unwrap_or(StepKind::Refused);
    reading.beside.clear();
    shared(reading, &mut fields, &mut step);
    fields.likely(word::WORDS.iter().copied().chain(word::owned()));
    for entry in fields.entries().iter().filter(|e| word::is_word(&e.key.value)) {
        // A second word was reported; the first is no mistake.
        fields.explained(&entry.key.value);
    }
    fields.finish(reading);
    Some(step)
}

/// A word without what it is done with: `- park`.
fn word_alone(reading: &mut Reading, node: &Node, word: &str) {
    let help = match word {
        "park" => "write `- park: { reason: \"why\" }`; a handler that only parks is written `on_failure: park`",
        "stop" => "write `- stop: { reason: \"why\" }`",
        "fail" => "write `- fail: { reason: \"why\" }`",
        _ => "",
    };
    let general = format!("write what belongs to it behind a colon: `- {word}: ...`");
    let help = if help.is_empty() { general.as_str() } else { help };
    reading.wrong_type(node, "a step", help);
}

/// The id of a step. One that cannot be a name is kept as the steps behind it say it, so that they are checked too.
fn step_id(reading: &mut Reading, node: &Node) -> Option<Spanned<String>> {
    let id = reading.text(node, "order")?;
    if reading.check_name(&id, "_") {
        return Some(id);
    }
    let text = &node.span.source.text;
    let used = |name: &str| text.contains(&format!("steps.{name}"));
    if used(&id) {
        return Some(id);
    }
    let meant = crate::reading::likely_name(&id);
    used(&meant).then(|| Spanned::new(meant, id.span))
}

/// A step that has only a word.
pub(super) fn bare(word: Spanned<&'static str>, kind: StepKind) -> Step {
    Step {
        span: word.span.clone(),
        id: None,
        word,
        kind,
        when: None,
        retry: None,
        timeout_ms: None,
        once: None,
        reference: None,
        tightened: None,
        undo: None,
        on_rejected: None,
        on_refused: None,
        on_failure: None,
        on_timeout: None,
    }
}

fn find_word<'a>(reading: &mut Reading, fields: &mut Fields<'a>) -> Option<(&'static str, &'a Entry)> {
    let mut found: Vec<(&'static str, &Entry)> = Vec::new();
    for entry in fields.entries() {
        let word = word::WORDS.iter().find(|w| **w == entry.key.value);
        if let Some(word) = word {
            found.push((*word, entry));
        }
    }
    if let [(_, first), (_, second), ..] = found.as_slice() {
        let message = format!("a step says one word; here are `{}` and `{}`", *first.key, *second.key);
        reading.push(
            Diagnostic::error(codes::STEP_WORD, second.key.span.clone(), message)
                .mark("a second word")
                .label(first.key.span.clone(), "the first")
                .help(format!("put a dash before `{}`: it is a step of its own", *second.key)),
        );
    }
    if let Some(found) = found.first() {
        return Some(*found);
    }
    if let Some(entry) = slips::rounds(fields) {
        fields.correct(entry, "repeat");
        return Some(("repeat", entry));
    }
    for word in word::WORDS {
        if let Some(entry) = fields.nearly(word) {
            return Some((word, entry));
        }
    }
    no_word(reading, fields);
    None
}

/// A step without a word: most likely the word is misspelt.
fn no_word(reading: &mut Reading, fields: &Fields<'_>) {
    let plain_keys = ["id", "when", "with", "retry", "timeout", "once", "ref", "undo"];
    let unknown = |e: &&Entry| !plain_keys.contains(&e.key.value.as_str()) && word::owners(&e.key.value).is_empty();
    let unknown = fields.entries().iter().find(unknown);
    let diagnostic = match unknown {
        Some(entry) if word::CONDITIONS.contains(&&*entry.key.value) => conditional(entry),
        Some(entry) => crate::strays::unknown(&entry.key, "a step", word::WORDS, &[], fields.entries()),
        None => Diagnostic::error(codes::STEP_WORD, fields.heading(), "this step says no word").help(format!(
            "a step says what it does with one of: {}",
            word::WORDS.join(", ")
        )),
    };
    reading.push(diagnostic);
}

/// A condition as other languages write it, where a word is expected.
fn conditional(entry: &Entry) -> Diagnostic {
    let message = format!("unknown key `{}`", *entry.key);
    Diagnostic::error(codes::UNKNOWN_KEY, entry.key.span.clone(), message)
        .mark("not a word of a step")
        .help("a step that is done only where something holds has its word and `when` beside it: `when: trigger.message.urgent`")
        .help("steps of which one or another are done stand in `choose: [{ when: trigger.message.urgent, steps: [...] }, { else: [...] }]`")
}

/// Keys that belong to other words, or into the value of one.
fn misplaced(reading: &mut Reading, fields: &mut Fields<'_>, word: &'static str) {
    for entry in fields.entries() {
        let key = entry.key.value.as_str();
        if fields.is_explained(key) || fields.is_corrected(key) {
            continue;
        }
        let takes = word::takes(word, key);
        let help = if takes == Some(false) {
            if word == "claim" && matches!(key, "once" | "ref")
                || word == "release" && key == "once"
                || word == "void" && key == "ref"
            {
                format!("write it inside `{word}`: `{word}: {{ {key}: ... }}`")
            } else if let Some(right) = word::instead(word, key) {
                match right.split('`').nth(1).filter(|name| has_key(fields, name)) {
                    Some(name) => format!("take it away: `{name}` is there already"),
                    None => format!("write {right}"),
                }
            } else if let Some(own) = word::handlers(word, key) {
                // It may have been written for a step inside, and slipped to the left.
                match word::owners(key).iter().any(|owner| holds_word(fields, owner)) {
                    true => format!("{own}; or indent it, where it is that of a step inside"),
                    false => own,
                }
            } else if matches!(
                (word, key),
                ("try" | "repeat", "steps" | "value") | ("emit" | "wait", "key")
            ) {
                format!("`{key}` stands inside `{word}`: indent it further than `{word}`")
            } else {
                let owners: Vec<String> = word::owners(key).iter().map(|o| format!("`{o}`")).collect();
                let article = if word.starts_with(['a', 'e']) { "an" } else { "a" };
                format!(
                    "`{key}` belongs to {}; this step is {article} `{word}`",
                    owners.join(", ")
                )
            }
        } else if let Some(inside) = word::inside(key).filter(|_| takes.is_none()) {
            let inside = if (word, key) == ("repeat", "for") { word } else { inside };
            format!("`{key}` stands inside `{inside}`: indent it further than `{inside}`")
        } else {
            continue;
        };
        let message = format!("`{key}` does not belong to a step with `{word}`");
        reading.push(Diagnostic::error(codes::MISPLACED_KEY, entry.key.span.clone(), message).help(help));
        reading.beside.push(key.to_owned());
        fields.explained(key);
    }
}

/// Whether a key is there.
fn has_key(fields: &Fields<'_>, key: &str) -> bool {
    fields.entries().iter().any(|entry| entry.key.value == key)
}

/// Whether a step with this word stands somewhere inside the steps of this one.
fn holds_word(fields: &Fields<'_>, word: &str) -> bool {
    let steps = fields.entries().iter().find(|entry| entry.key.value == "steps");
    let Some(NodeKind::Sequence(steps)) = steps.map(|entry| &entry.value.kind) else {
        return false;
    };
    let has = |step: &Node| match &step.kind {
        NodeKind::Mapping(mapping) => mapping.entries.iter().any(|entry| entry.key.value == word),
        _ => false,
    };
    steps.iter().any(has)
}

/// The keys beside the word.
fn shared(reading: &mut Reading, fields: &mut Fields<'_>, step: &mut Step) {
    let word = step.word.value;
    step.when = fields.take("when").map(|n| reading.expression(n));
    let mine = |key: &'static str| word::takes(word, key) == Some(true);
    if mine("retry") {
        step.retry = slips::unless_explained(fields, "retry").and_then(|n| call::retry(reading, n));
        step.timeout_ms = fields.take("timeout").and_then(|n| reading.some_time(n, "30s"));
        step.once = fields.take("once").map(|n| reading.expression(n));
        let effect = fields.entry("effect");
        step.tightened = effect
            .and_then(|e| reading.word(&e.value, &[("once", ())]))
            .map(|w| w.span);
        step.undo = slips::unless_explained(fields, "undo").and_then(|n| call::undo(reading, n));
    }
    if mine("ref") {
        step.reference = fields.take("ref").map(|n| reading.expression(n));
    }
    let mut handler = |key: &'static str| -> Option<Handler> {
        if mine(key) {
            fields.entry(key).map(|e| block::handler(reading, e))
        } else {
            None
        }
    };
    step.on_rejected = handler("on_rejected");
    step.on_refused = handler("on_refused");
    step.on_failure = handler("on_failure");
    step.on_timeout = handler("on_timeout");
}

fn kind(
    reading: &mut Reading,
    fields: &mut Fields<'_>,
    once: &mut Option<ExpressionText>,
    reference: &mut Option<ExpressionText>,
    word: &str,
    entry: &Entry,
) -> Option<StepKind> {
    let node = &entry.value;
    reading.under = word::has_mapping(word).then(|| entry.key.span.clone());
    Some(match word {
        "call" => StepKind::Call(call::call(reading, fields, node)?),
        "choose" => StepKind::Choose(block::arms(reading, node)?),
        "each" => StepKind::Each(Box::new(each(reading, fields, entry)?)),
        "parallel" => StepKind::Parallel(block::branches(reading, node)?),
        // Its steps stand beside it, which was reported.
        "repeat" | "try" if fields.entries().iter().any(|e| e.key.value == "steps") => return None,
        "repeat" => StepKind::Repeat(Box::new(repeat::repeat(reading, node)?)),
        "try" => StepKind::Try(block::any(reading, node)),
        "run" => StepKind::Run(Box::new(called::run(reading, fields, node)?)),
        "claim" => StepKind::Claim(Box::new(claim::claim(reading, node, once, reference)?)),
        "release" => claim::release(reading, node)?,
        "void" => claim::void(reading, node)?,
        "emit" => events::emit(reading, node)?,
        "wait" if events::is_event_wait(node) => events::wait(reading, node)?,
        "wait" => StepKind::Wait(Box::new(decisions::wait(reading, node)?)),
        "sleep" => StepKind::Sleep(reading.duration(node)?),
        "set" if node.is_null() => {
            let message = "`set` names a value, and here is none";
            let empty = Diagnostic::error(codes::WRONG_VALUE, entry.key.span.clone(), message);
            reading.push(empty.help("write a value: `set: { total: =trigger.message.total }`"));
            return None;
        }
        "set" => StepKind::Set(reading.template(node)),
        "reply" => StepKind::Reply(reading.template(node)),
        "stop" => StepKind::Stop {
            reason: end(reading, node, "`stop`", false)?.0,
        },
        "park" => StepKind::Park {
            reason: end(reading, node, "`park`", false)?.0,
        },
        _ => {
            let (reason, class) = end(reading, node, "`fail`", true)?;
            StepKind::Fail { reason, class }
        }
    })
}

fn each(reading: &mut Reading, fields: &mut Fields<'_>, entry: &Entry) -> Option<Each> {
    let what = fields.rename("`each`", Some(&entry.key.span));
    let items = match own_words::list(&entry.value) {
        Some(list) => {
            reading.wrong_type(&entry.value, "an expression", &format!("write `{list}`"));
            refused_expression(&entry.value.span)
        }
        None => reading.expression(&entry.value),
    };
    let name = item_name(reading, fields);
    let item_key = fields.take("item_key").map(|n| reading.expression(n));
    let concurrent = fields.take("concurrent").and_then(|n| reading.whole(n, 1, 1_000));
    let go_on = fields
        .take("on_item_failure")
        .or_else(|| slips::goes_on(fields))
        .and_then(|n| reading.word(n, &[("continue", true), ("stop", false)]));
    let steps = fields.need(reading, "steps", "[ ... ]");
    let mut block = block::of_keys(
        reading,
        entry.key.span.clone(),
        steps,
        fields.take_or("value", block::VALUES),
    );
    // Steps that are missing were reported; that nothing is done follows from it.
    block.refused |= steps.is_none();
    fields.rename(what, None);
    Some(Each {
        items,
        name,
        item_key,
        concurrent,
        go_on: go_on.is_some_and(|g| g.value),
        block,
    })
}

/// The name of each item. One that cannot be a name is taken as it is: the steps inside use it, and are checked too.
fn item_name(reading: &mut Reading, fields: &mut Fields<'_>) -> Option<Spanned<String>> {
    let meant = names::item(fields);
    let name = fields.need(reading, "as", &meant)?;
    let name = reading.text(name, "item")?;
    reading.check_name(&name, "_");
    Some(name)
}

/// `stop`, `park` and `fail`: a reason, and a class for `fail`.
fn end(reading: &mut Reading, node: &Node, what: &'static str, with_class: bool) -> Option<(Template, Class)> {
    let mut fields = reading.fields(node, what, "`{ reason: \"why\" }`")?;
    let reason = fields.need(reading, "reason", "\"why\"").map(|n| reading.template(n));
    let class = if with_class { fields.take("class") } else { None };
    let class = class.and_then(|n| reading.word(n, &[("rejected", Class::Rejected), ("permanent", Class::Permanent)]));
    fields.finish(reading);
    Some((reason?, class.map_or(Class::Permanent, |c| c.value)))
}
