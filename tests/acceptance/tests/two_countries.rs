//! Two countries, each with its own Dragoman: the exporting one tells the importing one of each use. Nothing stands
//! between the two processes but a line that can break; what arrived is counted by the runs of the importing one.

use std::collections::BTreeMap;

use dragoman_acceptance::country::{PATIENCE, TOKEN};
use dragoman_acceptance::small::guest;
use dragoman_acceptance::{Case, Country, Error, Options, Small};
use dragoman_support::http::Answer;
use dragoman_support::process::workspace_root;
use dragoman_support::wire::Wire;
use dragoman_support::{eventually, http};
use serde_json::{Value, json};

const SITE: &str = "
dragoman: 1
site: importing
listen: 127.0.0.1:0
store: { sqlite: store }
connections:
  importer: { plugin: PLUGIN, personal: allowed, config: { country: COUNTRY } }
senders: { partners: { bearer: file:secrets/partners } }
events: { use-reported: importer.read_usage }
";

/// The desk that waits for the goods.
const DESK: &str = "
dragoman: 1
pipeline: desk
summary: Hears of each use that a partner reports.
on:
  - { id: reported, event: { name: use-reported, from: usage-received } }
steps:
  - id: heard
    set: { certificate: =trigger.message.certificate, status: '=default(trigger.message.status, \"valid\")' }
output: =steps.heard
";

/// The importing country's Dragoman, and the line to it.
struct Importing {
    small: Small,
    wire: Wire,
}

impl Importing {
    /// Serves the cookbook's `usage-received` in a country.
    async fn start(country: &str) -> Result<Importing, Error> {
        let plugin = guest().with_file_name("partner-gateway.wasm");
        let site = SITE
            .replace("PLUGIN", &plugin.display().to_string())
            .replace("COUNTRY", country);
        let flow = workspace_root().join("examples/cookbook/pipelines/usage-received/pipeline.yaml");
        let small = Small::serve_warm(&[
            ("secrets/partners", TOKEN),
            ("dragoman.yaml", &site),
            ("pipelines/usage-received.yaml", &std::fs::read_to_string(flow)?),
            ("pipelines/desk.yaml", DESK),
        ])
        .await?;
        let wire = Wire::start().await?;
        wire.lead_to(&small.address)?;
        Ok(Importing { small, wire })
    }

    /// Sends a message as a partner, not over the line.
    async fn tell(&self, message: &str) -> Result<Answer, Error> {
        let bearer = format!("Bearer {TOKEN}");
        self.small.ask("POST", "/usages", Some(&bearer), message).await
    }

    /// Waits until so many answers were lost on the line.
    async fn until_swallowed(&self, least: usize) -> Result<(), Error> {
        let lost = eventually("answers are lost", PATIENCE, async || match self.wire.swallowed() {
            swallowed if swallowed >= least => Ok(()),
            swallowed => Err(format!("{swallowed} of {least}")),
        });
        Ok(lost.await?)
    }

    /// Waits until what was received has come to its end and the desk has heard of all of it: how often of each
    /// certificate and status.
    async fn heard(&self, messages: usize) -> Result<BTreeMap<String, usize>, Error> {
        let heard = eventually("the desk has heard of every use", PATIENCE, async || {
            let runs = self.small.runs().await.map_err(|e| e.to_string())?;
            let of = |pipeline: &str| {
                let of_it = |run: &&Value| run["pipeline"] == pipeline && run["status"] == "completed";
                runs.iter().filter(of_it).cloned().collect::<Vec<_>>()
            };
            let (received, heard) = (of("usage-received"), of("desk"));
            let whole = received.len() >= messages && heard.len() == received.len();
            if whole { Ok(heard) } else { Err(format!("{runs:?}")) }
        });
        let mut counted = BTreeMap::new();
        for run in heard.await? {
            let said = |member: &str| run["output"][member].as_str().unwrap_or_default().to_owned();
            *counted
                .entry(format!("{} {}", said("certificate"), said("status")))
                .or_default() += 1;
        }
        let audit = self.small.dragoman(&["audit", "verify"]).await?;
        assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
        Ok(counted)
    }
}

async fn exporting(importing: &Importing) -> Result<Country, Error> {
    Country::start(&Options {
        endorse_at: "released".into(),
        importing: Some(importing.wire.url()),
        settle: Some("5s".into()),
        ..Options::default()
    })
    .await
}

/// Each permit of the cases once, with this status.
fn once(cases: &[Case], statuses: &[&str]) -> BTreeMap<String, usize> {
    let permits = cases.iter().flat_map(|case| &case.permits);
    permits
        .flat_map(|permit| statuses.iter().map(move |status| (format!("{permit} {status}"), 1)))
        .collect()
}

/// The receipts that the exporting country kept: their references.
async fn references(country: &Country) -> Result<Vec<String>, Error> {
    let runs = country.runs().await?;
    let receipts = runs
        .iter()
        .filter_map(|run| run["output"]["receipt"]["reference"].as_str());
    Ok(receipts.map(str::to_owned).collect())
}

#[tokio::test]
async fn a_use_is_told_once_though_its_receipts_are_lost() -> Result<(), Error> {
    let importing = Importing::start("CH").await?;
    let country = exporting(&importing).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    importing.wire.swallow(3);
    country.lodge(&case).await?;
    assert_eq!(country.notify(&case, "08").await?, 202);
    country.at_rest(PATIENCE).await?;
    assert_eq!(importing.wire.swallowed(), 3);
    let cases = [case];
    assert_eq!(importing.heard(2).await?, once(&cases, &["valid"]));
    assert_eq!(country.count("endorsed", None), (2, 1));
    // Whoever lost the receipt has it all the same: it names the run there.
    let references = references(&country).await?;
    assert_eq!(references.len(), 2);
    let runs = importing.small.runs().await?;
    for reference in references {
        let names = |run: &Value| run["run"] == *reference && run["pipeline"] == "usage-received";
        assert!(runs.iter().any(names), "{reference}: {runs:?}");
    }
    // Taken back, over a line that breaks too.
    importing.wire.swallow(2);
    assert_eq!(country.notify(&cases[0], "10").await?, 202);
    country.at_rest(PATIENCE).await?;
    assert_eq!(importing.wire.swallowed(), 5);
    assert_eq!(importing.heard(4).await?, once(&cases, &["valid", "withdrawn"]));
    Ok(())
}

