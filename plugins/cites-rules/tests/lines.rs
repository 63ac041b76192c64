//! Matching goods items to the permit's items, and their quantities.

mod demo;

use demo::{caiman, invoke, rules_with, set};
use serde_json::{Value, json};

/// Matches the caiman case with these changes; what came out as `goods>item quantity unit` or `goods>? candidates`.
fn check(config: &Value, changes: &[(&str, Value)], expected: &[&str], verdict: &str) {
    let mut input = caiman();
    for (pointer, value) in changes {
        set(&mut input, pointer, value.clone());
    }
    for name in ["listings", "at"] {
        set(&mut input, &format!("/{name}"), Value::Null);
    }
    let found = invoke(config, "match_lines", input).unwrap();
    let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let matched = list("lines").into_iter().map(|line| {
        let quantity = &line["quantity"];
        format!(
            "{}>{} {} {}",
            line["goods_item"],
            text(&line["item"]),
            text(&quantity["value"]),
            text(&quantity["unit"])
        )
    });
    let open = list("unmatched").into_iter().map(|line| {
        let candidates: Vec<String> = line["candidates"].as_array().into_iter().flatten().map(text).collect();
        format!("{}>? {}", line["goods_item"], candidates.join(","))
    });
    let said: Vec<String> = matched.chain(open).collect();
    assert_eq!(said, expected, "{changes:?}: {found:#}");
    assert_eq!(found["verdict"], verdict, "{changes:?}: {found:#}");
}

fn item(id: &str, name: &str, term: &str, hs: &str) -> Value {
    json!({"id": id, "scientific_name": name, "term_code": term, "appendix": "II", "source_code": "C",
        "quantity": {"value": "500", "unit": "C62"}, "hs_code": hs})
}

fn items(second_hs: &str) -> (&'static str, Value) {
    let first = item("A", "Caiman crocodilus fuscus", "SKI", "41139000");
    (
        "/permit/items",
        json!([first, item("B", "Python regius", "SKP", second_hs)]),
    )
}

#[test]
fn one_item_is_the_one() {
    let none = json!({});
    check(&none, &[], &["1>A 120 C62", "2>A 80 C62"], "clear");
    check(
        &none,
        &[("/entry/lines/0/item", json!("a"))],
        &["1>A 120 C62", "2>A 80 C62"],
        "clear",
    );
    check(
        &none,
        &[("/entry/lines/0/item", json!("C"))],
        &["2>A 80 C62", "1>? A"],
        "officer",
    );
    check(&none, &[("/permit/items", json!([]))], &["1>? ", "2>? "], "officer");
    check(&none, &[("/entry/lines", json!([]))], &[], "officer");
}

#[test]
fn several_items_need_a_code_or_the_table() {
    let none = json!({});
    check(&none, &[items("42050090")], &["1>A 120 C62", "2>A 80 C62"], "clear");
    check(&none, &[items("411390")], &["1>? A,B", "2>? A,B"], "officer");
    let other_codes = [items("42050090"), ("/declaration/goods/0/hs_code", json!("96019000"))];
    check(&none, &other_codes, &["2>A 80 C62", "1>? A,B"], "officer");
    check(
        &none,
        &[items("411390"), ("/entry/lines/1/item", json!("B"))],
        &["2>B 80 C62", "1>? A,B"],
        "officer",
    );
    let row = |words: Value, term: &str| json!({"hs_code": "4113", "words": words, "term_code": term});
    let table = json!({"hs_table": [row(json!(["Whole"]), "SKI"), row(json!(["flank"]), "SKP")]});
    check(&table, &[items("411390")], &["1>A 120 C62", "2>B 80 C62"], "clear");
    let nameless = json!({"hs_table": [{"hs_code": "4113", "scientific_name": "python  Regius"}]});
    check(&nameless, &[items("411390")], &["1>B 120 C62", "2>B 80 C62"], "clear");
}

#[test]
fn quantities_are_in_the_permits_unit_or_an_officers() {
    let none = json!({});
    let first = |value: &str, unit: &str| ("/entry/lines/0/quantity", json!({"value": value, "unit": unit}));
    let both = |first: &'static str| [first, "2>A 80 C62"];
    check(&none, &[first("1", "CEN")], &both("1>A 100 C62"), "clear");
    check(&none, &[first("60", "KGM")], &["2>A 80 C62", "1>? A"], "officer");
    check(&none, &[first("1.5", "C62")], &["2>A 80 C62", "1>? A"], "officer");
    check(&none, &[first("120.0", "C62")], &both("1>A 120.0 C62"), "clear");
    check(&none, &[first("0", "C62")], &["2>A 80 C62", "1>? A"], "officer");
    check(
        &none,
        &[("/entry/lines/0/quantity", Value::Null)],
        &["2>A 80 C62", "1>? A"],
        "officer",
    );
    check(
        &none,
        &[("/permit/items/0/quantity", Value::Null)],
        &["1>? A", "2>? A"],
        "officer",
    );
    check(&none, &[first("171", "C62")], &both("1>A 171 C62"), "refuse");
    check(&none, &[first("170", "C62")], &both("1>A 170 C62"), "clear");
    let grams = [
        ("/permit/items/0/quantity", json!({"value": "2500", "unit": "GRM"})),
        first("2", "KGM"),
        ("/entry/lines/1/quantity", json!({"value": "0.5", "unit": "KGM"})),
    ];
    check(&none, &grams, &["1>A 2000 GRM", "2>A 500 GRM"], "clear");
}

#[test]
fn a_goods_items_own_quantity_is_the_permits_only_if_it_is_alone() {
    let none = json!({});
    let basis = |basis: &str| ("/entry/lines/0/basis", json!(basis));
    let both = ["1>A 120 C62", "2>A 80 C62"];
    check(&none, &[basis("tariff_quantity")], &both, "clear");
    check(&none, &[basis("net_mass")], &both, "clear");
    check(&none, &[("/entry/lines/0/basis", Value::Null)], &both, "clear");
    let shared = ("/declaration/permits/1/lines/0/goods_item", json!(1));
    check(&none, &[basis("tariff_quantity"), shared.clone()], &both, "officer");
    check(&none, &[shared], &both, "clear");
}

#[test]
fn a_commodity_code_that_does_not_fit_is_noted() {
    let mut input = caiman();
    set(&mut input, "/permit/items/0/hs_code", json!("01062000"));
    let found = invoke(&json!({}), "check_export", input).unwrap();
    assert_eq!(found["verdict"], "clear");
    assert_eq!(rules_with(&found, "warn"), ["line.commodity", "line.commodity"]);
}

#[test]
fn the_configuration_is_checked() {
    let paths = |config: Value| -> Vec<String> {
        dragoman_guest::testing::check_config::<cites_rules::CitesRules>(config)
            .into_iter()
            .map(|issue| issue.path)
            .collect()
    };
    assert_eq!(
        paths(json!({"officer": "confirm", "time_zone": "Europe/Warsaw"})),
        Vec::<String>::new()
    );
    let wrong = json!({
        "hs_table": [{"hs_code": "41"}, {"hs_code": "4113", "term_code": "SKI"}],
        "time_zone": "Mordor", "stricter": [{"rule": "permit.stauts", "result": "fail"}],
    });
    assert_eq!(
        paths(wrong),
        ["/hs_table/0/hs_code", "/hs_table/0", "/time_zone", "/stricter/0/rule"]
    );
}
