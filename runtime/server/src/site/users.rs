//! The accounts of the site file.

use std::collections::BTreeMap;
use std::path::Path;

use dragoman_manifest::Site;
use dragoman_manifest::site::Proof as Said;
use dragoman_model::{Diagnostic, Role, Span};
use dragoman_security::{PasswordHash, Secret};

use super::Secrets;
use super::senders::resolve;
use crate::error::{BAD_HASH, BAD_TOKEN};

/// A token is at least so long: what is shorter can be guessed.
const TOKEN: usize = 20;

/// An account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The person's name, where it is said.
    pub(crate) name: Option<String>,
    /// What they may do.
    pub(crate) roles: Vec<Role>,
    /// How they prove who they are.
    pub(crate) proof: Proof,
}

/// How an account proves to be itself.
#[derive(Debug, Clone)]
pub(crate) enum Proof {
    /// By a password.
    Password(PasswordHash),
    /// By a token.
    Token(Secret),
}

pub(super) fn load(
    folder: &Path,
    said: &Site,
    secrets: Secrets,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Account> {
    let mut accounts = BTreeMap::new();
    let mut tokens: Vec<(Secret, Span)> = Vec::new();
    for (name, user) in &said.users {
        let (reference, is_token) = match &user.proof {
            Said::Password(secret) => (secret, false),
            Said::Token(secret) => (secret, true),
        };
        let Some(secret) = resolve(folder, reference, secrets, diagnostics) else {
            continue;
        };
        let proof = if is_token {
            let same = tokens.iter().find(|(known, _)| *known == secret);
            if let Some(wrong) = bad_token(&secret, same.map(|(_, span)| span), &reference.span) {
                diagnostics.push(wrong);
                continue;
            }
            tokens.push((secret.clone(), reference.span.clone()));
            Proof::Token(secret)
        } else {
            match PasswordHash::parse(secret.expose_text().unwrap_or_default()) {
                Ok(hash) => Proof::Password(hash),
                Err(error) => {
                    diagnostics.push(
                        Diagnostic::error(BAD_HASH, reference.span.clone(), error.message)
                            .mark("found here")
                            .label(name.span.clone(), "the user")
                            .help("make it with `dragoman user hash` and put what it prints there"),
                    );
                    continue;
                }
            }
        };
        let account = Account {
            name: user.name.clone(),
            roles: user.roles.clone(),
            proof,
        };
        accounts.insert(name.value.clone(), account);
    }
    accounts
}

fn bad_token(secret: &Secret, same: Option<&Span>, at: &Span) -> Option<Diagnostic> {
    if secret.expose().len() < TOKEN {
        let message = format!("a token of fewer than {TOKEN} characters can be guessed");
        let help = "make one with `openssl rand -hex 32`, and give it to the service as well";
        return Some(Diagnostic::error(BAD_TOKEN, at.clone(), message).help(help));
    }
    let same = same?;
    let message = "two users have the same token: nobody could tell which of them it was";
    Some(
        Diagnostic::error(BAD_TOKEN, at.clone(), message)
            .label(same.clone(), "the other one")
            .help("give each a token of its own"),
    )
}