#[tokio::test]
async fn both_processes_are_killed_in_the_middle() -> Result<(), Error> {
    let mut importing = Importing::start("CH").await?;
    let mut country = exporting(&importing).await?;
    let cases: Vec<Case> = (1..=3).map(|number| Case::with_permits().numbered(number)).collect();
    importing.wire.swallow(2);
    for case in &cases {
        country.issue(case)?;
        country.lodge(case).await?;
        assert_eq!(country.notify(case, "08").await?, 202);
    }
    importing.until_swallowed(2).await?;
    importing.small.serve_anew().await?;
    importing.wire.swallow(2);
    importing.wire.lead_to(&importing.small.address)?;
    country.kill().await?;
    country.serve().await?;
    importing.until_swallowed(4).await?;
    country.kill().await?;
    importing.small.serve_anew().await?;
    importing.wire.lead_to(&importing.small.address)?;
    country.serve().await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(importing.heard(6).await?, once(&cases, &["valid"]));
    assert_eq!(country.count("endorsed", None), (6, 1));
    assert_eq!(references(&country).await?.len(), 6);
    Ok(())
}

/// The endorsement stands, and a person hears that the partner said no; once that is mended it is told, once.
#[tokio::test]
async fn a_use_that_the_partner_refuses_waits_for_a_person() -> Result<(), Error> {
    let importing = Importing::start("NO").await?;
    let country = exporting(&importing).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.lodge(&case).await?;
    assert_eq!(country.notify(&case, "08").await?, 202);
    let runs = country.at_rest(PATIENCE).await?;
    let parked: Vec<_> = runs.iter().filter(|run| run["status"] == "parked").collect();
    assert_eq!(parked.len(), 2, "{runs:?}");
    assert_eq!(country.count("endorsed", None), (2, 1));
    let site = importing.small.site.file("dragoman.yaml");
    let mended = std::fs::read_to_string(&site)?.replace("country: NO", "country: CH");
    importing.small.site.write("dragoman.yaml", mended)?;
    let reloaded = importing.small.dragoman(&["reload"]).await?;
    assert_eq!(reloaded.code, Some(0), "{}{}", reloaded.out, reloaded.err);
    for run in parked {
        let id = run["run"].as_str().unwrap_or_default();
        let resumed = country
            .dragoman(&["runs", "resume", id, "--reason", "the partner has mended its site"])
            .await?;
        assert_eq!(resumed.code, Some(0), "{}", resumed.err);
    }
    country.at_rest(PATIENCE).await?;
    assert_eq!(importing.heard(2).await?, once(&[case], &["valid"]));
    Ok(())
}

fn message(certificate: &str, quantity: &str) -> Value {
    json!({
        "usage": {
            "direction": "exported", "certificate": certificate, "issuing_country": "PL", "to_country": "CH",
            "positions": [{ "item": "A", "quantity": { "value": quantity, "unit": "C62" } }], "endorsement": "EN-1",
        },
        "permit": { "number": certificate, "issuing_country": "PL" },
    })
}

#[tokio::test]
async fn what_is_broken_or_says_something_else_is_refused() -> Result<(), Error> {
    let importing = Importing::start("CH").await?;
    let with = |pointer: &str, value: Value| {
        let mut message = message("P1", "5");
        *message.pointer_mut(pointer).expect("the message has it") = value;
        message.to_string()
    };
    for (body, code) in [
        ("{\"usage\":".to_owned(), "message.unreadable"),
        ("<CITESEPermit/>".to_owned(), "message.unreadable"),
        (with("/usage/direction", json!("sideways")), "message.unreadable"),
        (with("/usage/positions", json!([])), "message.incomplete"),
        (with("/permit/number", json!("P2")), "message.contradictory"),
        (with("/usage/to_country", json!("NO")), "message.misdirected"),
    ] {
        for _ in 0..2 {
            let answer = importing.tell(&body).await?;
            let said = answer.json();
            assert_eq!(
                (answer.status, said["code"].as_str()),
                (422, Some(code)),
                "{body}: {said}"
            );
        }
    }
    let first = importing.tell(&message("P1", "5").to_string()).await?;
    assert_eq!(
        (first.status, &first.json()["status"]),
        (200, &json!("43")),
        "{}",
        first.body
    );
    // Other bytes, the same use: white space, a permit beside it that has changed meanwhile.
    let mut again = message("P1", "5");
    again["permit"]["usage"] = json!("used");
    let again = importing.tell(&format!("{again:#}")).await?;
    assert_eq!((again.status, again.body), (200, first.body));
    let other = importing.tell(&message("P1", "50").to_string()).await?;
    assert_eq!((other.status, &other.json()["code"]), (409, &json!("key.conflict")));
    let url = format!("{}/usages", importing.small.address);
    for headers in [&[][..], &[("authorization", "Bearer other")]] {
        let answer = http::request("POST", &url, headers, message("P2", "5").to_string()).await?;
        assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("D0802")));
    }
    let heard = importing.heard(1).await?;
    assert_eq!(heard, BTreeMap::from([("P1 valid".to_owned(), 1)]));
    Ok(())
}
