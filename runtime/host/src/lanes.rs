//! Two lanes: a call runs where it was begun, and one that computes for long moves to threads of low priority.
//!
//! Yielding alone is fair among calls, but a short call would still wait a whole turn behind each long one, and on one
//! core that is most of its time. In the slow lane it is the operating system that takes the core back at once.

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use dragoman_model::Digest;
use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::error::{CANNOT_START, Error};
use crate::limits::Meter;

/// Threads of low priority for calls that compute for long.
#[derive(Debug)]
pub(crate) struct SlowLane {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl SlowLane {
    /// Starts the threads: half as many as there are cores.
    pub(crate) fn start() -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads((cores / 2).max(1))
            .thread_name("dragoman-slow")
            .on_thread_start(lower_priority)
            .enable_all()
            .build()
            .map_err(|e| {
                Error::new(
                    CANNOT_START,
                    format!("the threads for long calls cannot be started: {e}"),
                )
            })?;
        let handle = runtime.handle().clone();
        Ok(SlowLane {
            runtime: Some(runtime),
            handle,
        })
    }
}

impl Drop for SlowLane {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for its threads is not allowed inside an executor, and not needed: calls end at their limits.
            runtime.shutdown_background();
        }
    }
}

/// Of 100, where 50 is usual: on Linux a niceness of 14, which leaves such a thread a twentieth of a core that others
/// want, and all of one that nobody wants. Measured: with 9, short calls beside long ones took twice as long.
const PRIORITY: u8 = 12;

/// Makes this thread give way to all others of the process.
fn lower_priority() {
    let lowered = ThreadPriority::try_from(PRIORITY).map(set_current_thread_priority);
    if !matches!(lowered, Ok(Ok(()))) {
        tracing::warn!(target: "dragoman::host", "the priority of threads for long calls cannot be lowered");
    }
}

/// Ends a task when its caller goes away.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Counts the polls of a future in a meter.
pub(crate) struct Metered<F> {
    inner: Pin<Box<F>>,
    meter: Arc<Meter>,
}

impl<F> Metered<F> {
    pub(crate) fn new(inner: F, meter: Arc<Meter>) -> Self {
        Metered {
            inner: Box::pin(inner),
            meter,
        }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.meter.start();
        let polled = self.inner.as_mut().poll(context);
        self.meter.stop();
        polled
    }
}

/// Runs a call here, until it is done or its meter says that it is one for the slow lane; then there. A suspect begins
/// there. None: it panicked in the slow lane.
pub(crate) async fn drive<T: Send + 'static>(
    mut call: Pin<Box<dyn Future<Output = T> + Send>>,
    meter: &Meter,
    slow: &SlowLane,
    suspect: bool,
) -> Option<T> {
    if !suspect {
        let here = poll_fn(|context| match call.as_mut().poll(context) {
            Poll::Ready(out) => Poll::Ready(Some(out)),
            Poll::Pending if meter.is_demoted() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        if let Some(out) = here.await {
            return Some(out);
        }
    }
    let mut task = AbortOnDrop(slow.handle.spawn(call));
    (&mut task.0).await.ok()
}

/// Operations whose last call misbehaved: their next one begins in the slow lane, so that one that misbehaves each time
/// does not take a turn from the others each time.
#[derive(Debug, Default)]
pub(crate) struct Suspects(Mutex<HashSet<(Digest, String)>>);

/// A call that takes longer than this, in CPU time, makes its operation a suspect.
const LONG: Duration = Duration::from_millis(20);
/// So many operations are remembered.
const REMEMBERED: usize = 10_000;

impl Suspects {
    /// Whether the operation's last call misbehaved.
    pub(crate) fn has(&self, plugin: Digest, operation: &str) -> bool {
        let suspects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nearly always there is none, and then no key need be made.
        !suspects.is_empty() && suspects.contains(&(plugin, operation.to_owned()))
    }

    /// Notes how a call went.
    pub(crate) fn note(&self, plugin: Digest, operation: &str, spent: Duration, broken: bool) {
        let mut suspects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if broken || spent >= LONG {
            if suspects.len() < REMEMBERED {
                suspects.insert((plugin, operation.to_owned()));
            }
        } else if !suspects.is_empty() {
            suspects.remove(&(plugin, operation.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn threads_for_long_calls_have_low_priority() {
        let niceness = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // The name in parentheses may have spaces; after it, niceness is the 17th field (proc(5): 19th of all).
            let after = stat.rsplit_once(") ").unwrap().1;
            after.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
        };
        let lane = SlowLane::start().unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let before = niceness();
        lane.handle.spawn(async move { tell.send(niceness()) });
        assert_eq!(told.recv().unwrap(), 14);
        assert_eq!(niceness(), before);
    }

    #[test]
    fn an_operation_is_a_suspect_until_it_behaves() {
        let (suspects, plugin) = (Suspects::default(), Digest::of(b"plugin"));
        for (spent, broken, expected) in [
            (1, false, false),
            (30, false, true),
            (1, true, true),
            (1, false, false),
            (30, true, true),
        ] {
            suspects.note(plugin, "place", Duration::from_millis(spent), broken);
            assert_eq!(suspects.has(plugin, "place"), expected);
            assert!(!suspects.has(plugin, "get"));
        }
    }
}
