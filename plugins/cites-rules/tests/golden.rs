//! Whole checks, as committed beside this file. `UPDATE_GOLDEN=1` writes them anew.

mod demo;

use demo::{input, invoke, set};
use serde_json::{Value, json};

fn check(name: &str, config: Value, input: Value) {
    let found = invoke(&config, "check_export", input).unwrap();
    let path = format!("{}/tests/samples/{name}.json", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = format!("{}\n", serde_json::to_string_pretty(&found).unwrap());
        std::fs::write(&path, text).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let expected: Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(found, expected, "{name}: {found:#}");
}

fn listing(name: &str, appendix: &str) -> Value {
    json!({
        "taxon": {"id": "1", "scientific_name": name, "rank": "SPECIES"}, "as_of": "2026-11-17", "country": "PL",
        "appendices": [{"appendix": appendix, "effective_at": "1977-02-04"}],
        "source": "Species+, taxon concept 1, read on 2026-11-21",
    })
}

#[test]
fn checks_are_as_committed() {
    let duty = || json!({"officer": "duty_authority"});
    let mut skins = input("export-with-permits", 0);
    skins["listings"] = json!([listing("Caiman crocodilus fuscus", "II")]);
    check("clear", duty(), skins.clone());
    check("without-quantity", duty(), input("export-without-quantity", 0));
    check(
        "confirm",
        json!({"officer": "confirm"}),
        input("export-with-permits", 1),
    );
    // A permit about which nearly everything is wrong: the text of each finding is for people to read.
    for (pointer, value) in [
        ("/permit/status", json!("replaced")),
        ("/permit/replaced_by", json!("PLECP2026000200")),
        ("/permit/valid_until", json!("2026-10-31")),
        ("/permit/country_of_import", json!("NO")),
        ("/permit/importer/name", json!("Fjord Trading AS")),
        (
            "/permit/special_conditions",
            json!("Tags PL 0001 to 0250 must be on the skins."),
        ),
        ("/permit/items/0/source_code", json!("W")),
        ("/permit/items/0/quantity/value", json!("150")),
        ("/entry/lines/1/quantity/unit", json!("KGM")),
        ("/listings/0/appendices/0/appendix", json!("I")),
        (
            "/listings/0/suspensions",
            json!([{"country": "CO", "starts_on": "2026-01-01", "notes": "Wild specimens."}]),
        ),
        (
            "/listings/0/changes_ahead",
            json!([{"appendix": "I", "change": "+", "effective_at": "2027-03-05"}]),
        ),
    ] {
        set(&mut skins, pointer, value);
    }
    check("many-findings", duty(), skins);
}
