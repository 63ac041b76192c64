//! The customs system (`customs`): gives declarations by their number, and pushes notices (see [`feed`]).
//!
//! `GET /declarations/{mrn}` answers the WCO Data Model XML that was seeded under that number, else 404.
//!
//! Seed: `{"declarations": {mrn: xml}}`; `null` for the XML takes a declaration away. Reading has no effect, so there
//! are no facts here: what the feed sent and what was answered is in the feed's own report.

pub mod feed;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

use crate::Error;
use crate::partner::{Access, Partner, Simulator};
use crate::problem::Problem;
use crate::record::{Record, locked};

/// How this customs system behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who is let in.
    pub access: Access,
    /// The declarations it holds at the start: their XML by number.
    pub declarations: BTreeMap<String, String>,
}

/// A running customs system.
pub struct Customs {
    partner: Partner,
}

impl Customs {
    /// Starts one.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let record = Arc::new(Record::default());
        let office = Arc::new(Office {
            declarations: Mutex::new(options.declarations.clone()),
            options,
        });
        let partner = Partner::serve(office, record).await?;
        Ok(Self { partner })
    }
}

impl Deref for Customs {
    type Target = Partner;

    fn deref(&self) -> &Partner {
        &self.partner
    }
}

struct Office {
    declarations: Mutex<BTreeMap<String, String>>,
    options: Options,
}

impl Simulator for Office {
    fn name(&self) -> &'static str {
        "customs"
    }

    fn routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/declarations/{mrn}", get(declaration))
            .with_state(self)
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        if self.options.access.admits(headers) {
            return Ok(());
        }
        Err(Box::new(Problem::unauthorized().into_response()))
    }

    fn seed(&self, seed: Value) -> Result<(), Error> {
        let wrong = |reason: &str| Error::Seed {
            partner: "customs",
            reason: reason.to_owned(),
        };
        let given = seed["declarations"]
            .as_object()
            .ok_or_else(|| wrong("`declarations` is an object of XML texts by number"))?;
        let mut declarations = locked(&self.declarations);
        for (mrn, xml) in given {
            match xml {
                Value::String(xml) => declarations.insert(mrn.clone(), xml.clone()),
                Value::Null => declarations.remove(mrn),
                _ => return Err(wrong("a declaration is XML text, or null to take it away")),
            };
        }
        Ok(())
    }

    fn reset(&self) {
        *locked(&self.declarations) = self.options.declarations.clone();
    }
}

async fn declaration(State(office): State<Arc<Office>>, Path(mrn): Path<String>) -> Result<Response, Problem> {
    let found = locked(&office.declarations).get(&mrn).cloned();
    let xml = found.ok_or_else(|| Problem::not_found(format!("no declaration {mrn}")))?;
    Ok(([(header::CONTENT_TYPE, "application/xml")], xml).into_response())
}
