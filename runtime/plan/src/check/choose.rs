//! `choose` and `parallel`: blocks beside each other.

use dragoman_manifest::{Spanned, Template, pipeline as said};
use dragoman_model::{Diagnostic, Span, Value, nearest};
use dragoman_schema::{Marks, Shape};

use super::Checker;
use super::block::Other;
use super::scope::Scope;
use super::step::Made;
use crate::{Arm, Block, StepKind, codes};

/// To an arm, another one.
const OTHER_ARM: Other<'_> = Other {
    what: "an arm of this `choose`",
    why: "and only one of them is taken",
    word: "choose",
};

/// To a branch, another one.
const OTHER_BRANCH: Other<'_> = Other {
    what: "another branch",
    why: "and branches do not see each other",
    word: "parallel",
};

/// What the arms give together.
#[derive(Default)]
struct Together {
    shape: Option<(Shape, Span)>,
    /// An arm yields nothing.
    nothing: bool,
    /// Nothing can be said about an arm.
    unknown: bool,
    /// An arm goes on to the next step.
    goes_on: bool,
    /// What of the values is personal or secret.
    marks: Marks,
}

impl Checker<'_> {
    /// `choose`: the output is what the arms have in common; absent where no arm needs to be taken.
    pub(super) fn choose(&mut self, step: &said::Step, arms: &[said::Arm], scope: &mut Scope) -> Made {
        if arms.is_empty() {
            let message = "a choice without arms decides nothing";
            self.report(
                Diagnostic::error(codes::EMPTY, step.word.span.clone(), message).help("write `- when: ...` below it"),
            );
        }
        let mut planned: Vec<Option<Arm>> = Vec::new();
        let mut together = Together::default();
        // What the conditions of the arms before leave open.
        let mut open = scope.clone();
        for arm in arms {
            Self::hide_other(&OTHER_ARM, &arm.block, &mut open);
        }
        for arm in arms {
            let mut inner = open.clone();
            self.hide_all(&arm.block, &mut inner);
            let when = arm.when.as_ref().map(|said| self.condition(said, &mut inner));
            inner.doubtful |= matches!(when, Some(None));
            open.doubtful |= matches!(when, Some(None));
            if let Some(Some(when)) = &when {
                inner.assume(when.shows(true));
                open.assume(when.shows(false));
            }
            let outcome = self.block(&arm.block, None, &mut inner, false);
            if outcome.ends.is_none() {
                together.goes_on = true;
                if arm.block.value.is_some() {
                    together.marks = together.marks.with(&outcome.marks);
                }
                // Where a condition was wrong, nothing can be said about what its arm gives.
                let value = outcome.value.filter(|_| !inner.doubtful);
                self.join_arm(&mut together, arm, value, outcome.refused);
            }
            planned.push(match (when, outcome.block) {
                (None, Some(block)) => Some(Arm { when: None, block }),
                (Some(Some(when)), Some(block)) => Some(Arm {
                    when: Some(when),
                    block,
                }),
                _ => None,
            });
        }
        let has_else = arms.iter().any(|arm| arm.when.is_none());
        let shape = match together.shape {
            _ if together.unknown => None,
            None => Some(Shape::Nothing),
            Some((shape, _)) if has_else && !together.nothing => Some(shape),
            Some((shape, _)) => Some(shape.optional()),
        };
        let planned: Option<Vec<Arm>> = planned.into_iter().collect();
        let mut made = Made::new(planned.map(StepKind::Choose), shape).marked(together.marks);
        made.ends = has_else && !together.goes_on && !arms.is_empty();
        made
    }

    fn join_arm(&mut self, together: &mut Together, arm: &said::Arm, value: Option<Shape>, refused: bool) {
        match (&arm.block.value, value) {
            (None, _) if refused => together.unknown = true,
            (None, _) => together.nothing = true,
            (Some(_), None) => together.unknown = true,
            (Some(said), Some(shape)) => {
                let at = said.span().clone();
                together.shape = match together.shape.take() {
                    None => Some((shape, at)),
                    Some((before, first)) => match before.join(&shape).filter(|_| !differ(&before, &shape)) {
                        Some(joined) => {
                            self.misspelt_in_arm(&before, &first, &shape, said);
                            Some((joined, first))
                        }
                        None => {
                            together.unknown = true;
                            self.arms_differ(&before, &first, &shape, said);
                            Some((before, first))
                        }
                    },
                };
            }
        }
    }

    /// A field that only this arm gives, and that is nearly one that only the arms before give, is misspelt in one of them:
    /// each would be absent where the other is there.
    fn misspelt_in_arm(&mut self, before: &Shape, first: &Span, shape: &Shape, said: &Template) {
        let (Template::Object(members, _), Shape::Object(before), Shape::Object(shape)) = (said, before, shape) else {
            return;
        };
        for (name, _) in members {
            let only_there = before.fields.keys().filter(|field| !shape.fields.contains_key(*field));
            let near = match before.fields.contains_key(&name.value) {
                true => None,
                false => nearest(&name.value, only_there.map(String::as_str)),
            };
            let Some(near) = near else { continue };
            let message = format!("this arm gives `{}`, and another gives `{near}`", name.value);
            self.report(
                Diagnostic::error(codes::ARMS_DIFFER, name.span.clone(), message)
                    .label(first.clone(), "the other one")
                    .help(format!(
                        "what both give has one name: write `{near}` or `{}` in both",
                        name.value
                    )),
            );
        }
    }

    fn arms_differ(&mut self, before: &Shape, first: &Span, shape: &Shape, said: &Template) {
        let (path, here, there) = difference(shape, before);
        let at = path.iter().fold(said, |said, field| match said {
            Template::Object(members, _) => {
                let member = members.iter().find(|(name, _)| name.value == *field);
                member.map_or(said, |(_, value)| value)
            }
            _ => said,
        });
        let (message, help) = match path.is_empty() {
            true => (
                format!(
                    "this arm gives {}, another gives {}",
                    shape.describe(),
                    before.describe()
                ),
                "let all arms give a value of one kind".to_owned(),
            ),
            false => {
                let field = path.join(".");
                let (here, there) = (here.describe(), there.describe());
                (
                    format!("`{field}` is {here} in this arm, and {there} in another"),
                    format!("let all arms give `{field}` a value of one kind: {here}, or {there}"),
                )
            }
        };
        self.report(
            Diagnostic::error(codes::ARMS_DIFFER, at.span().clone(), message)
                .label(first.clone(), "the other")
                .help(help),
        );
    }

    /// `parallel`: the output maps each branch's name to its value, else to the output of its last step.
    pub(super) fn parallel(
        &mut self,
        step: &said::Step,
        branches: &[(Spanned<String>, said::Block)],
        scope: &mut Scope,
    ) -> Made {
        if branches.is_empty() {
            let message = "`parallel` without branches does nothing";
            self.report(
                Diagnostic::error(codes::EMPTY, step.word.span.clone(), message).help("write `name: [ ... ]` below it"),
            );
        }
        let mut planned: Vec<Option<(String, Block)>> = Vec::new();
        let mut fields: Vec<Option<(&str, Shape)>> = Vec::new();
        let mut marks = Vec::new();
        let mut apart = scope.clone();
        for (_, said) in branches {
            Self::hide_other(&OTHER_BRANCH, said, &mut apart);
        }
        for (name, said) in branches {
            let mut inner = apart.clone();
            self.hide_all(said, &mut inner);
            let outcome = self.block(said, None, &mut inner, false);
            if said.steps.is_empty() && said.value.is_none() && !said.refused {
                self.empty_branch(name);
            }
            let (shape, given) = match (&said.value, outcome.value) {
                (Some(_), shape) => (shape, outcome.marks),
                (None, _) if outcome.refused => (None, Marks::default()),
                // A branch gives what its last step gives, which needs no name for that.
                (None, _) if said.steps.is_empty() => (Some(Shape::Nothing), Marks::default()),
                (None, _) => outcome
                    .last
                    .map_or((None, Marks::default()), |(shape, marks)| (Some(shape), marks)),
            };
            marks.push((name.value.clone(), given));
            fields.push(shape.map(|s| (name.value.as_str(), s)));
            planned.push(outcome.block.map(|block| (name.value.clone(), block)));
        }
        let fields: Option<Vec<(&str, Shape)>> = fields.into_iter().collect();
        let planned: Option<Vec<(String, Block)>> = planned.into_iter().collect();
        Made::new(planned.map(StepKind::Parallel), fields.map(Shape::object)).marked(Marks::object(marks))
    }

    fn empty_branch(&mut self, name: &Spanned<String>) {
        let message = format!("the branch `{}` does nothing", name.value);
        self.report(
            Diagnostic::error(codes::EMPTY, name.span.clone(), message).help("write a step in it, or a `value`"),
        );
    }
}

