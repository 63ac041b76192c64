//! What is evaluated, against what the API marks as current.

use dragoman_documents::{Date, Taxon};
use serde_json::Value;
use species_plus::{Legislation, evaluate, in_force};
use std::path::Path;

fn today() -> Date {
    Date::new(2026, 11, 21).unwrap()
}

/// Today's listings and reservations are exactly the rows that are marked as current and not ahead.
fn check(name: &str, legislation: &Value) {
    let legislation: Legislation = serde_json::from_value(legislation.clone()).unwrap();
    let rows = &legislation.cites_listings;
    let state = in_force(rows, today());
    let key = |row: &&species_plus::Row| format!("{row:?}");
    let mut found: Vec<String> = state.listings.iter().chain(&state.reservations).map(key).collect();
    let not_ahead = |row: &&species_plus::Row| row.effective_at.as_ref().is_none_or(|at| at.date() <= today());
    let mut marked: Vec<String> = rows
        .iter()
        .filter(|row| row.is_current == Some(true))
        .filter(not_ahead)
        .map(|row| key(&row))
        .collect();
    found.sort();
    marked.sort();
    assert_eq!(found, marked, "{name}");
    let (_, differing) = evaluate(Taxon::default(), &legislation, &[], today(), today());
    assert_eq!(differing, Vec::<String>::new(), "{name}");
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("a workspace is around this crate")
}

#[test]
fn the_simulators_taxa_agree_with_their_marks() {
    let text = std::fs::read_to_string(root().join("tests/support/src/species/data.json")).unwrap();
    let data: Value = serde_json::from_str(&text).unwrap();
    let taxa = data["taxa"].as_array().unwrap();
    assert!(taxa.len() > 8);
    for taxon in taxa {
        check(taxon["concept"]["full_name"].as_str().unwrap(), taxon);
    }
}

#[test]
fn the_published_example_agrees_with_its_marks() {
    let file = "../shared/standards/species-plus/cites_legislation-example.json";
    let Ok(text) = std::fs::read_to_string(root().join(file)) else {
        assert!(std::env::var_os("CI").is_none(), "needs {file}");
        println!("skipped: needs {file}");
        return;
    };
    let example: Value = serde_json::from_str(&text).unwrap();
    check("published example", &example);
    let legislation: Legislation = serde_json::from_value(example).unwrap();
    let taxon = Taxon {
        id: Some("4521".to_owned()),
        scientific_name: "Loxodonta africana".to_owned(),
        ..Taxon::default()
    };
    let day = |year| Date::new(year, 12, 1).unwrap();
    let (listing, _) = evaluate(taxon, &legislation, &["ZW".to_owned()], day(2014), today());
    let found = serde_json::to_value(&listing).unwrap();
    assert_eq!(found["appendices"][0]["appendix"], "I");
    assert_eq!(found["appendices"][1]["appendix"], "II");
    assert_eq!(found["reservations"][0]["party"], "MW");
    assert_eq!(found["suspensions"][0]["notification"], "CITES Notif. No. 2014/037");
    assert_eq!(found.get("quotas"), None);
    let (before, _) = evaluate(listing.taxon, &legislation, &[], day(2006), today());
    assert_eq!(before.appendices, []);
    assert_eq!(before.changes_ahead.len(), 2);
    assert_eq!(before.suspensions.len(), 1);
    assert_eq!(before.suspensions[0].all_taxa, Some(true));
}

#[test]
fn a_mark_that_differs_is_shown_beside_what_was_evaluated() {
    let rows = serde_json::json!({"cites_listings": [
        {"appendix": "II", "change_type": "+", "effective_at": "1977-02-04", "is_current": true},
        {"appendix": "I", "change_type": "+", "effective_at": "1990-01-18", "is_current": true},
    ]});
    let legislation: Legislation = serde_json::from_value(rows).unwrap();
    let listed = |as_of: Date| -> (Vec<String>, Vec<String>) {
        let (listing, differing) = evaluate(Taxon::default(), &legislation, &[], as_of, today());
        (
            listing.appendices.into_iter().map(|one| one.appendix).collect(),
            differing,
        )
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(listed(today()), (words(&["I", "II"]), words(&["II"])));
    // Of an earlier time the mark says nothing.
    assert_eq!(listed(Date::new(1980, 1, 1).unwrap()), (words(&["II"]), words(&[])));
}
