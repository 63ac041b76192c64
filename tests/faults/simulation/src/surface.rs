//! What the partner offers: reads, an act once that can be asked after, one that cannot, and acts with keys.

use dragoman_model::{Digest, OperationEffect};
use dragoman_schema::{DescribedOperation, Descriptor, Surface};
use serde_json::json;

/// How long a request may still take effect after its caller has given it up, as the partner says, in seconds.
const SETTLE: u32 = 60;

/// The operations.
///
/// # Panics
/// Where the descriptor in this file is wrong.
pub(crate) fn surface() -> Surface {
    let numbered =
        json!({ "type": "object", "required": ["number"], "properties": { "number": { "type": "string" } } });
    let made = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
    let order = json!({ "type": "object", "required": ["number", "parcels"], "properties": {
        "number": { "type": "string" }, "parcels": { "type": "array", "items": { "type": "string" } } } });
    let operation = |name: &str, effect, output: &serde_json::Value| DescribedOperation {
        name: name.into(),
        summary: String::new(),
        input_schema: numbered.to_string(),
        output_schema: output.to_string(),
        effect,
        has_probe: false,
        undo: None,
        documents: Vec::new(),
        codes: Vec::new(),
    };
    let idempotent = OperationEffect::Idempotent { key_lifetime_s: None };
    let mut read = operation("read_order", OperationEffect::Read, &order);
    read.documents = vec!["message".into()];
    read.input_schema = json!({ "type": "object", "properties": {} }).to_string();
    let mut ship = operation(
        "ship",
        OperationEffect::Once {
            settle_s: Some(SETTLE.into()),
        },
        &made,
    );
    ship.has_probe = true;
    let operations = vec![
        read,
        operation("get", OperationEffect::Read, &order),
        ship,
        operation("post", OperationEffect::Once { settle_s: None }, &made),
        operation("notify", idempotent, &made),
    ];
    let descriptor = Descriptor {
        name: "shop".into(),
        version: "1.0.0".into(),
        config_schema: "{}".into(),
        operations,
        ..Descriptor::default()
    };
    match Surface::from_descriptor(Digest::of(b"shop"), descriptor) {
        Ok((surface, _)) => surface,
        Err(wrong) => panic!("{wrong:?}"),
    }
}
