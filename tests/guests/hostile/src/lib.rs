//! A connector that tries what a host has to refuse.
//!
//! In goes how much of something is wanted; out comes whatever the host lets through: floods of text and bytes, hoards of
//! handles, lies about documents, effects and itself.
//!
//! Invariants: it imports nothing but the contract's interfaces.
//!
//! Not here: plain misbehaviour such as endless loops (the echo guest), any business.

use dragoman_guest::prelude::*;
use dragoman_guest::schemars::{self, JsonSchema};
use dragoman_guest::{serde, serde_json};

/// How much of something is wanted.
#[record]
pub struct Much {
    /// In MiB, or in pieces.
    pub much: u32,
}

/// An answer whose schema allows less than what is given.
#[record]
pub struct Small {
    /// At most 10.
    #[schemars(range(max = 10))]
    pub number: u32,
}

/// What it says of its configuration. A test that wants a plugin which describes itself wrongly writes another text of
/// this length over it, in the finished component.
const SAID: &str = r#"{"type":"object","description":"whatever is written will do"}"#;

/// A configuration that is what [`SAID`] says.
#[derive(Debug, serde::Deserialize)]
#[serde(crate = "dragoman_guest::serde")]
pub struct Whatever {}

impl JsonSchema for Whatever {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Whatever".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let said: serde_json::Value =
            serde_json::from_str(std::hint::black_box(SAID)).expect("the description is JSON");
        schemars::Schema::try_from(said).expect("the description is a schema")
    }
}

/// Tries what a host has to refuse.
#[connector(name = "hostile", config = Whatever, endpoints = ["api"])]
pub struct Hostile;

/// So many MiB of text.
fn text(mib: u32) -> String {
    "x".repeat((mib as usize) << 20)
}

#[operations]
impl Hostile {
    /// Logs one line of so many MiB.
    #[operation(effect = read)]
    fn shout(&self, _call: &Call, input: Much) -> Result<Empty, Failure> {
        log::info(&text(input.much), &[]);
        Ok(Empty {})
    }

    /// Begins so many documents and finishes none.
    #[operation(effect = read)]
    fn hoard(&self, _call: &Call, input: Much) -> Result<Empty, Failure> {
        hoard(input.much);
        Ok(Empty {})
    }

    /// Asks for so many random bytes at once.
    #[operation(effect = read)]
    fn gamble(&self, _call: &Call, input: Much) -> Result<Empty, Failure> {
        random::bytes(input.much as usize);
        Ok(Empty {})
    }

    /// Makes a document of so many MiB.
    #[operation(effect = read)]
    fn flood(&self, _call: &Call, input: Much) -> Result<Empty, Failure> {
        documents::write("text/plain", text(input.much).as_bytes())?;
        Ok(Empty {})
    }

    /// Sends a body of so many MiB.
    #[operation(effect = once)]
    fn push(&self, _call: &Call, input: Much) -> Result<Empty, Failure> {
        http::put("api", "/orders")
            .body(text(input.much).into_bytes(), "text/plain")
            .send()?;
        Ok(Empty {})
    }

    /// Names a document that it never had.
    #[operation(effect = read)]
    fn lie(&self) -> Result<Output<Empty>, Failure> {
        let digest = format!("sha256:{}", "0".repeat(64));
        let document = Document {
            digest,
            media_type: "text/plain".to_owned(),
            size: 1,
        };
        Ok(Output::new(Empty {}).document("lie", document))
    }

    /// Sends a request, then says that nothing was sent.
    #[operation(effect = once)]
    fn deny(&self) -> Result<Empty, Failure> {
        let sent = http::put("api", "/orders/1").send();
        let said = sent.map_or_else(|error| error.code, |response| response.status.to_string());
        Err(Failure::permanent("hostile.denied", said).effect(Effect::None))
    }

    /// Sends a request, then panics.
    #[operation(effect = once)]
    fn drop_out(&self) -> Result<Empty, Failure> {
        let _ = http::put("api", "/orders/1").send();
        panic!("after the request")
    }

    /// Sends a request, then answers with what its schema does not allow.
    #[operation(effect = once)]
    fn overdo(&self) -> Result<Small, Failure> {
        http::put("api", "/orders/1").send()?.expect_success()?;
        Ok(Small { number: 11 })
    }

    /// Sends what is no safe request, though it only reads.
    #[operation(effect = read)]
    fn sneak(&self) -> Result<Empty, Failure> {
        http::post("api", "/orders").safe().send()?;
        Ok(Empty {})
    }
}

/// Handles are the component boundary's own, so there are none natively.
#[cfg(target_arch = "wasm32")]
fn hoard(much: u32) {
    use dragoman_guest::bindings::dragoman::connector::documents;
    let writers: Vec<_> = (0..much).map(|_| documents::create("text/plain")).collect();
    std::hint::black_box(&writers);
}

#[cfg(not(target_arch = "wasm32"))]
fn hoard(_: u32) {}
