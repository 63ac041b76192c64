//! `http`.

use std::time::Duration;

use bytes::Bytes;

use super::documents::load;
use super::wit::http::{self as wit, Body, Error, Request, Response};
use crate::documents::DocumentError;
use crate::egress::{EgressError, EndpointResponse};
use crate::requests::{self, Wish};
use crate::session::Session;

impl From<EgressError> for Error {
    fn from(error: EgressError) -> Self {
        Error {
            code: error.code,
            message: error.message,
            sent: error.sent,
        }
    }
}

impl wit::Host for Session {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        self.enter()?;
        let keep = request.keep;
        let wish = match wish(self, request).await {
            Ok(wish) => wish,
            Err(error) => return Ok(Err(error.into())),
        };
        match requests::send(self, wish).await {
            Ok(response) => Ok(answer(self, response, keep).map_err(Error::from)),
            Err(error) => Ok(Err(error.into())),
        }
    }
}

async fn wish(session: &mut Session, request: Request) -> Result<Wish, EgressError> {
    let body = match request.body {
        Body::Empty => Bytes::new(),
        Body::Inline(bytes) => Bytes::from(bytes),
        Body::Document(digest) => match load(session, &digest).await {
            Ok((_, bytes)) => bytes,
            Err(DocumentError::NotFound) => {
                let message = "the body names a document that this call may not see".to_owned();
                return Err(EgressError::not_sent("denied.document", message));
            }
            Err(DocumentError::Quota(message) | DocumentError::Other(message)) => {
                return Err(EgressError::not_sent("document", message));
            }
        },
    };
    Ok(Wish {
        endpoint: request.endpoint,
        method: request.method,
        path: request.path,
        headers: request.headers,
        body,
        timeout: request.timeout_ms.map(|ms| Duration::from_millis(ms.into())),
        safe: request.safe,
    })
}

/// The answer for the guest; its body as a document where it asked for that.
fn answer(session: &mut Session, response: EndpointResponse, keep: bool) -> Result<Response, EgressError> {
    let body = if response.body.is_empty() {
        Body::Empty
    } else if keep {
        let size = response.body.len() as u64;
        session
            .documents
            .take(size)
            .map_err(|_| EgressError::sent("too_large", "the answer is over the call's limit for documents"))?;
        let named = response
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let media_type = named
            .map_or("application/octet-stream", |(_, value)| value.as_str())
            .to_owned();
        Body::Document(session.documents.add(response.body, &media_type).digest.to_string())
    } else {
        Body::Inline(response.body.to_vec())
    };
    Ok(Response {
        status: response.status,
        headers: response.headers,
        body,
    })
}
