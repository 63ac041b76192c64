//! How a sender of messages proves who it is.

use aws_lc_rs::{constant_time, hmac};
use dragoman_model::Digest;

use crate::secret::Secret;

/// Whether two texts are equal, in a time that does not say where they differ, nor whether their lengths do.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(&Digest::of(left).0, &Digest::of(right).0).is_ok()
}

/// A sender that is known by a token.
#[derive(Debug, Clone)]
pub struct Bearer(Secret);

impl Bearer {
    /// The token that is expected.
    pub fn new(token: Secret) -> Self {
        Bearer(token)
    }

    /// Whether the value of an `Authorization` header has the token (RFC 6750 §2.1; the scheme in any case).
    pub fn admits(&self, authorization: Option<&str>) -> bool {
        let Some((scheme, token)) = authorization.and_then(|value| value.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer") && equal(token.trim().as_bytes(), self.0.expose())
    }
}

/// A sender that signs its messages with a shared secret: HMAC-SHA-256 over the body.
#[derive(Debug, Clone)]
pub struct Hmac(hmac::Key);

impl Hmac {
    /// The secret that is shared.
    pub fn new(secret: &Secret) -> Self {
        Hmac(hmac::Key::new(hmac::HMAC_SHA256, secret.expose()))
    }

    /// Whether a header's value is the tag of the body: 64 hexadecimal digits, with or without `sha256=` before them.
    pub fn admits(&self, header: Option<&str>, body: &[u8]) -> bool {
        let Some(header) = header.map(str::trim) else {
            return false;
        };
        let digits = header.strip_prefix("sha256=").unwrap_or(header);
        bytes(digits).is_some_and(|tag| hmac::verify(&self.0, body, &tag).is_ok())
    }
}

/// The bytes of hexadecimal digits; none where they are something else.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_admitted_whole_or_not_at_all() {
        let bearer = Bearer::new(Secret::new("abc"));
        let cases = [
            (Some("Bearer abc"), true),
            (Some("bearer  abc "), true),
            (Some("Bearer ab"), false),
            (Some("Bearer abcd"), false),
            (Some("Bearer ABC"), false),
            (Some("Basic abc"), false),
            (Some("abc"), false),
            (Some("Bearer "), false),
            (None, false),
        ];
        for (header, expected) in cases {
            assert_eq!(bearer.admits(header), expected, "{header:?}");
        }
    }

    /// RFC 4231, test case 2.
    #[test]
    fn a_tag_holds_for_its_body_only() {
        let hmac = Hmac::new(&Secret::new("Jefe"));
        let body = b"what do ya want for nothing?";
        let tag = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let cases = [
            (Some(tag.to_owned()), true),
            (Some(format!("sha256={}", tag.to_uppercase())), true),
            (Some(tag[2..].to_owned()), false),
            (Some(format!("{}0", &tag[..63])), false),
            (Some(format!("{}g", &tag[..63])), false),
            (Some("sha256=ä".to_owned()), false),
            (Some(String::new()), false),
            (None, false),
        ];
        for (header, expected) in cases {
            assert_eq!(hmac.admits(header.as_deref(), body), expected, "{header:?}");
        }
        assert!(!hmac.admits(Some(tag), b"something else"));
    }
}
