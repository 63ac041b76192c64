//! Asking a running server.

use dragoman_model::Value;
use serde_json::json;

use crate::accounts::not_let_in;
use crate::address::Address;
use crate::error::{Error, SERVED};

/// Checking a large site, with plugins that were never compiled here, takes its time.
const RELOADING: std::time::Duration = std::time::Duration::from_secs(300);

/// How long somebody may wait for a run at most: whoever wants to know later asks again.
const WATCHING: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// The operator API of a running server.
pub struct Client {
    address: Address,
    http: reqwest::Client,
    /// Who asks; none: the administrator of this machine.
    account: Option<(String, String)>,
    /// Whether the site has accounts.
    accounts: bool,
}

impl Client {
    /// The server of an address file, where it answers. None: it is gone.
    pub async fn connect(address: Address) -> Option<Client> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(std::time::Duration::from_secs(30))
            .build()
            .ok()?;
        let mut client = Client {
            address,
            http,
            account: None,
            accounts: false,
        };
        let answer = client.http.get(client.url("/v1/health")).send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        let health: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
        client.accounts = health["accounts"] == true;
        Some(client)
    }

    /// Whether people have accounts at this server.
    pub fn has_accounts(&self) -> bool {
        self.accounts
    }

    /// The same, as somebody with an account.
    #[must_use]
    pub fn acting_as(mut self, user: String, password: String) -> Self {
        self.account = Some((user, password));
        self
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address.address)
    }

    /// Asks.
    ///
    /// # Errors
    /// What the server says, or that it went away.
    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.finish(self.http.get(self.url(path))).await
    }

    /// Sends.
    ///
    /// # Errors
    /// What the server says, or that it went away.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        let request = self
            .http
            .post(self.url(path))
            .header("content-type", "application/json")
            .body(body.to_string());
        self.finish(request).await
    }

    /// Asks the server to read its site anew: what is served from here on, or why it is not taken, in `diagnostics`.
    ///
    /// # Errors
    /// What else the server says, or that it went away.
    pub async fn reload(&self, colour: bool) -> Result<Result<Value, Value>, Error> {
        let request = self.http.post(self.url(&format!("/v1/reload?colour={colour}")));
        let (status, value) = self.send(request.timeout(RELOADING)).await?;
        match status.as_u16() {
            200 => Ok(Ok(value)),
            422 => Ok(Err(value)),
            _ => Err(refused(&value)),
        }
    }

    /// Sends a message that begins a run, and says what is told of it, a line each, until the last one, which is given.
    ///
    /// # Errors
    /// What the server says, or that it went away.
    pub async fn begin(&self, path: &str, message: Vec<u8>, mut say: impl FnMut(String)) -> Result<Value, Error> {
        let request = self.http.post(self.url(path)).timeout(WATCHING).body(message);
        let mut answer = self.whoever(request).send().await.map_err(|e| self.gone(&e))?;
        let status = answer.status();
        let mut read = Vec::new();
        let mut last = Value::Null;
        while let Some(bytes) = answer.chunk().await.map_err(|e| self.gone(&e))? {
            read.extend_from_slice(&bytes);
            while let Some(end) = read
                .iter()
                .position(|byte| *byte == b'\n')
                .filter(|_| status.is_success())
            {
                let line: Vec<u8> = read.drain(..=end).collect();
                last = serde_json::from_slice(&line).unwrap_or_default();
                if let Some(said) = last["said"].as_str() {
                    say(said.to_owned());
                }
            }
        }
        if status.is_success() {
            return Ok(last);
        }
        let text = String::from_utf8_lossy(&read);
        let value = serde_json::from_str(&text).unwrap_or_else(|_| json!({ "detail": text }));
        Err(self.denied(status, &value))
    }

    async fn finish(&self, request: reqwest::RequestBuilder) -> Result<Value, Error> {
        let (status, value) = self.send(request).await?;
        if status.is_success() {
            return Ok(value);
        }
        Err(self.denied(status, &value))
    }

    fn denied(&self, status: reqwest::StatusCode, value: &Value) -> Error {
        match &self.account {
            Some((user, _)) if status == reqwest::StatusCode::UNAUTHORIZED => not_let_in(user),
            _ => refused(value),
        }
    }

    fn whoever(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.account {
            None => request.bearer_auth(&self.address.token),
            Some((user, password)) => request.basic_auth(user, Some(password)),
        }
    }

    fn gone(&self, error: &reqwest::Error) -> Error {
        Error::new(
            SERVED,
            format!(
                "the server at {} went away or does not answer: {}",
                self.address.address,
                innermost(error)
            ),
            "whether it did what was asked is not known: look at its log and at `dragoman runs list`, then try again",
        )
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<(reqwest::StatusCode, Value), Error> {
        let answer = self.whoever(request).send().await.map_err(|e| self.gone(&e))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|e| self.gone(&e))?;
        let value = serde_json::from_str(&text).unwrap_or_else(|_| json!({ "detail": text }));
        Ok((status, value))
    }
}

/// What is behind an error of the client, which alone says only that a request failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut found: &dyn std::error::Error = error;
    while let Some(source) = found.source() {
        found = source;
    }
    found.to_string()
}

fn refused(value: &Value) -> Error {
    let text = |member: &str| value.get(member).and_then(Value::as_str);
    Error::Refused {
        code: text("code").unwrap_or_default().to_owned(),
        message: text("detail")
            .unwrap_or("the server refuses and does not say why")
            .to_owned(),
        help: text("help").map(str::to_owned),
    }
}
