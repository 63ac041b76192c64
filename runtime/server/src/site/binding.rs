//! What a plugin asks for and what its connection binds: endpoints and credentials, by name.
//!
//! A plugin says which of them it uses at all, not which operation uses which. So what is not bound is a warning, which
//! shows the steps that may fail for it; what is bound under a name that nothing asks for is an error.

use dragoman_manifest::pipeline::{Block, StepKind};
use dragoman_manifest::site::Connection as Said;
use dragoman_manifest::{Pipeline, Site, Spanned};
use dragoman_model::{Diagnostic, Span, nearest};
use dragoman_schema::Surface;

use crate::error::{CREDENTIAL, ENDPOINT, NOT_BOUND};

/// So many steps are shown that call a connection to which something is lacking.
const SHOWN: usize = 3;

/// What is wrong with the bindings of a connection.
pub(super) fn check(name: &Spanned<String>, said: &Said, surface: &Surface) -> Vec<Diagnostic> {
    let mut found = unasked_endpoints(said, surface);
    found.extend(unasked_credentials(said, surface));
    found.extend(without_a_value(said, surface));
    found.extend(unbound(name, said, surface));
    found
}

/// Whether a name is the one that is asked for; a pattern (`partner-*`) takes every name that begins so.
fn is_for(asked: &str, name: &str) -> bool {
    match asked.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => asked == name,
    }
}

/// Refuses endpoints that the plugin never asks for: a misspelt name would leave the right one without a place, and its
/// calls would fail when somebody waits for them.
fn unasked_endpoints(said: &Said, surface: &Surface) -> Vec<Diagnostic> {
    let asked = &surface.endpoints;
    let unasked = said.endpoints.iter().map(|(name, _)| name);
    let unasked = unasked.filter(|name| !asked.iter().any(|asked| is_for(asked, &name.value)));
    let tell = |name: &Spanned<String>| {
        let help = if surface.credentials.contains(&name.value) {
            format!(
                "`{0}` is a credential: write `credentials: {{ {0}: env:NAME }}`",
                name.value
            )
        } else {
            instead(&name.value, asked, "endpoint")
        };
        let message = format!(
            "the plugin {} does not ask for an endpoint `{}`",
            surface.name, name.value
        );
        let found = Diagnostic::error(ENDPOINT, name.span.clone(), message);
        found.mark("nothing would go there").help(help)
    };
    unasked.map(tell).collect()
}

/// The same of credentials: the secret would be kept for nothing.
fn unasked_credentials(said: &Said, surface: &Surface) -> Vec<Diagnostic> {
    let asked = &surface.credentials;
    let unasked = said.credentials.iter().map(|(name, _)| name);
    let unasked = unasked.filter(|name| !asked.contains(&name.value));
    let tell = |name: &Spanned<String>| {
        let help = if surface.endpoints.iter().any(|asked| is_for(asked, &name.value)) {
            let endpoint = &name.value;
            format!("`{endpoint}` is an endpoint: write its secret there, `auth: {{ bearer: env:NAME }}`")
        } else {
            instead(&name.value, asked, "credential")
        };
        let message = format!(
            "the plugin {} does not ask for a credential `{}`",
            surface.name, name.value
        );
        let found = Diagnostic::error(CREDENTIAL, name.span.clone(), message);
        found.mark("nothing would use it").help(help)
    };
    unasked.map(tell).collect()
}

fn instead(name: &str, asked: &[String], what: &str) -> String {
    match nearest(name, asked.iter().map(String::as_str)) {
        Some(near) => format!("write `{near}`"),
        None if asked.is_empty() => format!("take it away: this plugin asks for no {what}"),
        None => format!("it asks for {}", asked.join(", ")),
    }
}

