//! The check of an export, rule by rule: the project's own case with one thing changed at a time.

mod demo;

use demo::{caiman, input, invoke, permit, rules_with, set};
use serde_json::{Value, json};

/// Checks the caiman case with these changes: the verdict, and the rules that are in its way (or noted, for `clear`).
fn check(changes: &[(&str, Value)], verdict: &str, rules: &[&str]) {
    check_at(&json!({"officer": "duty_authority"}), changes, verdict, rules);
}

fn check_at(config: &Value, changes: &[(&str, Value)], verdict: &str, rules: &[&str]) {
    let mut input = caiman();
    for (pointer, value) in changes {
        set(&mut input, pointer, value.clone());
    }
    let found = invoke(config, "check_export", input).unwrap();
    let result = match verdict {
        "clear" => "warn",
        "officer" => "officer",
        _ => "fail",
    };
    assert_eq!(
        (found["verdict"].as_str().unwrap(), rules_with(&found, result)),
        (verdict, rules.iter().map(|rule| (*rule).to_owned()).collect()),
        "{changes:?}: {found:#}"
    );
}

fn quantity(value: &str, unit: &str) -> Value {
    json!({"value": value, "unit": unit})
}

/// An endorsement of the caiman permit for a declaration.
fn endorsement(declaration: &str, amount: &str, status: &str) -> Value {
    json!({
        "id": "EN-000001", "permit": "PLECP2026000117", "issuing_country": "PL", "status": status,
        "items": [{"item": "A", "quantity": quantity(amount, "C62")}],
        "declaration": {"scheme": "mrn", "value": declaration},
    })
}

const OWN: &str = "26PL443010NS7MX4A1";
const OTHER: &str = "26PL443010NS7MX4Z9";

#[test]
fn the_demo_is_clear() {
    let line = |goods: u32, value: &str, unit: &str| json!({"goods_item": goods, "item": "A", "quantity": quantity(value, unit), "basis": "write_off"});
    for (entry, lines) in [
        (0, json!([line(1, "120", "C62"), line(2, "80", "C62")])),
        (1, json!([line(3, "2.50", "KGM")])),
    ] {
        let config = json!({"officer": "duty_authority"});
        let found = invoke(&config, "check_export", input("export-with-permits", entry)).unwrap();
        assert_eq!(found["verdict"], "clear", "{found:#}");
        assert_eq!(found["lines"], lines);
        assert_eq!(rules_with(&found, "skipped"), ["listing.known"]);
        assert_eq!(rules_with(&found, "warn"), ["declaration.office_of_exit"][..0]);
    }
}

#[test]
fn a_line_without_a_quantity_is_an_officers() {
    let found = invoke(&json!({}), "check_export", input("export-without-quantity", 0)).unwrap();
    assert_eq!(found["verdict"], "officer");
    assert_eq!(rules_with(&found, "officer"), ["line.quantity"]);
    assert_eq!(found["lines"], json!([]));
    assert_eq!(found["unmatched"][0]["goods_item"], 1);
    assert_eq!(found["unmatched"][0]["candidates"], json!(["A"]));
}

#[test]
fn the_declaration_counts() {
    check(
        &[("/declaration/direction", json!("import"))],
        "refuse",
        &["declaration.direction"],
    );
    check(
        &[("/declaration/direction", Value::Null)],
        "clear",
        &["declaration.direction"],
    );
    check(
        &[("/declaration/status", json!("invalidated"))],
        "refuse",
        &["declaration.status"],
    );
    check(
        &[("/declaration/status", json!("held"))],
        "officer",
        &["declaration.status"],
    );
    check(&[("/declaration/status", json!("exited"))], "clear", &[]);
    check(
        &[("/declaration/waivers/-", json!({"goods_item": 2}))],
        "officer",
        &["declaration.waiver"],
    );
    check(&[("/declaration/waivers/-", json!({"goods_item": 3}))], "clear", &[]);
    check(
        &[("/declaration/waivers/-", json!({}))],
        "officer",
        &["declaration.waiver"],
    );
    check(
        &[("/declaration/office_of_exit", Value::Null)],
        "clear",
        &["declaration.office_of_exit"],
    );
}

#[test]
fn the_permits_standing_counts() {
    check(
        &[("/permit/number", json!("PLECP2026000118"))],
        "refuse",
        &["permit.number"],
    );
    check(&[("/permit/number", json!("plecp2026000117 "))], "clear", &[]);
    check(&[("/entry/issuing_country", json!("CZ"))], "refuse", &["permit.number"]);
    check(&[("/entry/issuing_country", json!("XX"))], "clear", &[]);
    check(&[("/permit/kind", json!("import"))], "refuse", &["permit.kind"]);
    check(&[("/permit/kind", json!("other"))], "officer", &["permit.kind"]);
    check(&[("/permit/kind", json!("re_export"))], "clear", &[]);
    check(&[("/permit/copy_indicator", json!(true))], "officer", &["permit.copy"]);
    for status in ["suspended", "revoked", "cancelled", "returned", "replaced"] {
        check(&[("/permit/status", json!(status))], "refuse", &["permit.status"]);
    }
    check(&[("/permit/status", Value::Null)], "officer", &["permit.status"]);
    check(
        &[("/permit/replaced_by", json!("PLECP2026000200"))],
        "officer",
        &["permit.status"],
    );
    check(&[("/permit/token", Value::Null)], "clear", &["permit.token"]);
    check(
        &[("/permit/special_conditions", json!("Skins tagged."))],
        "clear",
        &["permit.special_conditions"],
    );
}

