//! The push of notices, as customs systems do it: POST of the XML with a bearer token, tried again until taken.
//!
//! HMRC's push service tries again every 2.5 minutes after a 5xx or no answer, holding back what follows in that
//! channel, every 10 minutes after any other refusal, and drops a notice after two weeks. Here the pauses are the
//! test's to choose, and a number of attempts stands for the two weeks.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};

use crate::{Error, http};

/// A sender of notices to one address.
#[derive(Clone, Debug)]
pub struct Feed {
    url: String,
    token: Option<String>,
    attempts: u32,
    pause: Duration,
    headers: Vec<(String, String)>,
}

/// How one delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The place of the notice in the list given.
    pub notice: usize,
    /// Which copy of it, from 1.
    pub copy: u32,
    /// The status of each attempt, `None` where there was no whole answer.
    pub statuses: Vec<Option<u16>>,
    /// The last answer's body.
    pub body: String,
}

impl Delivery {
    /// Whether the last attempt was taken (2xx).
    #[must_use]
    pub fn taken(&self) -> bool {
        self.statuses
            .last()
            .is_some_and(|status| status.is_some_and(|status| (200..300).contains(&status)))
    }
}

impl Feed {
    /// A feed to this URL without a token, that tries each notice up to 5 times, 20 ms apart.
    #[must_use]
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: None,
            attempts: 5,
            pause: Duration::from_millis(20),
            headers: Vec::new(),
        }
    }

    /// Sends this bearer token.
    #[must_use]
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sends this header too.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Tries each notice up to this often, with this pause after a 5xx or no answer.
    #[must_use]
    pub fn retry(mut self, attempts: u32, pause: Duration) -> Self {
        self.attempts = attempts.max(1);
        self.pause = pause;
        self
    }

    /// Sends each notice `copies` times, one after the other in the order given, the whole list before the next copy
    /// of it. As in the real channel, a notice that is not taken holds back those behind it.
    ///
    /// # Errors
    /// No client could be built. What the receiver answers, or that it does not answer, is in the report.
    pub async fn send<B: AsRef<[u8]>>(&self, notices: &[B], copies: u32) -> Result<Vec<Delivery>, Error> {
        let client = http::client()?;
        let mut deliveries = Vec::new();
        for copy in 1..=copies {
            for (notice, body) in notices.iter().enumerate() {
                let (statuses, answer) = self.deliver(&client, body.as_ref()).await;
                deliveries.push(Delivery {
                    notice,
                    copy,
                    statuses,
                    body: answer,
                });
            }
        }
        Ok(deliveries)
    }

    /// Sends all notices at once, `copies` of each, without any order.
    ///
    /// # Errors
    /// No client could be built.
    pub async fn send_at_once<B: AsRef<[u8]>>(&self, notices: &[B], copies: u32) -> Result<Vec<Delivery>, Error> {
        let client = http::client()?;
        let all = (1..=copies).flat_map(|copy| {
            let client = &client;
            notices.iter().enumerate().map(move |(notice, body)| async move {
                let (statuses, answer) = self.deliver(client, body.as_ref()).await;
                Delivery {
                    notice,
                    copy,
                    statuses,
                    body: answer,
                }
            })
        });
        Ok(futures_util::future::join_all(all).await)
    }

    async fn deliver(&self, client: &reqwest::Client, body: &[u8]) -> (Vec<Option<u16>>, String) {
        let mut statuses = Vec::new();
        let mut answer = String::new();
        for attempt in 1..=self.attempts {
            let mut request = client
                .post(&self.url)
                .header(CONTENT_TYPE, "application/xml; charset=utf-8")
                .body(body.to_vec());
            if let Some(token) = &self.token {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            for (name, value) in &self.headers {
                request = request.header(name, value);
            }
            let status = match request.send().await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    response.text().await.ok().map(|text| {
                        answer = text;
                        status
                    })
                }
                Err(_) => None,
            };
            statuses.push(status);
            if status.is_some_and(|status| (200..300).contains(&status)) {
                break;
            }
            if attempt < self.attempts {
                tokio::time::sleep(self.pause).await;
            }
        }
        (statuses, answer)
    }
}
