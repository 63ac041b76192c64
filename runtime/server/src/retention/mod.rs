//! How long what runs have said is kept: after its period it is erased, unless somebody holds it; and sooner where an
//! administrator says so. What was done when by whom stays, in the chain of the trail.

mod act;
mod daily;
mod family;
mod hold;
mod routes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use dragoman_manifest::Site;
use dragoman_model::Timestamp;

pub use act::{Erasing, Retention};
pub(crate) use daily::keep;
pub use hold::{Held, HoldChange};
pub(crate) use routes::{erase, hold, show};

/// How long what runs have said is kept after their end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Periods {
    /// Of pipelines that are not named; none: for ever.
    others_ms: Option<i64>,
    /// By pipeline.
    named_ms: BTreeMap<String, i64>,
}

impl Periods {
    /// As the site file says it.
    pub(crate) fn of(said: &Site) -> Self {
        let whole = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let named = said.retention.pipelines.iter();
        Periods {
            others_ms: said.retention.after_ms.map(whole),
            named_ms: named.map(|(name, ms)| (name.value.clone(), whole(*ms))).collect(),
        }
    }

    /// How long what runs of a pipeline have said is kept, in milliseconds; none: for ever.
    fn of_pipeline(&self, pipeline: &str) -> Option<i64> {
        self.named_ms.get(pipeline).copied().or(self.others_ms)
    }

    /// What ended before this time is to be erased by now; none: nothing ever is.
    fn before(&self, pipeline: &str, now: Timestamp) -> Option<Timestamp> {
        let period = self.of_pipeline(pipeline)?;
        Some(Timestamp::from_millis(now.millis().saturating_sub(period)))
    }

    fn is_empty(&self) -> bool {
        self.others_ms.is_none() && self.named_ms.is_empty()
    }
}
