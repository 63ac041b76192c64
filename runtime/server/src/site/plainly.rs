//! Secrets that are written into a connection's settings.
//!
//! What stands under `config` is handed to the plugin as it is written, and a secret enters no sandbox: it is bound
//! beside the configuration, and the host adds it to what leaves. So a setting that the plugin's own schema marks as a
//! secret is refused, whatever stands there, and what is said of it never shows the line it stands in.

use dragoman_manifest::site::Connection as Said;
use dragoman_manifest::{Site, Spanned};
use dragoman_model::{Diagnostic, Source, Span, Value, nearest};
use dragoman_schema::{Marks, Sensitivity, Surface};

use super::settings::{at, key_of};
use crate::error::PLAIN_SECRET;

/// A member of the settings that holds a secret.
struct Plain {
    /// JSON Pointer to the object that has it.
    path: String,
    /// Its name.
    name: String,
    /// Whether what is written there only names a place, which nobody would look at.
    names_a_place: bool,
}

/// What is said of the secrets in a connection's configuration: one for each member that holds one.
pub(super) fn check(
    site: &Site,
    connection: &Spanned<String>,
    said: &Said,
    config: &Value,
    surface: &Surface,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk(config, &Marks::of_schema(&surface.config_schema), "", &mut found);
    let tell = |plain: Plain| {
        let place = match &said.config_file {
            Some(file) => file.span.clone(),
            None => {
                let key = key_of(site, connection, said, (&plain.path, &plain.name));
                // Of a name that is written in another way (escaped) only the beginning of the configuration is shown.
                let key = key.unwrap_or_else(|| said.config.span.part(0..0));
                concealed(&said.config.span, key)
            }
        };
        told(&plain, place, connection, surface)
    };
    found.into_iter().map(tell).collect()
}

