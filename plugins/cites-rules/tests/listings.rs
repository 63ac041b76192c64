//! The rules about listings, on the caiman case with a listing beside it.

mod demo;

use demo::{caiman, invoke, rules_with};
use serde_json::{Value, json};

fn check(listing: Value, verdict: &str, rules: &[&str]) {
    let mut input = caiman();
    let mut whole = json!({
        "taxon": {"id": "5002", "scientific_name": "Caiman crocodilus fuscus"}, "as_of": "2026-11-17", "country": "PL",
        "appendices": [{"appendix": "II", "effective_at": "1977-02-04"}],
    });
    for (name, value) in listing.as_object().unwrap() {
        whole[name] = value.clone();
    }
    input["listings"] = json!([whole]);
    let found = invoke(&json!({}), "check_export", input).unwrap();
    let result = if verdict == "clear" { "warn" } else { verdict };
    assert_eq!(
        (found["verdict"].as_str().unwrap(), rules_with(&found, result)),
        (verdict, rules.iter().map(|rule| (*rule).to_owned()).collect()),
        "{listing}: {found:#}"
    );
}

#[test]
fn the_appendix_is_the_same_now() {
    check(json!({}), "clear", &[]);
    check(
        json!({"appendices": [{"appendix": "I"}]}),
        "officer",
        &["listing.appendix"],
    );
    check(json!({"appendices": []}), "officer", &["listing.appendix"]);
    let split =
        json!({"appendices": [{"appendix": "I"}, {"appendix": "II", "annotation": "Populations of Colombia."}]});
    check(split, "officer", &["listing.split"]);
    let unsaid = json!({"taxon": {"scientific_name": "Caiman crocodilus fuscus"}, "as_of": "2026-11-17",
        "appendices": [{"appendix": "I"}, {"appendix": "II"}]});
    let mut input = caiman();
    input["listings"] = json!([unsaid]);
    let found = invoke(&json!({}), "check_export", input).unwrap();
    let split = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["rule"] == "listing.split");
    assert_eq!(
        split.unwrap()["text"],
        "item A: Caiman crocodilus fuscus is in I and II at once"
    );
    // Several Parties in Appendix III are no split.
    let third = json!({"appendices": [{"appendix": "III", "party": "CA"}, {"appendix": "III", "party": "CO"}]});
    check(third, "officer", &["listing.appendix"]);
    let synonym = json!({"taxon": {"scientific_name": "Caiman fuscus", "accepted_name": "Caiman crocodilus fuscus"}, "appendices": []});
    check(synonym, "officer", &["listing.appendix"]);
}

#[test]
fn reservations_suspensions_and_quotas_of_the_countries_concerned() {
    let reservation = |party: &str| json!({"reservations": [{"appendix": "II", "party": party}]});
    check(reservation("PL"), "officer", &["listing.reservation"]);
    check(reservation("CH"), "officer", &["listing.reservation"]);
    check(reservation("MW"), "clear", &[]);
    let suspension = |country: &str| json!({"suspensions": [{"country": country, "starts_on": "2025-06-01"}]});
    check(suspension("PL"), "officer", &["listing.suspension"]);
    check(suspension("CO"), "officer", &["listing.suspension"]);
    check(suspension("BJ"), "clear", &[]);
    check(
        json!({"suspensions": [{"all_taxa": true}]}),
        "officer",
        &["listing.suspension"],
    );
    let quota = |country: &str, value: &str| json!({"quotas": [{"country": country, "value": value}]});
    check(quota("CO", "0"), "officer", &["listing.zero_quota"]);
    check(quota("CO", "600000"), "clear", &[]);
    check(quota("RU", "0"), "clear", &[]);
    check(
        json!({"quotas": [{"country": "CO", "notes": "see the notification"}]}),
        "clear",
        &[],
    );
}

#[test]
fn what_is_to_come_is_noted() {
    let change = json!({"changes_ahead": [{"appendix": "I", "change": "+", "effective_at": "2030-01-01"}]});
    check(change, "clear", &["listing.change_ahead"]);
}

#[test]
fn species_that_species_plus_did_not_answer_for_are_no_obstacle() {
    for listings in [
        json!([]),
        Value::Null,
        json!([{"taxon": {"scientific_name": "Python regius"}, "as_of": "2026-11-17", "appendices": []}]),
    ] {
        let mut input = caiman();
        if listings.is_null() {
            input.as_object_mut().unwrap().remove("listings");
        } else {
            input["listings"] = listings.clone();
        }
        let found = invoke(&json!({}), "check_export", input).unwrap();
        assert_eq!(found["verdict"], "clear", "{listings}");
        assert_eq!(rules_with(&found, "skipped"), ["listing.known"], "{listings}");
    }
}
