//! Expressions at their places.

use dragoman_expression::codes::{MAYBE_ABSENT, NEEDS_CAST, UNITS, UNKNOWN_NAME};
use dragoman_expression::{Environment, Expected, Expression, Written, check};
use dragoman_manifest::{ExpressionText, pipeline as said};
use dragoman_model::{Diagnostic, Span, nearest};
use dragoman_schema::Shape;

use super::Checker;
use super::scope::Scope;
use crate::codes;

impl Checker<'_> {
    /// Checks an expression. None where it is wrong, or where nothing can be said about what it uses.
    pub(super) fn expression(
        &mut self,
        said: &ExpressionText,
        expected: &Expected,
        scope: &mut Scope,
    ) -> Option<(Expression, Shape)> {
        self.looks_back |= self.repeats > 0 && super::scope::mentions(&said.text, "last");
        if said.text.is_empty() || scope.is_poisoned(&said.text) || self.casts_to_a_broken_connection(&said.text) {
            return None;
        }
        match run_check(said, expected, scope.environment()) {
            Ok((expression, shape)) => {
                self.note_captures(&expression, scope);
                self.nearly_named(said, &expression, scope);
                Some((expression, shape))
            }
            Err(diagnostics) => {
                let follows = |code| scope.doubtful && code == MAYBE_ABSENT || scope.nameless && code == UNKNOWN_NAME;
                let unread = self.unread.clone();
                let of_the_trigger = |d: &Diagnostic| d.code == NEEDS_CAST && d.message.contains("`trigger.message`");
                for found in diagnostics.into_iter().filter(|d| !follows(d.code)) {
                    let Some(found) = self.with_unit_places(found, &said.text, scope) else {
                        continue;
                    };
                    // Where one of several triggers is not read, that is the cause, and is said once.
                    let cause = unread.as_ref().filter(|_| of_the_trigger(&found));
                    self.diagnostics.push(cause.cloned().unwrap_or(found));
                }
                None
            }
        }
    }

    /// Units that do not go together, with the places at which they were given. What was said of a quantity is not said
    /// again where it is used once more: it is mended where it was made.
    fn with_unit_places(&mut self, found: Diagnostic, text: &str, scope: &Scope) -> Option<Diagnostic> {
        if found.code != UNITS {
            return Some(found);
        }
        let places = scope.units_in(text);
        let again = places.iter().any(|(_, span)| self.units_told.contains(span));
        self.units_told.extend(places.iter().map(|(_, span)| span.clone()));
        let labelled = places.into_iter().fold(found, |found, (path, span)| {
            found.label(span, format!("`{path}` gets its unit here"))
        });
        (!again).then_some(labelled)
    }

    /// Warns of a text that is nearly the name of a sender, or a code of the call that failed, and is compared with one.
    fn nearly_named(&mut self, said: &ExpressionText, expression: &Expression, scope: &Scope) {
        if self.world.trusting {
            return;
        }
        for compared in expression.compared() {
            let path: Vec<&str> = compared.path.iter().map(String::as_str).collect();
            let (names, what): (Vec<&str>, _) = match path.as_slice() {
                ["trigger", "sender"] => (
                    self.world.senders.iter().map(String::as_str).collect(),
                    "sender of the site",
                ),
                ["failure", "code"] => (scope.codes.iter().map(String::as_str).collect(), "code of this call"),
                _ => continue,
            };
            if names.contains(&compared.text.as_str()) {
                continue;
            }
            let Some(near) = nearest(&compared.text, names) else {
                continue;
            };
            let [start, end] = [compared.range.start, compared.range.end].map(|at| said.offsets.source_offset(at));
            let span = Span::new(&said.span.source, start..end);
            let message = format!("there is no {what} `{}`", compared.text);
            let diagnostic = Diagnostic::error(codes::NEARLY, span, message).warning();
            self.report(diagnostic.help(format!("did you mean `\"{near}\"`?")));
        }
    }

    /// Whether a cast in it names a connection whose plugin cannot be used, which was reported elsewhere.
    fn casts_to_a_broken_connection(&self, text: &str) -> bool {
        let broken = &self.world.broken_connections;
        broken.iter().any(|name| {
            [format!("\"{name}."), format!("'{name}.")]
                .iter()
                .any(|start| text.contains(start))
        })
    }

    /// The same where the expression may be left out.
    pub(super) fn optional(
        &mut self,
        said: Option<&ExpressionText>,
        expected: &Expected,
        scope: &mut Scope,
    ) -> Option<Expression> {
        said.and_then(|said| self.expression(said, expected, scope))
            .map(|(expression, _)| expression)
    }

    /// The business key of a step. One that reads nothing is the same in every run: its step would be done once for ever.
    pub(super) fn once(&mut self, step: &said::Step, scope: &mut Scope) -> Option<Expression> {
        let key = self.optional(step.once.as_ref(), &Expected::Key, scope)?;
        let said = step.once.as_ref()?;
        if key.reads().is_empty() && !self.world.trusting {
            let message = format!(
                "`{}` is the same in every run: the step would be done once for ever",
                said.text.trim()
            );
            self.report(
                Diagnostic::error(codes::SAME_KEY, said.span.clone(), message)
                    .warning()
                    .help("write the business key of what is done, an expression: for example `once: trigger.key`"),
            );
        }
        Some(key)
    }

    /// The key of an item, which must tell it from the others.
    pub(super) fn item_key(&mut self, each: &said::Each, name: &str, scope: &mut Scope) -> Option<Expression> {
        let key = self.optional(each.item_key.as_ref(), &Expected::Key, scope)?;
        let said = each.item_key.as_ref()?;
        let of_item = key.reads().iter().any(|path| path[0] == name);
        if !of_item && !name.is_empty() && !self.world.trusting {
            let message = format!(
                "`{}` says nothing of the item: it is the same for all of them",
                said.text.trim()
            );
            self.report(
                Diagnostic::error(codes::SAME_KEY, said.span.clone(), message).help(format!(
                    "write what tells one `{name}` from another, for example `{name}.number`"
                )),
            );
        }
        Some(key)
    }

    /// A condition.
    pub(super) fn condition(&mut self, said: &ExpressionText, scope: &mut Scope) -> Option<Expression> {
        self.expression(said, &Expected::Condition, scope)
            .map(|(expression, _)| expression)
    }

    fn note_captures(&mut self, expression: &Expression, scope: &Scope) {
        if self.captures.is_empty() {
            return;
        }
        let reads = expression.reads();
        for (outside, captures) in scope.outside.iter().zip(&mut self.captures) {
            // Of a step, only what lies outside of the items is not theirs.
            let from_outside = |path: &&Vec<String>| match path.as_slice() {
                [steps, id, ..] if steps == "steps" => outside.contains(id),
                _ => true,
            };
            captures.extend(reads.iter().filter(from_outside).cloned());
        }
    }
}

fn run_check(
    said: &ExpressionText,
    expected: &Expected,
    environment: &Environment,
) -> Result<(Expression, Shape), Vec<dragoman_model::Diagnostic>> {
    let offset = |at: usize| said.offsets.source_offset(at);
    let written = Written {
        text: &said.text,
        span: &said.span,
        offset: &offset,
        quoted: &|text| said.scalar.in_quotes(text),
    };
    check(&written, environment, expected).map_err(|mut diagnostics| {
        let helps = diagnostics.iter_mut().flat_map(|found| &mut found.help);
        helps.for_each(|help| *help = said.scalar.requoted(help));
        diagnostics
    })
}
