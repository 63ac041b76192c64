//! What happens to a run that somebody waits for, told as it happens, and when waiting is given up.

use std::collections::HashSet;
use std::time::Duration;

use dragoman_engine::shell::Happening;
use dragoman_journal::{Record, Standing, TimerPurpose};
use dragoman_model::{RunId, Value};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

/// Nobody sits longer before a run that sleeps, unless they say so.
const PATIENCE: Duration = Duration::from_secs(10);

/// The story of the run of one pipeline that begins next, and of its items.
pub(crate) struct Story {
    happenings: Receiver<Happening>,
    pipeline: String,
    /// The run itself, once it has begun.
    run: Option<RunId>,
    family: HashSet<RunId>,
    until: Instant,
    /// Whether somebody said how long.
    said: bool,
}

impl Story {
    /// To be told from here on. `patience`: how long the run is waited for; none: to its first sleep that is longer than
    /// ten seconds.
    pub(crate) fn new(happenings: Receiver<Happening>, pipeline: &str, patience: Option<Duration>) -> Self {
        Story {
            happenings,
            pipeline: pipeline.into(),
            run: None,
            family: HashSet::new(),
            until: Instant::now() + patience.unwrap_or(PATIENCE),
            said: patience.is_some(),
        }
    }

    /// Says what happens, a line each; resolves when the run is not waited for any longer, and says which it is
    /// where it is known.
    pub(crate) async fn tell(&mut self, mut say: impl FnMut(String)) -> Option<RunId> {
        loop {
            // A run that was there before says nothing that it began, and may sleep already; it is given that long.
            let bounded = self.said || self.run.is_none();
            tokio::select! {
                heard = self.happenings.recv() => match heard {
                    Ok(happening) => if self.hear(&happening, &mut say) { return self.run },
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => std::future::pending().await,
                },
                () = sleep_until(self.until), if bounded => return self.run,
            }
        }
    }

    /// Whether the run sleeps longer from here on than it is waited for.
    fn hear(&mut self, happening: &Happening, say: &mut impl FnMut(String)) -> bool {
        let entry = &*happening.entry;
        let begins = matches!(entry.record, Record::Accepted { parent: None, .. });
        if begins && self.run.is_none() && *happening.pipeline == *self.pipeline {
            self.run = Some(entry.run);
            self.family.insert(entry.run);
        }
        if !self.family.contains(&entry.run) {
            return false;
        }
        if matches!(entry.record, Record::Children { .. }) {
            // Of an item's run the story does not say that it began; its id follows from its key.
            let items = entry.body.as_deref().and_then(|body| body["items"].as_array());
            let keys = items.into_iter().flatten().filter_map(|item| item["key"].as_str());
            self.family.extend(keys.map(|key| entry.run.child(&entry.path, key)));
        }
        if let Some(line) = sentence(&entry.record, entry.body.as_deref()) {
            say(format!("{}: {line}", entry.path));
        }
        let Standing::Sleeping(due) = happening.standing else {
            return false;
        };
        let sleeps = u64::try_from(due.millis() - entry.at.millis()).unwrap_or_default();
        let left = if self.said {
            self.until.saturating_duration_since(Instant::now())
        } else {
            PATIENCE
        };
        // An item that sleeps keeps its run from its end as well.
        Duration::from_millis(sleeps) > left
    }
}

/// What is worth a line at a terminal; everything is in the trail.
fn sentence(record: &Record, body: Option<&Value>) -> Option<String> {
    match record {
        Record::Failed { code, last, .. } => {
            let message = body.and_then(|body| body["message"].as_str()).unwrap_or_default();
            let how = if *last { "failed" } else { "failed for the moment" };
            Some(format!("{how}: {message} ({code})"))
        }
        Record::Timer { .. } if body.is_some_and(|body| body.get("paused").is_some()) => {
            Some("is held back: `dragoman pause` says what is paused".into())
        }
        Record::Timer {
            due,
            purpose: TimerPurpose::Retry,
            attempt,
        } => Some(format!("tries again at {due} (attempt {attempt})")),
        Record::Timer { due, .. } => Some(format!("sleeps until {due}")),
        _ => None,
    }
}
