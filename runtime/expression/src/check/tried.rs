//! What is said is tried: a value near one that does not fit is put in its place, and so is what a help says to write.
//! Named is what leaves nothing wrong behind; a help that leads into the next mistake is left out.

use std::ops::Range;

use dragoman_model::meant::has_words;
use dragoman_model::{Code, all_meant};

use super::Checker;
use crate::codes;
use crate::complaint::{Others, Problem};
use crate::environment::{Environment, Expected, Written};
use crate::syntax;
use crate::tree::Tree;

/// What is said of these is tried: a help says what to write in the place of what is wrong.
const TRIED: &[Code] = &[
    codes::WRONG_TYPE,
    codes::WRONG_RESULT,
    codes::UNKNOWN_FIELD,
    codes::UNKNOWN_NAME,
    codes::UNKNOWN_FUNCTION,
    codes::ARGUMENTS,
    codes::MAYBE_ABSENT,
    codes::NEVER_EQUAL,
    codes::NEEDS_CAST,
    codes::UNITS,
];
/// So many expressions are checked at most to say what to write in place of one.
const TRIES: usize = 96;
/// So many values are named; more help nobody.
const NAMED: usize = 3;
/// So many of the fields that fit are told where the name says nothing of which one was meant.
const LISTED: usize = 4;
/// In so many places a text is tried.
const PLACES: usize = 5;
/// How a help begins that says no more than what kind of value is asked for.
pub(super) const NOTHING_KNOWN: &str = "write something here that is";

/// What comes of doing what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// One mistake less: the expression as it is then.
    Mended(String),
    /// The next mistake.
    Astray,
    /// Nobody knows: it is not all that has to be written.
    Open,
}

/// Values that fit where another one does not.
#[derive(Default)]
struct Fitting {
    /// What that was taken from or made of.
    parts: Vec<String>,
    /// What is near it.
    beside: Vec<String>,
}

impl Fitting {
    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.beside.is_empty()
    }

    /// Adds them to what is said: first what was most likely meant. What was said already is not said again.
    fn tell(self, problem: &mut Problem, known: bool) {
        let all = problem.help.join("\n");
        let told = |values: Vec<String>| {
            let fresh: Vec<String> = values
                .into_iter()
                .filter(|one| !all.contains(&format!("`{one}`")))
                .collect();
            (!fresh.is_empty()).then(|| format!("a value that fits here: `{}`", fresh.join("`, `")))
        };
        let at = if problem.mended.is_some() {
            problem.help.len()
        } else {
            0
        };
        if let Some(beside) = told(self.beside).filter(|_| !known) {
            problem.help.insert(at, beside);
        }
        let is_call = matches!(problem.code, codes::UNKNOWN_FUNCTION | codes::ARGUMENTS);
        match self.parts.first().filter(|_| is_call) {
            Some(call) => problem.help.insert(0, format!("write `{call}`")),
            None => problem.help.splice(0..0, told(self.parts)).for_each(drop),
        }
    }
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
    if environment.trusting || problems.is_empty() {
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
    for problem in problems.iter_mut().filter(|problem| TRIED.contains(&problem.code)) {
        trial.settle(problem, &tree);
    }
    problems
}