/// Refuses credentials in parts of which none is the secret: the host would sign with nothing.
fn without_a_value(said: &Said, surface: &Surface) -> Vec<Diagnostic> {
    let asked = said
        .credentials
        .iter()
        .filter(|(name, _)| surface.credentials.contains(&name.value));
    let without = asked.filter(|(_, credential)| !credential.parts.iter().any(|(part, _)| part == "value"));
    let tell = |(name, credential): &(Spanned<String>, dragoman_manifest::site::Credential)| {
        let parts: Vec<&str> = credential.parts.iter().map(|(part, _)| part.as_str()).collect();
        let found = match parts.as_slice() {
            [] => "has no part at all".to_owned(),
            parts => format!("has the parts {}, and none is its secret", parts.join(", ")),
        };
        let message = format!("the credential `{}` {found}", name.value);
        Diagnostic::error(CREDENTIAL, name.span.clone(), message).help(format!(
            "write `{0}: file:PATH`, or name the part with the secret `value`",
            name.value
        ))
    };
    without.map(tell).collect()
}

/// Warns of endpoints and credentials that the plugin asks for and nobody bound. It may do without; a call that needs
/// one then fails. Where another name was probably meant for it, that is said already.
fn unbound(name: &Spanned<String>, said: &Said, surface: &Surface) -> Vec<Diagnostic> {
    let meant = |asked: &str, names: &[&str]| names.iter().any(|name| nearest(name, [asked]).is_some());
    let mut found = Vec::new();
    let mut tell = |what: &str, asked: &str, help: String| {
        let message = format!(
            "the plugin {} asks for the {what} `{asked}`, which is not bound",
            surface.name
        );
        found.push(
            Diagnostic::error(NOT_BOUND, name.span.clone(), message)
                .help(help)
                .warning(),
        );
    };
    let names: Vec<&str> = said.endpoints.iter().map(|(name, _)| name.value.as_str()).collect();
    for asked in &surface.endpoints {
        let is_bound = names.iter().any(|name| is_for(asked, name));
        if !is_bound && !meant(asked, &names) {
            let help = format!(
                "write `endpoints: {{ {asked}: {{ url: \"https://...\" }} }}`, or leave it: calls that need it will fail"
            );
            tell("endpoint", asked, help);
        }
    }
    let names: Vec<&str> = said.credentials.iter().map(|(name, _)| name.value.as_str()).collect();
    for asked in &surface.credentials {
        if !names.contains(&asked.as_str()) && !meant(asked, &names) {
            tell(
                "credential",
                asked,
                format!("write `credentials: {{ {asked}: env:NAME }}`"),
            );
        }
    }
    found
}

/// Shows at each warning of something that is not bound which steps call the connection.
pub(super) fn point_at_calls<'p>(
    site: &Site,
    pipelines: impl Iterator<Item = &'p Pipeline>,
    diagnostics: &mut [Diagnostic],
) {
    if !diagnostics.iter().any(|d| d.code == NOT_BOUND) {
        return;
    }
    let mut calls = Vec::new();
    for pipeline in pipelines {
        called(&pipeline.steps, &mut calls);
    }
    for diagnostic in diagnostics.iter_mut().filter(|d| d.code == NOT_BOUND) {
        let connection = site.connections.iter().map(|(name, _)| name);
        let mut connection = connection.filter(|name| diagnostic.span.as_ref() == Some(&name.span));
        let Some(connection) = connection.next() else { continue };
        let own: Vec<&Span> = calls
            .iter()
            .filter_map(|(name, span)| (*name == connection.value).then_some(span))
            .collect();
        let mut told = diagnostic.clone();
        for span in own.iter().take(SHOWN) {
            told = told.label((*span).clone(), "this step calls it");
        }
        if own.len() > SHOWN {
            told = told.help(format!("{} further steps call it", own.len() - SHOWN));
        }
        *diagnostic = told;
    }
}

/// The connections that steps call, with the place of each operation.
fn called<'p>(block: &'p Block, found: &mut Vec<(&'p str, Span)>) {
    for step in &block.steps {
        let own = match &step.kind {
            StepKind::Call(call) => Some(call),
            _ => None,
        };
        for call in own.into_iter().chain(&step.undo) {
            let connection = &call.operation.connection;
            found.push((&connection.value, connection.span.clone()));
        }
        step.blocks().into_iter().for_each(|inner| called(inner, found));
    }
}

#[cfg(test)]
mod tests;
