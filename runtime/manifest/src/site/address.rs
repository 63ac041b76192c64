//! The addresses of servers that are not partners: brokers and databases.

use dragoman_model::Diagnostic;

use crate::reading::Reading;
use crate::{Spanned, codes};

/// Whether user and password stand in a URL, which is reported: whoever reads the site file would know them.
pub(super) fn named_in(reading: &mut Reading, url: &Spanned<String>) -> bool {
    let authority = |text: &str| text.split('/').next().unwrap_or_default().contains('@');
    let named = url.split_once("://").is_some_and(|(_, rest)| authority(rest));
    if named {
        let message = "user and password are not written into a URL";
        reading.push(
            Diagnostic::error(codes::PLAIN_SECRET, url.span.clone(), message)
                .help("write `user: NAME` and `password: env:NAME` beside it"),
        );
    }
    named
}

/// The host, without brackets, and the port that is said.
pub(super) fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(inner) => {
            let (host, behind) = inner.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, behind)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            (&authority[..end], &authority[end..])
        }
    };
    let fits = |c: char| c.is_alphanumeric() || "-._:".contains(c);
    if host.is_empty() || !host.chars().all(fits) {
        return None;
    }
    let port = match port.strip_prefix(':') {
        Some(digits) => Some(digits.parse().ok().filter(|port| *port > 0)?),
        None if port.is_empty() => None,
        None => return None,
    };
    Some((host.to_owned(), port))
}
