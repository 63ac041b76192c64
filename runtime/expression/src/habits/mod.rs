//! What people write who know another language: operators, functions and names that are none here, each with what is
//! written in their place.
//!
//! The tables say it for a whole family of languages (JavaScript, Python, SQL, spreadsheets, templates), because a wrong
//! guess by letters alone is worse than none: `strip` is near `string`, and means `trim`.

use std::ops::Range;

use crate::codes;
use crate::complaint::Problem;
use crate::scan::{WordKind, Words};

mod functions;

pub(crate) use functions::{Instead, function, name};

/// Operators that are made of marks, the longest first; what is written in their place.
const MARKS: &[(&str, &str)] = &[
    ("===", "`===` is written `==`"),
    ("!==", "`!==` is written `!=`"),
    ("<=>", "`<=>` is written with `<`, `==` or `>`"),
    ("??", "`a ?? b` is written `default(a, b)`"),
    ("?:", "`a ?: b` is written `default(a, b)`"),
    (
        "?.",
        "write `.` alone, and test with `has(a.b)` what may be absent, or give another value: `default(a.b, ...)`",
    ),
    ("<>", "`<>` is written `!=`"),
    ("~=", "`~=` is written `!=`"),
    ("=<", "`=<` is written `<=`"),
    ("=!", "`=!` is written `!=`"),
    (
        ":=",
        "to compare, write `==`; to give a value a name, write a step `set`",
    ),
    ("**", "there are no powers: write `x * x`"),
    ("++", "write `+ 1`, or `+` to put two texts together"),
    ("=", "to compare, write `==`"),
    ("~", "texts are put together with `+`"),
    ("..", "there are no ranges: write both ends, as in `x >= 1 && x <= 9`"),
    ("&", "write `&&` for and; texts are put together with `+`"),
    (
        "|",
        "write `||` for or; a function stands in front of its value: `upper(x)`",
    ),
];

/// Operators that are words, in small letters; several words stand one behind the other.
const WORDS: &[(&[&str], &str)] = &[
    (&["is", "not", "null"], "write `has(x)`: what is unknown is absent"),
    (&["is", "not", "none"], "write `has(x)`: what is unknown is absent"),
    (&["is", "null"], "write `!has(x)`: what is unknown is absent"),
    (&["is", "none"], "write `!has(x)`: what is unknown is absent"),
    (&["is", "not"], "`is not` is written `!=`"),
    (&["not", "in"], "`a not in list` is written `!(a in list)`"),
    (
        &["not", "like"],
        "write `!text.contains(part)`, `!text.startsWith(part)` or `!text.endsWith(part)`",
    ),
    (&["is"], "`is` is written `==`"),
    (&["equals"], "`equals` is written `==`"),
    (&["eq"], "`eq` is written `==`"),
    (&["ne"], "`ne` is written `!=`"),
    (&["neq"], "`neq` is written `!=`"),
    (&["lt"], "`lt` is written `<`"),
    (&["le"], "`le` is written `<=`"),
    (&["lte"], "`lte` is written `<=`"),
    (&["gt"], "`gt` is written `>`"),
    (&["ge"], "`ge` is written `>=`"),
    (&["gte"], "`gte` is written `>=`"),
    (&["and"], "write `&&`"),
    (&["or"], "write `||`"),
    (&["xor"], "for one of two and not both write `a != b`"),
    (&["mod"], "`mod` is written `%`"),
    (&["div"], "`div` is written `/`"),
    (
        &["else"],
        "a choice is written `condition ? one : other`: write `:` in place of `else`",
    ),
    (
        &["then"],
        "a choice is written `condition ? one : other`: write `?` in place of `then`",
    ),
    (&["if"], "a choice is written `condition ? one : other`"),
    (&["unless"], "a choice is written `condition ? other : one`"),
    (
        &["like"],
        "write `text.contains(part)`, `text.startsWith(part)` or `text.endsWith(part)`",
    ),
    (&["between"], "write both ends: `x >= from && x <= to`"),
    (
        &["contains"],
        "write `text.contains(part)`, or `x in list` for an item of a list",
    ),
    (
        &["includes"],
        "write `text.contains(part)`, or `x in list` for an item of a list",
    ),
    (&["startswith"], "write `text.startsWith(part)`"),
    (&["endswith"], "write `text.endsWith(part)`"),
    (
        &["matches"],
        "regular expressions take unbounded time: write `startsWith`, `endsWith` or `contains`",
    ),
    (&["exists"], "write `has(x)` in place of `x exists`"),
    (
        &["for"],
        "each item is named in brackets: `list.map(x, value)`, `list.filter(x, condition)`",
    ),
];

