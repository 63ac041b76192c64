//! A scripted host whose requests go to the simulated API.
#![allow(missing_docs, unreachable_pub, dead_code)]

use dragoman_guest::http::{Error, Response};
use dragoman_guest::testing::{self, Scripted};
use dragoman_guest::{Failure, http};
use dragoman_support::species::{Options, Species};
use serde_json::Value;
use species_plus::SpeciesPlus;
use std::rc::Rc;
use tokio::runtime::Runtime;

/// Noon of 21 November 2026, UTC.
pub const NOW: u64 = 1_795_262_400_000;

/// The API, and what it takes to reach it.
pub struct World {
    pub species: Species,
    pub runtime: Rc<Runtime>,
    token: String,
}

impl World {
    pub fn start() -> Self {
        Self::with(Options::default(), "species-token")
    }

    pub fn with(options: Options, token: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let species = runtime.block_on(Species::start(options)).unwrap();
        Self {
            species,
            runtime: Rc::new(runtime),
            token: token.to_owned(),
        }
    }

    /// A host with this configuration. As the real one does, it adds the base address and the token.
    pub fn host(&self, config: Value) -> Rc<Scripted> {
        let (base, token) = (self.species.api(), self.token.clone());
        let runtime = Rc::clone(&self.runtime);
        let send = move |request: &http::Request| {
            assert_eq!(request.endpoint, "api");
            let url = format!("{base}{}", request.path);
            let mut headers: Vec<(&str, &str)> = request
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            headers.push(("x-authentication-token", &token));
            let sent = dragoman_support::http::request(&request.method, &url, &headers, "");
            Some(match runtime.block_on(sent) {
                Ok(answer) => {
                    let kind = answer.headers.get("content-type").cloned();
                    let mut response = Response::new(answer.status).with_body(answer.body, &kind.unwrap_or_default());
                    for (name, value) in answer.headers {
                        response = response.with_header(&name, value);
                    }
                    Ok(response)
                }
                Err(error) => Err(Error::new("cut", error.to_string(), true)),
            })
        };
        Scripted::new().config(config).now(NOW).rule(send).shared()
    }

    pub fn invoke(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        let host = self.host(serde_json::json!({}));
        testing::invoke::<SpeciesPlus>(&host, operation, input).map(|answer| answer.payload)
    }
}
