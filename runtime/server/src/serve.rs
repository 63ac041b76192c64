//! Serving a site: listeners, folders, heads, and an orderly end.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dragoman_engine::Acceptor;
use dragoman_journal::Journal;
use dragoman_journals_sqlite::SqliteJournal;
use dragoman_manifest::Site;
use dragoman_plan::{Plan, TriggerKind};
use dragoman_security::{Bearer, Keys, Secret};
use dragoman_transports_files::{Folder, Watcher};
use dragoman_transports_http::inbound::{Route, Routes, Sender};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::address::Address;
use crate::desk::Desk;
use crate::error::{Error, LISTEN};
use crate::runtime::Runtime;
use crate::{api, heads};

/// How often folders are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How long runs at work may go on once the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves a site until `stop` resolves. `ready` is told the address once messages are taken.
///
/// # Errors
/// The address cannot be listened on, or the address file cannot be written.
pub async fn serve(
    runtime: Runtime,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), Error> {
    let listener = listen(&runtime.said.listen.value).await?;
    let local = listener
        .local_addr()
        .map_err(|e| cannot_listen(&runtime.said.listen.value, &e))?;
    let address = Address::announce(&runtime.store, local)?;
    let acceptor: Arc<dyn Acceptor> = Arc::new(runtime.handle());
    let plans = runtime.plans.all();
    let router = router(&runtime, &plans, address.token.clone(), acceptor.clone());
    let (stopping, stopped) = watch::channel(false);
    let mut tasks = tokio::task::JoinSet::new();
    for folder in folders(&plans, &runtime.folder, runtime.said.largest_message) {
        tasks.spawn(dragoman_transports_files::watch(
            folder,
            acceptor.clone(),
            LOOK,
            stopped.clone(),
        ));
    }
    let handle = runtime.handle();
    let keys = Arc::new(runtime.keys);
    let heads = write_heads(&runtime.said, &runtime.folder, runtime.journal.clone(), keys);
    let mut closing = stopped.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        // An error means that the sender is gone, which is an end as well.
        let _ = closing.wait_for(|s| *s).await;
    });
    let serving = tokio::spawn(server.into_future());
    ready(local);
    stop.await;
    tracing::info!("stopping: no more messages are taken");
    stopping.send_replace(true);
    let drained = handle.shutdown(DRAIN).await;
    if !drained {
        tracing::info!("runs are left at work; they go on at the next start");
    }
    // Keep-alive connections would hold the server open for ever; what they have sent is answered by now.
    let _ = tokio::time::timeout(Duration::from_secs(2), serving).await;
    tasks.shutdown().await;
    // The heads are written last, when nothing more is appended.
    if let Some((end, task)) = heads {
        end.send_replace(true);
        let _ = task.await;
    }
    address.withdraw();
    Ok(())
}

/// What is answered over HTTP: the operator API behind its token, and the triggers of the pipelines.
fn router(runtime: &Runtime, plans: &[Arc<Plan>], token: String, acceptor: Arc<dyn Acceptor>) -> axum::Router {
    let routes = routes(plans, &runtime.senders, runtime.said.largest_message);
    let journal: Arc<dyn Journal> = runtime.journal.clone();
    let desk = Desk::new(journal, runtime.handle());
    let token = Bearer::new(Secret::new(token));
    api::router(desk, token, runtime.said.name.value.clone(), runtime.journal.clone()).merge(
        dragoman_transports_http::inbound::router(Arc::new(ArcSwap::from_pointee(routes)), acceptor),
    )
}

/// Begins to write the heads outside, where the site file says so; it ends, with the last ones, when it is told to.
fn write_heads(
    site: &Site,
    folder: &Path,
    journal: Arc<SqliteJournal>,
    keys: Arc<Keys>,
) -> Option<(watch::Sender<bool>, tokio::task::JoinHandle<()>)> {
    let said = site.heads.as_ref()?;
    let file = folder.join(&*said.file.value);
    let every = Duration::from_millis(said.every_ms);
    let (end, ended) = watch::channel(false);
    let writing = heads::write(journal, keys, file, every, ended);
    Some((end, tokio::spawn(writing)))
}

async fn listen(address: &str) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|e| cannot_listen(address, &e))
}

fn cannot_listen(address: &str, error: &std::io::Error) -> Error {
    let help = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program listens there: stop it, or write another `listen:` into the site file"
        }
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege: use a higher one",
        _ => "write `listen: 127.0.0.1:8080`, with an address of this machine",
    };
    Error::new(LISTEN, format!("{address} cannot be listened on: {error}"), help)
}

fn routes(plans: &[Arc<Plan>], senders: &BTreeMap<String, Arc<Sender>>, largest: u64) -> Routes {
    let mut routes = Routes {
        largest: usize::try_from(largest).unwrap_or(usize::MAX),
        ..Routes::default()
    };
    for plan in plans {
        for trigger in &plan.triggers {
            if let TriggerKind::Http { path, from, .. } = &trigger.kind {
                routes.by_path.entry(path.clone()).or_default().push(Route {
                    pipeline: plan.pipeline.clone(),
                    trigger: trigger.id.clone(),
                    from: from.as_ref().and_then(|name| senders.get(name).cloned()),
                });
            }
        }
    }
    routes
}

/// The folders of all pipelines: one for each path, whoever watches it, so that nobody takes a file away from another.
fn folders(plans: &[Arc<Plan>], site: &Path, largest: u64) -> Vec<Folder> {
    let mut watched: BTreeMap<PathBuf, Vec<Watcher>> = BTreeMap::new();
    for plan in plans {
        for trigger in &plan.triggers {
            if let TriggerKind::Files {
                folder,
                matching,
                settle_ms,
            } = &trigger.kind
            {
                watched.entry(site.join(folder)).or_default().push(Watcher {
                    matching: matching.clone(),
                    settle: Duration::from_millis(*settle_ms),
                    pipeline: plan.pipeline.clone(),
                    trigger: trigger.id.clone(),
                });
            }
        }
    }
    let folder = |(path, watchers)| Folder {
        path,
        largest,
        watchers,
    };
    watched.into_iter().map(folder).collect()
}
