//! Working on the runs of a site that others serve: no message is taken here.

use std::future::Future;
use std::sync::Arc;

use dragoman_journal::Store;
use tokio::sync::{mpsc, watch};

use crate::error::Error;
use crate::reload::Reloader;
use crate::runtime::Runtime;
use crate::serve::DRAIN;
use crate::watching;

/// Works on runs until `stop` resolves. `ready` is told when it begins. The site is read anew when its files change, and
/// when `again` says so.
///
/// # Errors
/// The accounts of the site cannot be used.
pub async fn work(
    runtime: Runtime,
    ready: impl FnOnce(),
    stop: impl Future<Output = ()>,
    again: mpsc::Receiver<()>,
) -> Result<(), Error> {
    let reloader = Arc::new(Reloader::new(&runtime)?);
    let (stopping, stopped) = watch::channel(false);
    let watching = tokio::spawn(watching::watch(reloader, again, stopped));
    ready();
    stop.await;
    tracing::info!("stopping: no more runs are taken up");
    stopping.send_replace(true);
    let drained = runtime.handle().shutdown(DRAIN).await;
    leave(&runtime.journal, drained).await;
    watching.abort();
    Ok(())
}

/// What is left at work is given back.
pub(crate) async fn leave(journal: &Arc<dyn Store>, drained: bool) {
    if !drained && journal.is_alone() {
        tracing::info!("runs are left at work; they go on at the next start");
    }
    if !drained && !journal.is_alone() {
        tracing::info!("runs are left at work; another process goes on with them");
    }
    if let Err(error) = journal.leave().await {
        tracing::info!(%error, "what is left at work could not be given back; it is free when its leases are over");
    }
}
