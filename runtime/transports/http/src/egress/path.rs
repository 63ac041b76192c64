//! Whether a path stays below the endpoint's base address.

use percent_encoding::percent_decode_str;

/// Bytes of a path with its query.
const PATH_BYTES: usize = 8 << 10;

/// Checks a path and query as a plugin wrote it, and gives it with one slash before it.
///
/// # Errors
/// What is wrong with it, in a sentence's second half.
pub(super) fn check(text: &str) -> Result<String, String> {
    if text.len() > PATH_BYTES {
        return Err(format!("it has more than {PATH_BYTES} bytes"));
    }
    if !text.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return Err("it has white space, control or non-ASCII characters; encode them".to_owned());
    }
    if text.contains(['\\', '#', '"', '<', '>', '`', '{', '}', '|', '^']) {
        return Err("it has characters that a path cannot have; encode them".to_owned());
    }
    let (path, query) = text
        .split_once('?')
        .map_or((text, None), |(path, query)| (path, Some(query)));
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.starts_with('/') {
        return Err("it begins with `//`, which names another host".to_owned());
    }
    if path.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err("its first part has a colon, which names a scheme; encode it".to_owned());
    }
    for part in path.split('/') {
        check_part(part)?;
    }
    Ok(match query {
        Some(query) => format!("/{path}?{query}"),
        None => format!("/{path}"),
    })
}

/// A part of a path, decoded as often as a careless server may decode it.
fn check_part(part: &str) -> Result<(), String> {
    let mut text = part.to_owned();
    for _ in 0..3 {
        if text.split(['/', '\\']).any(|piece| piece == "." || piece == "..") {
            return Err("it has `.` or `..` as a part, encoded or not".to_owned());
        }
        if text.chars().any(char::is_control) {
            return Err("it has an encoded control character".to_owned());
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            break;
        }
        text = decoded;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_path(text: &str, expected: Result<&str, &str>) {
        match (check(text), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn paths_stay_below_their_base() {
        for (text, expected) in [
            ("/orders/1", Ok("/orders/1")),
            ("orders/1", Ok("/orders/1")),
            ("", Ok("/")),
            (
                "/orders/1%2F2?x=../y&z=http://other",
                Ok("/orders/1%2F2?x=../y&z=http://other"),
            ),
            ("/orders/a..b", Ok("/orders/a..b")),
            ("/orders/...", Ok("/orders/...")),
            ("/orders/100%25", Ok("/orders/100%25")),
            ("//evil.example/x", Err("another host")),
            ("///evil.example/x", Err("another host")),
            ("http://evil.example/x", Err("scheme")),
            ("/a/../b", Err("`..`")),
            ("/..", Err("`..`")),
            ("/a/%2e%2E/b", Err("`..`")),
            ("/a/..%2fb", Err("`..`")),
            ("/a/%252e%252e/b", Err("`..`")),
            ("/a/..%5cb", Err("`..`")),
            ("/a\\..\\b", Err("characters")),
            ("/a/./b", Err("`.`")),
            ("/a b", Err("white space")),
            ("/a\r\nHost: evil", Err("white space")),
            ("/x/a%0d%0aHost:", Err("control")),
            ("/a%00", Err("control")),
            ("/a#b", Err("characters")),
            ("/ä", Err("non-ASCII")),
        ] {
            check_path(text, expected);
        }
        check_path(&"x".repeat(9_000), Err("bytes"));
    }
}