#[test]
fn one_consignment_one_use() {
    let endorsed = |declaration, status| ("/permit/endorsements/-", endorsement(declaration, "60", status));
    let used = || ("/permit/usage", json!("used"));
    let multiple = || ("/permit/use", json!("multiple"));
    check(&[used()], "refuse", &["permit.usage"]);
    check(&[("/permit/usage", json!("partly_used"))], "refuse", &["permit.usage"]);
    check(&[endorsed(OTHER, "valid")], "refuse", &["permit.usage", "line.within"]);
    check(&[endorsed(OTHER, "withdrawn")], "clear", &[]);
    check(
        &[endorsed(OTHER, "valid"), ("/permit/use", Value::Null)],
        "refuse",
        &["line.within"],
    );
    // Noticed twice: what this declaration used is not used against it.
    check(&[endorsed(OWN, "valid"), used()], "clear", &[]);
    check(&[endorsed(OWN, "withdrawn")], "officer", &["permit.withdrawn"]);
    // An endorsement without quantities used the permit, and nobody can say how much of it.
    let mut open = endorsement(OTHER, "60", "valid");
    open["items"] = json!([]);
    let unknown = |open: &Value| ("/permit/endorsements/-", open.clone());
    check(&[unknown(&open), multiple()], "officer", &["line.within"]);
    open["status"] = json!("withdrawn");
    check(&[unknown(&open), multiple()], "clear", &[]);
    open["declaration"]["value"] = json!(OWN);
    open["status"] = json!("valid");
    check(&[unknown(&open), multiple()], "clear", &[]);
    // Partly used, and nothing says by whom.
    let partly = || ("/permit/usage", json!("partly_used"));
    check(&[partly(), multiple()], "officer", &["permit.usage"]);
    let large = || ("/permit/items/0/quantity/value", json!("260"));
    check(&[partly(), multiple(), endorsed(OTHER, "valid"), large()], "clear", &[]);
    check(&[partly(), endorsed(OWN, "valid")], "clear", &[]);
    // 200 now, 60 before, of 250.
    check(&[endorsed(OTHER, "valid"), multiple()], "refuse", &["line.within"]);
    check(
        &[
            endorsed(OTHER, "valid"),
            multiple(),
            ("/permit/items/0/quantity/value", json!("260")),
        ],
        "clear",
        &[],
    );
}

#[test]
fn a_line_is_about_a_goods_item_of_the_declaration() {
    check(
        &[("/entry/lines/0/goods_item", json!(77))],
        "officer",
        &["line.matched"],
    );
    let header = [
        ("/entry/lines", json!([])),
        ("/entry/written_off", json!([quantity("200", "C62")])),
    ];
    check(&header, "officer", &["line.matched"]);
    let mut input = caiman();
    for (pointer, value) in header {
        set(&mut input, pointer, value);
    }
    let found = invoke(&json!({}), "check_export", input).unwrap().to_string();
    assert!(
        found.contains("the declaration as a whole writes off 200 C62"),
        "{found}"
    );
}

#[test]
fn validity_is_the_issuers() {
    let at = |text: &str| ("/at", json!(text));
    check(&[at("2026-05-31T22:30:00Z")], "clear", &[]);
    check(&[at("2026-05-31T21:30:00Z")], "refuse", &["permit.validity"]);
    check(&[at("2026-12-01T23:30:00+01:00")], "clear", &[]);
    check(&[at("2026-12-31T23:30:00+01:00")], "officer", &["permit.six_months"]);
    check(&[at("2026-12-31T23:30:00Z")], "refuse", &["permit.validity"]);
    check(&[at("2026-11-17")], "clear", &[]);
    let zoneless = ("/permit/time_zone", Value::Null);
    check(std::slice::from_ref(&zoneless), "clear", &[]);
    check(
        &[zoneless.clone(), at("2026-12-31T23:30:00+01:00")],
        "officer",
        &["permit.validity", "permit.six_months"],
    );
    let config = json!({"time_zone": "Europe/Warsaw"});
    check_at(
        &config,
        &[zoneless, at("2026-12-31T23:30:00+01:00")],
        "officer",
        &["permit.six_months"],
    );
    check(&[("/permit/time_zone", json!("Middle/Earth"))], "clear", &[]);
    check(&[("/permit/valid_until", Value::Null)], "officer", &["permit.validity"]);
    check(&[("/permit/issued_at", Value::Null)], "clear", &[]);
    let undated = [("/permit/issued_at", Value::Null), ("/permit/valid_from", Value::Null)];
    check(&undated, "officer", &["permit.six_months"]);
}

