//! One guest: an instance made for a call, asked one thing, and thrown away.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use wasmtime::{Engine, Store, Trap, UpdateDeadline, WasmBacktrace};

use crate::lanes::Metered;
use crate::limits::{MemoryDenied, Stop};
use crate::plugin::Plugin;
use crate::session::Session;
use crate::v0_1::bindings::dragoman::connector::types::{Failure, Input, Issue, Output};
use crate::v0_1::bindings::exports::dragoman::connector::connector as wit;

/// Handles of resources that a guest may hold.
const HANDLES: usize = 1_000;
/// What one host call may carry beside the answer or a request's body, in bytes.
const CARRIED: usize = 8 << 20;

/// What a guest is asked.
pub(crate) enum Ask {
    Describe {
        config: String,
        files: Vec<(String, Vec<u8>)>,
    },
    CheckConfig {
        config: String,
    },
    Invoke {
        operation: String,
        input: Input,
    },
    Probe {
        operation: String,
        input: Input,
        key: String,
        first_sent_at: u64,
    },
}

/// What it answered.
pub(crate) enum Answer {
    Described(Result<wit::Descriptor, Failure>),
    Checked(Vec<Issue>),
    Invoked(Result<Output, Failure>),
    Probed(Result<wit::Probed, Failure>),
}

/// Why it did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A trap, with the names of the innermost functions.
    Trap {
        message: String,
        frames: Vec<String>,
    },
    /// A panic that the SDK told of, with its place.
    Panic {
        message: String,
        place: String,
    },
    Cpu,
    Memory(MemoryDenied),
    /// `waiting`: a request was on its way.
    Deadline {
        waiting: bool,
    },
    HostCalls,
    /// More data than one answer or host call may carry.
    Output,
    Contract(String),
    /// A fault of the host itself.
    Host(String),
}

/// What is left of a guest.
pub(crate) struct Ran {
    pub(crate) answer: Result<Answer, Broken>,
    pub(crate) session: Session,
}

/// Makes an instance, asks it, and throws it away. Ends within `wall`, whatever the guest does.
pub(crate) async fn run(
    engine: Engine,
    plugin: Arc<Plugin>,
    session: Session,
    ask: Ask,
    wall: Duration,
    tick: Duration,
) -> Ran {
    let meter = session.meter.clone();
    let mut store = prepare(&engine, session, tick);
    let asking = std::panic::AssertUnwindSafe(Metered::new(put(&mut store, &plugin, ask), meter)).catch_unwind();
    let ended = tokio::time::timeout(wall, asking).await;
    let session = store.data();
    let answer = match ended {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => Err(diagnose(&error, session)),
        Ok(Err(_)) => Err(Broken::Host("the host panicked while it ran the plugin".to_owned())),
        Err(_) => Err(Broken::Deadline {
            waiting: session.requests.waiting,
        }),
    };
    Ran {
        answer,
        session: store.into_data(),
    }
}

/// A store with all its limits.
fn prepare(engine: &Engine, session: Session, tick: Duration) -> Store<Session> {
    let requests = session.powers.as_ref().map(|powers| &powers.connection.endpoints);
    let largest = requests
        .and_then(|grants| grants.values().map(|grant| grant.max_request).max())
        .unwrap_or(0);
    let carried = CARRIED.max(session.limits.output_bytes).max(largest) + (64 << 10);
    let mut store = Store::new(engine, session);
    store.limiter(|session| &mut session.memory);
    store.set_hostcall_fuel(carried);
    store.set_max_component_handles(HANDLES);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |context| {
        let meter = &context.data().meter;
        if meter.is_over() {
            return Err(Stop::Cpu.into());
        }
        if meter.turn() < tick {
            // The epoch moved soon after the guest began, or while it waited: it has not had its turn yet.
            return Ok(UpdateDeadline::Continue(1));
        }
        meter.demote();
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    store
}

async fn put(store: &mut Store<Session>, plugin: &Plugin, ask: Ask) -> wasmtime::Result<Answer> {
    let instance = plugin.pre.instantiate_async(&mut *store).await?;
    let connector = instance.dragoman_connector_connector();
    Ok(match ask {
        Ask::Describe { config, files } => Answer::Described(connector.call_describe(store, &config, &files).await?),
        Ask::CheckConfig { config } => Answer::Checked(connector.call_check_config(store, &config).await?),
        Ask::Invoke { operation, input } => Answer::Invoked(connector.call_invoke(store, &operation, &input).await?),
        Ask::Probe {
            operation,
            input,
            key,
            first_sent_at,
        } => Answer::Probed(
            connector
                .call_probe(store, &operation, &input, &key, first_sent_at)
                .await?,
        ),
    })
}

/// What an error out of the sandbox means.
fn diagnose(error: &wasmtime::Error, session: &Session) -> Broken {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Cpu => Broken::Cpu,
            Stop::HostCalls => Broken::HostCalls,
            Stop::Contract(message) => Broken::Contract(message.clone()),
        };
    }
    // A refused growth of memory is told to the guest, whose allocator then gives up in its own way: the refusal is
    // the cause, whatever trap or panic came of it.
    if let Some(denied) = session.memory.denied() {
        return Broken::Memory(denied);
    }
    if let Some((message, place)) = session.log.panic() {
        return Broken::Panic {
            message: message.to_owned(),
            place: place.to_owned(),
        };
    }
    let root = error.root_cause().to_string();
    // wasmtime keeps the type of this error to itself, so it is known by its text.
    if root.contains("fuel allocated for hostcalls") {
        return Broken::Output;
    }
    let message = match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => "the call stack is exhausted".to_owned(),
        Some(trap) => trap.to_string(),
        None => root,
    };
    Broken::Trap {
        message: crate::log::escape(&message, 1_000),
        frames: frames(error),
    }
}

fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => crate::log::escape(&readable(name), 200),
        None => format!("function {}", frame.func_index()),
    };
    backtrace.frames().iter().take(10).map(name).collect()
}

/// `_ZN4shop5place17h0123456789abcdefE` as `shop::place`; other names as they are.
fn readable(name: &str) -> String {
    let parts = || {
        let mut rest = name.strip_prefix("_ZN")?.strip_suffix('E')?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let length: usize = rest[..digits].parse().ok()?;
            parts.push(rest.get(digits..digits.checked_add(length)?)?);
            rest = &rest[digits + length..];
        }
        // The last part is a hash, which tells nobody anything.
        parts.pop_if(|last| last.len() == 17 && last.starts_with('h'));
        Some(parts.join("::"))
    };
    parts().unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_readable() {
        for (name, expected) in [
            ("_ZN4shop5place17h0123456789abcdefE", "shop::place"),
            ("_ZN4shop99placeE", "_ZN4shop99placeE"),
            (
                "_ZN4shop99999999999999999999999placeE",
                "_ZN4shop99999999999999999999999placeE",
            ),
            ("cabi_realloc", "cabi_realloc"),
        ] {
            assert_eq!(readable(name), expected);
        }
    }
}
