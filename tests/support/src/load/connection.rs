//! One kept HTTP/1.1 connection, read no further than the end of each answer.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Error;

/// One connection and what has been read ahead on it.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::io(format!("connect to {address}"), source);
        let stream = TcpStream::connect(address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
        })
    }

    /// Sends one whole request and reads one whole answer; gives its status.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let (status, body) = read_head(&self.buffer[..head])?;
        match body {
            Body::Length(length) => {
                while self.buffer.len() < head + length {
                    self.more().await?;
                }
            }
            Body::Chunked => {
                let mut at = head;
                while let Some(next) = self.chunk(at).await? {
                    at = next;
                }
            }
        }
        Ok(status)
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Reads the chunk that begins at `at`; gives the place of the next one, `None` after the last.
    async fn chunk(&mut self, at: usize) -> io::Result<Option<usize>> {
        let line = loop {
            if let Some(length) = find(&self.buffer[at..], b"\r\n") {
                break at + length;
            }
            self.more().await?;
        };
        let size = std::str::from_utf8(&self.buffer[at..line]).ok();
        let size = size.and_then(|size| size.split(';').next());
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let size = size.ok_or_else(|| wrong("a chunk without a size"))?;
        let end = line + 2 + size + 2;
        while self.buffer.len() < end {
            self.more().await?;
        }
        Ok((size > 0).then_some(end))
    }
}

enum Body {
    Length(usize),
    Chunked,
}

fn wrong(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn read_head(head: &[u8]) -> io::Result<(u16, Body)> {
    let head = std::str::from_utf8(head).map_err(|_| wrong("a head that is not text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status = status.and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| wrong("a head without a status"))?;
    let mut body = Body::Length(0);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.trim().parse().map_err(|_| wrong("a length that is no number"))?;
            body = Body::Length(length);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            body = Body::Chunked;
        }
    }
    Ok((status, body))
}
