//! What a connection is granted: endpoints, credentials, limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dragoman_host::{CallLimits, CredentialGrant, EndpointGrant};
use dragoman_manifest::site::{
    Auth as SaidAuth, CallLimits as SaidLimits, Connection as Said, Endpoint as SaidEndpoint,
};
use dragoman_model::{Diagnostic, Digest};
use dragoman_transports_http::egress::{Auth, Endpoint};

use super::connections::Context;
use super::senders::resolve;
use crate::error::ENDPOINT;

/// Sets the limits that were said.
pub(super) fn limits(said: &SaidLimits, limits: &mut CallLimits) {
    let narrow = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    if let Some(value) = said.cpu_ms {
        limits.cpu_ms = value;
    }
    if let Some(value) = said.wall_ms {
        limits.wall_ms = value;
    }
    if let Some(value) = said.memory {
        limits.memory_bytes = narrow(value);
    }
    if let Some(value) = said.calls {
        limits.host_calls = u32::try_from(value).unwrap_or(u32::MAX);
    }
    if let Some(value) = said.log {
        limits.log_bytes = narrow(value);
    }
    if let Some(value) = said.output {
        limits.output_bytes = narrow(value);
    }
}

/// The endpoints: what the host must know of them goes into the connection, where they lead is given back.
pub(super) fn endpoints(
    context: &Context<'_>,
    said: &Said,
    connection: &mut dragoman_host::Connection,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Endpoint> {
    let mut endpoints = BTreeMap::new();
    for (name, endpoint) in &said.endpoints {
        let auth = endpoint.auth.as_ref().and_then(|a| auth(context, a, diagnostics));
        let grant = grant(endpoint);
        match Endpoint::new(&endpoint.url.value, endpoint.private) {
            Ok(mut to) => {
                to.auth = auth;
                to.idempotency_header = endpoint.idempotency_header.clone();
                to.concurrency = endpoint.concurrency.and_then(|c| usize::try_from(c).ok());
                endpoints.insert(name.value.clone(), to);
            }
            Err(why) => diagnostics.push(
                Diagnostic::error(
                    ENDPOINT,
                    endpoint.url.span.clone(),
                    format!("`{}` cannot be an endpoint: {why}", endpoint.url.value),
                )
                .help("write an address such as \"https://host.example/base/path/\", without a query"),
            ),
        }
        connection.endpoints.insert(name.value.clone(), grant);
    }
    endpoints
}

fn grant(said: &SaidEndpoint) -> EndpointGrant {
    let usual = EndpointGrant::default();
    EndpointGrant {
        methods: said.methods.clone(),
        trust_safe: said.trust_safe,
        timeout: said.timeout_ms.map_or(usual.timeout, Duration::from_millis),
        max_response: said
            .max_response
            .and_then(|m| usize::try_from(m).ok())
            .unwrap_or(usual.max_response),
        identity: Digest::of(identity(said).as_bytes()).to_string(),
        ..usual
    }
}

/// Everything about an endpoint that may change an answer; names of secrets, never secrets.
fn identity(said: &SaidEndpoint) -> String {
    let auth = match &said.auth {
        None => String::new(),
        Some(SaidAuth::Bearer(secret)) => format!("bearer {}", secret.place),
        Some(SaidAuth::Basic { user, password }) => format!("basic {user} {}", password.place),
        Some(SaidAuth::Header { name, value }) => format!("header {name} {}", value.place),
    };
    format!(
        "{}|{}|{auth}|{:?}",
        said.url.value, said.private, said.idempotency_header
    )
}

fn auth(context: &Context<'_>, said: &SaidAuth, diagnostics: &mut Vec<Diagnostic>) -> Option<Auth> {
    let mut secret = |reference| resolve(context.folder, reference, context.secrets, diagnostics);
    Some(match said {
        SaidAuth::Bearer(token) => Auth::Bearer(secret(token)?),
        SaidAuth::Basic { user, password } => Auth::Basic {
            user: user.clone(),
            password: secret(password)?,
        },
        SaidAuth::Header { name, value } => Auth::Header {
            name: name.clone(),
            value: secret(value)?,
        },
    })
}

/// The credentials: `value` is the secret, `certificate` a chain in PEM; `reveal` is a part that names the permission.
pub(super) fn credentials(
    context: &Context<'_>,
    said: &Said,
    connection: &mut dragoman_host::Connection,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (name, credential) in &said.credentials {
        let mut value = None;
        for (part, reference) in &credential.parts {
            if part == "value" {
                value = resolve(context.folder, reference, context.secrets, diagnostics);
            }
        }
        let secret: Arc<[u8]> = value.as_ref().map_or_else(|| Arc::from([]), |s| Arc::from(s.expose()));
        let grant = CredentialGrant {
            secret,
            certificates: Vec::new(),
            reveal: false,
        };
        connection.credentials.insert(name.value.clone(), grant);
    }
}
