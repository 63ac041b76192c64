//! A connection's settings: what the plugin refuses in them, names that it does not know, and secrets that are written
//! there, each at its place in the site file.

use dragoman_manifest::site::Connection as Said;
use dragoman_manifest::{Site, Spanned, parse_site};
use dragoman_model::{Diagnostic, Issue, Source, Span, Value};
use dragoman_schema::{Surface, UnknownMember, unknown_members};

use super::plainly;
use crate::error::CONFIG;

/// What is wrong with a connection's settings, `config`: what the plugin refused, and what nobody would ever read.
pub(super) fn check(
    site: &Site,
    name: &Spanned<String>,
    said: &Said,
    config: &Value,
    surface: &Surface,
    refused: Vec<Issue>,
) -> Vec<Diagnostic> {
    let unknown = unknown_members(&surface.config_schema, config);
    let place = said.config_file.as_ref().map_or(&said.config.span, |file| &file.span);
    // A schema that is closed by its own word says the same of the same object, without the place of the name.
    let refused = refused
        .into_iter()
        .filter(|issue| issue.code != "additionalProperties" || !unknown.iter().any(|u| u.path == issue.path));
    let mut diagnostics: Vec<Diagnostic> = refused
        .map(|issue| {
            let message = format!("{}{}", issue.message, at(&issue.path));
            Diagnostic::error(CONFIG, place.clone(), message)
                .mark(format!("refused by the plugin ({})", issue.code))
                .label(name.span.clone(), "the connection")
        })
        .collect();
    for member in unknown {
        let key = if said.config_file.is_some() {
            None
        } else {
            key_of(site, name, said, (&member.path, &member.name))
        };
        diagnostics.push(told(&member, surface, key.unwrap_or_else(|| place.clone()), name));
    }
    diagnostics.extend(plainly::check(site, name, said, config, surface));
    diagnostics.sort_by_key(|d| d.span.as_ref().map_or(0, |span| span.range.start));
    diagnostics
}

/// Where in the configuration something stands; nothing for its top.
pub(super) fn at(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!(" at {path}")
    }
}

fn told(member: &UnknownMember, surface: &Surface, place: Span, connection: &Spanned<String>) -> Diagnostic {
    let message = format!(
        "the configuration of the plugin {} has no `{}`{}",
        surface.name,
        member.name,
        at(&member.path)
    );
    Diagnostic::error(CONFIG, place, message)
        .mark("nothing would read this")
        .label(connection.span.clone(), "the connection")
        .help(help(member))
}

fn help(member: &UnknownMember) -> String {
    match &member.nearest {
        Some(nearest) => format!("write `{nearest}`"),
        None if member.known.is_empty() => "take it away: there is nothing to say here".to_owned(),
        None => format!("there is {}", member.known.join(", ")),
    }
}

/// Where the name of a member stands in the site file. None: it is written in another way (escaped, for example).
///
/// The settings are kept as a value, without places. A place is the right one if the site file, read again with
/// another name in that place, has that other name at the member's path and nothing else changed.
pub(super) fn key_of(
    site: &Site,
    connection: &Spanned<String>,
    said: &Said,
    (path, member): (&str, &str),
) -> Option<Span> {
    let Span { source, range } = &said.config.span;
    let mut other = "x".to_owned();
    while source.text.contains(&other) {
        other.push('x');
    }
    let expected = renamed(&said.config.value, (path, member), &other)?;
    let written = source.text.get(range.clone())?;
    let candidates = written.match_indices(member).map(|(at, name)| (at, at + name.len()));
    let keys = candidates.filter(|&(from, to)| is_key(written, from, to));
    keys.map(|(from, to)| range.start + from..range.start + to)
        .find_map(|key| {
            let text = format!("{}{other}{}", &source.text[..key.start], &source.text[key.end..]);
            let (read, _) = parse_site(Source::new(source.name.clone(), text));
            let index = site.connections.iter().position(|(name, _)| name == connection)?;
            let (_, again) = read.as_ref()?.connections.get(index)?;
            (again.config.value == expected).then(|| Span::new(source, key))
        })
}

