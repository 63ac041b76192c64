//! All keys of the language, and which of them a misspelt one was meant to be.

use dragoman_model::nearest::{distance, nearest};

/// Every key of a pipeline and of a site file: none of them is a misspelt other one.
const KEYS: &[&str] = &[
    "account",
    "after",
    "amqp",
    "answers",
    "as",
    "attempts",
    "auth",
    "backlog",
    "backoff",
    "basic",
    "bearer",
    "before",
    "broker",
    "brokers",
    "by",
    "call",
    "calls",
    "case",
    "check",
    "choose",
    "claim",
    "class",
    "concurrency",
    "concurrent",
    "config",
    "config_file",
    "connections",
    "cpu",
    "crash",
    "credentials",
    "cron",
    "data",
    "deadline",
    "decided",
    "decision",
    "decisions",
    "deliveries",
    "documents",
    "dragoman",
    "each",
    "effect",
    "else",
    "emit",
    "ending",
    "endpoints",
    "event",
    "events",
    "every",
    "expect",
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
    "input",
    "item_key",
    "key",
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
    "missed",
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
    "people",
    "per_key",
    "pipeline",
    "pipelines",
    "plugin",
    "plugins",
    "postgres",
    "prefetch",
    "private",
    "probe",
    "queue",
    "rate",
    "read",
    "reason",
    "reconciliation",
    "ref",
    "refusal",
    "release",
    "repeat",
    "reply",
    "retry",
    "roles",
    "rounds",
    "run",
    "schedule",
    "schema",
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
    "trigger",
    "trust_safe",
    "try",
    "undo",
    "until",
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
    "zone",
];

/// Whether a word is a key of the language.
pub(crate) fn is_key(word: &str) -> bool {
    KEYS.contains(&word)
}

/// Whether `found`, which is no key where it stands, was meant to be `key`: it means the same in another language, or
/// no key of this one is nearer to it. The letters of a short key in another order are that key.
pub(crate) fn means(found: &str, key: &str) -> bool {
    if synonym(found) == Some(key) {
        return true;
    }
    if KEYS.contains(&found) {
        return false;
    }
    if letters(found) == letters(key) && distance(found, key) <= 2 {
        return true;
    }
    if found.len() < 3 {
        return false;
    }
    let away = distance(found, key);
    let bound = (found.chars().count() / 3).max(1);
    away <= bound && away < key.len() && KEYS.iter().all(|other| distance(found, other) >= away)
}

/// Whether `found` may be taken for `key` where this one is needed and not there: it is the same of one or of many, or
/// is no key of the language, and of all its keys this one is the nearest.
pub(crate) fn may_mean(found: &str, key: &str) -> bool {
    if found.strip_suffix('s') == Some(key) || key.strip_suffix('s') == Some(found) {
        return true;
    }
    let known = KEYS.contains(&found) || synonym(found).is_some();
    !known && nearest(found, [key]).is_some() && KEYS.iter().all(|other| distance(found, other) >= distance(found, key))
}

/// The key that is the first or the last word of a longer one, as other languages have them: `release_stock`, `timeoutSeconds`.
pub(crate) fn part<'a>(found: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let mut words = vec![String::new()];
    for character in found.chars() {
        if matches!(character, '_' | '-') || character.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
    }
    // Of the shortest keys too many words are made.
    let named = |word: &String| known.clone().find(|key| *key == word && key.len() > 2);
    words.first().and_then(named).or_else(|| words.last().and_then(named))
}

/// The letters of a key, in the order of the alphabet.
fn letters(key: &str) -> Vec<char> {
    let mut letters: Vec<char> = key.chars().collect();
    letters.sort_unstable();
    letters
}

/// The key of this language for one that other languages have.
fn synonym(key: &str) -> Option<&'static str> {
    Some(match key {
        "if" | "condition" | "unless" | "elif" | "elsif" | "else_if" => "when",
        "options" | "choices" => "answers",
        "name" => "id",
        "uses" | "use" | "to" | "invoke" | "operation" | "action" => "call",
        "params" | "parameters" | "input" | "inputs" | "args" | "arguments" | "body" | "payload" => "with",
        "foreach" | "for_each" | "loop" | "for" => "each",
        "switch" | "match" | "case" => "choose",
        "catch" | "on_error" | "rescue" | "except" | "on_exception" | "onException" => "on_failure",
        "retries" | "attempts" => "retry",
        "delay" | "pause" => "sleep",
        "let" | "assign" | "variables" | "vars" => "set",
        "default" | "otherwise" => "else",
        "block" => "try",
        "do_until" | "repeat_until" => "repeat",
        "publish" | "send_event" => "emit",
        "assignee" | "assignees" | "groups" => "roles",
        "timezone" | "time_zone" | "tz" => "zone",
        "exit" | "end" | "return" | "finish" => "stop",
        "error" | "throw" | "raise" | "abort" => "fail",
        "idempotency_key" | "unique" => "once",
        "triggers" | "trigger" => "on",
        "description" | "title" | "comment" => "summary",
        "concurrency" | "max_parallel" => "concurrent",
        "compensate" | "rollback" => "undo",
        "approval" | "approve" => "wait",
        "outputs" => "output",
        "interval" | "frequency" => "every",
        "times" | "iterations" | "max_iterations" => "rounds",
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
            ("sa", "as", true),
            ("fer", "ref", true),
            ("inputs", "input", true),
            ("inputs", "with", true),
        ] {
            assert_eq!(means(found, key), meant, "{found} for {key}");
        }
    }
}
