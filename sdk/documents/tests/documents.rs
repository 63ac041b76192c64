//! Documents come back as they went, absent stays absent, and unknown fields are read over.

use dragoman_documents::{Check, Declaration, Endorsement, Listing, Notice, Permit, Receipt, Usage};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Reads a document and writes it again.
fn check<T: Serialize + DeserializeOwned>(document: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(document.clone()).unwrap()).unwrap()
}

#[test]
fn documents_come_back_as_they_went() {
    let permit = json!({
        "number": "XA000000", "issuing_country": "XA", "kind": "re_export", "use": "single",
        "valid_from": "2014-01-06T12:03:52.000+01:00", "valid_until": "2014-07-05", "time_zone": "Europe/Zurich",
        "items": [{"id": "A", "scientific_name": "Caiman crocodilus", "appendix": "II",
            "quantity": {"value": "4.0", "unit": "C62", "original_unit": "NMB"},
            "origin": [{"country": "CO", "permit": "CO1", "issued_on": "2013-01-02"}]}],
        "signatories": [{"role": "A", "authority": "MA"}], "endorsements": [],
        "status": "issued", "usage": "partly_used"
    });
    assert_eq!(check::<Permit>(&permit), permit);
    let notice = json!({
        "message_id": "a1", "event": "documents_requested", "code": "06",
        "declaration": {"scheme": "mrn", "value": "24GB0MC86MH6WYKAA3"}, "version": 2,
        "effective_at": "2024-01-16T15:13:38Z", "errors": []
    });
    assert_eq!(check::<Notice>(&notice), notice);
    let declaration = json!({
        "id": {"scheme": "mrn", "value": "24GB0MC86MH6WYKAA3"}, "direction": "export", "status": "exited",
        "goods": [{"number": 1, "net_mass": {"value": "5", "unit": "KGM"}, "documents": []}],
        "permits": [{"number": "GBICP54321", "issuing_country": "GB",
            "lines": [{"goods_item": 1, "quantity": {"value": "10.00", "unit": "KGM", "qualifier": "G"}, "basis": "write_off"}]}],
        "waivers": []
    });
    assert_eq!(check::<Declaration>(&declaration), declaration);
    let usage = json!({
        "direction": "exported", "certificate": "1", "issuing_country": "PL", "to_country": "CH",
        "positions": [{"item": "A", "quantity": {"value": "3", "unit": "C62"}}], "at": "2024-01-16"
    });
    assert_eq!(check::<Usage>(&usage), usage);
    let listing = json!({
        "taxon": {"scientific_name": "Loxodonta africana"}, "as_of": "2024-01-01",
        "appendices": [{"appendix": "I", "effective_at": "2007-09-13"}, {"appendix": "II"}],
        "quotas": [{"country": "NA", "value": "180.0"}]
    });
    assert_eq!(check::<Listing>(&listing), listing);
}

#[test]
fn what_is_missing_is_absent_and_lists_are_there() {
    assert_eq!(
        check::<Permit>(
            &json!({"number": "1", "issuing_country": "PL", "kind": "export", "token": null, "later": {"x": 1}})
        ),
        json!({"number": "1", "issuing_country": "PL", "kind": "export", "items": [], "endorsements": []})
    );
    assert_eq!(
        check::<Endorsement>(
            &json!({"permit": "1", "issuing_country": "PL", "status": "withdrawn", "withdrawal": {"reason": "invalidated"}})
        ),
        json!({"permit": "1", "issuing_country": "PL", "status": "withdrawn", "withdrawal": {"reason": "invalidated"}, "items": []})
    );
    assert_eq!(
        check::<Check>(&json!({"verdict": "officer"})),
        json!({"verdict": "officer", "findings": [], "lines": []})
    );
    assert_eq!(check::<Receipt>(&json!({})), json!({}));
}

#[test]
fn what_is_wrong_is_refused() {
    let refused = |document: Value| serde_json::from_value::<Permit>(document).unwrap_err().to_string();
    let base = |field: &str, value: Value| {
        let mut permit = json!({"number": "1", "issuing_country": "PL", "kind": "export"});
        permit[field] = value;
        permit
    };
    assert!(refused(json!({"issuing_country": "PL", "kind": "export"})).contains("missing field `number`"));
    assert!(refused(base("kind", json!("expired"))).contains("unknown variant `expired`"));
    assert!(refused(base("valid_until", json!("30.06.2024"))).contains("is neither a date"));
    assert!(
        refused(base(
            "items",
            json!([{"id": "A", "quantity": {"value": 4, "unit": "C62"}}])
        ))
        .contains("invalid type")
    );
}
