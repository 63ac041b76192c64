//! Changes of a text as an editor makes them: a line dropped, two swapped, a word misspelt, a line moved in or out, a quote
//! or bracket gone. They look random and are the same each time. What they come to is told by whoever tries them.

use std::time::{Duration, Instant};

use dragoman_manifest::parse_pipeline;
use dragoman_model::{Diagnostic, Source};
use dragoman_plan::{World, check};

/// How long the check of one may take.
const BOUND: Duration = Duration::from_secs(1);

/// Numbers that look random and are the same each time (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound.max(1) as u64).expect("it is below a usize")
    }
}

/// What was done, and the text that came of it.
pub(crate) fn changed(text: &str, numbers: &mut Numbers) -> (&'static str, String) {
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    let at = numbers.below(lines.len());
    let what = match numbers.below(6) {
        0 => {
            lines.remove(at);
            "a line dropped"
        }
        1 => {
            let other = numbers.below(lines.len());
            lines.swap(at, other);
            "two lines swapped"
        }
        2 => {
            lines[at] = misspelt(&lines[at], numbers);
            "a word misspelt"
        }
        3 => {
            let by = 1 + numbers.below(4);
            lines[at].insert_str(0, &" ".repeat(by));
            "a line moved in"
        }
        4 => {
            let by = 1 + numbers.below(4);
            let indent = lines[at].len() - lines[at].trim_start().len();
            lines[at].drain(..indent.min(by));
            "a line moved out"
        }
        _ => {
            let marks: Vec<usize> = lines[at]
                .match_indices(['"', '\'', '{', '}', '[', ']', '(', ')', ':', ','])
                .map(|(at, _)| at)
                .collect();
            if !marks.is_empty() {
                lines[at].remove(marks[numbers.below(marks.len())]);
            }
            "a mark gone"
        }
    };
    (what, lines.join("\n"))
}

/// The line with two letters of a word swapped, or one left out or doubled.
fn misspelt(line: &str, numbers: &mut Numbers) -> String {
    let mut characters: Vec<char> = line.chars().collect();
    let letters: Vec<usize> = (1..characters.len())
        .filter(|at| characters[*at].is_alphabetic() && characters[at - 1].is_alphabetic())
        .collect();
    if letters.is_empty() {
        return line.to_owned();
    }
    let at = letters[numbers.below(letters.len())];
    match numbers.below(3) {
        0 => characters.swap(at - 1, at),
        1 => {
            characters.remove(at);
        }
        _ => characters.insert(at, characters[at]),
    }
    characters.into_iter().collect()
}

/// All that is said about a text, and how long it took.
pub(crate) fn said(text: &str, world: &World) -> (Vec<Diagnostic>, Duration) {
    let begin = Instant::now();
    let (pipeline, mut diagnostics) = parse_pipeline(Source::new("mutation.yaml", text));
    if let Some(pipeline) = pipeline {
        diagnostics.extend(check(&pipeline, world).diagnostics);
    }
    for diagnostic in &diagnostics {
        assert!(!diagnostic.render(false).is_empty());
    }
    (diagnostics, begin.elapsed())
}

/// What is wrong with how a changed text is told: too late, in words that are not this project's, without a place or without
/// what to write. None: nothing.
pub(crate) fn told_badly(text: &str, world: &World) -> (usize, Option<String>) {
    let (found, took) = said(text, world);
    // A machine that is busy may have stopped for a moment: a second look decides.
    if took > BOUND && said(text, world).1 > BOUND {
        return (found.len(), Some(format!("took {took:?}")));
    }
    let wrong = found.iter().find(|diagnostic| {
        let foreign = diagnostic.message.contains("this is not YAML: ");
        let ours = diagnostic.code.id.starts_with('D') && !diagnostic.help.is_empty() && diagnostic.span.is_some();
        foreign || !ours
    });
    (found.len(), wrong.map(|diagnostic| diagnostic.render(false)))
}
