//! From bytes to characters: UTF-8, UTF-16 with its mark, ISO-8859-1 and Windows-1252; everything else is refused by name.

use crate::error::{Error, Position, position_of};
use std::borrow::Cow;

/// The characters of windows-1252 from 0x80 to 0x9F; the five bytes that it leaves open are refused.
const WINDOWS_1252: [Option<char>; 32] = [
    Some('€'),
    None,
    Some('‚'),
    Some('ƒ'),
    Some('„'),
    Some('…'),
    Some('†'),
    Some('‡'),
    Some('ˆ'),
    Some('‰'),
    Some('Š'),
    Some('‹'),
    Some('Œ'),
    None,
    Some('Ž'),
    None,
    None,
    Some('‘'),
    Some('’'),
    Some('“'),
    Some('”'),
    Some('•'),
    Some('–'),
    Some('—'),
    Some('˜'),
    Some('™'),
    Some('š'),
    Some('›'),
    Some('œ'),
    None,
    Some('ž'),
    Some('Ÿ'),
];

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";
const START: Position = Position { line: 1, column: 1 };

fn refused(at: Position, what: impl Into<String>) -> Error {
    Error::Encoding { at, what: what.into() }
}

/// The text of a message, without a byte order mark, in at most `limit` bytes of UTF-8.
pub(crate) fn decode(bytes: Cow<'_, [u8]>, limit: usize) -> Result<Cow<'_, str>, Error> {
    match &*bytes {
        [0, 0, ..] | [0xFF, 0xFE, 0, 0, ..] => {
            return Err(refused(START, "the message is in UTF-32: send it as UTF-8"));
        }
        [0, b'<', ..] | [b'<', 0, ..] => {
            let what = "the message is in UTF-16 without a byte order mark: begin with one, or send it as UTF-8";
            return Err(refused(START, what));
        }
        [0xFE, 0xFF, body @ ..] => return utf16(body, "utf-16be", u16::from_be_bytes, limit).map(Cow::Owned),
        [0xFF, 0xFE, body @ ..] => return utf16(body, "utf-16le", u16::from_le_bytes, limit).map(Cow::Owned),
        _ => {}
    }
    let mark = if bytes.starts_with(MARK) { MARK.len() } else { 0 };
    let body = &bytes[mark..];
    let declared = declared_encoding(body).map(|name| name.to_ascii_lowercase());
    match (declared.as_deref(), mark > 0) {
        (None | Some("utf-8" | "utf8" | "us-ascii" | "ascii"), _) => utf8(bytes, mark),
        (Some("iso-8859-1" | "latin1" | "latin-1"), false) => {
            single_bytes(body, "iso-8859-1", |byte| Some(byte as char), limit).map(Cow::Owned)
        }
        (Some("windows-1252" | "cp1252"), false) => {
            single_bytes(body, "windows-1252", windows_1252, limit).map(Cow::Owned)
        }
        (Some(other), false) => Err(refused(
            START,
            format!("the encoding `{other}` is not read: send the message as UTF-8"),
        )),
        (Some(other), true) => Err(refused(
            START,
            format!("the message has the byte order mark of UTF-8 and says it is `{other}`"),
        )),
    }
}

fn utf8(bytes: Cow<'_, [u8]>, mark: usize) -> Result<Cow<'_, str>, Error> {
    match bytes {
        Cow::Borrowed(bytes) => {
            let body = &bytes[mark..];
            std::str::from_utf8(body)
                .map(Cow::Borrowed)
                .map_err(|error| not_utf8(body, error.valid_up_to()))
        }
        // The bytes become the text: a message is large, and a copy of it would be as large.
        Cow::Owned(mut bytes) => {
            bytes.drain(..mark);
            String::from_utf8(bytes)
                .map(Cow::Owned)
                .map_err(|error| not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))
        }
    }
}

fn not_utf8(body: &[u8], good: usize) -> Error {
    let readable = String::from_utf8_lossy(&body[..good]);
    let byte = body.get(good).copied().unwrap_or_default();
    refused(
        position_of(&readable, good),
        format!("the byte 0x{byte:02X} is not valid UTF-8"),
    )
}

/// UTF-16 behind its byte order mark, `named` as that mark says.
fn utf16(body: &[u8], named: &str, unit: fn([u8; 2]) -> u16, limit: usize) -> Result<String, Error> {
    let characters = || char::decode_utf16(body.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])));
    // Measured first: a text that grows while it is written takes up to three times its size.
    let size = characters().map(|one| one.map_or(0, char::len_utf8)).sum();
    if size > limit {
        return Err(Error::TooLarge { size, limit });
    }
    let mut text = String::with_capacity(size);
    for character in characters() {
        let character = character.map_err(|error| {
            refused(
                position_of(&text, text.len()),
                format!("the surrogate 0x{:04X} has no other half", error.unpaired_surrogate()),
            )
        })?;
        text.push(character);
    }
    if body.len() % 2 == 1 {
        return Err(refused(
            position_of(&text, text.len()),
            "the message ends in the middle of a character of UTF-16",
        ));
    }
    match declared_encoding(text.as_bytes()).map(|name| name.to_ascii_lowercase()) {
        Some(other) if other != "utf-16" && other != named => Err(refused(
            START,
            format!("the message has the byte order mark of UTF-16 and says it is `{other}`"),
        )),
        _ => Ok(text),
    }
}

fn windows_1252(byte: u8) -> Option<char> {
    match byte {
        0x80..=0x9F => WINDOWS_1252[usize::from(byte - 0x80)],
        other => Some(other as char),
    }
}

fn single_bytes(body: &[u8], named: &str, read: fn(u8) -> Option<char>, limit: usize) -> Result<String, Error> {
    let size = body.iter().map(|byte| read(*byte).map_or(0, char::len_utf8)).sum();
    if size > limit {
        return Err(Error::TooLarge { size, limit });
    }
    let mut text = String::with_capacity(size);
    for byte in body {
        let character = read(*byte).ok_or_else(|| {
            refused(
                position_of(&text, text.len()),
                format!("the byte 0x{byte:02X} does not exist in {named}"),
            )
        })?;
        text.push(character);
    }
    Ok(text)
}

/// The `encoding` of the XML declaration, if the message begins with one. All encodings that are read
/// agree on ASCII, so the declaration can be read before the encoding is known.
fn declared_encoding(body: &[u8]) -> Option<String> {
    let rest = body.strip_prefix(b"<?xml")?;
    let end = rest.iter().take(256).position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&rest[..end]).ok()?;
    let after = declaration.split_once("encoding")?.1.trim_start();
    let value = after.strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, _) = value[1..].split_once(quote)?;
    Some(name.trim().to_owned())
}
