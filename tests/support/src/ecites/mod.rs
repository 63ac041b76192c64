//! The national permit system (`ecites`): permits, box 14 endorsements, withdrawals, usages, verification.
//!
//! No public interface of such a system exists, so its surface is the project's own. Bodies are the canonical
//! documents. Answers: a permit, an endorsement or a usage as itself; `{permits, as_of}` for a list, `{events}` for a
//! history. An `ETag` goes with each permit and each endorsement, and is always that of the *permit*.
//!
//! Seed: `{"permits": [permit...], "tokens": {number: token}, "honours_keys": bool, "probe": bool}`, all optional.
//! A permit seeded again replaces what is on its face and keeps its endorsements: so a test revokes one.
//!
//! Facts: `endorsed|<number>|<declaration>`, `withdrawn|<number>|<declaration>`, `confirmed|<number>|<declaration>`.

mod entry;
mod quantity;
mod register;
mod routes;

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::Error;
use crate::partner::{Access, Partner, Simulator};
use crate::problem::Problem;
use crate::record::{Record, locked};
use register::Register;

/// How this permit system behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who is let in.
    pub access: Access,
    /// Whether a repeated act is known for what it is. `false`: every accepted request is another stamp.
    pub honours_keys: bool,
    /// Whether an endorsement can be asked for. `false`: asking is 405.
    pub probe: bool,
    /// What it holds at the start (see the module's seed).
    pub seed: Value,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            access: Access::Open,
            honours_keys: true,
            probe: true,
            seed: Value::Null,
        }
    }
}

impl Options {
    /// The system that honours no key and cannot be asked: each accepted request is another stamp.
    #[must_use]
    pub fn nasty() -> Self {
        Self {
            honours_keys: false,
            probe: false,
            ..Self::default()
        }
    }
}

/// A running national permit system.
pub struct Ecites {
    partner: Partner,
    system: Arc<System>,
}

impl Ecites {
    /// Starts one.
    ///
    /// # Errors
    /// No port could be bound, or the seed has not the shape of the module's description.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let record = Arc::new(Record::default());
        let system = Arc::new(System {
            register: Mutex::new(Register::new(options.honours_keys)),
            record: record.clone(),
            options,
        });
        system.restore()?;
        let partner = Partner::serve(system.clone(), record).await?;
        Ok(Self { partner, system })
    }

    /// The permit as it stands, endorsements included.
    #[must_use]
    pub fn permit(&self, number: &str) -> Option<Value> {
        let register = locked(&self.system.register);
        register.permit(number, None).ok().map(|(permit, _)| permit)
    }
}

impl Deref for Ecites {
    type Target = Partner;

    fn deref(&self) -> &Partner {
        &self.partner
    }
}

pub(crate) struct System {
    register: Mutex<Register>,
    record: Arc<Record>,
    options: Options,
}

impl System {
    fn restore(&self) -> Result<(), Error> {
        let mut register = Register::new(self.options.honours_keys);
        register.probe = self.options.probe;
        register.take(&self.options.seed).map_err(wrong_seed)?;
        *locked(&self.register) = register;
        Ok(())
    }
}

fn wrong_seed(reason: String) -> Error {
    Error::Seed {
        partner: "ecites",
        reason,
    }
}

impl Simulator for System {
    fn name(&self) -> &'static str {
        "ecites"
    }

    fn routes(self: Arc<Self>) -> Router {
        routes::routes(self)
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        if self.options.access.admits(headers) {
            return Ok(());
        }
        Err(Box::new(Problem::unauthorized().into_response()))
    }

    fn seed(&self, seed: Value) -> Result<(), Error> {
        locked(&self.register).take(&seed).map_err(wrong_seed)
    }

    fn reset(&self) {
        // The options' own seed was accepted at the start, so it is accepted again.
        let _ = self.restore();
    }
}