/// Finds the members that are marked, or hold a list with something that is.
fn walk(value: &Value, marks: &Marks, path: &str, found: &mut Vec<Plain>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let own = marks.field(name);
                if is_plain(member, &own) {
                    found.push(Plain {
                        path: path.to_owned(),
                        name: name.clone(),
                        names_a_place: member.as_str().is_some_and(names_a_place),
                    });
                } else {
                    walk(member, &own, &below(path, name), found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &marks.item(), &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Whether a value is a secret itself, or a list in which one stands without a name of its own.
fn is_plain(value: &Value, marks: &Marks) -> bool {
    let is_marked = marks.of_all(Sensitivity::Secret).is_some();
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().any(|item| is_plain(item, &marks.item())),
        _ => is_marked,
    }
}

fn names_a_place(text: &str) -> bool {
    ["env:", "file:", "credential:"].iter().any(|way| text.starts_with(way))
}

fn below(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The place of a key, in a text in which nothing else of the configuration is to be read: a diagnostic is shown with its
/// lines, in terminals and logs.
fn concealed(config: &Span, key: Span) -> Span {
    let text = &config.source.text;
    let hidden = text.char_indices().map(|(at, c)| {
        let is_value = config.range.contains(&at) && !key.range.contains(&at) && !c.is_whitespace();
        // As many bytes and as many lines, so that places stay what they are.
        if is_value {
            "*".repeat(c.len_utf8())
        } else {
            c.to_string()
        }
    });
    let hidden: String = hidden.collect();
    Span::new(&Source::new(config.source.name.clone(), hidden), key.range)
}

fn told(plain: &Plain, place: Span, connection: &Spanned<String>, surface: &Surface) -> Diagnostic {
    let message = format!(
        "the plugin {} marks `{}`{} as a secret, and a configuration is no place for one",
        surface.name,
        plain.name,
        at(&plain.path)
    );
    let mark = if plain.names_a_place {
        "this is not looked up: the plugin would be given the text as it is"
    } else {
        "a secret is written here"
    };
    let found = Diagnostic::error(PLAIN_SECRET, place, message).mark(mark);
    found.help(instead(plain, connection, surface))
}

/// What to write: where the plugin may have it from, with the names that it asks for.
fn instead(plain: &Plain, connection: &Spanned<String>, surface: &Surface) -> String {
    let letters = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = format!("{}_{}", connection.value, plain.name)
        .chars()
        .map(letters)
        .collect();
    let variable = name.to_ascii_uppercase();
    let file = format!("file:secrets/{}", name.to_ascii_lowercase());
    let credential = nearest(&plain.name, surface.credentials.iter().map(String::as_str));
    if let Some(credential) = credential.or(surface.credentials.first().map(String::as_str)) {
        return format!("take it out, and write `credentials: {{ {credential}: env:{variable} }}`, or `{file}`");
    }
    if let Some(endpoint) = surface.endpoints.first() {
        let endpoint = endpoint.replace('*', "NAME");
        return format!(
            "take it out, and write at the endpoint `{endpoint}` how it is shown: `auth: {{ bearer: env:{variable} }}`, or \
             `{file}`"
        );
    }
    format!(
        "take it out: the plugin has to ask for an endpoint or a credential, which is then bound to `env:{variable}` or \
         `{file}`"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use dragoman_model::{Digest, Source};
    use dragoman_schema::Surface;
    use serde_json::json;

    use super::super::settings;

    fn surface(endpoints: &[&str], credentials: &[&str]) -> Surface {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Surface {
            digest: Digest::of(b""),
            name: "orders".into(),
            version: "1.0.0".into(),
            summary: String::new(),
            config_schema: json!({
                "title": "Config", "type": "object",
                "properties": {
                    "page": {"type": "integer"},
                    "api_key": {"type": "string", "x-secret": true},
                    "keys": {"type": "array", "items": {"type": "string", "x-secret": true}},
                    "offices": {"type": "array", "items": {"$ref": "#/$defs/Office"}},
                    "by_country": {"type": "object", "additionalProperties": {"type": "string", "x-secret": true}},
                },
                "$defs": {"Office": {"type": "object", "properties": {
                    "name": {"type": "string"}, "pin": {"type": "integer", "x-secret": true},
                }}},
            }),
            endpoints: names(endpoints),
            credentials: names(credentials),
            operations: BTreeMap::new(),
        }
    }

    /// What is said of a configuration: `line:column the text that is marked: help`. Nothing of it shows a secret.
    #[track_caller]
    fn told(config: &str, surface: &Surface, expected: &[&str]) {
        let text = format!(
            "dragoman: 1\nsite: s\nconnections:\n  shop-1:\n    plugin: orders\n    config: {config}\n    mode: observe\n"
        );
        let (site, found) = dragoman_manifest::parse_site(Source::new("dragoman.yaml", text));
        let site = site.unwrap_or_else(|| panic!("{found:?}"));
        let (name, said) = &site.connections[0];
        let found = settings::check(&site, name, said, &said.config.value, surface, Vec::new());
        let told: Vec<String> = found
            .iter()
            .map(|d| {
                assert_eq!(d.code.id, "D0920");
                let shown = d.render(false);
                assert!(!shown.contains("hush") && !shown.contains("4711"), "{shown}");
                let span = d.span.clone().unwrap_or_else(|| panic!("no place: {}", d.message));
                let (line, column) = span.source.position(span.range.start);
                let marked = &span.source.text[span.range.clone()];
                format!("{line}:{column} {marked}: {}", d.help.join("; "))
            })
            .collect();
        assert_eq!(told, expected, "{config}");
    }

    #[test]
    fn a_secret_in_a_configuration_is_refused_with_where_it_belongs() {
        let both = surface(&["api"], &["signing", "api_key"]);
        told("{ page: 3 }", &both, &[]);
        told("{ api_key: null }", &both, &[]);
        let credential =
            "take it out, and write `credentials: { api_key: env:SHOP_1_API_KEY }`, or `file:secrets/shop_1_api_key`";
        told(
            "{ api_key: hush, page: 3 }",
            &both,
            &[&format!("6:15 api_key: {credential}")],
        );
        told(
            "\n      page: 3\n      api_key: \"hush\"",
            &both,
            &[&format!("8:7 api_key: {credential}")],
        );
        told(
            "{ api_key: hush }",
            &surface(&["partner-*"], &[]),
            &[
                "6:15 api_key: take it out, and write at the endpoint `partner-NAME` how it is shown: `auth: { bearer: \
               env:SHOP_1_API_KEY }`, or `file:secrets/shop_1_api_key`",
            ],
        );
        told(
            "{ api_key: hush }",
            &surface(&[], &[]),
            &[
                "6:15 api_key: take it out: the plugin has to ask for an endpoint or a credential, which is then bound to \
               `env:SHOP_1_API_KEY` or `file:secrets/shop_1_api_key`",
            ],
        );
    }

    #[test]
    fn secrets_are_found_at_every_depth_and_each_is_told() {
        let signed = surface(&[], &["signing"]);
        let help = |name: &str| {
            format!(
                "take it out, and write `credentials: {{ signing: env:SHOP_1_{} }}`, or `file:secrets/shop_1_{name}`",
                name.to_uppercase()
            )
        };
        told(
            "{ keys: [hush, hush], offices: [{ name: a }, { name: b, pin: 4711 }] }",
            &signed,
            &[
                &format!("6:15 keys: {}", help("keys")),
                &format!("6:69 pin: {}", help("pin")),
            ],
        );
        told(
            "{ by_country: { CH: hush } }",
            &signed,
            &[&format!("6:29 CH: {}", help("ch"))],
        );
    }

    #[test]
    fn a_place_of_a_secret_is_not_looked_up_there() {
        let text = "dragoman: 1\nsite: s\nconnections:\n  shop: { plugin: orders, config: { api_key: env:KEY } }\n";
        let (site, _) = dragoman_manifest::parse_site(Source::new("dragoman.yaml", text));
        let site = site.expect("a site");
        let (name, said) = &site.connections[0];
        let found = super::check(&site, name, said, &said.config.value, &surface(&[], &["api_key"]));
        let shown: Vec<String> = found.iter().map(|d| d.render(false)).collect();
        assert!(
            shown.len() == 1 && shown[0].contains("error[D0920]") && shown[0].contains("this is not looked up"),
            "{shown:?}"
        );
    }
}
