//! The words of the language, and which keys go with which.

/// The words.
pub(super) const WORDS: &[&str] = &[
    "call", "choose", "each", "parallel", "repeat", "try", "run", "claim", "release", "void", "wait", "emit", "sleep",
    "set", "reply", "stop", "park", "fail",
];

/// How other languages begin a condition.
pub(super) const CONDITIONS: &[&str] = &["if", "unless", "condition"];

/// Keys that only some words take: the key, the words, and what to say where it stands at another.
const OWNED: &[(&str, &[&str])] = &[
    ("with", &["call", "run"]),
    ("key", &["run"]),
    ("documents", &["call"]),
    ("retry", &["call"]),
    ("timeout", &["call"]),
    ("effect", &["call"]),
    ("undo", &["call"]),
    ("on_rejected", &["call", "run", "try"]),
    ("once", &["call"]),
    ("ref", &["call", "wait"]),
    ("on_refused", &["claim"]),
    ("on_timeout", &["wait", "repeat"]),
    ("on_failure", &["call", "claim", "each", "repeat", "run", "try"]),
    ("as", &["each"]),
    ("item_key", &["each"]),
    ("concurrent", &["each"]),
    ("on_item_failure", &["each"]),
    ("steps", &["each"]),
    ("value", &["each"]),
];

/// Whether a key is a word.
pub(super) fn is_word(key: &str) -> bool {
    WORDS.contains(&key)
}

/// Whether what a word is done with is a mapping of its own.
pub(super) fn has_mapping(word: &str) -> bool {
    [
        "claim", "release", "void", "emit", "wait", "repeat", "stop", "park", "fail",
    ]
    .contains(&word)
}

/// Whether a word takes a key; `None` where the key belongs to all words or to none.
pub(super) fn takes(word: &str, key: &str) -> Option<bool> {
    OWNED
        .iter()
        .find(|(owned, _)| *owned == key)
        .map(|(_, words)| words.contains(&word))
}

/// What is written at a word in place of a key that means as much at another.
pub(super) fn instead(word: &str, key: &str) -> Option<&'static str> {
    match (word, key) {
        ("claim", "on_rejected") => Some("`on_refused`: a ledger refuses"),
        ("call" | "try", "on_refused") => Some("`on_rejected`: the other side rejects; only a `claim` is refused"),
        ("wait", "timeout") => Some("`for: ...` inside `wait`"),
        ("repeat", "timeout") => Some("`for: ...` inside `repeat`"),
        ("wait", "on_failure") => {
            Some("`on_timeout`: nobody answers in time, and that is all that can go wrong with a `wait`")
        }
        ("wait", "on_refused" | "on_rejected") => Some(
            "`on_timeout`: what is answered, a refusal as well, is what the step gives: `steps.<id>.answer == \"...\"`",
        ),
        ("each", "key") => Some("`item_key`: what tells one item from another"),
        ("call", "on_timeout") => {
            Some("`on_failure`: a call that times out has failed; `on_timeout` belongs to `wait` and `repeat`")
        }
        _ => None,
    }
}

/// Which handlers a word has, in place of one that it does not have: the one that it has, or all of them.
pub(super) fn handlers(word: &str, key: &str) -> Option<String> {
    let own: Vec<&str> = owned()
        .filter(|own| own.starts_with("on_") && takes(word, own) == Some(true))
        .collect();
    let article = if word.starts_with(['a', 'e']) { "an" } else { "a" };
    let handler = key.starts_with("on_");
    handler.then(|| match own.as_slice() {
        [] => {
            let owners: Vec<String> = owners(key).iter().map(|owner| format!("`{owner}`")).collect();
            format!(
                "{article} `{word}` has no handlers, and `{key}` belongs to {}: take it away, or put the steps into a `try`",
                owners.join(", ")
            )
        }
        [only] => format!("{article} `{word}` has only `{only}`: write that in place of `{key}`"),
        all => format!(
            "the handlers of {article} `{word}` are `{}`: write one of them in place of `{key}`",
            all.join("`, `")
        ),
    })
}

/// The words that take a key.
pub(super) fn owners(key: &str) -> &'static [&'static str] {
    OWNED
        .iter()
        .find(|(owned, _)| *owned == key)
        .map_or(&[], |(_, words)| words)
}

/// All keys that only some words take.
pub(super) fn owned() -> impl Iterator<Item = &'static str> {
    OWNED.iter().map(|(key, _)| *key)
}

/// Keys that go inside the value of a word: the key, the word.
pub(super) fn inside(key: &str) -> Option<&'static str> {
    match key {
        "ledger" | "account" | "lines" | "limits" | "decided" | "single" => Some("claim"),
        "decision" | "answers" | "fields" | "for" | "show" | "roles" | "check" | "refusal" => Some("wait"),
        "reason" | "class" => Some("fail"),
        "event" | "key" | "data" => Some("emit"),
        "backoff" | "attempts" => Some("retry"),
        "else" => Some("choose"),
        "until" | "every" | "rounds" => Some("repeat"),
        _ => None,
    }
}
