//! A small connector that uses every part of the SDK, for the tests beside it.

use dragoman_guest::prelude::*;
use std::time::Duration;

/// How the shop is spoken to.
#[record]
pub struct Config {
    /// The country that orders come from.
    pub country: String,
    /// The version of the shop's interface.
    #[serde(default = "first_version")]
    pub version: u8,
}

fn first_version() -> u8 {
    1
}

/// What is asked for.
#[record]
pub struct GetInput {
    /// The order's number.
    pub number: String,
}

/// How far an order is.
#[record]
pub enum Status {
    /// It was taken.
    Taken,
    /// It is on its way.
    OnItsWay,
}

/// How an order is paid.
#[record]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Payment {
    /// In cash.
    Cash {
        /// The amount, a decimal.
        amount: String,
    },
    /// By transfer.
    Transfer {
        /// The account.
        account: String,
        /// What stands on the statement.
        subject: Option<String>,
    },
}

/// An order.
#[record]
pub struct Order {
    /// Its number.
    pub number: String,
    /// How far it is.
    pub status: Option<Status>,
    /// How it is paid.
    pub payment: Option<Payment>,
    /// The order on paper.
    pub paper: Option<Document>,
}

/// What the shop confirms.
#[record]
pub struct Receipt {
    /// The shop's reference.
    pub reference: String,
}

/// Orders of the ACME
/// shop.
///
/// Nobody reads this far.
#[connector(name = "acme", config = Config, endpoints = ["api"], credentials = ["seal"], check = Acme::check)]
pub struct Acme {
    config: Config,
    seen: u32,
}

impl Acme {
    fn check(config: &Config) -> Vec<Issue> {
        let odd = config.country.len() != 2;
        let issue = || Issue::new("/country", "country.length", "a country has two letters");
        odd.then(issue).into_iter().collect()
    }
}

#[operations]
impl Acme {
    /// Gets an order.
    #[operation(effect = read, documents = ["message"], codes = ["order.not_found"])]
    fn get(&self, _call: &Call, input: GetInput) -> Result<Order, Failure> {
        let path = path!["v", self.config.version, "orders", input.number];
        let response = http::get("api", path.query("from", &self.config.country)).send()?;
        if response.status == 404 {
            return Err(Failure::rejected("order.not_found", "there is no such order"));
        }
        response.expect_success()?.json()
    }

    /// Places an order.
    #[operation(effect = once(settle = "90s"), probe = probe_place, undo = "cancel", attributes = [("cost", "high")])]
    fn place(&self, call: &Call, input: Order) -> Result<Output<Receipt>, Failure> {
        let request = http::put("api", path!["orders", input.number]).json(&input);
        let request = request.timeout(Duration::from_secs(5)).idempotency_key(call.key());
        let response = request.send()?.expect_success()?;
        let receipt: Receipt = response.json()?;
        // What the shop means cannot be known from here: the failure states no effect.
        if receipt.reference.is_empty() {
            return Err(Failure::permanent("receipt.empty", "the shop gave no reference"));
        }
        let paper = documents::write("text/plain", receipt.reference.as_bytes())?;
        let output = Output::new(receipt).attribute("seen", self.seen.to_string());
        Ok(output.document("receipt", paper))
    }

    fn probe_place(&self, call: &Call, input: Order, sent: Sent) -> Result<Probed<Receipt>, Failure> {
        log::debug("probing", &[("key", &sent.key), ("step", call.step())]);
        let response = http::get("api", path!["orders", input.number, "receipt"]).send()?;
        match response.status {
            404 => Ok(Probed::Absent),
            202 => Ok(Probed::Pending(response.retry_after())),
            _ => Ok(Probed::Applied(response.expect_success()?.json()?)),
        }
    }

    /// Cancels an order.
    #[operation(effect = idempotent(lifetime = "24h"), name = "cancel")]
    fn cancel_order(&self, _call: &Call, input: GetInput) -> Result<Empty, http::Error> {
        http::delete("api", path!["orders", input.number]).send()?;
        Ok(Empty {})
    }

    /// Counts calls.
    #[operation(effect = read)]
    fn count(&self, _call: &Call) -> Result<Receipt, Failure> {
        let before = state::load::<u32>("count")?;
        let (count, expected) = match before {
            Some((count, version)) => (count + 1, state::Expected::Version(version)),
            None => (1, state::Expected::Absent),
        };
        state::store("count", &count, expected)?;
        Ok(Receipt {
            reference: count.to_string(),
        })
    }

    /// Reads the message.
    #[operation(effect = read, documents = ["message"])]
    fn read(&self, call: &Call) -> Result<Receipt, Failure> {
        let content = call.document_up_to("message", 16)?;
        let reference = String::from_utf8_lossy(&content).into_owned();
        Ok(Receipt { reference })
    }
}
