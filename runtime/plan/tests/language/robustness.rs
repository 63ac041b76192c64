//! Whatever the text is, it gives a plan or diagnostics: never a panic, never a hang.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::specs::diagnostics;

const SEED: &str = include_str!("../good.yaml");

/// A change of a good pipeline: characters dropped, doubled, swapped, or replaced by ones that mean something.
fn mutated(text: &str, changes: &[(usize, u8, char)]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for (at, kind, character) in changes {
        let at = at % text.len().max(1);
        match kind % 4 {
            0 => {
                text.remove(at);
            }
            1 => text.insert(at, *character),
            2 => text[at] = *character,
            _ => {
                let other = (at * 7 + 3) % text.len();
                text.swap(at, other);
            }
        }
    }
    text.into_iter().collect()
}

#[test]
fn the_good_pipeline_is_good() {
    let rendered: Vec<String> = diagnostics(SEED).iter().map(|d| d.render(false)).collect();
    assert!(rendered.is_empty(), "{}", rendered.join("\n\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_diagnostics(text in "(?s).{0,300}") {
        for diagnostic in diagnostics(&text) {
            prop_assert!(!diagnostic.render(false).is_empty());
        }
    }

    #[test]
    fn any_text_of_the_language_gives_diagnostics(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("steps:"), Just("\n"), Just("\n  "), Just("- "), Just("call: orders.get"), Just("when: "),
                Just("{ "), Just(" }"), Just("[ "), Just(" ]"), Just("=steps.order.number"), Just(": "), Just(", "),
                Just("'"), Just("\""), Just("|\n"), Just(">-\n"), Just("&a "), Just("*a "), Just("!x "), Just("\t"),
                Just("choose:"), Just("else:"), Just("each: "), Just("id: order"), Just("# "), Just("é"), Just("---\n"),
            ],
            0..60,
        ),
    ) {
        let text = format!("dragoman: 1\npipeline: p\n{}", pieces.concat());
        for diagnostic in diagnostics(&text) {
            prop_assert!(!diagnostic.render(false).is_empty());
        }
    }

    /// Lines dropped, doubled, swapped, moved in or out: what people do with an editor.
    #[test]
    fn a_pipeline_with_changed_lines_gives_diagnostics(
        changes in proptest::collection::vec((any::<usize>(), any::<usize>(), 0_u8..6), 1..4),
    ) {
        let mut lines: Vec<String> = SEED.lines().map(String::from).collect();
        for (at, other, kind) in changes {
            let (at, other) = (at % lines.len(), other % lines.len());
            match kind {
                0 => {
                    lines.remove(at);
                }
                1 => lines.insert(at, lines[other].clone()),
                2 => lines.swap(at, other),
                3 => lines[at].insert_str(0, "  "),
                4 => lines[at] = lines[at].strip_prefix("  ").unwrap_or(&lines[at]).to_owned(),
                _ => lines[at] = lines[at].replacen(": ", ":", 1),
            }
        }
        for diagnostic in diagnostics(&lines.join("\n")) {
            let rendered = diagnostic.render(false);
            prop_assert!(!rendered.is_empty());
            prop_assert!(!rendered.contains("this is not YAML: "), "the library's words alone: {rendered}");
        }
    }

    #[test]
    fn a_changed_pipeline_gives_diagnostics(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>(), prop_oneof![
            Just(' '), Just('\n'), Just(':'), Just('-'), Just('{'), Just('}'), Just('['), Just('"'), Just('\''),
            Just('='), Just('.'), Just(','), Just('#'), Just('\t'), Just('x'), Just('é'), Just('&'), Just('*'), Just('!'),
        ]), 1..6),
    ) {
        for diagnostic in diagnostics(&mutated(SEED, &changes)) {
            prop_assert!(!diagnostic.render(false).is_empty());
        }
    }
}

/// Texts made to cost much are refused quickly, with a code.
#[test]
fn hostile_texts_are_refused_in_time() {
    let bomb = |n: usize| {
        let mut text = String::from("a0: &a0 [x, x]\n");
        for level in 1..n {
            text.push_str(&format!(
                "a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}]\n",
                level - 1
            ));
        }
        text
    };
    for (what, code, text) in [
        ("aliases", "D0108", bomb(30)),
        ("brackets", "D0109", "[".repeat(100_000)),
        ("braces", "D0109", "{a: ".repeat(50_000)),
        ("dashes", "D0109", "- ".repeat(50_000)),
        ("keys", "D0109", (0..200_000).map(|n| format!("k{n}: 1\n")).collect()),
        (
            "parentheses",
            "D0308",
            format!(
                "dragoman: 1\npipeline: p\non: []\nsteps: []\nkey: {}x",
                "(".repeat(3_000)
            ),
        ),
        ("one line", "D0109", format!("dragoman: {}", "x".repeat(5_000_000))),
        ("tabs", "D0100", "\t\t\ta: b\n".repeat(1_000)),
        ("zeros", "D0100", "\0\0\0: 1".into()),
    ] {
        let begin = Instant::now();
        let found = diagnostics(&text);
        assert!(
            found.iter().any(|d| d.code.id == code),
            "{what}: {:?}",
            found
                .iter()
                .map(|d| (d.code.id, &d.message))
                .take(4)
                .collect::<Vec<_>>()
        );
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "{what} took {:?}",
            begin.elapsed()
        );
    }
}

/// Line ends and a byte order mark of other systems change nothing.
#[test]
fn other_line_ends_and_a_byte_order_mark_are_read() {
    for text in [SEED.replace('\n', "\r\n"), format!("\u{feff}{SEED}")] {
        let rendered: Vec<String> = diagnostics(&text).iter().map(|d| d.render(false)).collect();
        assert!(rendered.is_empty(), "{}", rendered.join("\n\n"));
    }
    let wrong = SEED.replace("steps.order.count < 10", "steps.order.cuont < 10");
    let place = |text: &str| {
        diagnostics(text)
            .first()
            .and_then(|d| d.span.as_ref().map(dragoman_model::Span::place))
    };
    assert!(place(&wrong).is_some());
    assert_eq!(place(&wrong), place(&wrong.replace('\n', "\r\n")));
}
