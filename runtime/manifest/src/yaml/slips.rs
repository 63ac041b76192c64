//! What tells how a line was meant: keys that begin an item, keys that hold others, and dashes that are none.

/// Keys with which an item of a list begins: the words of steps, and what names or chooses one.
const BEGIN_ITEMS: &[&str] = &[
    "call", "choose", "each", "parallel", "repeat", "try", "run", "claim", "release", "void", "wait", "emit", "sleep",
    "set", "reply", "stop", "park", "fail", "id", "else", "case",
];

/// Keys whose value is a mapping, never a list.
const HOLD_KEYS: &[&str] = &[
    "parallel",
    "with",
    "documents",
    "retry",
    "undo",
    "limits",
    "output",
    "properties",
    "connections",
    "endpoints",
    "credentials",
    "events",
    "ledgers",
    "senders",
    "users",
    "brokers",
    "decisions",
    "fields",
];

/// Characters that look like the dash of an item, or are one elsewhere.
const BULLETS: &[(char, &str)] = &[
    ('–', "an en dash"),
    ('—', "an em dash"),
    ('−', "a minus sign"),
    ('‐', "a hyphen of typesetters"),
    ('‑', "a hyphen that does not break"),
    ('―', "a horizontal bar"),
    ('•', "a bullet"),
    ('·', "a middle dot"),
    ('▪', "a bullet"),
    ('*', "a star"),
    ('+', "a plus sign"),
];

/// Whether an item of a list begins with a key.
pub(super) fn begins_an_item(key: &str) -> bool {
    BEGIN_ITEMS.contains(&key)
}

/// Whether the value of a key is a mapping.
pub(super) fn holds_keys(key: &str) -> bool {
    HOLD_KEYS.contains(&key)
}

/// Whether the text of the next lines begins here: behind `|` or `>`.
pub(super) fn begins_a_text(content: &str) -> bool {
    let bare = content
        .trim_end_matches(['+', '-'])
        .trim_end_matches(|c: char| c.is_ascii_digit());
    bare.ends_with(": |") || bare.ends_with(": >") || bare.ends_with("- |") || bare.ends_with("- >")
}

/// What was meant as the dash of an item: how long it is, what it is, and what to write.
pub(super) fn no_dash(content: &str) -> Option<(usize, String, String)> {
    let first = content.chars().next()?;
    let rest = &content[first.len_utf8()..];
    let begins = rest.split([':', ' ']).next().unwrap_or_default();
    let named = begins.starts_with(|c: char| c.is_ascii_lowercase());
    if first == '-' && named && rest.contains(':') {
        let help = format!(
            "write a space behind it: `- {}`",
            rest.split(':').next().unwrap_or_default().to_owned() + ": ..."
        );
        return Some((1, "a space is missing behind this dash".into(), help));
    }
    let (_, what) = BULLETS.iter().find(|(bullet, _)| *bullet == first)?;
    let message = format!("`{first}` is {what}, and no dash");
    rest.starts_with(' ')
        .then(|| (first.len_utf8(), message, "an item of a list begins with `- `".into()))
}

/// The key that follows a text in quotes without a comma between: where it begins, and it.
pub(super) fn next_member(whole: &str) -> Option<(usize, &str)> {
    let quote = whole.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let closing = whole[1..].find(quote)? + 2;
    let rest = &whole[closing..];
    let name = rest.trim_start();
    let (name, _) = name.split_once(':').filter(|_| rest.starts_with(' '))?;
    is_name(name).then(|| (closing + rest.len() - rest.trim_start().len(), name))
}

/// The key that follows an expression without a comma between: where it begins, and it. `a ? b: c` has none.
pub(super) fn member_behind(expression: &str) -> Option<(usize, &str)> {
    let quotes = |before: &str| before.matches('"').count() + before.matches('\'').count();
    let (at, name) = expression.match_indices(": ").find_map(|(colon, _)| {
        let before = &expression[..colon];
        let at = before.rfind(' ')? + 1;
        let operand = before[..at]
            .trim_end()
            .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '\'' | ')' | ']'));
        (operand && quotes(before) % 2 == 0).then_some((at, &before[at..]))
    })?;
    (is_name(name) && !expression.contains('?')).then_some((at, name))
}

/// Whether a text is several keys with their values: `a: 1, b: 2`.
pub(super) fn is_members(whole: &str) -> bool {
    let member = |part: &str| part.trim().split_once(": ").is_some_and(|(name, _)| is_name(name));
    whole.split(',').all(member)
}

/// What closes a collection and has a mark of other languages behind it: that mark.
pub(super) fn mark_behind(content: &str) -> Option<char> {
    let mark = content.chars().next_back().filter(|c| matches!(c, ',' | ';'))?;
    let before = content[..content.len() - 1].trim_end();
    before.ends_with(['}', ']', '"', '\'']).then_some(mark)
}

/// A key of the language with its value behind it, and no colon between.
pub(super) fn without_colon(content: &str) -> Option<(&str, &str)> {
    let content = content.trim_start_matches("- ");
    let (key, value) = content.split_once(' ')?;
    (crate::keys::is_key(key) && !value.starts_with(':') && !value.contains(": ")).then_some((key, value.trim()))
}

/// Whether a word can be a key.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
