//! Durations, sizes and pauses between attempts, as people write them.

/// A duration in milliseconds: `500ms`, `2s`, `15m`, `12h`, `10d`, `2w`, or several of them (`1h30m`).
pub(crate) fn duration(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let factor: u64 = match rest.get(..letters)? {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = rest.get(letters..)?;
    }
    // A hundred years: what is longer is a slip, and would overflow sums with points in time.
    (total <= 100 * 366 * 86_400_000).then_some(total)
}

/// A size in bytes: `512B`, `64KiB`, `20MiB`, `1GiB`; `kB`, `MB` and `GB` are thousands.
pub(crate) fn size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let factor: u64 = match text.get(digits..)?.trim_start() {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// So many in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In how many milliseconds.
    pub per_ms: u64,
}

/// So many in a time: `100/1m`, or `5/s`.
pub(crate) fn rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once('/')?;
    let count: u64 = count.trim().parse().ok()?;
    let per = per.trim();
    let per_ms = duration(per).or_else(|| duration(&format!("1{per}")))?;
    (1..=1_000_000).contains(&count).then_some(())?;
    (per_ms > 0).then_some(Rate { count, per_ms })
}

/// Pauses between attempts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The first pause, in milliseconds.
    pub first_ms: u64,
    /// The longest pause, in milliseconds.
    pub longest_ms: u64,
    /// Each pause is so many times the one before.
    pub factor: f64,
    /// Whether pauses are spread by chance.
    pub jitter: bool,
}

/// How a duration, or pauses, would be written that are said in another way: a number alone is taken for seconds,
/// `10 minutes` and `1.5h` for what they say, and of two pauses the shorter comes first.
pub(crate) fn meant(text: &str) -> Option<String> {
    if let Some((first, longest)) = text.split_once("..") {
        let (longest, rest) = longest.split_once(' ').unwrap_or((longest, ""));
        let shorter = duration(longest)? < duration(first)?;
        return shorter.then(|| format!("{longest}..{first} {rest}").trim_end().to_owned());
    }
    if let Some((count, per)) = text.split_once('/').or_else(|| text.split_once(" per ")) {
        let per = per.trim();
        let time = meant(per).filter(|_| per.starts_with(|c: char| c.is_ascii_digit()));
        let time = time.or_else(|| meant(&format!("1{per}")))?;
        return Some(format!("{}/{}", count.trim().replace(['_', ',', '\''], ""), time));
    }
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let factor: f64 = match text.get(number.len()..)?.trim() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
        "ms" | "millis" | "milliseconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000.0,
        "d" | "day" | "days" => 86_400_000.0,
        "w" | "week" | "weeks" => 604_800_000.0,
        _ => return None,
    };
    let millis = number.replace(',', ".").parse::<f64>().ok()? * factor;
    if !(1.0..1e12).contains(&millis) || millis.fract() != 0.0 {
        return None;
    }
    // Whole, positive and far below 2^53, so that the conversion is exact.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some(written(millis as u64))
}

/// What a number alone may say where a duration stands, in words: its unit is what is missing.
pub(crate) fn without_unit(text: &str) -> Option<String> {
    let number: u64 = text.parse().ok().filter(|number| (1..1_000_000_000).contains(number))?;
    Some(if number < 1_000 {
        format!("a number alone has no unit: write `{number}s`, `{number}m` or `{number}h`")
    } else {
        format!(
            "a number alone has no unit: write `{}` where milliseconds are meant, `{}` where seconds are",
            written(number),
            written(number * 1_000)
        )
    })
}

/// A duration in milliseconds, as [`duration`] reads it.
pub fn written(millis: u64) -> String {
    let mut text = String::new();
    let mut rest = millis;
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

/// Pauses: `1s..15m x2 jitter`, or `30s` where all are the same.
pub(crate) fn backoff(text: &str) -> Option<Backoff> {
    let mut words = text.split_whitespace();
    let range = words.next()?;
    let (first, longest) = range.split_once("..").unwrap_or((range, range));
    let (first_ms, longest_ms) = (duration(first)?, duration(longest)?);
    let mut backoff = Backoff {
        first_ms,
        longest_ms,
        factor: 2.0,
        jitter: false,
    };
    for word in words {
        if let Some(factor) = word.strip_prefix('x') {
            backoff.factor = factor.parse().ok().filter(|f: &f64| (1.0..=100.0).contains(f))?;
        } else if word == "jitter" {
            backoff.jitter = true;
        } else {
            return None;
        }
    }
    (first_ms > 0 && first_ms <= longest_ms).then_some(backoff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_milliseconds() {
        for (text, millis) in [
            ("500ms", Some(500)),
            ("2s", Some(2_000)),
            ("15m", Some(900_000)),
            ("1h30m", Some(5_400_000)),
            ("10d", Some(864_000_000)),
            ("", None),
            ("10", None),
            ("2 s", None),
            ("-2s", None),
            ("2sec", None),
            ("99999999999999999999s", None),
            ("200000d", None),
        ] {
            assert_eq!(duration(text), millis, "{text}");
        }
    }

    #[test]
    fn what_is_said_in_another_way_is_written_as_it_is_here() {
        for (text, written) in [
            ("30", Some("30s")),
            ("10 minutes", Some("10m")),
            ("1,5h", Some("1h30m")),
            ("90 sec", Some("1m30s")),
            ("5m..1s x2", Some("1s..5m x2")),
            ("1s..5m x2", None),
            ("soon", None),
            ("-3h", None),
            ("NaN", None),
            ("0", None),
        ] {
            assert_eq!(meant(text).as_deref(), written, "{text}");
        }
    }

    #[test]
    fn sizes_are_read_in_bytes() {
        for (text, bytes) in [
            ("20MiB", Some(20 << 20)),
            ("64 KiB", Some(65_536)),
            ("2MB", Some(2_000_000)),
            ("7", None),
            ("7 mb", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }

    #[test]
    fn rates_are_read_with_their_time() {
        for (text, found) in [
            ("100/1m", Some((100, 60_000))),
            ("5/s", Some((5, 1_000))),
            ("1 / 1h30m", Some((1, 5_400_000))),
            ("0/1m", None),
            ("5/0s", None),
            ("5", None),
            ("/1m", None),
            ("-5/1m", None),
        ] {
            assert_eq!(rate(text).map(|r| (r.count, r.per_ms)), found, "{text}");
        }
    }

    #[test]
    fn pauses_are_read_with_their_growth() {
        let full = Backoff {
            first_ms: 1_000,
            longest_ms: 900_000,
            factor: 2.0,
            jitter: true,
        };
        assert_eq!(backoff("1s..15m x2 jitter"), Some(full));
        assert_eq!(
            backoff("30s").map(|b| (b.first_ms, b.longest_ms, b.jitter)),
            Some((30_000, 30_000, false))
        );
        for wrong in ["", "15m..1s", "1s..", "1s x0", "1s twice", "0s"] {
            assert_eq!(backoff(wrong), None, "{wrong}");
        }
    }
}
