//! A line between two real programs, for where no simulator stands that could fail on demand.
//!
//! It carries bytes both ways and knows nothing of what they say. It can be led to another address, because a program
//! that is started anew listens elsewhere, and it can swallow answers: the request arrives and takes effect, and the
//! connection breaks before a byte of the answer is heard.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::Error;
use crate::record::locked;

/// How much is carried at once.
const PIECE: usize = 16 * 1024;

/// A line with an address of its own. What is under way on it ends when it is dropped.
pub struct Wire {
    address: SocketAddr,
    ends: Arc<Ends>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Ends {
    leads_to: Mutex<Option<SocketAddr>>,
    to_swallow: AtomicUsize,
    swallowed: AtomicUsize,
}

impl Wire {
    /// A line that leads nowhere yet: whoever comes is hung up on.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start() -> Result<Wire, Error> {
        let bound = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = bound.map_err(|source| Error::io("bind a line", source))?;
        let address = listener
            .local_addr()
            .map_err(|source| Error::io("bind a line", source))?;
        let ends = Arc::new(Ends::default());
        let task = tokio::spawn(accept(listener, ends.clone()));
        Ok(Wire { address, ends, task })
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads new connections to this base URL from now on (`http://127.0.0.1:7100`).
    ///
    /// # Errors
    /// The URL is none of a loopback port.
    pub fn lead_to(&self, url: &str) -> Result<(), Error> {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let address = address.parse().map_err(|_| Error::Http {
            url: url.to_owned(),
            reason: "a line leads to an address with a port".to_owned(),
        })?;
        *locked(&self.ends.leads_to) = Some(address);
        Ok(())
    }

    /// The next so many answers are swallowed.
    pub fn swallow(&self, answers: usize) {
        self.ends.to_swallow.store(answers, Ordering::SeqCst);
    }

    /// How many answers were swallowed.
    pub fn swallowed(&self) -> usize {
        self.ends.swallowed.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, ends: Arc<Ends>) {
    // The connections end with the line: a set aborts what is in it when it is dropped.
    let mut lines = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((near, _)) => {
                let ends = ends.clone();
                lines.spawn(async move {
                    // A line that breaks is what both ends must live with, so nobody is told why.
                    let _ = carry(near, &ends).await;
                });
            }
            // Accepting fails when the caller has already gone or descriptors are short; both pass.
            Err(_) => tokio::task::yield_now().await,
        }
        while lines.try_join_next().is_some() {}
    }
}

/// Carries until one of the ends is done or an answer is swallowed; both connections are closed then.
async fn carry(near: TcpStream, ends: &Ends) -> io::Result<()> {
    let leads_to = *locked(&ends.leads_to);
    let Some(address) = leads_to else {
        return Ok(());
    };
    let far = TcpStream::connect(address).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let requests = async {
        tokio::io::copy(&mut near_in, &mut far_out).await?;
        far_out.shutdown().await
    };
    let answers = async {
        let mut piece = vec![0; PIECE];
        loop {
            let length = far_in.read(&mut piece).await?;
            if length == 0 || ends.is_swallowed() {
                return io::Result::Ok(());
            }
            near_out.write_all(&piece[..length]).await?;
        }
    };
    tokio::pin!(requests, answers);
    tokio::select! {
        ended = &mut answers => ended,
        // Who has sent all may still listen; what broke off here is over.
        sent = &mut requests => match sent {
            Ok(()) => answers.await,
            Err(error) => Err(error),
        },
    }
}

impl Ends {
    /// Whether the answer that begins here is one to swallow.
    fn is_swallowed(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        let swallowed = self
            .to_swallow
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok();
        if swallowed {
            self.swallowed.fetch_add(1, Ordering::SeqCst);
        }
        swallowed
    }
}
