//! The operations against the simulated API.

mod simulator;

use dragoman_guest::testing;
use dragoman_guest::{Class, Effect, Failure};
use dragoman_support::faults::{Fault, Rule};
use dragoman_support::species::Options;
use serde_json::{Value, json};
use simulator::World;
use species_plus::SpeciesPlus;

fn said(result: Result<Value, Failure>) -> Value {
    match result {
        Ok(value) => value,
        Err(failure) => json!(format!(
            "{:?} {:?} {}",
            failure.class,
            failure.known_effect(),
            failure.code
        )),
    }
}

#[test]
fn names_come_to_taxa() {
    let world = World::start();
    let check = |name: &str, expected: Value| {
        assert_eq!(said(world.invoke("taxon", json!({ "name": name }))), expected, "{name}");
    };
    let python = |name: &str| json!({"id": "7001", "scientific_name": name, "rank": "SPECIES"});
    check("Python regius", python("Python regius"));
    check(" python REGIUS ", python("Python regius"));
    check("Royal Python", python("Python regius"));
    let mut synonym = python("Boa regia");
    synonym["accepted_name"] = json!("Python regius");
    check("Boa regia", synonym);
    check("Python nusquam", json!("Rejected None taxon.not_found"));
    check("Testudo obsoleta", json!("Rejected None taxon.not_found"));
    check(" ", json!("Permanent None input.invalid"));
}

