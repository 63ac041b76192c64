//! Whole messages: the project's own in both toolkit versions, and the published one beside the checkout.

mod standards;

use dragoman_documents::Permit;
use epix::{Form, read_permit, write_permit};
use serde_json::{Value, json};
use std::path::Path;

fn sample(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    std::fs::read(folder.join(file)).unwrap()
}

fn read(bytes: &[u8]) -> Permit {
    read_permit(bytes, None).unwrap()
}

/// Compares with the JSON beside the sample; `UPDATE_GOLDEN=1` writes it anew.
fn check(file: &str) {
    let found = serde_json::to_value(read(&sample(file))).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let golden = folder.join(file).with_extension("json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = serde_json::to_string_pretty(&found).unwrap();
        std::fs::write(&golden, format!("{text}\n")).unwrap();
    }
    let text = std::fs::read_to_string(&golden).unwrap_or_default();
    let expected: Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(found, expected, "{file}");
}

#[test]
fn samples_are_read_as_committed() {
    check("permit-v1.xml");
    check("permit-v2.xml");
}

#[test]
fn both_toolkit_versions_give_the_same_permit() {
    let mut second = read(&sample("permit-v2.xml"));
    // Shipping marks came with v2.
    assert_eq!(second.items[0].marks, ["CO 0001-0200", "tags red"]);
    second.items[0].marks.clear();
    assert_eq!(read(&sample("permit-v1.xml")), second);
}

/// A message without its envelope and wrapper.
fn bare(message: &str, root: &str) -> String {
    let from = message.find(&format!("<{root}")).unwrap();
    let end = format!("</{root}>");
    let to = message.find(&end).unwrap() + end.len();
    let names = message.find("xmlns:").unwrap();
    let names = &message[names..names + message[names..].find('>').unwrap()];
    message[from..to].replacen(&format!("<{root}"), &format!("<{root} {names}"), 1)
}

#[test]
fn bare_messages_are_read_like_wrapped_ones() {
    for (file, root) in [("permit-v1.xml", "CBFShip"), ("permit-v2.xml", "CITESEPermit")] {
        let message = String::from_utf8(sample(file)).unwrap();
        let mut wrapped = read(message.as_bytes());
        assert_eq!(wrapped.composite, Some(false));
        assert_eq!(wrapped.attachments.len(), 1);
        // These are of the wrapper.
        wrapped.composite = None;
        wrapped.attachments.clear();
        assert_eq!(read(bare(&message, root).as_bytes()), wrapped, "{file}");
    }
}

#[test]
fn the_published_message_is_read_whole() {
    let Some(folder) = standards::epix() else {
        return;
    };
    let bytes = std::fs::read(folder.join("v2-get_non_final_cites_certificate.xml")).unwrap();
    let permit = read(&bytes);
    assert_eq!(serde_json::to_value(&permit).unwrap(), published());
    for form in [Form::Message, Form::Response] {
        let text = write_permit(&permit, form).unwrap();
        assert_eq!(read(text.as_bytes()), permit, "{form:?}");
    }
}

/// Every field that the published message fills.
fn published() -> Value {
    let address = |country: &str| json!({"street": "Street", "city": "City", "postcode": "00000", "country": country});
    let item = |id: &str, name: [&str; 2], codes: [&str; 2], pieces: &str| {
        json!({
            "id": id, "scientific_name": name[0], "common_name": name[1], "description": "watchstraps",
            "term_code": "LPS", "marks": ["XXX"], "appendix": codes[0], "source_code": codes[1],
            "quantity": {"value": pieces, "unit": "C62", "original_unit": "PCS"},
        })
    };
    let mut first = item(
        "A",
        ["Alligator mississippiensis", "American Alligator"],
        ["II", "W"],
        "5",
    );
    first["origin"] = json!([{"country": "XC", "permit": "XC12345", "issued_on": "2007-07-09", "type_code": "861"}]);
    first["last_re_export"] = json!({"country": "XA", "certificate": "XA12345", "issued_on": "2012-02-23"});
    let mut second = item("B", ["Crocodylus siamensis", "Siamese Crocodile"], ["I", "D"], "10");
    second["origin"] = json!([{"country": "TH", "issued_on": "2007-07-09", "type_code": "861"}]);
    second["last_re_export"] = json!({"country": "FR", "certificate": "FR1202501030-R", "issued_on": "2012-02-23"});
    json!({
        "number": "XA000000", "issuing_country": "XA", "kind": "re_export", "copy_indicator": false,
        "valid_from": "2014-01-06T12:03:52.000+01:00", "valid_until": "2014-07-05T12:03:52.000+02:00",
        "importer": {"name": "Consignee name", "address": address("XB")},
        "exporter": {"name": "Consignor name", "address": address("XA")},
        "country_of_import": "XB", "country_of_export": "XA",
        "special_conditions": "For live animals, this permit is only valid if the transportation requirements\n\
            in accordance to the Guidelines for Transport of Live Animals or, in the case of air transport to\n\
            the IATA Live Animals Regulations",
        "purpose_code": "T",
        "authority": {"name": "Authority name", "address": address("XA")},
        "items": [first, second],
        "issued_at": "2014-01-06T12:03:52.00+01:00",
        "endorsements": [],
        "attachments": [{"name": "cid:311886019166"}],
        "composite": false,
    })
}
