//! The attributes of one start tag, read strictly.

use crate::names;

/// An attribute as written: its whole name and its value with references resolved.
pub(crate) struct Written<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: String,
}

/// So many attributes an element may have: each is compared with all before it. Schemas of the field know a dozen.
const MOST: usize = 256;

/// Reads the part of a start tag after its name; says what is wrong with it as a clause.
pub(crate) fn read(mut rest: &str) -> Result<Vec<Written<'_>>, String> {
    let mut found: Vec<Written<'_>> = Vec::new();
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Ok(found);
        }
        if trimmed.len() == rest.len() {
            return Err("white space is missing before an attribute".to_owned());
        }
        let end = trimmed
            .find(|character| is_space(character) || character == '=')
            .unwrap_or(trimmed.len());
        let name = &trimmed[..end];
        if names::split(name).is_none() {
            return Err(format!("`{}` is not the name of an attribute", short(name)));
        }
        let after = trimmed[end..].trim_start_matches(is_space);
        let Some(after) = after.strip_prefix('=') else {
            return Err(format!("the attribute `{name}` has no value"));
        };
        let after = after.trim_start_matches(is_space);
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return Err(format!("the value of the attribute `{name}` is not quoted"));
        };
        let Some((value, behind)) = after[1..].split_once(quote) else {
            return Err(format!("the value of the attribute `{name}` is not closed"));
        };
        if value.contains('<') {
            return Err(format!("the value of the attribute `{name}` holds a `<`"));
        }
        if found.len() == MOST {
            return Err(format!("an element has more than {MOST} attributes"));
        }
        if found.iter().any(|other| other.name == name) {
            return Err(format!("the attribute `{name}` is given twice"));
        }
        // White space inside a value is read as spaces (XML 1.0 section 3.3.3), references after that.
        let spaced = value.replace("\r\n", " ").replace(['\t', '\n', '\r'], " ");
        found.push(Written {
            name,
            value: resolve(&spaced)?,
        });
        rest = behind;
    }
}

/// Resolves the five predefined entities and character references; anything else is named as unknown.
pub(crate) fn resolve(text: &str) -> Result<String, String> {
    if !text.contains('&') {
        return Ok(text.to_owned());
    }
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        resolved.push_str(before);
        let Some((reference, behind)) = after.split_once(';') else {
            return Err("an `&` begins no reference: write `&amp;`".to_owned());
        };
        resolved.push(character(reference)?);
        rest = behind;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// The character that a reference (what is between `&` and `;`) stands for.
pub(crate) fn character(reference: &str) -> Result<char, String> {
    match reference {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        _ => {}
    }
    let Some(number) = reference.strip_prefix('#') else {
        return Err(format!("the entity `&{};` is not defined", short(reference)));
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (number, 10),
    };
    let signed = digits.starts_with(['+', '-']);
    u32::from_str_radix(digits, radix)
        .ok()
        .filter(|_| !signed)
        .and_then(char::from_u32)
        .filter(|character| names::is_allowed(*character))
        .ok_or_else(|| format!("`&{};` is not a character of xml", short(reference)))
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// The beginning of a text that came from outside, short enough for a message.
pub(crate) fn short(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut shortened: String = text.chars().take(LONGEST).collect();
    shortened.push('…');
    shortened
}
