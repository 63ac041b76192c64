//! Which addresses a request may go to. One function, one table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused; none: it may be used. `private`: the operator granted private and loopback addresses.
///
/// The ranges are those of the IANA special-purpose registries (RFC 6890 and its successors). Addresses that carry an
/// IPv4 address inside (mapped, NAT64, 6to4) are judged by that.
pub(super) fn refusal(address: IpAddr, private: bool) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => refusal_v4(v4, private),
        IpAddr::V6(v6) => refusal_v6(v6, private),
    }
}

fn refusal_v4(address: Ipv4Addr, private: bool) -> Option<&'static str> {
    let [a, b, c, d] = address.octets();
    let needs_grant = |what| if private { None } else { Some(what) };
    match (a, b, c) {
        (0, ..) => Some("an address of this network (0/8)"),
        (169, 254, _) => Some("a link-local address"),
        (100, 100, 100) if d == 200 => Some("an address of a metadata service"),
        (127, ..) => needs_grant("a loopback address"),
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => needs_grant("a private address"),
        (100, 64..=127, _) => needs_grant("an address behind a carrier's translation (100.64/10)"),
        (192, 0, 0) => Some("an address reserved for protocols"),
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => Some("a documentation address"),
        (192, 88, 99) => Some("a 6to4 relay"),
        (198, 18..=19, _) => Some("a benchmarking address"),
        (224..=239, ..) => Some("a multicast address"),
        (240..=255, ..) => Some("a reserved address"),
        _ => None,
    }
}

fn refusal_v6(address: Ipv6Addr, private: bool) -> Option<&'static str> {
    let segments = address.segments();
    let needs_grant = |what| if private { None } else { Some(what) };
    if let Some(inner) = carried(segments) {
        return refusal_v4(inner, private);
    }
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => needs_grant("a loopback address"),
        [0, 0, 0, 0, 0, 0, ..] => Some("an unspecified or compatible address"),
        [0xfd00, 0x0ec2, ..] => Some("an address of a metadata service"),
        [0xfc00..=0xfdff, ..] => needs_grant("a private address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfec0..=0xfeff, ..] => Some("a site-local address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Some("a documentation address"),
        // Teredo and other protocol assignments: 2001::/23.
        [0x2001, 0..=0x01ff, ..] => Some("an address reserved for protocols"),
        [0x0100, 0, 0, 0, ..] => Some("a discard address"),
        [0x0064, 0xff9b, ..] => Some("an address of a local translation"),
        [0x2000..=0x3fff, ..] => None,
        _ => Some("an address outside of global unicast"),
    }
}

/// The IPv4 address that an IPv6 address stands for.
fn carried(segments: [u16; 8]) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match segments {
        // Mapped (::ffff:0:0/96) and translated (::ffff:0:0:0/96).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => join(high, low),
        // NAT64 (64:ff9b::/96).
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => join(high, low),
        // 6to4 (2002::/16).
        [0x2002, high, low, ..] => join(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `never`, `private` (only where granted) or `always`.
    #[track_caller]
    fn check(address: &str, expected: &str) {
        let address: IpAddr = address.parse().unwrap();
        let found = match (refusal(address, false), refusal(address, true)) {
            (None, None) => "always",
            (Some(_), None) => "private",
            (Some(_), Some(_)) => "never",
            (None, Some(_)) => "contradiction",
        };
        assert_eq!(found, expected, "{address}");
    }

    #[test]
    fn addresses_are_judged_by_what_they_are() {
        for (address, expected) in [
            ("93.184.215.14", "always"),
            ("8.8.8.8", "always"),
            ("172.15.0.1", "always"),
            ("172.32.0.1", "always"),
            ("100.63.255.255", "always"),
            ("100.128.0.0", "always"),
            ("2606:4700::1111", "always"),
            ("127.0.0.1", "private"),
            ("127.255.0.1", "private"),
            ("10.1.2.3", "private"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.168.1.1", "private"),
            ("100.64.0.1", "private"),
            ("::1", "private"),
            ("fd12::1", "private"),
            ("fc00::1", "private"),
            ("0.0.0.0", "never"),
            ("0.1.2.3", "never"),
            ("169.254.169.254", "never"),
            ("100.100.100.200", "never"),
            ("192.0.0.192", "never"),
            ("192.0.2.1", "never"),
            ("198.51.100.7", "never"),
            ("203.0.113.9", "never"),
            ("198.18.0.1", "never"),
            ("224.0.0.1", "never"),
            ("240.0.0.1", "never"),
            ("255.255.255.255", "never"),
            ("::", "never"),
            ("::7f00:1", "never"),
            ("fe80::1", "never"),
            ("fec0::1", "never"),
            ("ff02::1", "never"),
            ("fd00:ec2::254", "never"),
            ("2001:db8::1", "never"),
            ("3fff::1", "never"),
            ("2001::1", "never"),
            ("64:ff9b:1::1", "never"),
            ("5f00::1", "never"),
        ] {
            check(address, expected);
        }
    }

    #[test]
    fn an_address_inside_another_does_not_hide() {
        for (address, expected) in [
            ("::ffff:93.184.215.14", "always"),
            ("::ffff:127.0.0.1", "private"),
            ("::ffff:10.0.0.1", "private"),
            ("::ffff:169.254.169.254", "never"),
            ("::ffff:0:169.254.169.254", "never"),
            ("64:ff9b::8.8.8.8", "always"),
            ("64:ff9b::10.0.0.1", "private"),
            ("64:ff9b::169.254.169.254", "never"),
            ("2002:808:808::1", "always"),
            ("2002:7f00:1::1", "private"),
            ("2002:a9fe:a9fe::1", "never"),
        ] {
            check(address, expected);
        }
    }
}