impl Trial<'_> {
    fn settle(&mut self, problem: &mut Problem, tree: &Tree) {
        let others = problem.others.take();
        if problem.code == codes::MAYBE_ABSENT {
            self.tested_first(problem);
        }
        let mut places = vec![problem.range.clone()];
        around(tree, &problem.range, &mut places);
        let helps = std::mem::take(&mut problem.help).into_iter();
        let said: Vec<(String, Outcome)> = helps
            .map(|help| {
                let outcome = self.followed(&help, &places);
                (help, outcome)
            })
            .collect();
        let unknown = problem.code == codes::UNKNOWN_FIELD;
        let leads = |(help, outcome): &(String, Outcome)| match outcome {
            Outcome::Mended(_) => true,
            Outcome::Open => unknown && !help.starts_with("its "),
            Outcome::Astray => false,
        };
        let leads = said.iter().any(leads);
        let fitting = others
            .map(|others| self.fitting(&others, unknown, leads))
            .unwrap_or_default();
        let stays =
            |(help, outcome): &&(String, Outcome)| *outcome != Outcome::Astray && !help.starts_with(NOTHING_KNOWN);
        let known = !fitting.is_empty() || said.iter().any(|one| stays(&one));
        let kept: Vec<&(String, Outcome)> = said.iter().filter(|one| !known || stays(one)).collect();
        problem.help = kept.iter().map(|(help, _)| help.clone()).collect();
        problem.mended = kept.iter().find_map(|(_, outcome)| match outcome {
            Outcome::Mended(whole) => Some(whole.clone()),
            _ => None,
        });
        fitting.tell(problem, leads && unknown);
    }

    /// Where a condition needs a value that may be absent: the whole of it behind a test.
    fn tested_first(&mut self, problem: &mut Problem) {
        let all = self.written.text.trim();
        let Some(absent) = self
            .written
            .text
            .get(problem.range.clone())
            .filter(|_| *self.expected == Expected::Condition)
        else {
            return;
        };
        let whole = if all.contains("||") || all.contains('?') {
            format!("({all})")
        } else {
            all.to_owned()
        };
        let tested = format!("has({absent}) && {whole}");
        if let (Outcome::Mended(_), Some(first)) = (
            self.with(&(0..self.written.text.len()), &tested),
            problem.help.first_mut(),
        ) {
            *first = format!("test it first: `{tested}`");
        }
    }

    /// What comes of writing what a help says, in the place of what is wrong or of what that is a part of.
    fn followed(&mut self, help: &str, places: &[Range<usize>]) -> Outcome {
        let pieces: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
        // What is cut short or has to be filled in is no text to write, and neither is a list of names.
        let unfinished = |piece: &&str| piece.replace("\"...\"", "").contains("...") || piece.contains('<');
        if pieces.is_empty() || help.starts_with("its ") || pieces.iter().any(unfinished) {
            return Outcome::Open;
        }
        let mut outcome = Outcome::Astray;
        for piece in pieces {
            for place in places {
                match self.with(place, piece) {
                    mended @ Outcome::Mended(_) => return mended,
                    Outcome::Open => outcome = Outcome::Open,
                    Outcome::Astray => {}
                }
            }
        }
        outcome
    }

    /// The values near one that does not fit that do; where there are none, and nothing else leads on, those elsewhere.
    fn fitting(&mut self, others: &Others, unknown: bool, leads: bool) -> Fitting {
        let mut parts = others.parts.clone();
        parts.retain(|part| self.mends(&others.place, part));
        let mut beside: Vec<&(String, String)> = others.beside.iter().collect();
        beside.retain(|(text, _)| self.mends(&others.place, text));
        let most = if unknown { LISTED } else { NAMED };
        let all = beside.len() == others.beside.len();
        if beside.len() > most || unknown && all {
            let meant = all_meant(&others.name, beside.iter().map(|(_, name)| name.as_str()));
            beside.retain(|(_, name)| meant.contains(&name.as_str()) || has_words(&others.name, name));
            beside.truncate(most);
        }
        let mut beside: Vec<String> = beside.into_iter().map(|(text, _)| text.clone()).collect();
        if parts.is_empty() && beside.is_empty() && !leads {
            let found = others.elsewhere.iter().filter(|one| self.mends(&others.place, one));
            beside = found.take(NAMED + 1).cloned().collect();
            if beside.len() > NAMED {
                beside.clear();
            }
        }
        Fitting { parts, beside }
    }

    fn mends(&mut self, place: &Range<usize>, text: &str) -> bool {
        matches!(self.with(place, text), Outcome::Mended(_))
    }

    /// What comes of another text in a place of the expression.
    fn with(&mut self, place: &Range<usize>, text: &str) -> Outcome {
        let all = self.written.text;
        let (Some(before), Some(behind)) = (all.get(..place.start), all.get(place.end..)) else {
            return Outcome::Open;
        };
        if self.left == 0 || !self.environment.tries.take(all.len() + text.len()) {
            return Outcome::Open;
        }
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
        let (wrong, astray) = (checker.problems.len(), checker.problems.iter().any(leads));
        match wrong < self.wrong {
            true => Outcome::Mended(mended),
            false if astray => Outcome::Astray,
            false => Outcome::Open,
        }
    }
}

/// The places in which a help can be followed beside the one that is wrong: the sides of an operator, and all that contains
/// it, from the inside to the outside.
fn around(tree: &Tree, part: &Range<usize>, places: &mut Vec<Range<usize>>) {
    let contains = |tree: &&Tree| tree.range.start <= part.start && part.end <= tree.range.end;
    match tree.parts().into_iter().find(contains) {
        Some(inner) => around(inner, part, places),
        None if tree.range != *part => places.extend(tree.parts().into_iter().map(|side| side.range.clone())),
        None => {}
    }
    if tree.range != *part && places.len() < PLACES {
        places.push(tree.range.clone());
    }
}
