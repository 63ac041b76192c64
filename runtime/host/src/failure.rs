//! What a call that did not succeed tells the engine.

use dragoman_model::nesting::is_too_deep;
use dragoman_model::{Class, Effect, Failure, Issue, OperationEffect};
use serde_json::json;

use crate::effect::{Ended, of_failed_call};
use crate::guest::Broken;
use crate::limits::MemoryDenied;
use crate::requests::Requests;
use crate::v0_1::bindings::dragoman::connector::types as wit;

/// Bytes of a failure's message, and of each text in its issues.
const TEXT_BYTES: usize = 4 << 10;
/// Issues of a failure.
const ISSUES: usize = 200;
/// Bytes of its detail; a larger one, or one nested too deep to be kept, is left out.
const DETAIL_BYTES: usize = 64 << 10;

fn text(text: &str) -> String {
    // Line breaks are kept in messages for people; cutting is all that is needed here.
    match text.char_indices().nth(TEXT_BYTES) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A guest that did not answer; its effect is not yet computed.
pub(crate) fn of_broken(broken: &Broken) -> Failure {
    match broken {
        Broken::Trap { message, frames } => {
            let place = frames.first().map_or_else(String::new, |frame| format!(" in {frame}"));
            let mut failure = Failure::permanent("plugin.trap", format!("the plugin trapped{place}: {message}"));
            failure.detail = (!frames.is_empty()).then(|| json!({ "frames": frames }));
            failure
        }
        Broken::Panic { message, place } => {
            Failure::permanent("plugin.panic", format!("the plugin panicked at {place}: {message}"))
        }
        Broken::Cpu => Failure::permanent(
            "plugin.cpu",
            "the plugin used up its CPU time; raise `limits.cpu` if it needs more",
        ),
        Broken::Memory(MemoryDenied::Own) => Failure::permanent(
            "plugin.memory",
            "the plugin needs more memory than it may have; raise `limits.memory` if that is right",
        ),
        Broken::Memory(MemoryDenied::Total) => {
            Failure::retryable("host.memory", "the host has no memory left for plugins at the moment")
        }
        Broken::Deadline { waiting: true } => Failure::retryable(
            "plugin.deadline",
            "the call's time was over while it waited for an endpoint",
        ),
        Broken::Deadline { waiting: false } => Failure::permanent("plugin.deadline", "the call's time was over"),
        Broken::HostCalls => Failure::permanent(
            "plugin.host_calls",
            "the plugin called the host too often; raise `limits.calls` if it needs to",
        ),
        Broken::Output => Failure::permanent("plugin.output", "the plugin gave more data at once than it may"),
        Broken::Contract(message) => Failure::permanent("plugin.contract", message.clone()),
        Broken::Host(message) => Failure::permanent("host.fault", message.clone()),
    }
}

/// A guest that did not answer, with the effect that follows from its requests.
pub(crate) fn broken(broken: &Broken, effect: OperationEffect, requests: &Requests) -> Failure {
    of_broken(broken).with_effect(of_failed_call(effect, requests.traffic, Ended::Broken))
}

/// A failure that the guest gave, with the effect checked against its requests.
pub(crate) fn given(wire: wit::Failure, effect: OperationEffect, requests: &Requests) -> Failure {
    let said = match wire.effect {
        wit::Effect::None => Effect::None,
        wit::Effect::Unknown => Effect::Unknown,
        wit::Effect::Applied => Effect::Applied,
    };
    let class = match wire.class {
        wit::FailureClass::Retryable => Class::Retryable,
        wit::FailureClass::Permanent => Class::Permanent,
        wit::FailureClass::Rejected => Class::Rejected,
    };
    let known = of_failed_call(effect, requests.traffic, Ended::Failure(said));
    if requests.fenced && known == Effect::None {
        // The plugin cannot know why it was refused; another owner of the run may simply do the call again.
        return Failure::retryable(
            "host.fence",
            "the run's lease was over before the request could be sent",
        );
    }
    let issue = |issue: wit::Issue| Issue {
        path: text(&issue.path),
        code: text(&issue.code),
        message: text(&issue.message),
    };
    Failure {
        class,
        effect: known,
        code: if wire.code.is_empty() {
            "plugin.failed".to_owned()
        } else {
            text(&wire.code)
        },
        message: text(&wire.message),
        retry_after_ms: wire.retry_after_ms,
        remote_reference: wire.remote_reference.map(|reference| text(&reference)),
        issues: wire.issues.into_iter().take(ISSUES).map(issue).collect(),
        detail: wire
            .detail
            .filter(|detail| detail.len() <= DETAIL_BYTES)
            .and_then(|detail| serde_json::from_str(&detail).ok())
            // The failure itself says what happened, so it stays, as it does where the detail is too large.
            .filter(|detail| !is_too_deep(detail)),
    }
}

/// An output that cannot be used, with the effect that follows from its requests.
pub(crate) fn unusable(failure: Failure, effect: OperationEffect, requests: &Requests) -> Failure {
    failure.with_effect(of_failed_call(effect, requests.traffic, Ended::Unusable))
}

/// A connection or plugin that cannot be used; nothing was sent.
pub(crate) fn of_error(error: &crate::error::Error) -> Failure {
    let code = if error.code == crate::error::NOT_LOADED {
        "plugin.unknown"
    } else {
        "plugin.unusable"
    };
    let mut failure = Failure::permanent(code, error.message.clone());
    failure.detail = Some(json!({ "code": error.code.id }));
    failure
}

#[cfg(test)]
mod tests {
    use dragoman_model::nesting::LEVELS;

    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn a_failure_is_kept_without_a_detail_that_could_not_be_read_back() {
        let check = |levels: usize, kept: bool| {
            let wire = wit::Failure {
                class: wit::FailureClass::Rejected,
                effect: wit::Effect::None,
                code: "order.refused".into(),
                message: "no".into(),
                retry_after_ms: None,
                remote_reference: None,
                issues: Vec::new(),
                detail: Some(nested(levels)),
            };
            let requests = Requests::new(OperationEffect::Read, false, None);
            let failure = given(wire, OperationEffect::Read, &requests);
            assert_eq!(
                (failure.code.as_str(), failure.detail.is_some()),
                ("order.refused", kept)
            );
        };
        check(LEVELS, true);
        check(LEVELS + 1, false);
    }
}
