//! Lists of steps: the body of a pipeline, of an arm, of a branch, of a handler.

use dragoman_model::{Diagnostic, Span, nearest};

use super::{Arm, Block, Handler, Step, StepKind, slips, step, word};
use crate::fields::Fields;
use crate::reading::{Reading, first_line, plain};
use crate::said::{Literal, Template};
use crate::template::refused_expression;
use crate::yaml::{Entry, Node, NodeKind};
use crate::{Spanned, codes};

/// Keys that people write for `value`.
pub(super) const VALUES: &[&str] = &["values"];

/// A list of steps.
pub(super) fn list(reading: &mut Reading, node: &Node) -> Block {
    let items = reading.list(node, "a list of steps", "each step behind a dash: `- call: orders.get`");
    let steps: Vec<Step> = items.iter().filter_map(|item| step::step(reading, item)).collect();
    let fewer = steps.len() < items.len() || items.iter().any(slips::has_two_words);
    let refused = fewer || !matches!(node.kind, NodeKind::Sequence(_));
    Block {
        steps,
        value: None,
        span: first_line(node),
        refused,
    }
}

/// `steps` and `value` of a mapping that has other keys too.
pub(super) fn of_keys(reading: &mut Reading, span: Span, steps: Option<&Node>, value: Option<&Node>) -> Block {
    let mut block = match steps {
        Some(node) => list(reading, node),
        None => Block {
            steps: Vec::new(),
            value: None,
            span: span.clone(),
            refused: false,
        },
    };
    block.span = span;
    block.value = value.map(|n| reading.template(n));
    block
}

/// A block in any of its forms: a step, a list of steps, or `{ steps, value }`.
pub(super) fn any(reading: &mut Reading, node: &Node) -> Block {
    match &node.kind {
        NodeKind::Sequence(_) => list(reading, node),
        NodeKind::Mapping(mapping) if mapping.entries.iter().any(|e| word::is_word(&e.key.value)) => {
            let step = step::step(reading, node);
            let refused = step.is_none() || slips::has_two_words(node);
            Block {
                steps: step.into_iter().collect(),
                value: None,
                span: first_line(node),
                refused,
            }
        }
        NodeKind::Mapping(_) => {
            let mut block = Block {
                steps: Vec::new(),
                value: None,
                span: first_line(node),
                refused: true,
            };
            if let Some(mut fields) = reading.fields(node, "a block", "`{ steps: [...], value: ... }`") {
                let steps = fields.take("steps");
                let value = fields.take_or("value", VALUES);
                if fields.entries().is_empty() {
                    nothing(reading, node);
                }
                if steps.is_some() || value.is_some() {
                    block = of_keys(reading, first_line(node), steps, value);
                }
                fields.allow(word::WORDS);
                beside_the_word(reading, &mut fields);
                fields.finish(reading);
            }
            block
        }
        _ => {
            let value = value_alone(node);
            let help = match plain(node) {
                Some("retry" | "repeat") => {
                    "a call is tried again by `retry: { for: 1h }` beside it; a handler comes when that has ended"
                }
                Some("ignore" | "continue" | "skip" | "none") => {
                    "a handler that lets the run go on gives a value in place of the step's, `{ value: ... }`; else it is `park`"
                }
                Some("stop" | "fail") => "write it with its reason: `{ stop: { reason: \"why\" } }`",
                _ if value.is_some() => value.as_deref().unwrap_or_default(),
                _ => "write, for example, `{ park: { reason: \"why\" } }`",
            };
            reading.wrong_type(node, "a step, a list of steps or `{ steps, value }`", help);
            Block {
                steps: Vec::new(),
                value: None,
                span: node.span.clone(),
                refused: true,
            }
        }
    }
}

/// What is said of an expression where a block is wanted: it is the block's value.
fn value_alone(node: &Node) -> Option<String> {
    let NodeKind::Scalar(scalar) = &node.kind else {
        return None;
    };
    let one = scalar.text.starts_with('=') && !scalar.text.contains('\n') && scalar.text.len() < 100;
    one.then(|| format!("write `{{ value: '{}' }}`", scalar.text.replace('\'', "''")))
}

/// Reports keys of a step that are indented into its block.
fn beside_the_word(reading: &mut Reading, fields: &mut Fields<'_>) {
    for entry in fields.entries() {
        let key = entry.key.value.as_str();
        if !key.starts_with("on_") || word::owners(key).is_empty() {
            continue;
        }
        let message = format!("`{key}` does not belong to a block");
        let help = format!("`{key}` stands beside the word of the step, in its column: indent it less");
        reading.push(Diagnostic::error(codes::MISPLACED_KEY, entry.key.span.clone(), message).help(help));
        fields.explained(key);
    }
}

/// Reports an empty mapping where a block is expected.
fn nothing(reading: &mut Reading, node: &Node) {
    let message = "nothing stands here: there are neither steps nor a value";
    reading.push(
        Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), message)
            .help("write a list of steps, or `{ steps: [...], value: ... }`, of which one is enough"),
    );
}

/// A handler: a block, or the word `park`.
pub(super) fn handler(reading: &mut Reading, entry: &Entry) -> Handler {
    let key = entry.key.span.clone();
    if plain(&entry.value) == Some("park") {
        let span = entry.value.span.clone();
        let value = format!("parked by `{}`", *entry.key).into();
        let reason = Template::Literal(Literal {
            value,
            plain: None,
            span: span.clone(),
        });
        let step = step::bare(Spanned::new("park", span.clone()), StepKind::Park { reason });
        return Handler {
            key,
            block: Block {
                steps: vec![step],
                value: None,
                span,
                refused: false,
            },
        };
    }
    if let Some(word) = plain(&entry.value).filter(|w| nearest(w, ["park"]).is_some()) {
        let message = format!("found text `{word}`, expected `park`, a step or a list of steps");
        let span = entry.value.span.clone();
        reading.push(Diagnostic::error(codes::WRONG_VALUE, span.clone(), message).help("write `park`"));
        return Handler {
            key,
            block: Block {
                steps: Vec::new(),
                value: None,
                span,
                refused: true,
            },
        };
    }
    Handler {
        key,
        block: any(reading, &entry.value),
    }
}

