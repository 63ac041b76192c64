//! One letter too few, everywhere in a good pipeline: what is wrong is said, once, and where it is.

use crate::specs::diagnostics;

const SEED: &str = include_str!("../good.yaml");

/// Each word of four letters and more with one letter less: line (from 1) and the whole text.
fn misspelt() -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut offset = 0;
    for (index, line) in SEED.lines().enumerate() {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for word in words.filter(|word| word.len() >= 4 && !line.trim_start().starts_with('#')) {
            let at = offset + (word.as_ptr() as usize - line.as_ptr() as usize) + word.len() / 2;
            all.push((index + 1, format!("{}{}", &SEED[..at], &SEED[at + 1..])));
        }
        offset += line.len() + 1;
    }
    all
}

#[test]
fn a_letter_too_few_is_said_once_and_where_it_is() {
    let (mut unsaid, mut elsewhere, mut several) = (Vec::new(), Vec::new(), Vec::new());
    let all = misspelt();
    for (line, text) in &all {
        let found = diagnostics(text);
        let written = text.lines().nth(line - 1).unwrap_or_default();
        let here = found
            .iter()
            .filter_map(|d| d.span.as_ref())
            .any(|s| s.source.position(s.range.start).0 == *line);
        match found.as_slice() {
            [] => unsaid.push(written),
            _ if !here => elsewhere.push(written),
            [_] => {}
            _ => several.push(written),
        }
    }
    // What is left unsaid are texts for people, and names that the pipeline gives itself and nobody else uses; what is
    // said elsewhere are such names where they are used.
    let share = |part: &[&str]| part.len() * 100 / all.len();
    assert!(all.len() > 300, "only {} words", all.len());
    assert!(share(&unsaid) < 15, "unsaid: {unsaid:#?}");
    assert!(share(&elsewhere) < 7, "elsewhere: {elsewhere:#?}");
    assert!(share(&several) < 2, "several: {several:#?}");
}
