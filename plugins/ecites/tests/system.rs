//! Against the permit system's simulator: one endorsement per permit and declaration, whatever goes wrong between.

mod partner;

use dragoman_guest::{Class, Effect, Probed, testing};
use dragoman_support::ecites::Options;
use dragoman_support::faults::{Fault, Rule};
use ecites::Ecites;
use partner::{DECLARATION, NUMBER, Partner, permit, wish};
use serde_json::{Value, json};
use std::cell::Cell;

fn withdrawal() -> Value {
    json!({"number": NUMBER, "issuing_country": "PL", "declaration": {"scheme": "mrn", "value": DECLARATION},
        "reason": "invalidated before exit", "by": {"person_id": "duty", "kind": "system_on_behalf_of"}})
}

fn other(items: Value) -> Value {
    let mut wish = wish();
    wish["items"] = items;
    wish
}

#[test]
fn an_endorsement_is_made_and_comes_back_with_its_permit() {
    let partner = Partner::start(Options::default());
    let host = partner.host(|_, _| {});
    let answer = testing::invoke::<Ecites>(&host, "endorse", wish()).unwrap();
    let payload = answer.payload;
    assert_eq!(payload["endorsed"], true);
    let endorsement = json!({
        "id": "EN-000001", "permit": NUMBER, "issuing_country": "PL", "at": "2026-03-01T10:15:00+01:00",
        "office": {"code": "PL443010"}, "port": {"code": "PLMED", "name": "Medyka"},
        "endorsed_by": {"person_id": "anna", "authority": "National Revenue Administration", "kind": "officer", "authentication": "bearer"},
        "items": [
            {"item": "A", "quantity": {"value": "45", "unit": "C62"}},
            {"item": "B", "quantity": {"value": "2.50", "unit": "KGM"}}
        ],
        "declaration": {"scheme": "mrn", "value": DECLARATION}, "status": "valid"
    });
    assert_eq!(payload["endorsement"], endorsement);
    assert_eq!(payload["id"], "EN-000001");
    assert_eq!(payload["permit"]["endorsements"], json!([endorsement]));
    assert_eq!(payload["permit"]["usage"], "partly_used");
    let requests = host.requests();
    let sent: Vec<&str> = requests.iter().map(|one| one.method.as_str()).collect();
    assert_eq!(sent, ["GET", "PUT", "GET"]);
    assert_eq!(requests[0].path, "/permits/PL%2F2026%2F000123?issuing_country=PL");
    assert_eq!(
        requests[1].path,
        format!("/permits/PL%2F2026%2F000123/endorsements/{DECLARATION}")
    );
    assert!(
        requests[1]
            .headers
            .contains(&("if-match".to_owned(), "\"v1\"".to_owned()))
    );
    assert!(answer.attributes.iter().any(|(name, _)| name == "etag"));
    assert_eq!(partner.count("endorsed"), 1);
}

#[test]
fn a_day_is_time_enough() {
    let partner = Partner::start(Options::default());
    let mut dated = wish();
    dated["at"] = json!("2026-06-30");
    assert_eq!(
        partner.invoke("endorse", dated).unwrap()["endorsement"]["at"],
        "2026-06-30"
    );
    let mut late = wish();
    late["at"] = json!("2026-07-01");
    late["declaration"]["value"] = json!("26PL443010NS7MX4A2");
    assert_eq!(partner.invoke("endorse", late).unwrap_err().code, "permit.not_valid");
}

#[test]
fn the_same_again_is_given_back_and_other_quantities_are_refused() {
    for options in [Options::default(), Options::nasty()] {
        let partner = Partner::start(options);
        let first = partner.invoke("endorse", wish()).unwrap();
        // The same amounts, summed and written otherwise.
        let same = json!([{"item": "B", "quantity": {"value": "2.5", "unit": "KGM"}}, {"item": "A", "quantity": {"value": "45.0", "unit": "C62"}}]);
        let again = partner.invoke("endorse", other(same)).unwrap();
        assert_eq!(again["endorsed"], false);
        assert_eq!(again["endorsement"], first["endorsement"]);
        let items = json!([{"item": "A", "quantity": {"value": "46", "unit": "C62"}}]);
        let refused = partner.invoke("endorse", other(items)).unwrap_err();
        assert_eq!(
            (refused.class, refused.code.as_str()),
            (Class::Rejected, "permit.changed")
        );
        assert_eq!(partner.count("endorsed"), 1);
    }
}

