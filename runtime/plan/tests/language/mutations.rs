//! A thousand changes of the shipped pipelines, as an editor makes them: a line dropped, two swapped, a word misspelt, a
//! line moved in or out, a quote or bracket gone. Whatever comes of it is said in this project's words, and soon.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use dragoman_manifest::parse_pipeline;
use dragoman_model::{Diagnostic, Source};
use dragoman_plan::{World, check};

use crate::world::world;

/// How many changes are tried.
const CHANGES: usize = 1_000;
/// How long the check of one may take.
const BOUND: Duration = Duration::from_secs(1);

/// Numbers that look random and are the same each time (splitmix64).
struct Numbers(u64);

impl Numbers {
    /// A number below a bound.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound.max(1) as u64).expect("it is below a usize")
    }
}

/// The shipped pipelines, and the one of the tests that has every word.
fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of pipelines")
        .map(|entry| entry.expect("an entry").path().join("pipeline.yaml"))
        .filter(|path| path.exists())
        .collect();
    files.sort();
    let shipped = files.iter().map(|f| std::fs::read_to_string(f).expect("a pipeline"));
    shipped.chain([include_str!("../good.yaml").to_owned()]).collect()
}

/// What was done, and the text that came of it.
fn changed(text: &str, numbers: &mut Numbers) -> (&'static str, String) {
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
fn said(text: &str, world: &World) -> (Vec<Diagnostic>, Duration) {
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

/// The world, with the shipped pipelines' connections: their plugins are not there, so what they take is not known.
fn wide_world() -> World {
    let mut world = world();
    for text in seeds() {
        let called = text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").split_once(": "));
        for (_, operation) in called.filter(|(word, _)| matches!(*word, "call" | "read")) {
            if let Some((connection, _)) = operation.split_once('.') {
                world.broken_connections.insert(connection.into());
            }
        }
    }
    world
}

#[test]
fn a_thousand_changes_are_told_in_our_words_and_soon() {
    let (seeds, world) = (seeds(), wide_world());
    let mut numbers = Numbers(20_261_121);
    let mut wrong = String::new();
    let mut told = 0;
    for number in 0..CHANGES {
        let (what, text) = changed(&seeds[number % seeds.len()], &mut numbers);
        let (found, took) = said(&text, &world);
        // A machine that is busy may have stopped for a moment: a second look decides.
        if took > BOUND && said(&text, &world).1 > BOUND {
            writeln!(wrong, "{what}: took {took:?}").expect("text takes text");
        }
        told += usize::from(!found.is_empty());
        for diagnostic in found {
            let foreign = diagnostic.message.contains("this is not YAML: ");
            let ours = diagnostic.code.id.starts_with('D') && !diagnostic.help.is_empty() && diagnostic.span.is_some();
            if foreign || !ours {
                writeln!(wrong, "{what}: {}", diagnostic.render(false)).expect("text takes text");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(told > CHANGES / 2, "only {told} changes of {CHANGES} were seen");
}
