//! Which dead letters: the options that they all take.

use clap::Args;
use dragoman_server::DeadFilter;

use crate::answer::Error;
use crate::times::{now, said};

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
        Ok(DeadFilter {
            pipeline: self.pipeline.clone(),
            about: self.about.clone(),
            partner: self.partner.clone(),
            failure: self.failure.clone(),
            since: said("since", &self.since, now)?,
            until: said("until", &self.until, now)?,
            failed: self.failed,
            limit: 0,
        })
    }
}