#[test]
fn what_the_system_refuses_is_rejected_without_effect() {
    let multiple = |status: &str| json!({"permits": [{"status": status}]});
    let seeds: [(&str, Value, Value, &str); 6] = [
        (
            "no permit",
            json!({"number": "PL/2026/9"}),
            json!({}),
            "permit.not_found",
        ),
        ("revoked", json!({}), multiple("revoked"), "permit.revoked"),
        ("suspended", json!({}), multiple("suspended"), "permit.not_valid"),
        (
            "expired",
            json!({"at": "2026-07-01T00:30:00+02:00"}),
            json!({}),
            "permit.not_valid",
        ),
        (
            "too much",
            json!({"items": [{"item": "A", "quantity": {"value": "100.1", "unit": "C62"}}]}),
            json!({}),
            "permit.over_quantity",
        ),
        (
            "other unit",
            json!({"items": [{"item": "B", "quantity": {"value": "1", "unit": "C62"}}]}),
            json!({}),
            "permit.over_quantity",
        ),
    ];
    for (name, change, seed, code) in seeds {
        let partner = Partner::start(Options::default());
        if let Some(status) = seed["permits"][0]["status"].as_str() {
            let mut permit = permit();
            permit["status"] = json!(status);
            partner.system.seed(json!({"permits": [permit]})).unwrap();
        }
        let mut wish = wish();
        for (field, value) in change.as_object().unwrap() {
            wish[field] = value.clone();
        }
        let failure = partner.invoke("endorse", wish).unwrap_err();
        let facts = (failure.class, failure.known_effect(), failure.code.as_str());
        assert_eq!(
            facts,
            (Class::Rejected, Effect::None, code),
            "{name}: {}",
            failure.message
        );
        assert_eq!(partner.count("endorsed"), 0, "{name}");
    }
}

#[test]
fn a_single_use_permit_serves_one_declaration() {
    let partner = Partner::start(Options::default());
    let mut single = permit();
    single["use"] = json!("single");
    partner.system.seed(json!({"permits": [single]})).unwrap();
    partner.invoke("endorse", wish()).unwrap();
    let mut second = wish();
    second["declaration"]["value"] = json!("26PL443010NS7MX4A2");
    let failure = partner.invoke("endorse", second).unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Rejected, "permit.already_used")
    );
}

#[test]
fn a_revocation_in_between_is_found_and_another_change_is_taken_in() {
    for (status, expected) in [("revoked", Some("permit.revoked")), ("issued", None)] {
        let partner = Partner::start(Options::default());
        let done = Cell::new(false);
        let host = partner.host(move |system, request| {
            if request.method == "PUT" && !done.replace(true) {
                let mut changed = permit();
                changed["status"] = json!(status);
                changed["special_conditions"] = json!("by air only");
                system.seed(json!({"permits": [changed]})).unwrap();
            }
        });
        let answer = testing::invoke::<Ecites>(&host, "endorse", wish());
        match expected {
            Some(code) => assert_eq!(answer.unwrap_err().code, code),
            None => assert_eq!(answer.unwrap().payload["permit"]["special_conditions"], "by air only"),
        }
        assert_eq!(partner.count("endorsed"), u32::from(expected.is_none()));
    }
}

#[test]
fn a_permit_that_never_rests_is_tried_again_later() {
    let partner = Partner::start(Options::default());
    let host = partner.host(|system, request| {
        if request.method == "PUT" {
            system.seed(json!({"permits": [permit()]})).unwrap();
        }
    });
    let failure = testing::invoke::<Ecites>(&host, "endorse", wish()).unwrap_err();
    let facts = (failure.class, failure.known_effect(), failure.code.as_str());
    assert_eq!(facts, (Class::Retryable, Effect::None, "permit.changing"));
    assert_eq!(partner.count("endorsed"), 0);
}

/// A fault at one request: what `endorse` says of it, and what the probe then finds.
#[track_caller]
fn check_fault(options: Options, route: &str, fault: Fault, effect: Effect, probed: &str, made: u32) {
    let partner = Partner::start(options);
    partner.system.faults().push(Rule::once(route, fault.clone()));
    let failure = partner.invoke("endorse", wish()).unwrap_err();
    assert_eq!(failure.known_effect(), effect, "{fault:?}: {failure}");
    let found = match partner.probe("endorse", wish()) {
        Ok(Probed::Applied(output)) => {
            assert_eq!(output["id"], "EN-000001");
            assert_eq!(output["permit"]["endorsements"], json!([output["endorsement"]]));
            "applied"
        }
        Ok(Probed::Absent) => "absent",
        Ok(Probed::Pending(_)) => "pending",
        Err(failure) => &failure.code.clone(),
    };
    assert_eq!((found, partner.count("endorsed")), (probed, made), "{fault:?}");
}

#[test]
fn the_probe_finds_what_a_fault_left_open() {
    let put = "PUT /permits/*";
    for (fault, effect, probed, made) in [
        (Fault::CutAfter, Effect::Unknown, "applied", 1),
        (Fault::CutBefore, Effect::Unknown, "absent", 0),
        (Fault::FailAfter { status: 500 }, Effect::Unknown, "applied", 1),
        (Fault::fail_before(503), Effect::Unknown, "absent", 0),
        (
            Fault::FailBefore {
                status: 503,
                retry_after: Some(1),
            },
            Effect::None,
            "absent",
            0,
        ),
        (Fault::Garbage, Effect::Unknown, "applied", 1),
        (Fault::DropHalf, Effect::Unknown, "applied", 1),
    ] {
        check_fault(Options::default(), put, fault, effect, probed, made);
    }
}