/// The arms of a `choose`.
pub(super) fn arms(reading: &mut Reading, node: &Node) -> Option<Vec<Arm>> {
    let items = reading.list(
        node,
        "a list of arms",
        "`- when: ...` and `- else: ...`, each behind a dash",
    );
    let arms: Vec<Arm> = items
        .iter()
        .map(|item| arm(reading, item).unwrap_or_else(|| refused_arm(item)))
        .collect();
    if let Some(at) = arms.iter().position(|a| a.when.is_none())
        && let Some(behind) = arms.get(at + 1)
    {
        reading.push(
            Diagnostic::error(codes::MISPLACED_KEY, behind.span.clone(), "nothing comes behind `else`")
                .mark("never reached")
                .label(arms[at].span.clone(), "`else` is here")
                .help("write `else` as the last arm"),
        );
    }
    matches!(node.kind, NodeKind::Sequence(_)).then_some(arms)
}

/// An arm about which a diagnostic was made: it is there, so that the choice is not thought to be empty.
fn refused_arm(node: &Node) -> Arm {
    let span = first_line(node);
    let block = Block {
        steps: Vec::new(),
        value: None,
        span: span.clone(),
        refused: true,
    };
    Arm {
        when: Some(refused_expression(&span)),
        block,
        span,
    }
}

fn arm(reading: &mut Reading, node: &Node) -> Option<Arm> {
    let mut fields = reading.fields(node, "an arm", "`- when: ...` or `- else: ...`")?;
    let span = fields.heading();
    let when = fields.take("when");
    let otherwise = fields.entry("else");
    let steps = fields.take_or("steps", &["then", "do"]);
    let value = fields.take_or("value", VALUES);
    let (when, steps) = match (when, otherwise) {
        (Some(when), None) => (Some(reading.expression(when)), steps),
        (None, Some(entry)) => {
            let inner = Some(&entry.value).filter(|n| !n.is_null());
            if let (Some(_), Some(steps)) = (inner, steps) {
                let message = "the steps of `else` are said twice";
                reading.push(
                    Diagnostic::error(codes::DUPLICATE_KEY, first_line(steps), message)
                        .label(entry.key.span.clone(), "here is a list of steps too")
                        .help("write them below `else`"),
                );
            }
            (None, inner.or(steps))
        }
        (Some(_), Some(entry)) => {
            reading.push(
                Diagnostic::error(
                    codes::MISPLACED_KEY,
                    entry.key.span.clone(),
                    "an arm has `when` or `else`, not both",
                )
                .help("put a dash before `else`: it is an arm of its own"),
            );
            fields.finish(reading);
            return None;
        }
        (None, None) => {
            reading.missing(span.clone(), "an arm", "when", "...");
            fields.finish(reading);
            return None;
        }
    };
    fields.finish(reading);
    // A mapping below `else` is one step or `{ steps, value }`.
    let block = match steps {
        Some(node) if when.is_none() && matches!(node.kind, NodeKind::Mapping(_)) => {
            let mut block = any(reading, node);
            if let Some(value) = value {
                if let Some(first) = &block.value {
                    two_values(reading, first, value);
                } else {
                    block.value = Some(reading.template(value));
                }
            }
            block
        }
        steps => of_keys(reading, span.clone(), steps, value),
    };
    Some(Arm { when, block, span })
}

/// Reports a value beside `else` where one stands in it too.
fn two_values(reading: &mut Reading, first: &Template, second: &Node) {
    let message = "the value of `else` is said twice";
    reading.push(
        Diagnostic::error(codes::DUPLICATE_KEY, first_line(second), message)
            .label(first.span().clone(), "here is a value too")
            .help("an arm gives one value: take one of the two away"),
    );
}

/// Whether a key under `parallel` is no branch, but holds the branches, as in other languages.
fn holds_branches(entry: &Entry) -> bool {
    let NodeKind::Mapping(inner) = &entry.value.kind else {
        return false;
    };
    let of_a_block = |e: &Entry| word::is_word(&e.key.value) || ["steps", "value", "id"].contains(&&*e.key.value);
    entry.key.value == "branches" && !inner.entries.iter().any(of_a_block)
}

/// The branches of a `parallel`.
pub(super) fn branches(reading: &mut Reading, node: &Node) -> Option<Vec<(Spanned<String>, Block)>> {
    let fields = reading.fields(node, "`parallel`", "`{ one: [...], other: [...] }`")?;
    let mut branches = Vec::new();
    if let [entry] = fields.entries()
        && holds_branches(entry)
    {
        let message = format!("unknown key `{}`", *entry.key);
        reading.push(
            Diagnostic::error(codes::UNKNOWN_KEY, entry.key.span.clone(), message)
                .help("the branches stand right below `parallel`, each with its name: `parallel: { one: [...], other: [...] }`"),
        );
        return None;
    }
    for entry in fields.entries() {
        let block = any(reading, &entry.value);
        if reading.check_name(&entry.key, "_") {
            branches.push((entry.key.clone(), block));
        }
    }
    Some(branches)
}
