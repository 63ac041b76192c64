//! Texts of the picture: how they are set, measured and broken into lines.

use crate::widths::{Face, width};

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// The pipeline's name.
    Title,
    /// What it is for.
    Summary,
    /// A word of the language.
    Word,
    /// The id of a step.
    Id,
    /// A name or an expression.
    Code,
    /// What stands under them.
    Note,
    /// A word at an edge.
    Label,
}

impl Style {
    /// Font and size.
    pub(crate) fn font(self) -> (Face, f64) {
        match self {
            Style::Title => (Face::Bold, 22.0),
            Style::Summary => (Face::Regular, 13.0),
            Style::Word => (Face::Bold, 10.0),
            Style::Id => (Face::Bold, 14.0),
            Style::Code => (Face::Mono, 12.0),
            Style::Note => (Face::Regular, 11.0),
            Style::Label => (Face::Bold, 11.0),
        }
    }

    /// From one line to the next.
    pub(crate) fn line(self) -> f64 {
        match self {
            Style::Title => 30.0,
            Style::Summary => 18.0,
            Style::Id => 19.0,
            Style::Code => 16.0,
            Style::Word | Style::Note | Style::Label => 15.0,
        }
    }

    /// The width of a text.
    pub(crate) fn width(self, text: &str) -> f64 {
        let (face, size) = self.font();
        // Capitals are set with space between them.
        let between = if self == Style::Word { 0.8 } else { 0.0 };
        width(text, face, size) + between * f64::from(u32::try_from(text.chars().count()).unwrap_or(0))
    }
}

/// A line of text that is not yet placed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// How it is set.
    pub(crate) style: Style,
    /// What it says.
    pub(crate) text: String,
}

/// Breaks a text into at most so many lines of at most so much width; what does not fit ends in an ellipsis.
///
/// Lines end behind a space where there is one, else behind punctuation, else anywhere. They are about as long as each
/// other: a last line of one word looks like a mistake.
pub(crate) fn wrap(text: &str, style: Style, widest: f64, most: usize) -> Vec<Line> {
    let lines = greedy(text, style, widest, most);
    let shortened = lines.last().is_some_and(|l| l.text.ends_with('…'));
    if lines.len() < 2 || shortened {
        return lines;
    }
    let (mut enough, mut short) = (widest, 0.0);
    for _ in 0..8 {
        let middle = (enough + short) / 2.0;
        let tried = greedy(text, style, middle, most);
        if tried.len() == lines.len()
            && tried
                .iter()
                .all(|l| style.width(&l.text) <= middle && !l.text.ends_with('…'))
        {
            enough = middle;
        } else {
            short = middle;
        }
    }
    greedy(text, style, enough, most)
}

fn greedy(text: &str, style: Style, widest: f64, most: usize) -> Vec<Line> {
    let mut rest: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = Vec::new();
    while !rest.is_empty() {
        if style.width(&rest) <= widest {
            lines.push(rest);
            break;
        }
        let last = lines.len() + 1 >= most;
        let room = if last { widest - style.width("…") } else { widest };
        let fits = fitting(&rest, style, room);
        let cut = if last { fits } else { good_break(&rest, fits) };
        let behind = rest.split_off(cut);
        let line = rest.trim_end().to_owned();
        lines.push(if last { format!("{line}…") } else { line });
        if last {
            break;
        }
        rest = behind.trim_start().to_owned();
    }
    lines.into_iter().map(|text| Line { style, text }).collect()
}

/// The length in bytes of the longest beginning that fits; at least one character.
fn fitting(text: &str, style: Style, room: f64) -> usize {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let mut best = text.chars().next().map_or(0, char::len_utf8);
    for end in ends {
        if style.width(&text[..end]) > room {
            break;
        }
        best = best.max(end);
    }
    best
}

/// The best place to break at or before a place.
fn good_break(text: &str, fits: usize) -> usize {
    let line = &text[..fits];
    if text[fits..].starts_with(' ') {
        return fits;
    }
    let enough = fits / 3;
    let space = line.rfind(' ').map(|at| at + 1).filter(|at| *at > enough);
    let mark = line.rfind(['.', ',', '/', '-', '(', '|']).map(|at| at + 1);
    space.or(mark.filter(|at| *at > enough)).unwrap_or(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_where_one_would_break_them() {
        for (text, widest, most, expected) in [
            ("a b", 100.0, 3, vec!["a b"]),
            ("one two three four", 65.0, 3, vec!["one two", "three four"]),
            ("one two three four", 65.0, 1, vec!["one two t…"]),
            ("steps.order.number", 80.0, 3, vec!["steps.order.", "number"]),
            ("", 80.0, 3, vec![]),
            ("xxxxxxxxxx", 40.0, 9, vec!["xxxxx", "xxxxx"]),
        ] {
            let lines: Vec<String> = wrap(text, Style::Note, widest, most)
                .into_iter()
                .map(|l| l.text)
                .collect();
            assert!(lines.iter().all(|l| Style::Note.width(l) <= widest), "{lines:?}");
            assert_eq!(lines, expected, "{text}");
        }
    }
}