/// Words that begin something elsewhere, in small letters, where no value can stand.
const BEGINNINGS: &[(&str, &str)] = &[
    ("if", "a choice is written `condition ? one : other`"),
    ("case", "a choice is written `condition ? one : other`"),
    (
        "lambda",
        "an item is named, and behind a comma stands what is said of it: `list.filter(x, condition)`, `list.map(x, value)`",
    ),
    ("function", "each item is named in brackets: `list.map(x, value)`"),
    ("let", "to give a value a name, write a step `set`"),
    ("var", "to give a value a name, write a step `set`"),
    ("const", "to give a value a name, write a step `set`"),
    ("return", "the whole text is the expression: take `return` away"),
    (
        "await",
        "take `await` away: what a step gives is there when the next one begins",
    ),
    ("new", "take `new` away"),
    ("exists", "write `has(x)`"),
];

/// The first word or operator of another language, in a text that cannot be read.
pub(crate) fn foreign(text: &str, words: &Words) -> Option<Problem> {
    (0..words.0.len()).find_map(|at| beginning(text, words, at).or_else(|| operator(text, words, at)))
}

/// A word that begins something elsewhere: it stands before a value, and is none itself.
fn beginning(text: &str, words: &Words, at: usize) -> Option<Problem> {
    let (word, behind) = (words.0.get(at)?, words.0.get(at + 1)?);
    let begins = matches!(
        behind.kind,
        WordKind::Name | WordKind::Number | WordKind::Text | WordKind::Mark(b'(')
    );
    let said = text[word.range.clone()].to_lowercase();
    // With a bracket behind it it is a function, which is told when it is looked up.
    let called = matches!(behind.kind, WordKind::Mark(b'(')) && !matches!(said.as_str(), "if" | "function" | "return");
    let (_, help) = BEGINNINGS.iter().find(|(word, _)| *word == said)?;
    if word.kind != WordKind::Name || !begins || called || behind_a_value(text, words, at) {
        return None;
    }
    let message = format!("`{}` begins nothing here", &text[word.range.clone()]);
    Some(Problem::new(codes::SYNTAX, word.range.clone(), message).help(*help))
}

/// Whether the word before is the end of a value.
fn behind_a_value(text: &str, words: &Words, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| words.0.get(before));
    before.is_some_and(|word| match word.kind {
        WordKind::Name => &text[word.range.clone()] != "in",
        WordKind::Number | WordKind::Text => true,
        WordKind::Mark(mark) => matches!(mark, b')' | b']' | b'}'),
    })
}

/// An operator of another language. Only behind a value does one stand; in front of one, the same word is a name.
fn operator(text: &str, words: &Words, at: usize) -> Option<Problem> {
    if !behind_a_value(text, words, at) {
        return None;
    }
    let (range, help) = match words.0[at].kind {
        WordKind::Mark(b',') => return comma(text, words, at),
        WordKind::Mark(b'.') => point(words, at)?,
        WordKind::Mark(b'=') if in_braces(words, at) => (
            words.0[at].range.clone(),
            "between a key and its value stands a colon: `{ \"a\": 1 }`",
        ),
        WordKind::Number | WordKind::Text => return beside(text, words, at),
        WordKind::Mark(_) => marks(text, words, at)?,
        WordKind::Name => named(text, words, at)?,
    };
    let message = format!("`{}` is no operator here", &text[range.clone()]);
    Some(Problem::new(codes::SYNTAX, range, message).help(help))
}

/// A point before a text: elsewhere it puts two together.
fn point(words: &Words, at: usize) -> Option<(Range<usize>, &'static str)> {
    let text = words.0.get(at + 1).filter(|word| word.kind == WordKind::Text);
    text.map(|_| (words.0[at].range.clone(), "texts are put together with `+`"))
}

/// Whether the innermost bracket around a word is a brace, and the word stands where a key ends.
fn in_braces(words: &Words, at: usize) -> bool {
    let around = |word: &crate::scan::Word| word.partner.is_some_and(|end| end > at);
    let open = words.0[..at].iter().rposition(around);
    let Some(open) = open.filter(|open| words.0[*open].kind == WordKind::Mark(b'{')) else {
        return false;
    };
    at.checked_sub(2)
        .is_some_and(|before| before == open || words.0[before].kind == WordKind::Mark(b','))
}

