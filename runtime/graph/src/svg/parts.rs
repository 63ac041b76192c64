//! Texts, tips and marks.

use std::fmt::Write as _;

use super::colours::{NOTE, TEXT, of_mark};
use crate::picture::{Anchor, Text};
use crate::text::Style;
use crate::track::Mark;

/// A text as XML takes it; characters that XML does not have are left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// The path of a step, for whoever looks for it in the document.
pub(super) fn data(path: &str) -> String {
    if path.starts_with(['?', '=']) || path.ends_with('=') {
        return String::new();
    }
    format!(" data-step=\"{}\"", escaped(path))
}

/// From where to where a run went.
pub(super) fn way(from: Option<&str>, to: Option<&str>) -> String {
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    format!(" data-way=\"{} {}\"", escaped(from), escaped(to))
}

/// What is shown where the pointer rests.
pub(super) fn tip(out: &mut String, tip: &str, became: Option<&str>) -> std::fmt::Result {
    let became = became.map(|b| format!("\n{b}")).unwrap_or_default();
    if tip.is_empty() && became.is_empty() {
        return Ok(());
    }
    writeln!(out, "<title>{}</title>", escaped(&format!("{tip}{became}")))
}

/// Texts at their places; words of the language in the colour of their node.
pub(super) fn texts(out: &mut String, texts: &[Text], colour: &str) -> std::fmt::Result {
    for text in texts {
        let (_, size) = text.style.font();
        let (fill, further) = match text.style {
            Style::Title => (TEXT, " font-weight=\"700\""),
            Style::Summary => (NOTE, ""),
            Style::Word => (colour, " font-weight=\"700\" letter-spacing=\"0.8\""),
            Style::Id => (TEXT, " font-weight=\"700\""),
            Style::Code => (
                TEXT,
                " font-family=\"'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace\"",
            ),
            Style::Note => (NOTE, ""),
            Style::Label => (NOTE, " font-weight=\"600\""),
        };
        let anchor = match text.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
        };
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\" fill=\"{fill}\"{further}{anchor}>{}</text>",
            text.x,
            text.y,
            escaped(&text.text)
        )?;
    }
    Ok(())
}

/// What became of a step, at a corner of its node: a sign, or of how many children it is told.
pub(super) fn badge(out: &mut String, mark: Mark, count: usize, x: f64, y: f64) -> std::fmt::Result {
    let colour = of_mark(mark);
    writeln!(
        out,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8.5\" fill=\"{colour}\" stroke=\"#ffffff\" stroke-width=\"1.5\"/>"
    )?;
    if count > 1 {
        let told = if count > 99 {
            "99+".to_owned()
        } else {
            count.to_string()
        };
        return writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"8\" font-weight=\"700\" fill=\"#ffffff\" text-anchor=\"middle\">{told}</text>",
            y + 3.0
        );
    }
    let sign = match mark {
        Mark::Done => "M-4,0.3 L-1.3,3 L4,-2.8",
        Mark::Failed => "M-3,-3 L3,3 M-3,3 L3,-3",
        Mark::Parked => "M-2.2,-3.2 V3.2 M2.2,-3.2 V3.2",
        Mark::Waiting => "M0,-4 V0.4 L2.8,2.2",
        Mark::Running => "M-2,-3.4 L3.2,0 L-2,3.4 Z",
        Mark::Undone => "M3.2,3 C4,-3.4 -1,-3.4 -3.4,-1 M-3.4,-3.6 V-0.8 H-0.6",
        Mark::Passed | Mark::Skipped | Mark::GivenUp => "M-3.4,0 H3.4",
    };
    writeln!(
        out,
        "<path transform=\"translate({x:.1},{y:.1})\" d=\"{sign}\" fill=\"none\" stroke=\"#ffffff\" stroke-width=\"1.8\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\"/>"
    )
}
