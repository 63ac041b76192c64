//! A run that somebody begins with a message in hand, followed until it rests: at a server, and where nobody serves.

use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::source::media_type;
use dragoman_engine::{Delivery, Handle, Refused};
use dragoman_model::{Actor, Failure, RunId, Value};
use dragoman_plan::{Plan, Trigger, TriggerKind};
use serde_json::json;

use crate::desk::{Desk, Refusal};
use crate::error::{Error, NOT_THERE};
use crate::story::Story;

/// What is begun.
#[derive(Debug)]
pub struct Begin {
    /// The pipeline.
    pub pipeline: String,
    /// The trigger; none: the manual one, else the first.
    pub on: Option<String>,
    /// Whether everything but reads is only written down.
    pub dry: bool,
    /// The message.
    pub message: Vec<u8>,
    /// The file that it came from, for the trail.
    pub file: String,
    /// Who sends it.
    pub sender: Actor,
    /// How long the run is waited for; none: to its first sleep that is longer than ten seconds.
    pub patience: Option<Duration>,
    /// Whether messages, inputs and outputs are told of the run.
    pub bodies: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Came {
    /// The run rests.
    Rests {
        /// Whether the message was taken before.
        again: bool,
        /// The run with its timeline, as [`Desk::run`] gives it.
        shown: Value,
    },
    /// It is not waited for any longer; the run, where it is known.
    Left(Option<RunId>),
}

/// Begins a run and waits until neither it nor an item of it can go on by itself. `say`: what happens meanwhile, a line each.
///
/// # Errors
/// There is no such pipeline or trigger, or the message is not taken: with the code that a sender is answered with.
pub async fn begin(
    handle: &Handle,
    plans: &[Arc<Plan>],
    desk: &Desk,
    begin: Begin,
    say: impl FnMut(String),
) -> Result<Came, Error> {
    let trigger = trigger(plans, &begin)?;
    let delivery = Delivery {
        pipeline: begin.pipeline.clone(),
        trigger: trigger.id.clone(),
        media_type: media_type(&begin.message).unwrap_or("application/json").into(),
        body: begin.message.into(),
        headers: Vec::new(),
        attributes: json!({ "file": begin.file }),
        sender: begin.sender,
        key: None,
    };
    let mut story = Story::new(handle.subscribe(), &begin.pipeline, begin.patience);
    let finished = tokio::select! {
        // What ends at the same moment has ended.
        biased;
        finished = handle.run(delivery, begin.dry) => finished.map_err(refused)?,
        run = story.tell(say) => return Ok(Came::Left(run)),
    };
    let shown = desk.run(&finished.run.to_string(), begin.bodies).await;
    Ok(Came::Rests {
        again: finished.again,
        shown: shown.map_err(untold)?,
    })
}

fn trigger<'a>(plans: &'a [Arc<Plan>], begin: &Begin) -> Result<&'a Trigger, Error> {
    let Some(plan) = plans.iter().find(|plan| plan.pipeline == begin.pipeline) else {
        let names: Vec<&str> = plans.iter().map(|plan| plan.pipeline.as_str()).collect();
        let message = format!("the site has no pipeline `{}`", begin.pipeline);
        return Err(Error::new(NOT_THERE, message, format!("it has {}", names.join(", "))));
    };
    let mut triggers = plan.triggers.iter();
    let found = match &begin.on {
        Some(id) => triggers.find(|trigger| trigger.id == *id),
        None => triggers
            .find(|trigger| trigger.kind == TriggerKind::Manual)
            .or(plan.triggers.first()),
    };
    found.ok_or_else(|| {
        let ids: Vec<&str> = plan.triggers.iter().map(|trigger| trigger.id.as_str()).collect();
        let help = format!("it has {}", ids.join(", "));
        Error::new(NOT_THERE, "the pipeline has no such trigger", help)
    })
}

/// The run has come to rest, and the store does not tell of it.
fn untold(refusal: Refusal) -> Error {
    let code = refusal.code().to_owned();
    let message = match refusal {
        Refusal::Unknown(message) | Refusal::Store(message) => message,
        _ => "the run cannot be shown".to_owned(),
    };
    Error::Refused {
        code,
        message,
        help: None,
    }
}

/// Why the message was not taken, with the code that a sender is answered with over HTTP.
fn refused(refusal: Refused) -> Error {
    let code = refusal.code().to_owned();
    let (message, help) = match refusal {
        Refused::Unreadable { failure, run } => {
            let message = &failure.message;
            let told = match message.strip_prefix("the message cannot be read") {
                Some(_) => message.clone(),
                None => format!("the message cannot be read: {message}"),
            };
            let kept = run.map(|run| format!("it is kept as run {run}; `dragoman runs show {run}` shows it"));
            (told + &issues(&failure), kept)
        }
        Refused::KeyConflict { run, key } => (
            format!("a message with the key `{key}` and another content was taken before, as run {run}"),
            None,
        ),
        Refused::Overloaded { message, .. } => (message, Some("try again later".to_owned())),
        Refused::Store { message, .. } => (message, None),
        Refused::Unknown => ("the pipeline or its trigger is gone".to_owned(), None),
    };
    Error::Refused { code, message, help }
}

/// What is wrong with a message in particular, a line each.
fn issues(failure: &Failure) -> String {
    let told = failure.issues.iter().filter(|i| i.message != failure.message);
    told.map(|i| format!("\n  {}: {} ({})", i.path, i.message, i.code))
        .collect()
}