/// A text with values in it, and a number in groups of three digits: two words where one was meant.
fn beside(text: &str, words: &Words, at: usize) -> Option<Problem> {
    let (before, here) = (words.0.get(at.checked_sub(1)?)?, &words.0[at]);
    let whole = before.range.start..here.range.end;
    let said = &text[whole.clone()];
    let digits = |range: &Range<usize>| text[range.clone()].bytes().all(|b| b.is_ascii_digit());
    if here.kind == WordKind::Text && before.kind == WordKind::Name && before.range.end == here.range.start {
        let message = "no values stand in a text";
        let help = "put it together with `+`: `\"number \" + x`";
        return Some(Problem::new(codes::SYNTAX, whole, message).help(help));
    }
    let grouped = here.kind == WordKind::Number && here.range.len() == 3 && before.kind == WordKind::Number;
    (grouped && digits(&before.range) && digits(&here.range)).then(|| {
        let number: String = said.chars().filter(char::is_ascii_digit).collect();
        let message = format!("`{said}` is no number: its digits stand side by side");
        Problem::new(codes::SYNTAX, whole, message).help(format!("write `{number}`"))
    })
}

/// A comma that belongs to no call and no list: of a decimal as some countries write it, or of a list in round brackets.
fn comma(text: &str, words: &Words, at: usize) -> Option<Problem> {
    let around = |word: &&crate::scan::Word| word.partner.is_some_and(|end| end > at);
    let open = words.0[..at].iter().rposition(|word| around(&word));
    let (before, behind) = (words.0.get(at.checked_sub(1)?)?, words.0.get(at + 1)?);
    let grouping = open.is_none_or(|open| {
        let called = open.checked_sub(1).map(|name| &words.0[name]);
        let named = called.is_some_and(|word| word.kind == WordKind::Name && &text[word.range.clone()] != "in");
        words.0[open].kind == WordKind::Mark(b'(') && !named
    });
    if !grouping {
        return None;
    }
    let whole = before.range.start..behind.range.end;
    let digits = [before, behind].iter().all(|word| word.kind == WordKind::Number);
    if digits && behind.range.start == before.range.end + 1 {
        let number = text[whole.clone()].replacen(',', ".", 1);
        let message = format!("`{}` is no number: a decimal has a point", &text[whole.clone()]);
        let help = match behind.range.len() {
            3 => format!("write `{}`, or with a point `{number}`", number.replace('.', "")),
            _ => format!("write `{number}`"),
        };
        return Some(Problem::new(codes::SYNTAX, whole, message).help(help));
    }
    let open = open?;
    let message = "a list does not stand in round brackets";
    let bracket = words.0[open].range.clone();
    Some(Problem::new(codes::SYNTAX, bracket, message).help("write `[` and `]` around it: `x in [\"a\", \"b\"]`"))
}

/// Marks that lie side by side and are an operator elsewhere.
fn marks(text: &str, words: &Words, at: usize) -> Option<(Range<usize>, &'static str)> {
    let start = words.0[at].range.start;
    let rest = &text[start..];
    let (mark, help) = MARKS.iter().find(|(mark, _)| rest.starts_with(mark))?;
    let end = start + mark.len();
    // `a ? .5 : 1` and `a ? [] : b` are right; `&&` and `||` too.
    let behind = rest[mark.len()..].chars().next();
    let known = match *mark {
        "?." => !behind.is_some_and(|c| c.is_alphabetic() || matches!(c, '[' | '(')),
        "&" | "|" => rest[1..].starts_with(*mark),
        "=" => rest[1..].starts_with(['=', '>']),
        _ => false,
    };
    (!known).then_some((start..end, help))
}

/// Words one behind the other that are an operator elsewhere.
fn named(text: &str, words: &Words, at: usize) -> Option<(Range<usize>, &'static str)> {
    let word = |number: usize| words.0.get(number).map(|word| text[word.range.clone()].to_lowercase());
    let said = |phrase: &[&str]| {
        phrase
            .iter()
            .zip(at..)
            .all(|(part, at)| word(at).as_deref() == Some(part))
    };
    let (phrase, help) = WORDS.iter().find(|(phrase, _)| said(phrase))?;
    let end = words.0[at + phrase.len() - 1].range.end;
    Some((words.0[at].range.start..end, help))
}
