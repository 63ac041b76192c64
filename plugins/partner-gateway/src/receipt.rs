//! The partner's receipt, from whatever its answer says.

use dragoman_documents::{Header, Receipt};
use serde_json::Value;

/// Codes of UNTDID 1373 (document status) by which a partner says that it does not take the message: 42 in error,
/// 50 rejected.
const REFUSED: [&str; 2] = ["42", "50"];

/// Headers that say nothing of the message, or that are nobody else's business.
const LEFT_OUT: [&str; 12] = [
    "authorization",
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// The receipt of an answer: what its body says (none where it has no body), its headers, and the digest under which
/// the answer is kept. What the body leaves out is taken from the header `message-id`, or is absent.
pub(crate) fn receipt(body: Option<&Value>, headers: &[(String, String)], digest: Option<String>) -> Receipt {
    let said = |name: &str| body.and_then(|body| text(body.get(name)?));
    let headers: Vec<Header> = headers
        .iter()
        .filter(|(name, _)| !LEFT_OUT.contains(&name.to_ascii_lowercase().as_str()))
        .map(|(name, value)| Header {
            name: name.to_ascii_lowercase(),
            value: value.clone(),
        })
        .collect();
    let message_id = headers.iter().find(|header| header.name == "message-id");
    Receipt {
        message_id: said("message_id").or_else(|| message_id.map(|header| header.value.clone())),
        reference: said("reference"),
        // A time that cannot be read is no reason to send the message again.
        at: said("at").and_then(|at| at.parse().ok()),
        status: said("status"),
        headers,
        digest,
    }
}

/// Whether the receipt says that the message was not taken.
pub(crate) fn is_refusal(receipt: &Receipt) -> bool {
    let status = receipt.status.as_deref();
    status.is_some_and(|status| REFUSED.contains(&status))
}

/// A text or a number as text; none for blanks and anything else.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