/// The listing of a species as `appendix@year`, reservations as `R:party`, quotas `Q:country`, suspensions `S:country`
/// and changes ahead as `>change appendix@year`.
fn listing(world: &World, input: &Value) -> String {
    let listing = match world.invoke("listing", input.clone()) {
        Ok(listing) => listing,
        Err(failure) => return failure.code.clone(),
    };
    let list = |name: &str| listing[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let year = |row: &Value| text(&row["effective_at"]).chars().take(4).collect::<String>();
    let mut words = Vec::new();
    for row in list("appendices") {
        words.push(format!("{}@{}", text(&row["appendix"]), year(&row)));
    }
    for row in list("reservations") {
        words.push(format!("R:{}", text(&row["party"])));
    }
    for row in list("quotas") {
        words.push(format!("Q:{}={}", text(&row["country"]), text(&row["value"])));
    }
    for row in list("suspensions") {
        words.push(format!("S:{}", text(&row["country"])));
    }
    for row in list("changes_ahead") {
        words.push(format!(
            ">{}{}@{}",
            text(&row["change"]),
            text(&row["appendix"]),
            year(&row)
        ));
    }
    words.join(" ")
}

#[test]
fn listings_are_as_of_a_day_and_for_a_country() {
    let world = World::start();
    let check = |name: &str, country: &str, as_of: &str, expected: &str| {
        let input = json!({"scientific_name": name, "country": country, "as_of": as_of});
        assert_eq!(listing(&world, &input), expected, "{input}");
    };
    let elephant = "Loxodonta africana";
    check(elephant, "BW", "2026-11-17", "I@2017 II@2019 R:MW");
    check(
        elephant,
        "NA",
        "2026-11-17T17:10:00+01:00",
        "I@2017 II@2019 R:MW Q:NA=180",
    );
    check(elephant, "ZW", "2026-11-17", "I@2017 II@2019 R:MW Q:ZW=?");
    check(elephant, "SO", "2026-11-17", "I@2017 II@2019 R:MW S:SO");
    let later = ">+I@1997 >+II@1997 >+I@2000 >+II@2000 >+I@2017 >+II@2017 >+II@2019";
    check(
        elephant,
        "BW",
        "1990-01-18",
        &format!("I@1990 R:MW R:GB >R-I@1990 {later}"),
    );
    check("Loxodonta cyclotis", "BW", "2026-11-17", "I@2017 II@2019 R:MW");
    check("Caiman crocodilus fuscus", "CO", "2026-11-17", "II@1977 Q:CO=600000");
    check("Panthera onca", "BR", "2026-11-17", "I@1975");
    check("Python regius", "GH", "2026-11-17", "II@1977 >+I@2030");
    check("Python regius", "GH", "2030-01-01", "I@2030");
    check("Python regius", "BJ", "2026-11-17", "II@1977 S:BJ >+I@2030");
    check("Python regius", "BJ", "2025-05-31", "II@1977 >+I@2030");
    check("Python regius", "TG", "2026-11-17", "II@1977 Q:TG=55000 >+I@2030");
    check("Python regius", "TG", "2020-06-01", "II@1977 Q:TG=62500 >+I@2030");
    check("Acipenser baerii", "RU", "2026-11-17", "II@1998 Q:RU=0");
    check("Acipenser baerii", "RU", "1998-03-31", ">+II@1998");
    check("Odobenus rosmarus", "CA", "2026-11-17", "III@1975");
    check("Royal Python", "TG", "2026-11-17", "taxon.not_found");
}

#[test]
fn a_listing_says_where_it_is_from() {
    let world = World::start();
    let found = world
        .invoke("listing", json!({"scientific_name": "Odobenus rosmarus"}))
        .unwrap();
    assert_eq!(
        found,
        json!({
            "taxon": {"id": "9001", "scientific_name": "Odobenus rosmarus", "rank": "SPECIES"},
            "as_of": "2026-11-21",
            "appendices": [{"appendix": "III", "effective_at": "1975-11-16", "party": "CA"}],
            "source": "Species+, taxon concept 9001, read on 2026-11-21",
        })
    );
}

#[test]
fn a_permits_items_come_to_listings() {
    let world = World::start();
    let item = |id: &str, name: &str, origin: &str| json!({"id": id, "scientific_name": name, "origin": [{"country": origin}]});
    let input = json!({"country": "PL", "as_of": "2026-11-17T17:10:00+01:00", "items": [
        item("A", "Caiman crocodilus fuscus", "CO"), item("B", "Python nusquam", "GH"),
        item("C", "Caiman crocodilus fuscus", "CR"), item("D", "Boa regia", "BJ"), {"id": "E"},
    ]});
    let found = world.invoke("listings", input).unwrap();
    assert_eq!(found["complete"], false);
    let missing: Vec<&Value> = found["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["item"])
        .collect();
    assert_eq!(missing, ["B", "E"]);
    let listings = found["listings"].as_array().unwrap();
    assert_eq!(listings.len(), 2, "{found:#}");
    assert_eq!(listings[0]["quotas"][0]["country"], "CO");
    assert_eq!(listings[1]["taxon"]["accepted_name"], "Python regius");
    assert_eq!(listings[1]["suspensions"][0]["country"], "BJ");
    assert_eq!(listings[1]["country"], "PL");
    let one = json!({"items": [item("A", "Panthera onca", "BR")]});
    let found = world.invoke("listings", one).unwrap();
    assert_eq!((&found["complete"], found.get("missing")), (&json!(true), None));
    assert_eq!(
        world.invoke("listings", json!({"items": []})).unwrap(),
        json!({"listings": [], "complete": true})
    );
}

#[test]
fn every_page_is_read() {
    let world = World::start();
    // Eleven taxa with one common name, the last of them with the scientific name that is looked for.
    let taxa: Vec<Value> = (1..=11)
        .map(|number| {
            let name = if number == 11 { "Xenopus".to_owned() } else { format!("Aus bus{number:02}") };
            let common = json!([{"name": "Xenopus", "language": "EN"}]);
            json!({"concept": {"id": 90_000 + number, "full_name": name, "rank": "SPECIES", "name_status": "A", "active": true,
                "updated_at": "2020-01-01T00:00:00Z", "common_names": common, "synonyms": []}, "cites_listings": []})
        })
        .collect();
    world.species.seed(json!({ "taxa": taxa })).unwrap();
    let host = world.host(json!({"per_page": 3}));
    let found = testing::invoke::<SpeciesPlus>(&host, "taxon", json!({"name": "Xenopus"})).unwrap();
    assert_eq!(found.payload["id"], "90011");
    let paths: Vec<String> = host.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(
        paths,
        [
            "/taxon_concepts?name=Xenopus&per_page=3",
            "/taxon_concepts?name=Xenopus&per_page=3&page=2",
            "/taxon_concepts?name=Xenopus&per_page=3&page=3",
            "/taxon_concepts?name=Xenopus&per_page=3&page=4",
        ]
    );
}

#[test]
fn what_the_api_answers_is_mapped() {
    let check = |fault: Fault, expected: &str, seconds: Option<u64>| {
        let world = World::start();
        world.species.faults().push(Rule::always("GET *", fault.clone()));
        for (operation, input) in [
            ("taxon", json!({"name": "Python regius"})),
            ("listing", json!({"scientific_name": "Python regius"})),
            (
                "listings",
                json!({"items": [{"id": "A", "scientific_name": "Python regius"}]}),
            ),
        ] {
            let failure = world.invoke(operation, input).unwrap_err();
            let found = format!("{:?} {:?} {}", failure.class, failure.known_effect(), failure.code);
            assert_eq!(found, expected, "{fault:?} {operation}");
            assert_eq!(failure.retry_after.map(|wait| wait.as_secs()), seconds);
        }
    };
    check(
        Fault::FailBefore {
            status: 429,
            retry_after: Some(7),
        },
        "Retryable None http.429",
        Some(7),
    );
    check(
        Fault::FailBefore {
            status: 503,
            retry_after: None,
        },
        "Retryable None http.503",
        None,
    );
    check(
        Fault::FailBefore {
            status: 500,
            retry_after: None,
        },
        "Retryable None http.500",
        None,
    );
    check(Fault::CutBefore, "Retryable None http.cut", None);
    check(Fault::GarbageBefore, "Retryable None answer.unreadable", None);
}

#[test]
fn a_taxon_that_is_gone_and_a_token_that_is_wrong() {
    let world = World::start();
    // The name is still found, but its legislation is not there any more.
    world.species.faults().push(Rule::always(
        "GET */cites_legislation*",
        Fault::FailBefore {
            status: 404,
            retry_after: None,
        },
    ));
    let failure = world
        .invoke("listing", json!({"scientific_name": "Python regius"}))
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Rejected, "taxon.not_found")
    );
    let world = World::with(Options::default(), "wrong");
    let failure = world.invoke("taxon", json!({"name": "Python regius"})).unwrap_err();
    assert_eq!(
        (failure.class, failure.known_effect(), failure.code.as_str()),
        (Class::Permanent, Effect::None, "species.token")
    );
    assert!(failure.message.contains("Unauthorised"), "{}", failure.message);
}

#[test]
fn the_configuration_is_checked() {
    let paths = |config: Value| -> Vec<String> {
        let issues = testing::check_config::<SpeciesPlus>(config);
        issues.into_iter().map(|issue| issue.path).collect()
    };
    assert_eq!(paths(json!({"per_page": 500, "language": "fr"})), Vec::<String>::new());
    assert_eq!(
        paths(json!({"per_page": 0, "language": "de"})),
        ["/per_page", "/language"]
    );
}
