//! An other side that speaks raw bytes, so that it can do what servers' libraries would not.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with each request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Writes these bytes and closes.
    Write(Vec<u8>),
    /// Writes these bytes and keeps the connection open without another word.
    WriteAndHang(Vec<u8>),
    /// Reads the request and closes at once.
    Cut,
    /// Answers 200 with what it was sent as its body, and keeps the connection for the next request.
    Echo,
}

/// The other side: where it listens, what it was sent, how many connections it had.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
    pub(crate) connections: Arc<Mutex<u32>>,
}

impl Peer {
    pub(crate) async fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<u32>>::default());
        let (seen, counted) = (requests.clone(), connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                tokio::spawn(serve(stream, act.clone(), seen.clone()));
            }
        });
        Peer {
            address,
            requests,
            connections,
        }
    }
}

async fn serve(mut stream: TcpStream, act: Act, seen: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().unwrap().push(request.clone());
        match &act {
            Act::Write(bytes) => {
                let _ = stream.write_all(bytes).await;
                return;
            }
            Act::WriteAndHang(bytes) => {
                let _ = stream.write_all(bytes).await;
                std::future::pending::<()>().await;
            }
            Act::Cut => return,
            Act::Echo => {
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{request}", request.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    }
}

/// Reads one request with its body; none where the connection was closed.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if bytes.first() == Some(&0x16) {
            return None; // A handshake of TLS, which this side does not speak.
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
                .map_or(0, |n| n.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&piece[..n]),
            _ => return None,
        }
    }
}