/// Whether what two arms give is of different kinds, or a text that was written stands beside a number or a date.
fn differ(one: &Shape, other: &Shape) -> bool {
    match (one.present(), other.present()) {
        (Shape::Enumeration(texts), kind @ (Shape::Decimal | Shape::Date | Shape::DateTime))
        | (kind @ (Shape::Decimal | Shape::Date | Shape::DateTime), Shape::Enumeration(texts)) => {
            !texts.iter().all(|text| kind.accepts(&Value::from(text.as_str())))
        }
        (Shape::Object(left), Shape::Object(right)) => {
            let differs =
                |(name, shape): (&String, &Shape)| right.fields.get(name).is_some_and(|there| differ(shape, there));
            left.fields.iter().any(differs) || one.join(other).is_none()
        }
        _ => one.join(other).is_none(),
    }
}

/// The field in which two objects differ so that they have no common shape, and what it is in each; no field where they
/// differ as a whole.
fn difference<'a>(one: &'a Shape, other: &'a Shape) -> (Vec<&'a str>, &'a Shape, &'a Shape) {
    let mut path = Vec::new();
    let (mut one, mut other) = (one, other);
    while let (Shape::Object(left), Shape::Object(right)) = (one.present(), other.present()) {
        let differs = |(name, shape): (&'a String, &'a Shape)| {
            let there = right.fields.get(name)?;
            differ(shape, there).then_some((name, shape, there))
        };
        let Some((name, shape, there)) = left.fields.iter().find_map(differs) else {
            break;
        };
        path.push(name.as_str());
        (one, other) = (shape, there);
    }
    (path, one, other)
}
