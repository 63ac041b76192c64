//! All keys of the language, and which of them a misspelt one was meant to be.

use dragoman_model::nearest::distance;

/// Every key of a pipeline and of a site file: none of them is a misspelt other one.
const KEYS: &[&str] = &[
    "account",
    "answers",
    "as",
    "attempts",
    "auth",
    "backlog",
    "backoff",
    "basic",
    "bearer",
    "call",
    "calls",
    "choose",
    "claim",
    "class",
    "concurrency",
    "concurrent",
    "config",
    "config_file",
    "connections",
    "cpu",
    "credentials",
    "decided",
    "decision",
    "decisions",
    "documents",
    "dragoman",
    "each",
    "effect",
    "else",
    "emit",
    "endpoints",
    "every",
    "fail",
    "fields",
    "file",
    "files",
    "folder",
    "for",
    "from",
    "header",
    "heads",
    "hmac",
    "http",
    "id",
    "idempotency_header",
    "item_key",
    "ledger",
    "ledgers",
    "limits",
    "lines",
    "listen",
    "log",
    "manual",
    "match",
    "max_response",
    "memory",
    "message",
    "methods",
    "mode",
    "name",
    "none",
    "on",
    "on_failure",
    "on_item_failure",
    "on_refused",
    "on_rejected",
    "on_timeout",
    "once",
    "output",
    "parallel",
    "park",
    "password",
    "path",
    "pipeline",
    "pipelines",
    "plugin",
    "plugins",
    "private",
    "read",
    "reason",
    "ref",
    "release",
    "repeat",
    "reply",
    "retry",
    "roles",
    "run",
    "secret",
    "senders",
    "serial",
    "set",
    "settle",
    "show",
    "single",
    "site",
    "sleep",
    "sqlite",
    "steps",
    "stop",
    "store",
    "summary",
    "timeout",
    "trust_safe",
    "try",
    "undo",
    "url",
    "user",
    "users",
    "value",
    "values",
    "void",
    "wait",
    "wall",
    "when",
    "with",
];

/// Whether `found`, which is no key where it stands, was meant to be `key`: it means the same in another language, or
/// no key of this one is nearer to it.
pub(crate) fn means(found: &str, key: &str) -> bool {
    if let Some(right) = synonym(found) {
        return right == key;
    }
    if found.len() < 3 || KEYS.contains(&found) {
        return false;
    }
    let away = distance(found, key);
    let bound = (found.chars().count() / 3).max(1);
    away <= bound && away < key.len() && KEYS.iter().all(|other| distance(found, other) >= away)
}

/// The key of this language for one that other languages have.
fn synonym(key: &str) -> Option<&'static str> {
    Some(match key {
        "if" | "condition" | "unless" => "when",
        "name" => "id",
        "uses" | "use" | "invoke" | "operation" | "action" => "call",
        "params" | "parameters" | "input" | "inputs" | "args" | "arguments" | "body" | "payload" => "with",
        "foreach" | "for_each" | "loop" | "for" => "each",
        "switch" | "match" | "case" => "choose",
        "catch" | "on_error" | "rescue" => "on_failure",
        "retries" | "attempts" => "retry",
        "delay" | "pause" => "sleep",
        "let" | "assign" | "variables" | "vars" => "set",
        "exit" | "end" | "return" | "finish" => "stop",
        "error" | "throw" | "raise" | "abort" => "fail",
        "idempotency_key" | "unique" => "once",
        "triggers" | "trigger" => "on",
        "description" | "title" | "comment" => "summary",
        "concurrency" | "max_parallel" => "concurrent",
        "compensate" | "rollback" => "undo",
        "approval" | "approve" => "wait",
        "outputs" => "output",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::means;

    #[test]
    fn a_misspelt_key_means_the_nearest_one_and_a_right_one_means_itself() {
        for (found, key, meant) in [
            ("whn", "when", true),
            ("vaue", "value", true),
            ("one", "once", true),
            ("if", "when", true),
            ("if", "id", false),
            ("call", "calls", false),
            ("step", "stop", true),
            ("step", "steps", true),
            ("colour", "call", false),
            ("files", "file", false),
        ] {
            assert_eq!(means(found, key), meant, "{found} for {key}");
        }
    }
}
