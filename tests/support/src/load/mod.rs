//! A load generator for benches: N clients, each with one kept connection, each sending its next request when it has
//! the whole answer to the last; and what a process used meanwhile.
//!
//! It speaks HTTP/1.1 over raw sockets: on a machine of two cores a full client would be a good part of what is measured.

mod connection;
mod usage;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

pub use usage::Usage;

use crate::Error;
use connection::Connection;

/// What load to make.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where to.
    pub address: SocketAddr,
    /// The path to POST to.
    pub path: String,
    /// Headers beside `Host`, `Content-Length` and `Content-Type: application/json`.
    pub headers: Vec<(String, String)>,
    /// How many clients at once.
    pub clients: usize,
    /// How long before anything is counted.
    pub warm_up: Duration,
    /// How long is counted.
    pub duration: Duration,
}

impl Load {
    /// One client for one second, after a tenth of a second that does not count.
    #[must_use]
    pub fn new(address: SocketAddr, path: impl Into<String>) -> Self {
        Self {
            address,
            path: path.into(),
            headers: Vec::new(),
            clients: 1,
            warm_up: Duration::from_millis(100),
            duration: Duration::from_secs(1),
        }
    }

    /// Makes the load. `body` gives the JSON of the n-th request (from 0, over all clients; each number once).
    ///
    /// # Errors
    /// No client could connect. A connection lost on the way counts as a failure and is opened again.
    pub async fn run(&self, body: impl Fn(u64) -> String + Send + Sync + 'static) -> Result<Report, Error> {
        let body = Arc::new(body);
        let counter = Arc::new(AtomicU64::new(0));
        let head = Arc::new(self.head());
        let start = Instant::now() + self.warm_up;
        let end = start + self.duration;
        let mut clients = Vec::new();
        for _ in 0..self.clients {
            let connection = Connection::open(self.address).await?;
            let client = Client {
                connection,
                address: self.address,
                head: head.clone(),
                seen: Seen::default(),
            };
            let (body, counter) = (body.clone(), counter.clone());
            clients.push(tokio::spawn(client.work(start, end, counter, move |n| body(n))));
        }
        let mut seen = Seen::default();
        for client in clients {
            let client = client.await.map_err(|error| Error::Http {
                url: self.path.clone(),
                reason: error.to_string(),
            })?;
            seen.add(client);
        }
        Ok(Report::new(seen, self.duration))
    }

    fn head(&self) -> String {
        let mut head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n",
            self.path, self.address
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("Content-Length: ");
        head
    }
}

struct Client {
    connection: Connection,
    address: SocketAddr,
    head: Arc<String>,
    seen: Seen,
}

impl Client {
    async fn work(
        mut self,
        start: Instant,
        end: Instant,
        counter: Arc<AtomicU64>,
        body: impl Fn(u64) -> String,
    ) -> Seen {
        loop {
            let text = body(counter.fetch_add(1, Ordering::Relaxed));
            let request = format!("{}{}\r\n\r\n{text}", self.head, text.len());
            let sent = Instant::now();
            if sent >= end {
                return self.seen;
            }
            let answer = self.connection.exchange(request.as_bytes()).await;
            let done = Instant::now();
            // What finishes after the end is not counted: it would stretch the time that it is divided by.
            let counts = sent >= start && done <= end;
            match answer {
                Ok(status) if counts => {
                    *self.seen.statuses.entry(status).or_default() += 1;
                    self.seen
                        .micros
                        .push(u64::try_from((done - sent).as_micros()).unwrap_or(u64::MAX));
                }
                Ok(_) => {}
                Err(_) => {
                    self.seen.failures += u64::from(counts);
                    match Connection::open(self.address).await {
                        Ok(connection) => self.connection = connection,
                        // Whoever no longer listens will not be asked on and on.
                        Err(_) => return self.seen,
                    }
                }
            }
        }
    }
}

#[derive(Default)]
struct Seen {
    micros: Vec<u64>,
    statuses: BTreeMap<u16, u64>,
    failures: u64,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.failures += other.failures;
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
    }
}

/// What came of a load.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whole answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests without a whole answer.
    pub failures: u64,
    /// Whole answers of any status per second.
    pub per_second: f64,
    micros: Vec<u64>,
}

impl Report {
    fn new(seen: Seen, duration: Duration) -> Self {
        let mut micros = seen.micros;
        micros.sort_unstable();
        Self {
            statuses: seen.statuses,
            failures: seen.failures,
            per_second: micros.len() as f64 / duration.as_secs_f64(),
            micros,
        }
    }

    /// How many whole answers were counted.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.micros.len()
    }

    /// The time within which this share (0 to 1) of the answers came; zero where there was none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let Some(last) = self.micros.len().checked_sub(1) else {
            return Duration::ZERO;
        };
        // The nearest rank: the smallest answer time that at least this share of all answers does not exceed.
        let rank = (share.clamp(0.0, 1.0) * self.micros.len() as f64).ceil() as usize;
        Duration::from_micros(self.micros[rank.saturating_sub(1).min(last)])
    }

    /// The median.
    #[must_use]
    pub fn p50(&self) -> Duration {
        self.quantile(0.5)
    }

    /// What 99 of 100 answers do not exceed.
    #[must_use]
    pub fn p99(&self) -> Duration {
        self.quantile(0.99)
    }

    /// The slowest.
    #[must_use]
    pub fn max(&self) -> Duration {
        self.quantile(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(micros: &[u64], share: f64, expected: u64) {
        let seen = Seen {
            micros: micros.to_vec(),
            ..Seen::default()
        };
        let report = Report::new(seen, Duration::from_secs(1));
        assert_eq!(
            report.quantile(share),
            Duration::from_micros(expected),
            "{share} of {micros:?}"
        );
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        check(&[], 0.5, 0);
        check(&[7], 0.5, 7);
        check(&[4, 1, 3, 2], 0.5, 2);
        check(&[4, 1, 3, 2], 0.99, 4);
        check(&[4, 1, 3, 2], 1.0, 4);
        check(&[4, 1, 3, 2], 0.0, 1);
        let hundred: Vec<u64> = (1..=100).collect();
        check(&hundred, 0.99, 99);
    }
}
