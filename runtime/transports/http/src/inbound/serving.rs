//! Taking connections: at most so many, and none that keeps its request back for ever.
//!
//! Overload is refused here as elsewhere: whoever opens connections and sends nothing can neither use up the files of the
//! process nor keep out those who do send.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use super::connections::{Connection, Connections, Place, Wish};

/// How long the headers of a request may take from when they may come; so long may a connection be idle too.
pub const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Connections that are told at once that there is no room; others are only closed.
const TOLD_AT_ONCE: usize = 16;
/// How long whoever is told so may take to hear it.
const TELLING: Duration = Duration::from_secs(1);
/// How long nothing is accepted after accepting failed, as where files have run out.
const BREATH: Duration = Duration::from_millis(50);
/// How often the log says that there is no room.
const SAID_EVERY: Duration = Duration::from_secs(60);
/// What whoever finds no room is told.
const NO_ROOM: &str = r#"{"title":"Service Unavailable","status":503,"code":"overloaded","detail":"all connections that the server takes have requests at work; send it again","retry_after":1}"#;

/// Serves a router at a listener with at most `most` connections at once, until `stop` becomes true; then those that are
/// open come to their end. A connection without a whole request makes room for a new one; where all have one, the new
/// one is answered 503.
pub async fn serve(listener: TcpListener, router: Router, most: usize, mut stop: watch::Receiver<bool>) {
    let door = Arc::new(Door {
        connections: Connections::new(most),
        router,
        telling: Semaphore::new(TOLD_AT_ONCE),
        said: Mutex::default(),
    });
    // Each connection holds a receiver; when all are dropped, all are at their end.
    let (at_work, held) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, from)) => door.clone().take(stream, from, stop.clone(), held.clone()),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                door.say(&format!("no connection can be accepted: {error}"));
                door.connections.displace();
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop((listener, held));
    at_work.closed().await;
}

struct Door {
    connections: Arc<Connections>,
    router: Router,
    telling: Semaphore,
    /// When the log said last that there is no room.
    said: Mutex<Option<Instant>>,
}

impl Door {
    fn take(
        self: Arc<Self>,
        stream: TcpStream,
        from: SocketAddr,
        stop: watch::Receiver<bool>,
        held: watch::Receiver<()>,
    ) {
        let place = match self.connections.enter() {
            Wish::Granted(place) => place,
            Wish::Displacing(place) => {
                self.say("all connections are taken: those without a whole request make room for new ones");
                place
            }
            Wish::Refused => {
                self.say("all connections are taken, and have requests at work: new ones are refused");
                tokio::spawn(async move { self.refuse(stream).await });
                return;
            }
        };
        let router = self.router.clone();
        tokio::spawn(async move {
            converse(stream, from, router, place, stop).await;
            drop(held);
        });
    }

    /// Tells whoever connected that there is no room. It is heard out first, as far as it gets in a moment: a socket that
    /// is closed with something unread takes the answer back.
    async fn refuse(&self, mut stream: TcpStream) {
        let Ok(_one) = self.telling.try_acquire() else {
            return;
        };
        let told = async {
            let length = NO_ROOM.len();
            let head = format!(
                "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
                 content-type: application/problem+json\r\ncontent-length: {length}\r\n\r\n"
            );
            stream.write_all((head + NO_ROOM).as_bytes()).await?;
            stream.shutdown().await?;
            let mut rest = [0; 4096];
            while stream.read(&mut rest).await? > 0 {}
            Ok::<_, std::io::Error>(())
        };
        // One that does not listen is closed like any other.
        let _ = tokio::time::timeout(TELLING, told).await;
    }

    /// Says something of connections to the log, once in a while.
    fn say(&self, what: &str) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|last| last.elapsed() >= SAID_EVERY) {
            *said = Some(Instant::now());
            tracing::warn!("{what}");
        }
    }
}

/// An error of whoever connected, not of this process.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}

/// Answers the requests of one connection, one after the other, to its end.
async fn converse(stream: TcpStream, from: SocketAddr, router: Router, place: Place, mut stop: watch::Receiver<bool>) {
    let connection = &place.connection;
    let service = service_fn(|request: Request<Incoming>| answer(router.clone(), request, from, connection.clone()));
    let conversation = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    let mut conversation = pin!(conversation);
    let mut told_to_stop = false;
    loop {
        tokio::select! {
            // An error is that of a sender who is gone, or sent no HTTP.
            _ = conversation.as_mut() => return,
            () = connection.told_to_go() => return,
            _ = stop.wait_for(|stop| *stop), if !told_to_stop => {
                told_to_stop = true;
                conversation.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    from: SocketAddr,
    connection: Arc<Connection>,
) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() && !connection.begin() {
        // The connection is closed in a moment.
        return std::future::pending().await;
    }
    let body = Body::new(Arriving {
        body,
        connection: connection.clone(),
    });
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(ConnectInfo(from));
    let response = router.oneshot(request).await;
    connection.end();
    response
}

/// A body on its way: at its end the request is whole.
struct Arriving {
    body: Incoming,
    connection: Arc<Connection>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() && !self.connection.begin() {
            return Poll::Pending;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        // Told by the frame after the last, so that the end is seen here.
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
