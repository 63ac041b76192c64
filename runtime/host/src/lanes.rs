//! Two lanes: a call runs where it was begun, and one that computes for long moves to threads of low priority.
//!
//! Yielding alone is fair among calls, but a short call would still wait a whole turn behind each long one, and on one
//! core that is most of its time. In the slow lane it is the operating system that takes the core back at once.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

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

/// Makes this thread give way to all others of the process.
fn lower_priority() {
    // TODO-PRIORITY
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

/// Runs a call here, until it is done or its meter says that it is one for the slow lane; then there.
/// None: it panicked in the slow lane.
pub(crate) async fn drive<T: Send + 'static>(
    mut call: Pin<Box<dyn Future<Output = T> + Send>>,
    meter: &Meter,
    slow: &SlowLane,
) -> Option<T> {
    let here = poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(out) => Poll::Ready(Some(out)),
        Poll::Pending if meter.is_demoted() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await;
    match here {
        Some(out) => Some(out),
        None => {
            let mut task = AbortOnDrop(slow.handle.spawn(call));
            (&mut task.0).await.ok()
        }
    }
}
