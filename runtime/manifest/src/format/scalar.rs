//! How a scalar is written: plain where that says the same, else in the quotes that need the fewest escapes.

use std::fmt::Write as _;

use dragoman_model::Value;

use super::tree::Written;
use crate::yaml::{Style, resolve};

/// A scalar on one line. `flow`: inside brackets.
pub(super) fn one_line(written: &Written<'_>, flow: bool) -> String {
    let text = written.text;
    let plain = match written.style {
        Style::Plain => fits_plain(text, flow),
        _ => fits_plain(text, flow) && says_text(text),
    };
    if plain {
        return text.to_owned();
    }
    if text.is_empty() && written.style == Style::Plain {
        return if flow { "null".into() } else { String::new() };
    }
    quoted(text)
}

/// Whether a plain text is read as these characters.
fn fits_plain(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let indicator = "-?:,[]{}#&*!|>'\"%@`".contains(first);
    // A number below zero begins with what otherwise begins an item.
    let number = first == '-' && text[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let cut = text.contains(": ") || text.contains(" #") || text.ends_with(':') || text.starts_with("...");
    let brackets = flow && (text.contains([',', '[', ']', '{', '}']) || text.contains(":\"") || text.contains(":'"));
    let unseen = text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'));
    (!indicator || number) && !cut && !brackets && !unseen && text.trim() == text
}

/// Whether every reader takes a plain text as text: those of YAML 1.1 too, which see truth in `no` and time in `12:30`.
fn says_text(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<", "",
    ];
    let number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text
            .chars()
            .all(|c| c.is_ascii_hexdigit() || "+-_.:oOxXbBeETZtz ".contains(c));
    let infinite = matches!(
        text.trim_start_matches(['+', '-']).to_lowercase().as_str(),
        ".inf" | ".nan"
    );
    matches!(resolve(text), Value::String(_)) && !number && !infinite && !WORDS.contains(&text.to_lowercase().as_str())
}

fn quoted(text: &str) -> String {
    let escapes = text.contains(['"', '\\']);
    let unseen = text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'));
    if escapes && !unseen {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text of several lines: its header and its lines without indentation. None: it is written on one line.
pub(super) fn several_lines(written: &Written<'_>, room: usize) -> Option<(String, Vec<String>)> {
    let text = written.text;
    let unseen = text.chars().any(|c| c.is_control() && c != '\n');
    let first = text.lines().find(|l| !l.is_empty())?;
    if unseen || first.starts_with([' ', '\t']) || text.trim().is_empty() {
        return None;
    }
    match written.style {
        Style::Literal => {
            let body = text.trim_end_matches('\n');
            let ends = text.len() - body.len();
            let mut lines: Vec<String> = body.split('\n').map(str::to_owned).collect();
            lines.extend(std::iter::repeat_n(String::new(), ends.saturating_sub(1)));
            Some((format!("|{}", chomping(ends)), lines))
        }
        Style::Folded => {
            let ends = text.len() - text.trim_end_matches('\n').len();
            let raw: Vec<&str> = written.raw.lines().collect();
            let indent = raw
                .iter()
                .filter(|l| !l.trim().is_empty())
                .map(|l| l.len() - l.trim_start().len())
                .min()?;
            let above = text.len() - text.trim_start_matches('\n').len();
            let mut lines = vec![String::new(); above];
            lines.extend(raw.iter().map(|l| l.get(indent..).unwrap_or("").to_owned()));
            while lines.last().is_some_and(|l| l.trim().is_empty()) {
                lines.pop();
            }
            lines.extend(std::iter::repeat_n(String::new(), ends.saturating_sub(1)));
            Some((format!(">{}", chomping(ends)), lines))
        }
        // What was written over several lines stays so where it would be too long for one.
        Style::Plain if written.raw.contains('\n') && text.chars().count() > room => {
            let words: Vec<&str> = text.split(' ').collect();
            if text.contains('\n') || words.iter().any(|w| w.is_empty()) {
                return None;
            }
            let mut lines: Vec<String> = Vec::new();
            for word in words {
                match lines.last_mut() {
                    Some(line) if line.chars().count() + word.chars().count() < 90 => {
                        line.push(' ');
                        line.push_str(word);
                    }
                    _ => lines.push(word.to_owned()),
                }
            }
            Some((">-".into(), lines))
        }
        _ => None,
    }
}

fn chomping(ends: usize) -> &'static str {
    match ends {
        0 => "-",
        1 => "",
        _ => "+",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stand_only_where_they_are_needed() {
        let cases = [
            ("hello you", false, "hello you"),
            ("a, b", false, "a, b"),
            ("a, b", true, "\"a, b\""),
            ("no", false, "\"no\""),
            ("12:30", false, "\"12:30\""),
            ("0012", false, "\"0012\""),
            ("2026-11-21", false, "\"2026-11-21\""),
            ("*.xml", false, "\"*.xml\""),
            ("=\"a: \" + b", false, "'=\"a: \" + b'"),
            ("=\"a\" + b", true, "=\"a\" + b"),
            ("it's \"so\": x", false, "'it''s \"so\": x'"),
            ("", false, "\"\""),
            ("a\nb", false, "\"a\\nb\""),
        ];
        for (text, flow, expected) in cases {
            let written = Written {
                text,
                style: Style::Double,
                raw: "",
            };
            assert_eq!(one_line(&written, flow), expected, "{text}");
        }
    }
}
