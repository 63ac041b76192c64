//! Serving a site: the listener, what brings messages in by itself, heads, and an orderly end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::Acceptor;
use dragoman_journal::Journal;
use dragoman_security::{Bearer, Secret};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::address::Address;
use crate::api::Api;
use crate::desk::Desk;
use crate::error::{Error, LISTEN};
use crate::metrics::{Metrics, count_answers};
use crate::migrations::Migrations;
use crate::reload::Reloader;
use crate::retention::Retention;
use crate::runtime::Runtime;
use crate::triggers::Front;
use crate::{api, heads, open_files, reconciliation, retention, sources, watching, working};

/// How long runs at work may go on once the server was told to stop.
pub(crate) const DRAIN: Duration = Duration::from_secs(10);
/// How long connections and sources may take to their end after that.
const CLOSING: Duration = Duration::from_secs(2);

/// Serves a site until `stop` resolves. `ready` is told the address once messages are taken. The site is read anew when
/// its files change, when `again` says so, and when the operator API is asked to.
///
/// # Errors
/// The address cannot be listened on, or the address file cannot be written.
pub async fn serve(
    runtime: Runtime,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
    again: mpsc::Receiver<()>,
) -> Result<(), Error> {
    let listener = listen(&runtime.said.listen.value).await?;
    let local = listener
        .local_addr()
        .map_err(|e| cannot_listen(&runtime.said.listen.value, &e))?;
    let address = Address::announce(&runtime.store, local)?;
    let reloader = Arc::new(Reloader::new(&runtime)?);
    let router = router(&runtime, &reloader, address.token.clone());
    let (stopping, stopped) = watch::channel(false);
    let sources = tokio::spawn(sources::follow(
        reloader.sources.subscribe(),
        runtime.handle(),
        front(&runtime),
        reloader.queues.clone(),
        stopped.clone(),
    ));
    let watching = tokio::spawn(watching::watch(reloader.clone(), again, stopped.clone()));
    let (handle, journal) = (runtime.handle(), runtime.journal.clone());
    // The heads are written last, when nothing more is appended, so they have an end of their own.
    let (over, ended) = watch::channel(false);
    let keys = Arc::new(runtime.keys);
    let heads = tokio::spawn(heads::follow(journal.clone(), keys, reloader.heads.subscribe(), ended));
    let counted = runtime.counted.clone();
    let reconciling = reconciliation::keep(journal.clone(), reloader.daily.subscribe(), counted, stopped.clone());
    let reconciling = tokio::spawn(reconciling);
    let retained = Retention::new(journal.clone(), reloader.periods.subscribe());
    let erasing = tokio::spawn(retention::keep(retained, stopped.clone()));
    let most = open_files::connections();
    tracing::debug!("at most {most} connections are taken at once");
    let serving = tokio::spawn(dragoman_transports_http::inbound::serve(
        listener,
        router,
        most,
        stopped.clone(),
    ));
    ready(local);
    stop.await;
    tracing::info!("stopping: no more messages are taken");
    stopping.send_replace(true);
    let drained = handle.shutdown(DRAIN).await;
    working::leave(&journal, drained).await;
    // Keep-alive connections would hold the server open for ever; what they have sent is answered by now.
    let _ = tokio::time::timeout(CLOSING, serving).await;
    let _ = tokio::time::timeout(CLOSING, sources).await;
    watching.abort();
    reconciling.abort();
    erasing.abort();
    over.send_replace(true);
    let _ = heads.await;
    address.withdraw();
    Ok(())
}

/// What takes the messages that sources bring in by themselves.
fn front(runtime: &Runtime) -> Arc<dyn Acceptor> {
    Arc::new(Front {
        handle: runtime.handle(),
        plans: runtime.plans.clone(),
    })
}

/// What is answered over HTTP: the operator API behind its token, and the triggers of the pipelines.
fn router(runtime: &Runtime, reloader: &Arc<Reloader>, token: String) -> axum::Router {
    let journal: Arc<dyn Journal> = runtime.journal.clone();
    let desk = Desk::new(journal.clone(), runtime.handle());
    let migrations = Migrations::new(journal, runtime.plans.clone(), runtime.handle());
    let token = Bearer::new(Secret::new(token));
    let pauses = runtime.pauses.clone();
    let counted = runtime.counted.clone();
    let api = Api {
        desk,
        migrations,
        pauses,
        metrics: Metrics::new(&counted),
        token,
        reloader: reloader.clone(),
        journal: runtime.journal.clone(),
        retention: Retention::new(runtime.journal.clone(), reloader.periods.subscribe()),
    };
    api::router(api)
        .merge(dragoman_transports_http::inbound::router(reloader.routes.clone()))
        .layer(axum::middleware::from_fn_with_state(counted, count_answers))
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
