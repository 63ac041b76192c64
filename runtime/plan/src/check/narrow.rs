//! What a condition makes sure of for the steps that stand under it, or behind a step that ends the run.
//!
//! Only what a person reads at a glance counts: `has(steps.a.b)`, and a field compared with a written text
//! (`steps.officer.answer == "refuse"`), joined by `&&` (by `||` where the condition does not hold).

use std::sync::Arc;

use dragoman_schema::Shape;

use super::scope::Scope;

impl Scope {
    /// The condition holds here, or does not.
    pub(super) fn assume(&mut self, condition: &str, holds: bool) {
        let condition = without_parentheses(condition.trim());
        let (joined, other) = if holds { ("&&", "||") } else { ("||", "&&") };
        let parts = split(condition, joined);
        if parts.len() > 1 {
            for part in parts {
                self.assume(part, holds);
            }
            return;
        }
        if split(condition, other).len() > 1 {
            return;
        }
        if let Some(rest) = condition.strip_prefix('!').filter(|r| !r.starts_with('=')) {
            // Only `!has(...)` and `!( ... )`: elsewhere `!` binds closer than an operator behind it.
            if rest.starts_with("has(") && split_comparison(rest).is_none() || without_parentheses(rest) != rest {
                self.assume(rest, !holds);
            }
            return;
        }
        if let Some((path, equal, text)) = split_comparison(condition) {
            self.assume_text(&path, &text, equal == holds);
            return;
        }
        let path = condition
            .strip_prefix("has(")
            .and_then(|r| r.strip_suffix(')'))
            .and_then(path);
        if let Some(path) = path.filter(|_| holds) {
            self.refine_path(&path, &|shape| shape.present().clone());
        }
    }

    fn assume_text(&mut self, path: &[&str], text: &str, equal: bool) {
        self.refine_path(path, &|shape| match shape.present() {
            Shape::Enumeration(values) => {
                let left: Vec<&String> = values.iter().filter(|v| (*v == text) == equal).collect();
                // Nothing left means that this place is never reached; a comparison said so already.
                let narrowed = if left.is_empty() {
                    shape.present().clone()
                } else {
                    Shape::enumeration(left)
                };
                if equal { narrowed } else { like(shape, narrowed) }
            }
            _ => shape.clone(),
        });
        if let ["steps", id, "answer"] = path {
            self.narrow_answer(id);
        }
    }

    fn refine_path(&mut self, path: &[&str], change: &dyn Fn(&Shape) -> Shape) {
        match path {
            ["steps", id, fields @ ..] => {
                if let Some(shape) = self.step(id) {
                    let shape = refined(shape, fields, change);
                    self.refine("steps", Some(id), shape);
                }
            }
            [root, fields @ ..] => {
                if let Some(shape) = self.name(root) {
                    let shape = refined(shape, fields, change);
                    self.refine(root, None, shape);
                }
            }
            [] => {}
        }
    }
}

/// The shape with a change at a path; a shape without that path stays as it is.
fn refined(shape: &Shape, fields: &[&str], change: &dyn Fn(&Shape) -> Shape) -> Shape {
    let Some((field, rest)) = fields.split_first() else {
        return change(shape);
    };
    let Shape::Object(object) = shape.present() else {
        return shape.clone();
    };
    let Some(inner) = object.fields.get(*field) else {
        return shape.clone();
    };
    let inner_refined = refined(inner, rest, change);
    if inner_refined == *inner {
        return shape.clone();
    }
    // Where something is known of a field of it, it is there itself, unless only the field's values became fewer.
    let present = inner.is_optional() && !inner_refined.is_optional();
    let mut object = object.as_ref().clone();
    object.fields.insert((*field).to_owned(), inner_refined);
    let refined = Shape::Object(Arc::new(object));
    if present { refined } else { like(shape, refined) }
}

/// Optional where the original is.
fn like(original: &Shape, shape: Shape) -> Shape {
    if original.is_optional() {
        shape.optional()
    } else {
        shape
    }
}

/// `path == "text"` or `path != "text"`: the path, whether equal, the text.
fn split_comparison(text: &str) -> Option<(Vec<&str>, bool, String)> {
    for (operator, equal) in [("==", true), ("!=", false)] {
        if let [left, right] = split(text, operator).as_slice() {
            let (left, right) = (left.trim(), right.trim());
            return match (path(left), literal(right), path(right), literal(left)) {
                (Some(path), Some(text), _, _) | (_, _, Some(path), Some(text)) => Some((path, equal, text)),
                _ => None,
            };
        }
    }
    None
}

fn literal(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains([quote, '\\'])).then(|| inner.to_owned())
}

fn path(text: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = text.trim().split('.').map(str::trim).collect();
    let name = |part: &&str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    (parts.len() > 1 && parts.iter().all(name)).then_some(parts)
}

/// The text without one pair of parentheses around all of it.
fn without_parentheses(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else {
        return text;
    };
    let mut depth = 0_i32;
    for character in inner.chars() {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth < 0 {
            return text;
        }
    }
    inner.trim()
}

/// The parts of a text between an operator that stands outside of brackets and quotes.
fn split<'a>(text: &'a str, operator: &str) -> Vec<&'a str> {
    let (mut depth, mut quote, mut from, mut parts) = (0_i32, None, 0, Vec::new());
    let mut skip_to = 0;
    for (at, character) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        match (quote, character) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), '\\') => skip_to = at + 2,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, '?') if depth == 0 => return vec![text],
            _ if depth == 0 && text[at..].starts_with(operator) => {
                parts.push(&text[from..at]);
                from = at + operator.len();
                skip_to = from;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_split_outside_of_quotes_and_brackets() {
        assert_eq!(
            split("a && (b && c) && \"x && y\"", "&&"),
            ["a ", " (b && c) ", " \"x && y\""]
        );
        assert_eq!(split("a ? b && c : d", "&&"), ["a ? b && c : d"]);
        assert_eq!(split("\"\\\"&&é\\", "&&").len(), 1);
        assert_eq!(without_parentheses("(a) && (b)"), "(a) && (b)");
        assert_eq!(without_parentheses("(a && (b))"), "a && (b)");
        let (path, equal, text) = split_comparison("'no' != steps.a.answer").expect("a comparison");
        assert_eq!(
            (path.as_slice(), equal, text.as_str()),
            (&["steps", "a", "answer"][..], false, "no")
        );
        assert!(split_comparison("a.b == c.d").is_none());
    }
}
