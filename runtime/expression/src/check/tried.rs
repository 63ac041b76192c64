//! What is said is tried: a value near one that does not fit is put in its place, and so is what a help says to write.
//! Named is what leaves nothing wrong behind; a help that leads into the next mistake is left out.

use std::ops::Range;

use dragoman_model::all_meant;
use dragoman_model::meant::has_words;
use dragoman_schema::{Lookup, Shape};

use super::{Checker, Typed};
use crate::codes;
use crate::complaint::{Others, Problem};
use crate::environment::{Environment, Expected, Written};
use crate::syntax;
use crate::tree::{Kind, Tree};

/// So many expressions are checked at most to say what to write in place of one.
const TRIES: usize = 96;
/// So many values are named; more help nobody.
const NAMED: usize = 3;
/// So many of the fields that fit are told where the name says nothing of which one was meant.
const LISTED: usize = 8;
/// In the place of so many things, one around the other, a text is tried.
const DEEP: usize = 3;
/// So many fields, one below the other, are looked at for a value of a shape that is asked for.
const FAR: usize = 3;
/// How a help begins that says no more than what kind of value is asked for.
pub(super) const NOTHING_KNOWN: &str = "write something here that is";

impl Checker<'_> {
    /// Notes what is near a value that does not fit; of what stands beside it and inside of it only what is likely, if
    /// there is any.
    pub(super) fn offer(&mut self, tree: &Tree, likely: impl Fn(&Shape) -> bool) {
        if self.silent || self.environment.trusting {
            return;
        }
        let text = |tree: &Tree| self.written.text.get(tree.range.clone()).unwrap_or_default().to_owned();
        let (mut parts, mut beside, mut name) = (Vec::new(), Vec::new(), String::new());
        match &tree.kind {
            Kind::Call {
                receiver, arguments, ..
            } => parts.extend(receiver.iter().map(|of| text(of)).chain(arguments.iter().map(text))),
            Kind::Field { of, name: last, .. } => {
                name.clone_from(last);
                let mut outer = of;
                parts.push(text(of));
                while let Kind::Field { of, .. } = &outer.kind {
                    parts.push(text(of));
                    outer = of;
                }
                let (of, said) = (text(of), text(tree));
                if let Some(typed) = self.silently(tree) {
                    beside.extend(typed.owner.iter().flat_map(|owner| named_fields(&of, owner, &likely)));
                    beside.extend(named_fields(&said, &typed.shape, &likely));
                }
            }
            Kind::Name(last) => {
                name.clone_from(last);
                let said = text(tree);
                let typed = self.silently(tree);
                beside.extend(
                    typed
                        .iter()
                        .flat_map(|typed| named_fields(&said, &typed.shape, &likely)),
                );
            }
            _ => return,
        }
        let elsewhere = self.elsewhere(tree);
        self.note_others(&tree.range, parts, beside, elsewhere, &name);
    }

    /// What is of the shape that is asked for, wherever it is; of a shape that tells what is meant.
    fn elsewhere(&self, tree: &Tree) -> Vec<String> {
        let Some((_, wanted)) = self
            .wanted
            .as_ref()
            .filter(|(place, wanted)| *place == tree.range && tells(wanted))
        else {
            return Vec::new();
        };
        let steps = self
            .environment
            .steps
            .iter()
            .map(|(id, shape)| (format!("steps.{id}"), shape));
        let names = self
            .environment
            .names
            .iter()
            .map(|(name, shape)| (name.to_owned(), shape));
        let mut found = Vec::new();
        let variables = self.variables.iter().map(|(name, shape)| (name.clone(), shape));
        for (path, shape) in variables.chain(names).chain(steps) {
            found_in(&path, shape, wanted, FAR, &mut found);
        }
        found
    }

    /// Notes the fields of an object that has none by a name.
    pub(super) fn offer_fields(&mut self, tree: &Tree, of: &Tree, base: &Typed, name: &str) {
        if self.silent || self.environment.trusting {
            return;
        }
        let of = self.written.text.get(of.range.clone()).unwrap_or_default();
        let fields = named_fields(of, &base.shape, &|_| true);
        self.note_others(&tree.range, Vec::new(), fields, Vec::new(), name);
    }

    fn note_others(
        &mut self,
        place: &Range<usize>,
        parts: Vec<String>,
        beside: Vec<(String, String)>,
        elsewhere: Vec<String>,
        name: &str,
    ) {
        if let Some(last) = self.problems.last_mut() {
            let (place, name) = (place.clone(), name.to_owned());
            last.others = Some(Others {
                place,
                parts,
                beside,
                elsewhere,
                name,
            });
        }
    }
}

