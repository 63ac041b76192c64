//! Headers: those that a plugin may set, and those that the host adds last.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dragoman_host::{EgressError, EndpointRequest};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::endpoint::{Auth, Endpoint};

/// Headers of one request.
const COUNT: usize = 100;
/// Bytes of their names and values.
const BYTES: usize = 32 << 10;

/// Headers that decide where a request goes, who sends it and where it ends: never a plugin's.
const REFUSED: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
/// Headers that the host sets itself; a plugin's are left out.
const OWN: &[&str] = &["accept-encoding", "traceparent", "tracestate"];

fn denied(message: String) -> EgressError {
    EgressError::not_sent("denied.header", message)
}

/// The headers of a request: the plugin's, checked, under the host's.
pub(super) fn build(request: &EndpointRequest, endpoint: &Endpoint) -> Result<HeaderMap, EgressError> {
    let mut headers = given(request, endpoint)?;
    headers.insert("accept-encoding", HeaderValue::from_static("identity"));
    if let Ok(trace) = HeaderValue::from_str(&request.traceparent)
        && !trace.is_empty()
    {
        headers.insert("traceparent", trace);
    }
    if let Some(name) = &endpoint.idempotency_header {
        let name = parse_name(name)?;
        let value = HeaderValue::from_str(&request.key)
            .map_err(|_| denied("the call's key cannot stand in a header".to_owned()))?;
        headers.insert(name, value);
    }
    if let Some(auth) = &endpoint.auth {
        let (name, value) = credential(auth)?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn parse_name(name: &str) -> Result<HeaderName, EgressError> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| denied(format!("`{}` is not a header name", name.escape_debug())))
}

fn given(request: &EndpointRequest, endpoint: &Endpoint) -> Result<HeaderMap, EgressError> {
    let bytes: usize = request
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if request.headers.len() > COUNT || bytes > BYTES {
        return Err(denied(format!("more than {COUNT} headers or {BYTES} bytes of them")));
    }
    let bound = endpoint.auth.as_ref().and_then(Auth::header_name);
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let parsed = parse_name(name)?;
        let lower = parsed.as_str();
        if OWN.contains(&lower) {
            continue;
        }
        let is_bound = bound.is_some_and(|bound| bound.eq_ignore_ascii_case(lower));
        if REFUSED.contains(&lower) || lower.starts_with("proxy-") || lower.starts_with("x-forwarded-") || is_bound {
            return Err(denied(format!(
                "the header `{lower}` is the operator's to set, not the plugin's"
            )));
        }
        let value = HeaderValue::from_str(value).map_err(|_| {
            denied(format!(
                "the value of `{lower}` has characters that a header cannot have"
            ))
        })?;
        headers.append(parsed, value);
    }
    Ok(headers)
}

/// The header that carries a credential, marked so that nothing prints it.
fn credential(auth: &Auth) -> Result<(HeaderName, HeaderValue), EgressError> {
    let unusable = || EgressError::not_sent("endpoint", "the endpoint's credential cannot stand in a header");
    let (name, bytes) = match auth {
        Auth::Bearer(token) => (AUTHORIZATION, [b"Bearer ", token.expose()].concat()),
        Auth::Basic { user, password } => {
            let pair = [user.as_bytes(), b":", password.expose()].concat();
            (AUTHORIZATION, format!("Basic {}", BASE64.encode(pair)).into_bytes())
        }
        Auth::Header { name, value } => (parse_name(name)?, value.expose().to_vec()),
    };
    let mut value = HeaderValue::from_bytes(&bytes).map_err(|_| unusable())?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use dragoman_security::Secret;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> EndpointRequest {
        EndpointRequest {
            connection: "shop".into(),
            endpoint: "api".into(),
            method: "GET".into(),
            path: "/".into(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            body: Bytes::new(),
            timeout: Duration::from_secs(1),
            fence: None,
            max_response: 1_000,
            key: "key-1".into(),
            traceparent: "00-1-2-01".into(),
        }
    }

    fn endpoint(auth: Option<Auth>) -> Endpoint {
        let mut endpoint = Endpoint::new("https://shop.example/api/", false).unwrap();
        endpoint.auth = auth;
        endpoint.idempotency_header = Some("X-Request-Id".into());
        endpoint
    }

    #[test]
    fn some_headers_are_not_a_plugins_to_set() {
        let own = Some(Auth::Header {
            name: "X-Token".into(),
            value: Secret::new("s"),
        });
        for (name, value, allowed) in [
            ("Accept", "application/json", true),
            ("Content-Type", "application/xml; charset=utf-8", true),
            ("Traceparent", "00-0-0-00", true),
            ("Host", "evil.example", false),
            ("hOsT", "evil.example", false),
            ("Authorization", "Bearer x", false),
            ("Proxy-Authorization", "x", false),
            ("Connection", "close", false),
            ("Transfer-Encoding", "chunked", false),
            ("Content-Length", "1", false),
            ("X-Forwarded-For", "1.1.1.1", false),
            ("x-token", "mine", false),
            ("X-Evil", "a\r\nHost: evil", false),
            ("X Evil", "a", false),
            ("", "a", false),
        ] {
            let built = build(&request(&[(name, value)]), &endpoint(own.clone()));
            assert_eq!(built.is_ok(), allowed, "{name}: {value}");
            assert!(
                built.map_or_else(|e| e.code == "denied.header" && !e.sent, |_| true),
                "{name}"
            );
        }
        let many: Vec<(&str, &str)> = vec![("a", "b"); 101];
        assert!(build(&request(&many), &endpoint(None)).is_err());
    }

    #[test]
    fn the_host_adds_key_trace_and_credential_last() {
        for (auth, name, expected) in [
            (Auth::Bearer(Secret::new("t0ken")), "authorization", "Bearer t0ken"),
            (
                Auth::Basic {
                    user: "me".into(),
                    password: Secret::new("pw"),
                },
                "authorization",
                "Basic bWU6cHc=",
            ),
            (
                Auth::Header {
                    name: "X-Token".into(),
                    value: Secret::new("v"),
                },
                "x-token",
                "v",
            ),
        ] {
            let headers = build(&request(&[("x-request-id", "mine")]), &endpoint(Some(auth))).unwrap();
            assert_eq!(headers[name], expected);
            assert!(headers[name].is_sensitive());
            assert_eq!(headers.get_all("x-request-id").iter().collect::<Vec<_>>(), ["key-1"]);
            assert_eq!(headers["traceparent"], "00-1-2-01");
            assert_eq!(headers["accept-encoding"], "identity");
        }
    }
}
