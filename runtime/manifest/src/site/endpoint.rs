//! Endpoints: what a plugin may reach under a name, and what the host adds.

use dragoman_model::Diagnostic;

use super::secret::secret;
use super::{Auth, Endpoint};
use crate::reading::Reading;
use crate::yaml::Node;
use crate::{Spanned, codes};

const METHODS: &[(&str, &str)] = &[
    ("GET", "GET"),
    ("HEAD", "HEAD"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
    ("OPTIONS", "OPTIONS"),
];

pub(super) fn endpoint(reading: &mut Reading, node: &Node) -> Option<Endpoint> {
    let mut fields = reading.fields(node, "an endpoint", "`{ url: https://partner.example/api }`")?;
    let example = "https://partner.example/api";
    let url = fields
        .need(reading, "url", example)
        .and_then(|n| reading.text(n, example));
    let methods = fields
        .take("methods")
        .map_or(&[][..], |n| reading.list(n, "a list of methods", "`[GET, POST]`"));
    let methods = methods
        .iter()
        .filter_map(|n| reading.word(n, METHODS))
        .map(|m| m.value.to_owned())
        .collect();
    let private = fields.take("private").and_then(|n| reading.flag(n));
    let trust_safe = fields.take("trust_safe").and_then(|n| reading.flag(n));
    let auth = fields.take("auth").and_then(|n| auth(reading, n));
    let idempotency_header = fields.take("idempotency_header").and_then(|n| header(reading, n));
    let timeout = fields.take("timeout").and_then(|n| reading.duration(n));
    let max_response = fields.take("max_response").and_then(|n| reading.size(n));
    let concurrency = fields.take("concurrency").and_then(|n| reading.whole(n, 1, 10_000));
    fields.finish(reading);
    let url = url.filter(|url| self::url(reading, url))?;
    Some(Endpoint {
        url,
        methods,
        private: private.is_some_and(|p| p.value),
        trust_safe: trust_safe.is_none_or(|t| t.value),
        auth,
        idempotency_header,
        timeout_ms: timeout.map(|t| t.value),
        max_response: max_response.map(|m| m.value),
        concurrency: concurrency.map(|c| c.value),
    })
}

/// Whether a text can be the URL of an endpoint; reports why not.
fn url(reading: &mut Reading, url: &Spanned<String>) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest.filter(|r| !r.is_empty() && !r.starts_with('/')) else {
        let message = format!("`{}` is not the URL of an endpoint", url.value);
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, url.span.clone(), message)
                .help("write, for example, `https://partner.example/api`"),
        );
        return false;
    };
    let host = rest.split('/').next().unwrap_or("");
    if host.contains('@') {
        let message = "user and password are not written into a URL";
        reading.push(
            Diagnostic::error(codes::PLAIN_SECRET, url.span.clone(), message)
                .help("write `auth: { basic: { user: NAME, password: env:NAME } }`"),
        );
        return false;
    }
    let bad = rest.contains(['?', '#']) || url.contains(char::is_whitespace);
    if bad {
        let message = "the URL of an endpoint has no query, no fragment and no white space";
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, url.span.clone(), message).help("write scheme, host and path only"),
        );
    }
    !bad
}

fn header(reading: &mut Reading, node: &Node) -> Option<String> {
    let name = reading.text(node, "Idempotency-Key")?;
    if name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        return Some(name.value);
    }
    let message = format!("`{}` cannot be the name of a header", name.value);
    reading
        .push(Diagnostic::error(codes::WRONG_VALUE, name.span, message).help("a header has letters, digits and `-`"));
    None
}

fn auth(reading: &mut Reading, node: &Node) -> Option<Auth> {
    let mut fields = reading.fields(node, "`auth`", "`{ bearer: env:PARTNER_TOKEN }`")?;
    let bearer = fields.take("bearer");
    let basic = fields.take("basic");
    let own = fields.take("header");
    let heading = fields.heading();
    fields.finish(reading);
    match (bearer, basic, own) {
        (Some(node), None, None) => secret(reading, node).map(Auth::Bearer),
        (None, Some(node), None) => {
            let mut fields = reading.fields(node, "`basic`", "`{ user: NAME, password: env:NAME }`")?;
            let user = fields
                .need(reading, "user", "NAME")
                .and_then(|n| reading.text(n, "NAME"));
            let password = fields
                .need(reading, "password", "env:NAME")
                .and_then(|n| secret(reading, n));
            fields.finish(reading);
            Some(Auth::Basic {
                user: user?.value,
                password: password?,
            })
        }
        (None, None, Some(node)) => {
            let mut fields = reading.fields(node, "`header`", "`{ name: X-Api-Key, value: env:NAME }`")?;
            let name = fields
                .need(reading, "name", "X-Api-Key")
                .and_then(|n| header(reading, n));
            let value = fields
                .need(reading, "value", "env:NAME")
                .and_then(|n| secret(reading, n));
            fields.finish(reading);
            Some(Auth::Header {
                name: name?,
                value: value?,
            })
        }
        (None, None, None) => {
            reading.missing(heading, "`auth`", "bearer", "env:PARTNER_TOKEN");
            None
        }
        _ => {
            let message = "`auth` says one of `bearer`, `basic` and `header`";
            reading.push(Diagnostic::error(codes::STEP_WORD, heading, message).help("take the others away"));
            None
        }
    }
}