/// The fields of an object: how each is read, and its name. Only the likely ones where there are any.
fn named_fields(of: &str, shape: &Shape, likely: &dyn Fn(&Shape) -> bool) -> Vec<(String, String)> {
    let fields = shape.field_names().into_iter();
    let known: Vec<(&str, Shape)> = fields
        .filter_map(|name| match shape.field(name) {
            Lookup::Found(shape) if shape != Shape::Any => Some((name, shape)),
            _ => None,
        })
        .collect();
    let all = !known.iter().any(|(_, shape)| likely(shape));
    let named = known.into_iter().filter(|(_, shape)| all || likely(shape));
    named
        .map(|(name, _)| (format!("{of}.{name}"), name.to_owned()))
        .collect()
}

/// Whether few values are of a shape.
fn tells(shape: &Shape) -> bool {
    match shape.present() {
        Shape::Document | Shape::Object(_) | Shape::Quantity | Shape::Measured(_) | Shape::Date => true,
        Shape::List(item) => matches!(item.present(), Shape::Object(_) | Shape::Quantity | Shape::Measured(_)),
        _ => false,
    }
}

/// What fits a shape: a value, or what it is made of.
fn found_in(path: &str, shape: &Shape, wanted: &Shape, deep: usize, found: &mut Vec<String>) {
    if found.len() >= TRIES / 4 || shape.is_optional() || *shape == Shape::Any {
        return;
    }
    if shape.fits(wanted).is_ok() {
        found.push(path.to_owned());
        return;
    }
    if deep > 0 && shape.as_object().is_some() {
        for name in shape.field_names() {
            if let Lookup::Found(field) = shape.field(name) {
                found_in(&format!("{path}.{name}"), &field, wanted, deep - 1, found);
            }
        }
    }
}

/// What comes of doing what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// One mistake less.
    Mended,
    /// The next mistake.
    Astray,
    /// Nobody knows: it is not all that has to be written.
    Open,
}

/// One expression in which something is wrong, and how often it may still be tried to mend it.
struct Trial<'a> {
    written: &'a Written<'a>,
    environment: &'a Environment,
    expected: &'a Expected,
    /// So much is wrong with it.
    wrong: usize,
    left: usize,
}

/// The same problems, each with what mends it, and without what does not.
pub(super) fn settled(
    mut problems: Vec<Problem>,
    written: &Written<'_>,
    environment: &Environment,
    expected: &Expected,
) -> Vec<Problem> {
    if problems.iter().all(|problem| problem.others.is_none()) {
        return problems;
    }
    let Ok(tree) = syntax::parse(written.text) else {
        return problems;
    };
    let (wrong, left) = (problems.len(), TRIES);
    let mut trial = Trial {
        written,
        environment,
        expected,
        wrong,
        left,
    };
    for problem in &mut problems {
        if let Some(others) = problem.others.take() {
            trial.settle(problem, &others, &tree);
        }
    }
    problems
}

