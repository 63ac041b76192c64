//! One schedule, kept.

use std::sync::Arc;

use bytes::Bytes;
use dragoman_calendar::Calendar;
use dragoman_engine::{Acceptor, Clock, Delivery, Refused};
use dragoman_model::{Actor, Timestamp};
use serde_json::json;
use tokio::sync::watch as signal;

/// A due time that is so much past counts as missed, in milliseconds.
const LATE_MS: i64 = 60_000;
/// A store that does not answer, or a pipeline that is gone, is tried again after so long, in milliseconds.
const AGAIN_MS: i64 = 5_000;

/// What becomes of due times at which nobody looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// The latest of them is delivered late; the others are passed.
    Once,
    /// All of them are passed.
    Skip,
}

/// A trigger that keeps to a calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The pipeline.
    pub pipeline: String,
    /// The trigger's id.
    pub trigger: String,
    /// When it is due.
    pub calendar: Calendar,
    /// What becomes of due times at which nobody looked.
    pub missed: Missed,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// This due time is delivered.
    Deliver(Timestamp),
    /// This due time, and all before, were missed.
    Pass(Timestamp),
    /// Nothing before this time.
    Wait(Timestamp),
    /// It is never due again.
    Never,
}

/// Keeps to a schedule until told to stop. `passed`: the last due time that is over and done with, by this process or
/// one before; where there was none, the time at which the schedule begins.
pub async fn keep(
    schedule: Schedule,
    mut passed: Timestamp,
    acceptor: Arc<dyn Acceptor>,
    clock: Arc<dyn Clock>,
    mut stop: signal::Receiver<bool>,
) {
    loop {
        let wait = match schedule.step(passed, clock.now()) {
            Step::Never => return,
            Step::Wait(until) => until,
            Step::Pass(due) => {
                tracing::info!(pipeline = schedule.pipeline, trigger = schedule.trigger, %due, "missed, and passed");
                passed = due;
                continue;
            }
            Step::Deliver(due) => match schedule.deliver(due, acceptor.as_ref()).await {
                None => {
                    passed = due;
                    continue;
                }
                Some(pause) => clock.now().plus_millis(pause),
            },
        };
        tokio::select! {
            () = clock.until(wait) => {}
            changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
        }
    }
}

impl Schedule {
    fn step(&self, passed: Timestamp, now: Timestamp) -> Step {
        match self.calendar.latest(passed, now) {
            Some(due) if self.missed == Missed::Skip && now.millis() - due.millis() > LATE_MS => Step::Pass(due),
            Some(due) => Step::Deliver(due),
            None => self.calendar.next_after(now).map_or(Step::Never, Step::Wait),
        }
    }

