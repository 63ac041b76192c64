//! One exchange: checks, sending, reading, and what is known when it fails.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use dragoman_host::{EgressError, EndpointRequest, EndpointResponse, Exchanged};
use reqwest::{Method, Request, Response};
use tokio::sync::SemaphorePermit;

use super::client::{AddressRefused, Bound, NoAddress};
use super::{headers, path};

/// Bytes of an answer's headers that a plugin is given.
const HEADER_BYTES: usize = 64 << 10;
/// Bytes of an error's text.
const TEXT_BYTES: usize = 1 << 10;

/// Sends a request and reads the whole answer.
pub(super) async fn send(bound: &Bound, request: EndpointRequest) -> Exchanged {
    let until = Instant::now() + request.timeout;
    let prepared = prepare(bound, &request)?;
    let _place = place(bound, until).await?;
    let now = Instant::now();
    // The last look before the socket. Waiting for a place may have taken all the time there was.
    if request.fence.is_some_and(|fence| now >= fence) {
        return Err(EgressError::not_sent(
            "denied.fence",
            "the run's lease is over, so nothing is sent any more",
        ));
    }
    let until = request.fence.map_or(until, |fence| until.min(fence));
    let left = until.saturating_duration_since(now);
    if left.is_zero() {
        return Err(EgressError::not_sent(
            "timeout",
            "there was no time left to send the request",
        ));
    }
    exchange(bound, prepared, left, request.max_response)
        .await
        .map_err(|error| scrub(bound, error))
}

fn prepare(bound: &Bound, request: &EndpointRequest) -> Result<Request, EgressError> {
    let endpoint = &bound.endpoint;
    if let Some(why) = bound.refused {
        let hint = if endpoint.private {
            ""
        } else {
            "; `private: true` grants private and loopback addresses"
        };
        let message = format!("endpoint `{}` leads to {why}{hint}", request.endpoint);
        return Err(EgressError::not_sent("denied.address", message));
    }
    let denied = |why: String| EgressError::not_sent("denied.path", format!("the path cannot be used: {why}"));
    let address = path::check(&request.path)
        .and_then(|path| endpoint.address(&path))
        .map_err(denied)?;
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| EgressError::not_sent("denied.method", "the method is not a token"))?;
    let mut prepared = Request::new(method, address);
    *prepared.headers_mut() = headers::build(request, endpoint)?;
    if !request.body.is_empty() {
        *prepared.body_mut() = Some(request.body.clone().into());
    }
    Ok(prepared)
}

/// Waits for a place among the endpoint's requests.
async fn place(bound: &Bound, until: Instant) -> Result<Option<SemaphorePermit<'_>>, EgressError> {
    let Some(places) = &bound.places else { return Ok(None) };
    match tokio::time::timeout_at(until.into(), places.acquire()).await {
        Ok(Ok(place)) => Ok(Some(place)),
        _ => Err(EgressError::not_sent(
            "timeout",
            "the endpoint had no free place within the request's time",
        )),
    }
}

async fn exchange(bound: &Bound, request: Request, left: Duration, max: usize) -> Exchanged {
    let timed_out = || EgressError::sent("timeout", "no complete answer came within the request's time");
    let until = tokio::time::Instant::now() + left;
    let response = match tokio::time::timeout_at(until, bound.client.execute(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(classify(&error)),
        Err(_) => return Err(timed_out()),
    };
    match tokio::time::timeout_at(until, read(response, max)).await {
        Ok(read) => read,
        Err(_) => Err(timed_out()),
    }
}

/// Reads the whole answer, within its limits.
async fn read(mut response: Response, max: usize) -> Exchanged {
    let too_large = || EgressError::sent("too_large", format!("the answer has more than {max} bytes"));
    let status = response.status().as_u16();
    let mut headers = Vec::with_capacity(response.headers().len());
    let mut header_bytes = 0;
    for (name, value) in response.headers() {
        header_bytes += name.as_str().len() + value.len();
        headers.push((
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        ));
    }
    if header_bytes > HEADER_BYTES {
        let message = format!("the answer has more than {HEADER_BYTES} bytes of headers");
        return Err(EgressError::sent("too_large", message));
    }
    if response.content_length().is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > max => return Err(too_large()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                let message = format!("the answer was cut short: {}", text(&error));
                return Err(EgressError::sent("cut", message));
            }
        }
    }
    Ok(EndpointResponse {
        status,
        headers,
        body: Bytes::from(body),
    })
}

/// All links of an error, from the outermost to its root.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| {
        error.source()
    })
}

/// The root of an error, which says most; reqwest's own texts repeat the address.
fn text(error: &reqwest::Error) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}

/// What an error of the client means.
fn classify(error: &reqwest::Error) -> EgressError {
    if let Some(refused) = chain(error).find_map(|error| error.downcast_ref::<AddressRefused>()) {
        return EgressError::not_sent("denied.address", refused.to_string());
    }
    if let Some(missing) = chain(error).find_map(|error| error.downcast_ref::<NoAddress>()) {
        return EgressError::not_sent("connect", missing.to_string());
    }
    let text = text(error);
    if error.is_builder() {
        return EgressError::not_sent("denied.request", format!("the request cannot be made: {text}"));
    }
    if error.is_connect() {
        // The client wraps what TLS says in an error of input and output, so it is known by its words.
        let lower = text.to_lowercase();
        let tls = [
            "certificate",
            "tls",
            "handshake",
            "received fatal alert",
            "corrupt message",
        ];
        let code = if tls.iter().any(|word| lower.contains(word)) {
            "tls"
        } else {
            "connect"
        };
        return EgressError::not_sent(code, format!("no connection: {text}"));
    }
    if error.is_timeout() {
        return EgressError::sent("timeout", "no complete answer came within the request's time");
    }
    EgressError::sent(
        "cut",
        format!("the connection was cut before a complete answer came: {text}"),
    )
}

/// The error without the endpoint's secret, and no longer than it need be.
fn scrub(bound: &Bound, mut error: EgressError) -> EgressError {
    if let Some(secret) = bound
        .endpoint
        .auth
        .as_ref()
        .and_then(|auth| auth.secret().expose_text())
        && secret.len() >= 4
    {
        error.message = error.message.replace(secret, "***");
    }
    if let Some((at, _)) = error.message.char_indices().nth(TEXT_BYTES) {
        error.message.truncate(at);
    }
    error
}
