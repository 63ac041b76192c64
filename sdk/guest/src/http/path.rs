//! Paths below an endpoint's base URL, with segments and query values percent-encoded.

use std::fmt::Display;

/// A path with its query, below an endpoint's base URL.
///
/// ```
/// use dragoman_guest::prelude::*;
///
/// let path = path!["orders", "A/17", "lines"].query("as of", "2026-01-01");
/// assert_eq!(path.to_string(), "/orders/A%2F17/lines?as%20of=2026-01-01");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path {
    text: String,
    fault: Option<String>,
}

impl Path {
    /// Adds one segment, percent-encoded. Empty ones, `.` and `..` make the path unfit: no request is sent.
    #[must_use]
    pub fn segment(mut self, segment: impl Display) -> Self {
        let segment = segment.to_string();
        if matches!(segment.as_str(), "" | "." | "..") && self.fault.is_none() {
            // A URL parser takes dot segments away even when they are encoded, which would reach another
            // resource than the one that was meant.
            self.fault = Some(format!("`{segment}` cannot be a segment of a path"));
        }
        self.text.push('/');
        encode(&segment, &mut self.text);
        self
    }

    /// Adds a query parameter, name and value percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.text.push(if self.text.contains('?') { '&' } else { '?' });
        encode(name, &mut self.text);
        self.text.push('=');
        encode(&value.to_string(), &mut self.text);
        self
    }

    /// Adds a query parameter where there is a value.
    #[must_use]
    pub fn query_if(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// The text, and why it is unfit if it is.
    pub(crate) fn into_parts(self) -> (String, Option<String>) {
        (self.text, self.fault)
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Taken as it is, already encoded; a leading `/` is added where there is none.
impl From<String> for Path {
    fn from(text: String) -> Self {
        let text = if text.starts_with('/') {
            text
        } else {
            format!("/{text}")
        };
        Self { text, fault: None }
    }
}

/// Taken as it is, already encoded; a leading `/` is added where there is none.
impl From<&str> for Path {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// A path of segments, each percent-encoded.
pub fn path<S: Display>(segments: &[S]) -> Path {
    segments
        .iter()
        .fold(Path::default(), |path, segment| path.segment(segment))
}

/// Writes text with everything but RFC 3986's unreserved characters percent-encoded.
fn encode(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// A [`Path`] of segments, each anything that can be displayed, percent-encoded.
#[macro_export]
macro_rules! path {
    ($($segment:expr),* $(,)?) => {
        $crate::http::Path::default()$(.segment(&$segment))*
    };
}