    /// Delivers a due time; after how many milliseconds to try again, where it could not be taken.
    async fn deliver(&self, due: Timestamp, acceptor: &dyn Acceptor) -> Option<i64> {
        let due = due.to_string();
        let delivery = Delivery {
            pipeline: self.pipeline.clone(),
            trigger: self.trigger.clone(),
            body: Bytes::from(json!({ "due": due }).to_string()),
            media_type: "application/json".into(),
            headers: Vec::new(),
            attributes: json!({ "due": due }),
            sender: Actor::sender(&format!("schedule:{}", self.trigger), "none"),
            key: Some(due.clone()),
        };
        match acceptor.deliver(delivery).await {
            Ok(_) => None,
            Err(Refused::Overloaded { retry_after_s, message }) => {
                tracing::warn!(
                    pipeline = self.pipeline,
                    due,
                    message,
                    "there is no room for the run yet"
                );
                Some(i64::from(retry_after_s.max(1)) * 1_000)
            }
            Err(Refused::Store { message, .. }) => {
                tracing::warn!(
                    pipeline = self.pipeline,
                    due,
                    message,
                    "the store does not take the run yet"
                );
                Some(AGAIN_MS)
            }
            Err(Refused::Unknown) => {
                tracing::warn!(
                    pipeline = self.pipeline,
                    due,
                    "there is no such pipeline or trigger any more"
                );
                Some(AGAIN_MS)
            }
            // It will not be taken another time either; the run that keeps it says why.
            Err(refused @ (Refused::Unreadable { .. } | Refused::KeyConflict { .. })) => {
                let (code, run) = (refused.code(), refused.run().map(tracing::field::display));
                tracing::warn!(pipeline = self.pipeline, due, code, run, "the run does not begin");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use dragoman_engine::{Boxed, Delivered, ManualClock};
    use dragoman_model::RunId;
    use tokio::sync::mpsc;

    use super::*;

    const HOUR: i64 = 3_600_000;
    /// 2026-11-19T00:00:00Z.
    const MIDNIGHT: Timestamp = Timestamp::from_millis(1_795_046_400_000);

    /// An engine that tells what it was given, and refuses the first few.
    struct Door {
        told: mpsc::UnboundedSender<String>,
        refusals: Mutex<Vec<Refused>>,
    }

    impl Acceptor for Door {
        fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
            Box::pin(async move {
                let body = String::from_utf8_lossy(&delivery.body).into_owned();
                let key = delivery.key.unwrap_or_default();
                assert!(body.contains(&key), "the message is the due time: {body}");
                let refusal = self.refusals.lock().unwrap().pop();
                let word = if refusal.is_some() { "refused" } else { "taken" };
                self.told.send(format!("{word} {}", &key[11..16])).unwrap();
                match refusal {
                    Some(refusal) => Err(refusal),
                    None => Ok(Delivered::Accepted {
                        run: RunId::at(MIDNIGHT, [0; 10]),
                        again: false,
                        status: "active".into(),
                    }),
                }
            })
        }
    }

    fn schedule(missed: Missed) -> Schedule {
        Schedule {
            pipeline: "nightly".into(),
            trigger: "hourly".into(),
            calendar: Calendar::Every { millis: HOUR },
            missed,
        }
    }

    /// Starts at half past ten with what was passed before, sets the clock forward by each of the times, and compares
    /// what the engine was given after each.
    async fn check(missed: Missed, last: Option<i64>, refusals: Vec<Refused>, steps: &[(i64, &[&str])]) {
        let clock = ManualClock::new(MIDNIGHT.plus_millis(10 * HOUR + HOUR / 2));
        let (told, mut heard) = mpsc::unbounded_channel();
        let door = Arc::new(Door {
            told,
            refusals: Mutex::new(refusals),
        });
        let (stopping, stopped) = signal::channel(false);
        let passed = last.map_or(clock.now(), |hour| MIDNIGHT.plus_millis(hour * HOUR));
        let task = tokio::spawn(keep(schedule(missed), passed, door, Arc::new(clock.clone()), stopped));
        for (millis, expected) in steps {
            clock.advance(*millis);
            for expected in *expected {
                let one = tokio::time::timeout(Duration::from_secs(10), heard.recv()).await;
                assert_eq!(one.ok().flatten().as_deref(), Some(*expected), "after {millis} ms");
            }
        }
        stopping.send_replace(true);
        task.await.unwrap();
        assert_eq!(heard.recv().await, None, "and nothing else");
    }

    #[tokio::test]
    async fn each_due_time_is_delivered_once() {
        check(
            Missed::Once,
            None,
            vec![],
            &[(0, &[]), (HOUR / 2, &["taken 11:00"]), (HOUR, &["taken 12:00"])],
        )
        .await;
    }

    #[tokio::test]
    async fn after_a_time_in_which_nobody_looked_it_is_delivered_once_or_not_at_all() {
        check(
            Missed::Once,
            Some(3),
            vec![],
            &[(0, &["taken 10:00"]), (HOUR / 2, &["taken 11:00"])],
        )
        .await;
        check(Missed::Once, Some(10), vec![], &[(HOUR / 2, &["taken 11:00"])]).await;
        check(Missed::Skip, Some(3), vec![], &[(HOUR / 2, &["taken 11:00"])]).await;
        // The machine slept; a minute late is not missed.
        check(
            Missed::Skip,
            None,
            vec![],
            &[(0, &[]), (5 * HOUR, &[]), (HOUR / 2 + LATE_MS, &["taken 16:00"])],
        )
        .await;
    }

    #[tokio::test]
    async fn what_finds_no_room_is_delivered_again() {
        let full = || Refused::Overloaded {
            retry_after_s: 5,
            message: "full".into(),
        };
        let conflict = Refused::KeyConflict {
            run: RunId::at(MIDNIGHT, [0; 10]),
            key: "k".into(),
        };
        check(
            Missed::Once,
            None,
            vec![full(), full()],
            &[
                (HOUR / 2, &["refused 11:00"]),
                (5_000, &["refused 11:00"]),
                // The next one is due before there is room: the older is passed.
                (HOUR, &["taken 12:00"]),
            ],
        )
        .await;
        check(
            Missed::Once,
            None,
            vec![conflict],
            &[(HOUR / 2, &["refused 11:00"]), (HOUR, &["taken 12:00"])],
        )
        .await;
    }
}
