//! Which dead letters: the options that they all take.

use clap::Args;
use dragoman_model::Timestamp;
use dragoman_server::DeadFilter;

use crate::answer::Error;
use crate::codes::OPTION;

/// Which ones.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Of this pipeline only
    #[arg(long)]
    pipeline: Option<String>,
    /// Known by this: a business reference or key, the key of the run or of the item, or a whole part of one
    #[arg(long, value_name = "TEXT")]
    about: Option<String>,
    /// Stopped at a call over this connection
    #[arg(long, value_name = "CONNECTION")]
    partner: Option<String>,
    /// Stopped with this failure, such as http.503
    #[arg(long, value_name = "CODE")]
    failure: Option<String>,
    /// Stopped then or later: a time (2026-03-01T08:00:00Z), or how long ago (90m, 12h, 3d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Stopped before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Also those that failed, and are closed
    #[arg(long)]
    failed: bool,
}

impl Query {
    /// As the server takes it.
    ///
    /// # Errors
    /// Where a time is none.
    pub(crate) fn filter(&self) -> Result<DeadFilter, Error> {
        let now = now();
        let time = |option: &str, text: &Option<String>| match text {
            Some(text) => time(text, now).map(Some).ok_or_else(|| {
                let said = format!("`--{option} {text}` is no time");
                Error::coded(OPTION, said).help("write 2026-03-01T08:00:00Z, or how long ago: 90m, 12h or 3d")
            }),
            None => Ok(None),
        };
        Ok(DeadFilter {
            pipeline: self.pipeline.clone(),
            about: self.about.clone(),
            partner: self.partner.clone(),
            failure: self.failure.clone(),
            since: time("since", &self.since)?,
            until: time("until", &self.until)?,
            failed: self.failed,
            limit: 0,
        })
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// A time, or how long ago.
fn time(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let unit = text.chars().next_back()?;
    let minutes: i64 = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return None,
    };
    let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
    Some(now.plus_millis(-i64::from(number).saturating_mul(minutes * 60_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_or_how_long_ago_it_was() {
        let now = Timestamp::parse("2026-03-04T08:00:00Z").unwrap();
        for (text, expected) in [
            ("2026-03-01T08:00:00Z", Some("2026-03-01T08:00:00.000Z")),
            ("90m", Some("2026-03-04T06:30:00.000Z")),
            ("12h", Some("2026-03-03T20:00:00.000Z")),
            ("3d", Some("2026-03-01T08:00:00.000Z")),
            ("3", None),
            ("-3d", None),
            ("yesterday", None),
            ("", None),
            ("ä", None),
        ] {
            let found = time(text, now).map(|time| time.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
