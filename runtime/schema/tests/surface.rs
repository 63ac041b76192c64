//! A plugin's surface out of its descriptor, and the schemas that the house's own documents have.

use std::path::Path;

use dragoman_model::{Digest, OperationEffect};
use dragoman_schema::{DescribedOperation, Descriptor, Lookup, Shape, Surface};

fn operation(name: &str, output: &str, undo: Option<&str>) -> DescribedOperation {
    DescribedOperation {
        name: name.into(),
        summary: "Gets an order.".into(),
        input_schema:
            r#"{"title":"Get","type":"object","properties":{"number":{"type":"string"}},"required":["number"]}"#.into(),
        output_schema: output.into(),
        effect: OperationEffect::Read,
        has_probe: false,
        undo: undo.map(str::to_owned),
        documents: Vec::new(),
        codes: vec!["order.not_found".into()],
    }
}

fn descriptor(operations: Vec<DescribedOperation>) -> Descriptor {
    Descriptor {
        name: "orders".into(),
        version: "1.0.0".into(),
        summary: "Orders.".into(),
        config_schema: "{}".into(),
        endpoints: vec!["api".into()],
        credentials: Vec::new(),
        operations,
    }
}

#[test]
fn a_descriptor_becomes_a_surface() {
    let odd = r#"{"type":"object","properties":{"a":{"type":["string","integer"]}}}"#;
    let descriptor = descriptor(vec![operation("get", odd, None), operation("put", "true", Some("get"))]);
    let (surface, notes) =
        Surface::from_descriptor(Digest::of(b"orders"), descriptor).unwrap_or_else(|e| panic!("{e}"));
    let get = &surface.operations["get"];
    assert_eq!(get.input.field("number"), Lookup::Found(Shape::Text));
    assert_eq!(get.output.field("a"), Lookup::Found(Shape::Any.optional()));
    assert_eq!(surface.operations["put"].undo.as_deref(), Some("get"));
    let pointers: Vec<&str> = notes.iter().map(|note| note.pointer.as_str()).collect();
    assert_eq!(pointers, ["get/output/properties/a"]);
}

#[test]
fn a_wrong_descriptor_is_refused_in_a_sentence() {
    let cases = [
        (
            vec![operation("get", "{", None)],
            "D0201: the schema of the output of `get` is not valid: EOF while parsing an object at line 1 column 1",
        ),
        (
            vec![operation("get", "true", None), operation("get", "true", None)],
            "D0202: plugin `orders` describes itself wrongly: the operation `get` is described twice",
        ),
        (
            vec![
                operation("put", "true", Some("cancle")),
                operation("cancel", "true", None),
            ],
            "D0202: plugin `orders` describes itself wrongly: `put` names the undo `cancle`, which it does not have; did it mean `cancel`?",
        ),
    ];
    for (operations, expected) in cases {
        let found = Surface::from_descriptor(Digest::of(b"orders"), descriptor(operations));
        assert_eq!(found.err().map(|e| e.to_string()).as_deref(), Some(expected));
    }
    let wrong = Surface::from_descriptor(
        Digest::of(b"x"),
        descriptor(vec![operation("get", r#"{"type":"colour"}"#, None)]),
    );
    assert!(wrong.is_err_and(|e| {
        e.to_string()
            .starts_with("D0201: the schema of the output of `get` is not valid")
    }));
}

#[test]
fn the_schemas_of_the_documents_lie_within_the_profile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/documents/schemas");
    let mut read = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap_or_else(|e| panic!("{e}")).path();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{e}"));
        let schema = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (shape, notes) = Shape::from_schema(&schema);
        assert_eq!(notes, [], "{}", path.display());
        assert!(
            !shape.field_names().is_empty() || shape == Shape::Quantity,
            "{}",
            path.display()
        );
        read += 1;
    }
    assert!(read > 5, "the schemas are not where they were");
}
