//! Each day is reconciled when it is over: what is found stands in the trail, in the log, and in the metrics.

use std::sync::Arc;
use std::time::Duration;

use dragoman_calendar::{Day, Days};
use dragoman_journal::{Journal, RunFilter};
use dragoman_manifest::Site;
use dragoman_model::{Actor, Diagnostic, Timestamp, Value};
use dragoman_plan::unknown_zone;
use serde_json::json;
use tokio::sync::watch;

use super::walk::{Wanted, reconcile};
use crate::deed::{Deed, now};
use crate::desk::{Refusal, Who, store};
use crate::metrics::Counted;
use crate::runtime::worker;

/// What the runs that hold it have in place of a pipeline. Their run key is the day.
const PIPELINE: &str = "reconciliation";
/// What they are pinned to.
const VERSION: &[u8] = b"{\"reconciliation\":\"of a day that is over\"}";
/// How long after a day's end where nothing is said: what came in the last hour has been worked on by then.
const AFTER_MS: i64 = 4 * 3_600_000;
/// So many days are made up for where nobody served.
const BACK: usize = 7;
/// How often it is looked whether a day is due.
const LOOK: Duration = Duration::from_secs(60);

/// Which days are reconciled, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Daily {
    days: Days,
    after_ms: i64,
}

impl Daily {
    /// As the site file says it.
    ///
    /// # Errors
    /// There is no such time zone.
    pub fn of(said: &Site) -> Result<Daily, Box<Diagnostic>> {
        let wanted = &said.reconciliation;
        let days = match &wanted.zone {
            Some(zone) => Days::of(&zone.value).ok_or_else(|| Box::new(unknown_zone(zone)))?,
            None => Days::utc(),
        };
        let after_ms = wanted.after_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        Ok(Daily {
            days,
            after_ms: after_ms.unwrap_or(AFTER_MS),
        })
    }

    /// A day by its name, `2026-11-22`; none: it is no date.
    pub fn day(&self, name: &str) -> Option<Day> {
        self.days.day(name)
    }

    /// The day that it is now.
    pub fn today(&self, now: Timestamp) -> Option<Day> {
        self.days.at(now)
    }

    /// The day before the one that it is now.
    pub fn yesterday(&self, now: Timestamp) -> Option<Day> {
        let today = self.days.at(now)?;
        self.days.at(today.from.plus_millis(-1))
    }

    /// The last days that are to be reconciled by now, the oldest first.
    fn due(&self, now: Timestamp) -> Vec<Day> {
        let latest = self.yesterday(now.plus_millis(-self.after_ms));
        let before = |day: &Day| self.days.at(day.from.plus_millis(-1));
        let mut due: Vec<Day> = std::iter::successors(latest, before).take(BACK).collect();
        due.reverse();
        due
    }
}

/// Reconciles each day when it is over, until told to stop. Of several processes that share a store the first one does it.
pub(crate) async fn keep(
    journal: Arc<dyn Journal>,
    wanted: watch::Receiver<Daily>,
    counted: Arc<Counted>,
    mut stop: watch::Receiver<bool>,
) {
    let who = Who {
        actor: Actor::system(&worker()),
        roles: Vec::new(),
    };
    let mut last = None;
    loop {
        let daily = wanted.borrow().clone();
        let newest = daily.due(now()).pop();
        if newest.is_some() && newest != last {
            match look(&*journal, &daily, &who, now()).await {
                Ok(found) => {
                    last = newest;
                    if let Some(report) = found {
                        counted.reconciled(&report);
                    }
                }
                Err(refusal) => {
                    tracing::warn!(
                        "what was taken yesterday cannot be reconciled now, and is looked at again: {refusal:?}"
                    );
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Reconciles the days that are over and that nobody has reconciled yet. Gives the report of the newest that has one.
pub(super) async fn look(
    journal: &dyn Journal,
    daily: &Daily,
    who: &Who,
    now: Timestamp,
) -> Result<Option<Value>, Refusal> {
    let kept = RunFilter {
        pipeline: Some(PIPELINE.to_owned()),
        limit: 2 * BACK,
        ..RunFilter::default()
    };
    let kept = journal.runs(kept).await.map_err(store)?;
    let mut newest = None;
    for day in daily.due(now) {
        if let Some(run) = kept.iter().find(|run| run.run_key == day.name) {
            newest = run.output.clone();
            continue;
        }
        let wanted = Wanted {
            from: day.from,
            until: day.until,
            limit: 0,
            list: None,
        };
        let report = reconcile(journal, &wanted).await.map_err(store)?;
        // Of a day before the store was there, or on which nothing came, there is nothing to be kept.
        if report["taken"] == 0 && report["missing"].as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        write(journal, &day, &report, who).await?;
        newest = Some(report);
    }
    Ok(newest)
}

async fn write(journal: &dyn Journal, day: &Day, report: &Value, who: &Who) -> Result<(), Refusal> {
    let deed = Deed {
        pipeline: PIPELINE,
        act: "reconcile",
        key: Some(day.name.clone()),
        version: VERSION,
        message: json!({ "day": day.name, "from": day.from, "until": day.until }),
        reason: "the day is over",
        records: Vec::new(),
        operations: Vec::new(),
        output: report.clone(),
    };
    match deed.write(journal, who).await {
        Ok(Ok(_)) => {}
        // Another process was faster.
        Err(Refusal::Conflict(_)) => return Ok(()),
        Ok(Err(refused)) => return Err(Refusal::Store(format!("the store does not take it: {refused:?}"))),
        Err(refusal) => return Err(refusal),
    }
    let counts = &report["counts"];
    let missing = ["open", "half_done", "nothing"].map(|lack| counts[lack].as_u64().unwrap_or(0));
    let [open, half_done, nothing] = missing;
    let day = &day.name;
    if missing == [0, 0, 0] {
        tracing::info!(
            "{day} is reconciled: {} runs were taken, nothing is missing",
            report["taken"]
        );
    } else {
        tracing::warn!(
            "{day} is reconciled: {} runs were taken; {open} are open, {half_done} ended half done, {nothing} came to \
             nothing: `dragoman reconcile --day {day}` says which",
            report["taken"]
        );
    }
    Ok(())
}
