//! The story: what happened to runs, for those who want to hear it, after it is durable.

use std::sync::Arc;

use dragoman_journal::{Draft, Ending, RunFilter, RunSummary, Standing};
use dragoman_model::RunId;
use dragoman_plan::Plan;

use super::Shell;

/// Something that happened to a run and is durable.
#[derive(Debug, Clone)]
pub struct Happening {
    /// The pipeline.
    pub pipeline: Arc<str>,
    /// The entry: its record says what happened, its path where, its body with what.
    pub entry: Arc<Draft>,
    /// How the run stands after the append that the entry was in.
    pub standing: Standing,
}

impl Shell {
    /// Tells of the first entries of a run.
    pub(super) fn tell(&self, plan: &Plan, entries: Vec<Draft>) {
        for entry in &entries {
            self.meter.entry(&plan.pipeline, false, &entry.record);
        }
        if self.story.receiver_count() == 0 {
            return;
        }
        let pipeline: Arc<str> = Arc::from(plan.pipeline.as_str());
        for entry in entries {
            let standing = Standing::Active;
            // Nobody listening any more is no error.
            let _ = self.story.send(Happening {
                pipeline: Arc::clone(&pipeline),
                entry: Arc::new(entry),
                standing,
            });
        }
    }

    /// A run in one row, where the store has it.
    pub(super) async fn summary(&self, run: RunId) -> Result<Option<RunSummary>, crate::Error> {
        let entries = self.journal.load(run).await?;
        let folded =
            dragoman_journal::fold::summary(&entries).map_err(|broken| crate::Error::Store(broken.to_string()))?;
        let Some(folded) = folded else {
            return Ok(None);
        };
        if folded.ending.is_some() {
            return Ok(Some(folded));
        }
        // How a run stands that has not ended, the index alone knows exactly; it may have ended since the entries were
        // read, so all that is said comes from there.
        let filter = RunFilter {
            run: Some(run),
            children: true,
            ..RunFilter::default()
        };
        let listed = self.journal.runs(filter).await?.into_iter().next();
        Ok(Some(listed.unwrap_or(folded)))
    }

    /// How a run stands, in a word.
    pub(super) async fn status_of(&self, run: RunId, standing: Standing) -> String {
        let ending = match standing {
            Standing::Closed => self
                .summary(run)
                .await
                .ok()
                .flatten()
                .and_then(|summary| summary.ending),
            _ => None,
        };
        status(standing, ending).to_owned()
    }
}

/// How a run stands, in a word.
pub fn status(standing: Standing, ending: Option<Ending>) -> &'static str {
    match (standing, ending) {
        (Standing::Active, _) => "active",
        (Standing::Sleeping(_), _) => "sleeping",
        (Standing::Waiting(_), _) => "waiting",
        (Standing::Parked, _) => "parked",
        (Standing::Closed, Some(Ending::Stopped)) => "stopped",
        (Standing::Closed, Some(Ending::Failed)) => "failed",
        (Standing::Closed, Some(Ending::Cancelled)) => "cancelled",
        (Standing::Closed, _) => "completed",
    }
}