#[test]
fn a_system_without_a_probe_shows_the_endorsement_on_the_permit_or_a_person_looks() {
    let put = "PUT /permits/*";
    check_fault(Options::nasty(), put, Fault::CutAfter, Effect::Unknown, "applied", 1);
    check_fault(
        Options::nasty(),
        put,
        Fault::CutBefore,
        Effect::Unknown,
        "probe.not_told",
        0,
    );
}

#[test]
fn a_permit_that_cannot_be_read_after_its_endorsement_leaves_it_applied() {
    let partner = Partner::start(Options::default());
    let mut second = Rule::once("GET /permits/*", Fault::fail_before(500));
    second.skip = 1;
    partner.system.faults().push(second);
    let failure = partner.invoke("endorse", wish()).unwrap_err();
    assert_eq!(
        (failure.class, failure.known_effect()),
        (Class::Retryable, Effect::Applied)
    );
    assert!(matches!(partner.probe("endorse", wish()), Ok(Probed::Applied(_))));
}

#[test]
fn a_withdrawal_keeps_the_record_and_is_made_once() {
    for options in [Options::default(), Options::nasty()] {
        let partner = Partner::start(options);
        partner.invoke("endorse", wish()).unwrap();
        let withdrawn = partner.invoke("withdraw", withdrawal()).unwrap();
        assert_eq!(withdrawn["status"], "withdrawn");
        assert_eq!(withdrawn["withdrawal"]["reason"], "invalidated before exit");
        assert_eq!(withdrawn["withdrawal"]["by"]["person_id"], "duty");
        assert_eq!(partner.invoke("withdraw", withdrawal()).unwrap(), withdrawn);
        assert_eq!(partner.count("withdrawn"), 1);
        // A late copy of the endorsement does not bring it back.
        assert_eq!(partner.invoke("endorse", wish()).unwrap_err().code, "permit.changed");
        assert_eq!(partner.probe("endorse", wish()).unwrap_err().code, "permit.changed");
        // A correction that says what it replaces does.
        let mut correction = wish();
        correction["supersedes"] = withdrawn["id"].clone();
        assert_eq!(
            partner.invoke("endorse", correction).unwrap()["endorsement"]["supersedes"],
            withdrawn["id"]
        );
        assert_eq!(partner.count("endorsed"), 2);
    }
}

#[test]
fn the_probe_of_a_withdrawal_finds_what_a_fault_left_open() {
    for (fault, applied) in [(Fault::CutAfter, true), (Fault::CutBefore, false)] {
        let partner = Partner::start(Options::default());
        partner.invoke("endorse", wish()).unwrap();
        partner.system.faults().push(Rule::once("POST *", fault));
        let failure = partner.invoke("withdraw", withdrawal()).unwrap_err();
        assert_eq!(failure.known_effect(), Effect::Unknown);
        match partner.probe("withdraw", withdrawal()).unwrap() {
            Probed::Applied(found) => assert!(applied && found["status"] == "withdrawn"),
            Probed::Absent => assert!(!applied),
            Probed::Pending(_) => panic!("nothing is pending"),
        }
    }
}

#[test]
fn what_was_never_endorsed_cannot_be_withdrawn() {
    for (options, code) in [
        (Options::default(), "endorsement.not_found"),
        (Options::nasty(), "endorsement.not_found"),
    ] {
        let partner = Partner::start(options);
        let failure = partner.invoke("withdraw", withdrawal()).unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Rejected, code));
        assert_eq!(partner.count("withdrawn"), 0);
    }
}

#[test]
fn a_permit_is_got_and_verified() {
    let partner = Partner::start(Options::default());
    partner.invoke("endorse", wish()).unwrap();
    for country in ["PL", "XX"] {
        let got = partner
            .invoke("get", json!({"number": NUMBER, "issuing_country": country}))
            .unwrap();
        assert_eq!(got["endorsements"][0]["id"], "EN-000001");
    }
    let failure = partner
        .invoke("get", json!({"number": NUMBER, "issuing_country": "DE"}))
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Rejected, "permit.not_found")
    );
    let verified = partner
        .invoke("verify", json!({"number": NUMBER, "token": "tok-1"}))
        .unwrap();
    assert_eq!(
        (&verified["status"], &verified["usage"]),
        (&json!("issued"), &json!("partly_used"))
    );
    assert_eq!(
        verified["remaining"][0],
        json!({"item": "A", "quantity": {"value": "55", "unit": "C62"}})
    );
    assert!(verified["digest"].as_str().unwrap().starts_with("sha256:"));
    let failure = partner
        .invoke("verify", json!({"number": NUMBER, "token": "guess"}))
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Rejected, "permit.not_found")
    );
}
