//! Accounts: who may use the operator API, and how they prove who they are.

use dragoman_model::{Diagnostic, Role};

use super::secret::secret;
use super::{Proof, User};
use crate::reading::Reading;
use crate::yaml::Node;
use crate::{Spanned, codes};

const EXAMPLE: &str = "`{ olga: { roles: [approver], password: file:olga.hash } }`";

pub(super) fn users(reading: &mut Reading, node: &Node) -> Vec<(Spanned<String>, User)> {
    let Some(fields) = reading.fields(node, "the users", EXAMPLE) else {
        return Vec::new();
    };
    let mut users = Vec::new();
    for entry in fields.entries() {
        let good = reading.check_name(&entry.key, "_-.@");
        if let Some(user) = user(reading, &entry.value).filter(|_| good) {
            users.push((entry.key.clone(), user));
        }
    }
    users
}

fn user(reading: &mut Reading, node: &Node) -> Option<User> {
    let mut fields = reading.fields(node, "a user", "`{ roles: [approver], password: file:olga.hash }`")?;
    let heading = fields.heading();
    let name = fields.take("name").and_then(|n| reading.text(n, "Olga Nowak"));
    let roles = fields.need(reading, "roles", "[approver]").map(|n| roles(reading, n));
    let password = fields.take("password");
    let token = fields.take("token");
    fields.finish(reading);
    let proof = match (password, token) {
        (Some(node), None) => secret(reading, node).map(Proof::Password),
        (None, Some(node)) => secret(reading, node).map(Proof::Token),
        (None, None) => {
            reading.missing(heading, "a user", "password", "file:olga.hash");
            None
        }
        (Some(_), Some(_)) => {
            let message = "a user has a password or a token";
            reading.push(Diagnostic::error(codes::STEP_WORD, heading, message).help("take one of them away"));
            None
        }
    };
    Some(User {
        name: name.map(|n| n.value),
        roles: roles?,
        proof: proof?,
    })
}

fn roles(reading: &mut Reading, node: &Node) -> Vec<Role> {
    let words = Role::ALL.map(|role| (role.name(), role));
    let items = reading.list(node, "a list of roles", "`[approver]`");
    if items.is_empty() {
        let message = "somebody without a role may do nothing";
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), message)
                .help("write `[viewer]`, or take the user away"),
        );
    }
    items
        .iter()
        .filter_map(|item| reading.word(item, &words).map(|word| word.value))
        .collect()
}
