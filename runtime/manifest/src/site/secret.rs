//! Secrets: never written out, always a place where they are found.

use dragoman_model::Diagnostic;

use super::{Secret, SecretPlace};
use crate::codes;
use crate::reading::Reading;
use crate::yaml::{Node, NodeKind};

const HELP: &str = "write where it is found: `env:NAME`, `file:PATH` or `credential:NAME`";

/// A reference to a secret. What was written is never repeated in a message.
pub(super) fn secret(reading: &mut Reading, node: &Node) -> Option<Secret> {
    let NodeKind::Scalar(scalar) = &node.kind else {
        reading.wrong_type(node, "where a secret is found", HELP);
        return None;
    };
    let place = match scalar.text.split_once(':') {
        Some(("env", name)) if !name.is_empty() => SecretPlace::Environment(name.into()),
        Some(("file", path)) if !path.is_empty() => SecretPlace::File(path.into()),
        Some(("credential", name)) if !name.is_empty() => SecretPlace::Credential(name.into()),
        _ => {
            let message = "a secret is not written into this file";
            reading.push(Diagnostic::error(codes::PLAIN_SECRET, node.span.clone(), message).help(HELP));
            return None;
        }
    };
    if let SecretPlace::Environment(name) = &place
        && !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        let message = "this cannot be the name of a variable of the environment";
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), message)
                .help("a name has letters, digits and `_`"),
        );
        return None;
    }
    if let SecretPlace::Credential(name) = &place
        && (name.contains('/') || [".", ".."].contains(&&**name))
    {
        let message = "this cannot be the name of a credential";
        reading.push(
            Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), message)
                .help("write the name that `LoadCredential=NAME:PATH` gives it; a path is written `file:PATH`"),
        );
        return None;
    }
    Some(Secret {
        place,
        span: node.span.clone(),
    })
}
