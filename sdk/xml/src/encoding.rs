//! From bytes to characters: UTF-8, ISO-8859-1 and Windows-1252; everything else is refused by name.

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

const START: Position = Position { line: 1, column: 1 };

fn refused(at: Position, what: impl Into<String>) -> Error {
    Error::Encoding { at, what: what.into() }
}

/// The text of a message, without a byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    match bytes {
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..] | [0, 0, ..] => {
            return Err(refused(START, "the message is in UTF-16 or UTF-32: send it as UTF-8"));
        }
        _ => {}
    }
    let marked = bytes.strip_prefix(b"\xEF\xBB\xBF");
    let body = marked.unwrap_or(bytes);
    let declared = declared_encoding(body).map(|name| name.to_ascii_lowercase());
    match (declared.as_deref(), marked.is_some()) {
        (None | Some("utf-8" | "utf8" | "us-ascii" | "ascii"), _) => utf8(body),
        (Some("iso-8859-1" | "latin1" | "latin-1"), false) => {
            Ok(Cow::Owned(body.iter().map(|byte| *byte as char).collect()))
        }
        (Some("windows-1252" | "cp1252"), false) => windows_1252(body),
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

fn utf8(body: &[u8]) -> Result<Cow<'_, str>, Error> {
    std::str::from_utf8(body).map(Cow::Borrowed).map_err(|error| {
        let good = &body[..error.valid_up_to()];
        let readable = String::from_utf8_lossy(good);
        refused(
            position_of(&readable, readable.len()),
            format!(
                "the byte 0x{:02X} is not valid UTF-8",
                body.get(error.valid_up_to()).copied().unwrap_or_default()
            ),
        )
    })
}

fn windows_1252(body: &[u8]) -> Result<Cow<'_, str>, Error> {
    let mut text = String::with_capacity(body.len());
    for byte in body {
        let character = match byte {
            0x80..=0x9F => WINDOWS_1252[usize::from(byte - 0x80)],
            other => Some(*other as char),
        };
        let Some(character) = character else {
            return Err(refused(
                position_of(&text, text.len()),
                format!("the byte 0x{byte:02X} does not exist in windows-1252"),
            ));
        };
        text.push(character);
    }
    Ok(Cow::Owned(text))
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
