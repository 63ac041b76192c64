//! A line to a database that breaks around commits: before the server hears of one, and behind what it did.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A commit as a client sends it, and as the server says that it was done.
const ASKED: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
const DONE: &[u8] = b"COMMIT\0";

/// How often it broke.
#[derive(Default)]
pub(crate) struct Line {
    breaks: AtomicBool,
    commits: AtomicUsize,
    pub(crate) unheard: AtomicUsize,
    pub(crate) unanswered: AtomicUsize,
}

impl Line {
    /// A line to a port; gives its own. It breaks once it is told to.
    pub(crate) async fn to(port: u16) -> (Arc<Line>, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let line = Arc::new(Line::default());
        let kept = Arc::clone(&line);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let line = Arc::clone(&kept);
                tokio::spawn(async move {
                    let server = TcpStream::connect(("127.0.0.1", port)).await?;
                    line.carry(client, server).await
                });
            }
        });
        (line, own)
    }

    /// From now on it breaks, or no more.
    pub(crate) fn breaks(&self, breaks: bool) {
        self.breaks.store(breaks, Ordering::Release);
    }

    /// Carries bytes both ways until one side ends, or a commit is not to get through.
    async fn carry(&self, mut client: TcpStream, mut server: TcpStream) -> std::io::Result<()> {
        let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        loop {
            tokio::select! {
                read = client.read(&mut up) => {
                    let sent = &up[..read?];
                    if sent.is_empty() {
                        return Ok(());
                    }
                    let commit = position(sent, ASKED).filter(|_| self.breaks.load(Ordering::Acquire));
                    let number = commit.map(|_| self.commits.fetch_add(1, Ordering::Relaxed));
                    match (commit, number.map(|number| number % 8)) {
                        (Some(at), Some(2)) => {
                            self.unheard.fetch_add(1, Ordering::Relaxed);
                            return server.write_all(&sent[..at]).await;
                        }
                        (Some(_), Some(5)) => {
                            server.write_all(sent).await?;
                            self.unanswered.fetch_add(1, Ordering::Relaxed);
                            return until_done(&mut server).await;
                        }
                        _ => server.write_all(sent).await?,
                    }
                }
                read = server.read(&mut down) => {
                    let answered = &down[..read?];
                    if answered.is_empty() {
                        return Ok(());
                    }
                    client.write_all(answered).await?;
                }
            }
        }
    }
}

/// Hears that the server did it, and tells nobody.
async fn until_done(server: &mut TcpStream) -> std::io::Result<()> {
    let mut heard = Vec::new();
    while position(&heard, DONE).is_none() && server.read_buf(&mut heard).await? > 0 {}
    Ok(())
}

fn position(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