/// The value with another name for a member.
fn renamed(value: &Value, (path, member): (&str, &str), other: &str) -> Option<Value> {
    let mut value = value.clone();
    let object = value.pointer_mut(path)?.as_object_mut()?;
    let content = object.remove(member)?;
    object.insert(other.to_owned(), content);
    Some(value)
}

/// Whether what stands there has the looks of a whole key, so that few candidates are read again.
fn is_key(text: &str, from: usize, to: usize) -> bool {
    let before = text[..from].chars().next_back();
    let after = text[to..].trim_start_matches(['"', '\'']).trim_start();
    before.is_none_or(|c| c.is_whitespace() || "{,\"'[".contains(c)) && after.starts_with(':')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use dragoman_model::{Digest, Source};
    use dragoman_schema::Surface;
    use serde_json::{Value, json};

    use super::check;

    fn surface(open: Option<bool>) -> Surface {
        let mut schema = json!({
            "title": "Config", "type": "object",
            "properties": {
                "approver": {"type": "string"},
                "intake_form": {"type": "string"},
                "rows": {"type": "array", "items": {"type": "object", "properties": {"code": {}, "approver": {}}}},
            },
        });
        if let Some(open) = open {
            schema["additionalProperties"] = json!(open);
        }
        Surface {
            digest: Digest::of(b""),
            name: "orders".into(),
            version: "1.0.0".into(),
            summary: String::new(),
            config_schema: schema,
            endpoints: Vec::new(),
            credentials: Vec::new(),
            operations: BTreeMap::new(),
        }
    }

    /// Settings of a connection, and what is told of them: `line:column the text that is marked: help`.
    #[track_caller]
    fn told(config: &str, open: Option<bool>, expected: &[&str]) {
        let text = format!(
            "dragoman: 1\nsite: s\nlisten: 127.0.0.1:0\nstore: {{ sqlite: s }}\nconnections:\n  other: {{ plugin: orders, config: {{ aprover: x }} }}\n  orders:\n    plugin: orders\n    config: {config}\n"
        );
        let (site, found) = dragoman_manifest::parse_site(Source::new("dragoman.yaml", text));
        let site = site.unwrap_or_else(|| panic!("{found:?}"));
        let (name, said) = &site.connections[1];
        let config: &Value = &said.config.value;
        let told: Vec<String> = check(&site, name, said, config, &surface(open), Vec::new())
            .into_iter()
            .map(|d| {
                assert_eq!(d.code.id, "D0912");
                let span = d.span.unwrap_or_else(|| panic!("no place: {}", d.message));
                let (line, column) = span.source.position(span.range.start);
                let marked = &span.source.text[span.range.clone()];
                format!("{line}:{column} {marked}: {}", d.help.join("; "))
            })
            .collect();
        assert_eq!(told, expected, "{config}");
    }

    #[test]
    fn a_name_that_nothing_reads_is_told_at_its_place() {
        told("{ approver: a, intake_form: b, rows: [{ code: c }] }", None, &[]);
        told("{ aprover: a }", None, &["9:15 aprover: write `approver`"]);
        told("{ \"aprover\": a }", None, &["9:16 aprover: write `approver`"]);
        told(
            "\n      intake_fom: b\n      approver: a",
            None,
            &["10:7 intake_fom: write `intake_form`"],
        );
        told(
            "{ banana: a }",
            None,
            &["9:15 banana: there is approver, intake_form, rows"],
        );
        // The same letters as text, as a part of another name, and as a name elsewhere are passed over.
        told(
            "{ intake_form: aprover, rows: [{ code: { aprover: 1 } }, { aprover: b }] }",
            None,
            &["9:72 aprover: write `approver`"],
        );
        told(
            "\n      rows:\n        - code: 'aprover: 1'\n          aprover: b\n      aprover: c",
            None,
            &["12:11 aprover: write `approver`", "13:7 aprover: write `approver`"],
        );
    }

    #[test]
    fn a_schema_that_says_so_is_open() {
        told("{ aprover: a }", Some(true), &[]);
        told("{ aprover: a }", Some(false), &["9:15 aprover: write `approver`"]);
    }
}
