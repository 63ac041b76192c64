//! A plain HTTP client for the tests' own requests.

use std::time::Duration;

use reqwest::Method;

use crate::Error;

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case; of a repeated header the last value.
    pub headers: std::collections::BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The body as JSON, or JSON null where it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// A client without TLS roots (all partners are on loopback), redirects or a proxy, that gives up after 30 seconds.
///
/// # Errors
/// The client could not be built.
pub fn client() -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .tls_certs_only(std::iter::empty())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(|error| failed("client", &error))
}

fn failed(url: &str, error: &reqwest::Error) -> Error {
    Error::Http {
        url: url.to_owned(),
        reason: format!("{error:?}"),
    }
}

/// Sends one request and reads the whole answer, whatever its status.
///
/// # Errors
/// There was no whole answer.
pub async fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<String>,
) -> Result<Answer, Error> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Error::Http {
        url: url.to_owned(),
        reason: format!("`{method}` is not a method"),
    })?;
    let mut request = client()?.request(method, url).body(body.into());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.map_err(|error| failed(url, &error))?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), text)
        })
        .collect();
    let body = response.text().await.map_err(|error| failed(url, &error))?;
    Ok(Answer { status, headers, body })
}

/// `GET`, without headers.
///
/// # Errors
/// There was no whole answer.
pub async fn get(url: &str) -> Result<Answer, Error> {
    request("GET", url, &[], "").await
}

/// A request with a JSON body.
///
/// # Errors
/// There was no whole answer.
pub async fn send_json(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &serde_json::Value,
) -> Result<Answer, Error> {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    request(method, url, &all, body.to_string()).await
}
