//! Reading a message's body, within bounds of size, time and number.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode, header};
use bytes::BytesMut;
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::Semaphore;

use super::answer::{TOO_LARGE, problem};

/// How long a body may take: a sender that dribbles holds memory and a place.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bodies that are read at once; with the largest message it bounds what senders can make the server hold.
const AT_ONCE: usize = 256;
/// When a sender that found no place may come again, in seconds.
const AGAIN: u16 = 1;

/// Reads bodies.
pub(super) struct Reader {
    places: Semaphore,
    patience: Duration,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(AT_ONCE, PATIENCE)
    }
}

impl Reader {
    /// Reads so many bodies at once, each within `patience`.
    pub(super) fn new(at_once: usize, patience: Duration) -> Self {
        Reader {
            places: Semaphore::new(at_once),
            patience,
        }
    }

    /// Reads a body of at most `largest` bytes.
    ///
    /// # Errors
    /// What the sender is answered: 413 where it is larger, 408 where it takes too long, 400 where it breaks off, 503
    /// where too many are being read.
    pub(super) async fn read(&self, headers: &HeaderMap, body: Body, largest: usize) -> Result<Bytes, Response<Body>> {
        let told = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|told| told > largest as u64) {
            return Err(too_large(largest));
        }
        let Ok(_place) = self.places.try_acquire() else {
            let text = "too many messages are being received; send it again";
            let mut response = problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                text,
                json!({ "retry_after": AGAIN }),
            );
            response.headers_mut().insert(header::RETRY_AFTER, AGAIN.into());
            return Err(response);
        };
        match tokio::time::timeout(self.patience, collect(body, largest)).await {
            Ok(read) => read,
            Err(_) => {
                let text = format!("the body did not arrive whole within {} s", self.patience.as_secs());
                Err(problem(StatusCode::REQUEST_TIMEOUT, "body.late", &text, json!({})))
            }
        }
    }
}

async fn collect(body: Body, largest: usize) -> Result<Bytes, Response<Body>> {
    let mut pieces = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| {
            let text = format!("the body broke off: {e}");
            problem(StatusCode::BAD_REQUEST, "body.broken", &text, json!({}))
        })?;
        if whole.len() + piece.len() > largest {
            return Err(too_large(largest));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

fn too_large(largest: usize) -> Response<Body> {
    let text = format!("the message is larger than {largest} bytes (`limits: {{ message: }}` in the site file)");
    problem(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE.id, &text, json!({}))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    type Piece = Result<&'static str, std::io::Error>;

    /// Reads pieces at a reader with so many places; then the body ends, or never does.
    async fn check(places: usize, told: Option<&str>, pieces: Vec<Piece>, ends: bool, expected: Result<&str, u16>) {
        let reader = Reader::new(places, Duration::from_millis(50));
        let mut headers = HeaderMap::new();
        if let Some(told) = told {
            headers.insert(header::CONTENT_LENGTH, told.parse().unwrap());
        }
        let body = if ends {
            Body::from_stream(stream::iter(pieces))
        } else {
            Body::from_stream(stream::iter(pieces).chain(stream::pending()))
        };
        let read = reader.read(&headers, body, 10).await;
        if let Err(refused) = &read {
            assert_eq!(
                refused.headers().contains_key(header::RETRY_AFTER),
                refused.status() == 503
            );
        }
        let read = read.map_err(|r| r.status().as_u16());
        assert_eq!(read, expected.map(|text| Bytes::from(text.to_owned())));
        assert_eq!(reader.places.available_permits(), places, "the place is free again");
    }

    #[tokio::test]
    async fn bodies_are_bounded_in_size_time_and_number() {
        let broken = || std::io::Error::other("gone");
        check(1, None, vec![Ok("hello"), Ok("there")], true, Ok("hellothere")).await;
        check(1, Some("5"), vec![Ok("hello")], true, Ok("hello")).await;
        check(1, None, vec![Ok("hello"), Ok("people")], true, Err(413)).await;
        // What says that it is too large is not read at all.
        check(1, Some("11"), vec![], false, Err(413)).await;
        check(1, None, vec![Ok("hello"), Err(broken())], true, Err(400)).await;
        check(1, None, vec![Ok("hello")], false, Err(408)).await;
        check(0, None, vec![Ok("hello")], true, Err(503)).await;
    }
}