#[test]
fn countries_and_parties_are_compared() {
    check(
        &[("/declaration/country_of_export", json!("DE"))],
        "officer",
        &["countries.export", "countries.export"],
    );
    check(
        &[("/permit/country_of_export", json!("DE"))],
        "officer",
        &["countries.export"],
    );
    check(
        &[("/declaration/country_of_export", Value::Null)],
        "clear",
        &["countries.export"],
    );
    check(
        &[("/declaration/country_of_destination", json!("NO"))],
        "officer",
        &["countries.import"],
    );
    check(
        &[("/declaration/country_of_destination", Value::Null)],
        "officer",
        &["countries.import"],
    );
    check(&[("/permit/country_of_import", Value::Null)], "clear", &[]);
    check(
        &[("/declaration/importer/name", json!("LIMMAT TRADING A.G."))],
        "clear",
        &[],
    );
    check(
        &[("/declaration/importer/name", json!("Aare Trading AG"))],
        "clear",
        &["parties.importer"],
    );
    check(&[("/declaration/exporter/name", json!("Wisla"))], "clear", &[]);
    check(&[("/declaration/exporter", Value::Null)], "clear", &[]);
}

#[test]
fn codes_are_known() {
    check(&[("/permit/purpose_code", json!("J"))], "officer", &["permit.purpose"]);
    check(&[("/permit/purpose_code", Value::Null)], "clear", &["permit.purpose"]);
    check(
        &[("/permit/items/0/source_code", json!("K"))],
        "officer",
        &["item.source"],
    );
    check(
        &[("/permit/items/0/source_code", json!("U"))],
        "officer",
        &["item.source"],
    );
    check(&[("/permit/items/0/source_code", json!("Y"))], "clear", &[]);
    check(
        &[("/permit/items/0/secondary_source_code", json!("W"))],
        "officer",
        &["item.source"],
    );
    check(
        &[("/permit/items/0/appendix", json!("2"))],
        "officer",
        &["item.appendix"],
    );
    check(
        &[("/permit/items/0/appendix", json!("I"))],
        "officer",
        &["item.commercial"],
    );
    check(
        &[
            ("/permit/items/0/appendix", json!("I")),
            ("/permit/items/0/source_code", json!("D")),
        ],
        "clear",
        &[],
    );
    check(&[("/permit/items/0/term_code", json!("LIV"))], "clear", &["item.live"]);
    let quota = [
        ("/permit/items/0/used_to_date_quota", json!("101")),
        ("/permit/items/0/annual_quota", json!("100")),
    ];
    check(&quota, "officer", &["item.quota"]);
}

#[test]
fn the_officer_is_settled() {
    let named = || ("/officer", json!({"name": "A. Nowak"}));
    let confirm = json!({"officer": "confirm"});
    let from_message = json!({"officer": "from_message"});
    check_at(&json!({}), &[], "clear", &[]);
    check_at(&confirm, &[named()], "officer", &["officer.named"]);
    check_at(&from_message, &[], "officer", &["officer.named"]);
    check_at(
        &from_message,
        &[("/officer", json!({"name": " "}))],
        "officer",
        &["officer.named"],
    );
    check_at(&from_message, &[named()], "clear", &[]);
}

#[test]
fn a_site_may_be_stricter() {
    let token = || {
        [
            ("/permit/token", Value::Null),
            ("/permit/special_conditions", json!("x")),
        ]
    };
    let stricter = |result| json!({"stricter": [{"rule": "permit.special_conditions", "result": result}]});
    check_at(
        &stricter("officer"),
        &token(),
        "officer",
        &["permit.special_conditions"],
    );
    check_at(&stricter("fail"), &token(), "refuse", &["permit.special_conditions"]);
    let looser = json!({"stricter": [{"rule": "permit.status", "result": "officer"}]});
    check_at(
        &looser,
        &[("/permit/status", json!("revoked"))],
        "refuse",
        &["permit.status"],
    );
}

#[test]
fn every_finding_has_its_source() {
    let found = invoke(&json!({}), "check_export", caiman()).unwrap();
    let findings = found["findings"].as_array().unwrap();
    assert!(findings.len() > 25, "{findings:#?}");
    for finding in findings {
        assert!(finding["source"].is_string(), "{finding}");
        let known = cites_rules::RULES.iter().any(|rule| finding["rule"] == rule.id);
        assert!(known, "{finding}");
    }
    assert_eq!(permit("PLECP2026000117")["number"], "PLECP2026000117");
}