impl Trial<'_> {
    fn settle(&mut self, problem: &mut Problem, others: &Others, tree: &Tree) {
        let mut places = vec![problem.range.clone()];
        around(tree, &problem.range, &mut places);
        let helps = std::mem::take(&mut problem.help).into_iter();
        let said: Vec<(String, Outcome)> = helps
            .map(|help| {
                let outcome = self.followed(&help, &places);
                (help, outcome)
            })
            .collect();
        let leads = said.iter().any(|(_, outcome)| *outcome == Outcome::Mended);
        let mut fitting = self.fitting(others, problem.code == codes::UNKNOWN_FIELD);
        if fitting.is_empty() && !leads {
            let found = others
                .elsewhere
                .iter()
                .filter(|one| self.with(&others.place, one) == Outcome::Mended);
            fitting.extend(found.take(NAMED + 1).cloned());
            fitting.truncate(if fitting.len() > NAMED { 0 } else { NAMED });
        }
        let stays =
            |(help, outcome): &(String, Outcome)| *outcome != Outcome::Astray && !help.starts_with(NOTHING_KNOWN);
        let known = !fitting.is_empty() || said.iter().any(stays);
        let kept = said
            .into_iter()
            .filter(|one| !known || stays(one))
            .map(|(help, _)| help);
        problem.help = kept.collect();
        // What was said already is not said again.
        let all = problem.help.join("\n");
        let fresh: Vec<&str> = fitting
            .iter()
            .map(String::as_str)
            .filter(|one| !all.contains(&format!("`{one}`")))
            .collect();
        if !fresh.is_empty() && (!leads || problem.code != codes::UNKNOWN_FIELD) {
            let named = format!("a value that fits here: `{}`", fresh.join("`, `"));
            let at = if leads { problem.help.len() } else { 0 };
            problem.help.insert(at, named);
        }
    }

    /// What comes of writing what a help says, in the place of what is wrong or of what that is a part of.
    fn followed(&mut self, help: &str, places: &[Range<usize>]) -> Outcome {
        let pieces: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
        // What is cut short or has to be filled in is no text to write.
        if pieces.is_empty() || pieces.iter().any(|piece| piece.contains("...") || piece.contains('<')) {
            return Outcome::Open;
        }
        let mut outcome = Outcome::Astray;
        for piece in pieces {
            for place in places {
                match self.with(place, piece) {
                    Outcome::Mended => return Outcome::Mended,
                    Outcome::Open => outcome = Outcome::Open,
                    Outcome::Astray => {}
                }
            }
        }
        outcome
    }

    /// The values near one that does not fit that do.
    fn fitting(&mut self, others: &Others, unknown: bool) -> Vec<String> {
        let mut parts = others.parts.clone();
        parts.retain(|part| self.with(&others.place, part) == Outcome::Mended);
        let mut beside: Vec<&(String, String)> = others.beside.iter().collect();
        beside.retain(|(text, _)| self.with(&others.place, text) == Outcome::Mended);
        let most = if unknown { LISTED } else { NAMED };
        if beside.len() + parts.len() > most {
            let meant = all_meant(&others.name, beside.iter().map(|(_, name)| name.as_str()));
            beside.retain(|(_, name)| meant.contains(&name.as_str()) || has_words(&others.name, name));
        }
        let named = beside.into_iter().map(|(text, _)| text.clone());
        parts.into_iter().chain(named).take(most).collect()
    }

    /// What comes of another text in a place of the expression.
    fn with(&mut self, place: &Range<usize>, text: &str) -> Outcome {
        let all = self.written.text;
        let (Some(before), Some(behind), true) = (all.get(..place.start), all.get(place.end..), self.left > 0) else {
            return Outcome::Open;
        };
        self.left -= 1;
        let mended = format!("{before}{text}{behind}");
        if syntax::parse(&mended).is_err() {
            return Outcome::Open;
        }
        let written = Written {
            text: &mended,
            ..*self.written
        };
        let mut checker = Checker::new(&written, self.environment);
        checker.silent = true;
        checker.whole(self.expected);
        let leads = |problem: &Problem| problem.code != codes::MAYBE_ABSENT && problem.code != codes::UNITS;
        match checker.problems.len() < self.wrong {
            true => Outcome::Mended,
            false if checker.problems.iter().any(leads) => Outcome::Astray,
            false => Outcome::Open,
        }
    }
}

/// The places of all that contains a part, from the inside to the outside, without the part itself.
fn around(tree: &Tree, part: &Range<usize>, places: &mut Vec<Range<usize>>) {
    let contains = |tree: &&Tree| tree.range.start <= part.start && part.end <= tree.range.end;
    if let Some(inner) = tree.parts().into_iter().find(contains) {
        around(inner, part, places);
    }
    if tree.range != *part && places.len() < DEEP {
        places.push(tree.range.clone());
    }
}
