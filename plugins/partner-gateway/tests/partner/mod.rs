//! The authority's simulator, reached through a scripted host: the connector's requests go over real HTTP.

use dragoman_guest::http::{Body, Error, Request, Response};
use dragoman_guest::testing::Scripted;
use dragoman_support::authority::{Authority, Options};
use serde_json::Value;
use std::rc::Rc;
use tokio::runtime::Runtime;

/// The authority of one country, running, and a runtime to speak with it.
pub(crate) struct Partner {
    pub(crate) runtime: Runtime,
    pub(crate) authority: Authority,
}

impl Partner {
    pub(crate) fn start(options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let authority = runtime.block_on(Authority::start(options)).unwrap();
        Self { runtime, authority }
    }

    /// A host whose endpoint of this name is the authority; all others are denied.
    pub(crate) fn host(&self, endpoint: &'static str, config: Value) -> Rc<Scripted> {
        let (handle, url) = (self.runtime.handle().clone(), self.authority.url());
        let rule = move |request: &Request| {
            if request.endpoint != endpoint {
                let message = format!("the connection has no endpoint `{}`", request.endpoint);
                return Some(Err(Error::new("denied.endpoint", message, false)));
            }
            Some(handle.block_on(forward(&url, request)))
        };
        Scripted::new().config(config).rule(rule).shared()
    }
}

async fn forward(url: &str, request: &Request) -> Result<Response, Error> {
    let body = match &request.body {
        Body::Inline(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        Body::Empty | Body::Document(_) => String::new(),
    };
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let url = format!("{}{}", url.trim_end_matches('/'), request.path);
    let answer = dragoman_support::http::request(&request.method, &url, &headers, body)
        .await
        .map_err(|error| Error::new("cut", error.to_string(), true))?;
    let mut response = Response::new(answer.status);
    response.body = Body::Inline(answer.body.into_bytes());
    let headers = answer.headers.iter();
    Ok(headers.fold(response, |response, (name, value)| {
        response.with_header(name, value.as_str())
    }))
}
