//! Schedules: the last due time of each is durable with the run that it began.

use dragoman_journal::Operation;
use dragoman_model::{Timestamp, Value};
use dragoman_plan::{Plan, Trigger, TriggerKind};

use super::Handle;
use crate::Error;
use crate::source::Delivery;

/// Where the last due time of a trigger is kept. No connection is called so: their names have no colon.
fn place(pipeline: &str) -> String {
    format!("schedule:{pipeline}")
}

/// What is kept with a run that a schedule begins: its due time.
pub(super) fn mark(plan: &Plan, trigger: &Trigger, delivery: &Delivery) -> Option<Operation> {
    let TriggerKind::Schedule { .. } = trigger.kind else {
        return None;
    };
    let due = delivery.attributes.get("due").and_then(Value::as_str)?;
    Some(Operation::StatePut {
        connection: place(&plan.pipeline),
        key: trigger.id.clone(),
        value: due.as_bytes().to_vec(),
        expected: None,
    })
}

impl Handle {
    /// The last due time at which a trigger began a run; none: it never has.
    ///
    /// # Errors
    /// [`Error::Store`] where the store does not answer.
    pub async fn last_due(&self, pipeline: &str, trigger: &str) -> Result<Option<Timestamp>, Error> {
        let kept = self.0.journal.state_get(place(pipeline), trigger.to_owned()).await?;
        Ok(kept.and_then(|(due, _)| Timestamp::parse(&String::from_utf8_lossy(&due)).ok()))
    }
}
