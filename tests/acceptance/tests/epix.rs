//! The EPIX connector in its sandbox against the simulated hub, which is strict and counts what really took effect.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::small::guest;
use dragoman_acceptance::{Error, Small};
use dragoman_support::epix::{Epix, Options};
use dragoman_support::eventually;
use dragoman_support::faults::{Fault, Rule};
use dragoman_support::http::Answer;
use dragoman_support::process::workspace_root;
use serde_json::{Value, json};

/// The permit of the connector's own sample.
const NUMBER: &str = "PLECP2026000117";

const SITE: &str = "
dragoman: 1
site: arrivals
listen: 127.0.0.1:0
store: { sqlite: store }
connections:
  echo: { plugin: echo, personal: allowed }
  hub:
    plugin: PLUGIN
    personal: allowed
    config: { caller: CH }
    endpoints:
      hub: { url: \"HUB/\", methods: [POST], private: true, trust_safe: true, timeout: 10s }
senders: { border: { none: true } }
";

/// Takes the permit whose number comes as used, and confirms what was inspected.
const ARRIVAL: &str = "
dragoman: 1
pipeline: arrival
summary: Takes a permit as used and confirms what was inspected.
on:
  - id: hook
    http: { path: /arrivals, from: border, reply: replied }
steps:
  - id: final
    call: hub.get_final
    with: { number: '=cast(trigger.message, \"echo.echo\").text', country: PL, token: k7 }
  - id: confirmed
    call: hub.confirm_quantities
    once: '\"PL|\" + steps.final.number'
    with:
      number: =steps.final.number
      country: PL
      token: k7
      positions: [{ item: A, quantity: { value: \"120\", unit: C62 } }]
output: { number: =steps.final.number, items: '=steps.final.items.map(i, i.id)' }
on_failure: park
";

/// The hub, and the site that asks it.
struct Border {
    hub: Epix,
    small: Small,
}

impl Border {
    async fn start() -> Result<Border, Error> {
        let xml = std::fs::read_to_string(workspace_root().join("plugins/epix/tests/samples/permit-v2.xml"))?;
        let hub = Epix::start(Options {
            callers: vec!["CH".into()],
            seed: json!({
                "adapters": {"PL": {}},
                "certificates": [{"country": "PL", "number": NUMBER, "token": "k7", "xml": xml}],
            }),
        })
        .await?;
        let plugin = guest().with_file_name("epix.wasm");
        let site = SITE
            .replace("PLUGIN", &plugin.display().to_string())
            .replace("HUB", &hub.url());
        let small = Small::serve(&[("dragoman.yaml", &site), ("pipelines/arrival.yaml", ARRIVAL)]).await?;
        Ok(Border { hub, small })
    }

    async fn arrive(&self, number: &str) -> Result<Answer, Error> {
        self.arrive_again(number, 1).await
    }

    /// The same permit with another message: one with the same content would be known as the same.
    async fn arrive_again(&self, number: &str, time: usize) -> Result<Answer, Error> {
        let body = json!({ "text": number, "lines": [{ "article": "a", "count": time }] }).to_string();
        self.small.ask("POST", "/arrivals", None, &body).await
    }

    /// How often the hub was asked for an operation.
    fn asked(&self, operation: &str) -> usize {
        let log = self.hub.log();
        log.iter().filter(|exchange| exchange.body.contains(operation)).count()
    }

    /// The runs, newest first.
    async fn runs(&self) -> Result<Vec<Value>, Error> {
        let bearer = format!("Bearer {}", self.small.token()?);
        let found = self
            .small
            .ask("GET", "/v1/runs?limit=100", Some(&bearer), "")
            .await?
            .json();
        Ok(found["runs"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until the newest of so many runs has this status; its id.
    async fn until(&self, runs: usize, status: &str) -> Result<String, Error> {
        let seen = eventually("the run comes to rest", PATIENCE, async || {
            let found = self.runs().await.map_err(|e| e.to_string())?;
            let newest = found
                .first()
                .filter(|run| found.len() == runs && run["status"] == status);
            let id = newest.and_then(|run| run["run"].as_str()).map(str::to_owned);
            id.ok_or_else(|| format!("{found:?}"))
        });
        Ok(seen.await?)
    }

    /// The confirmations that took effect.
    #[track_caller]
    fn confirmed(&self, times: u32) {
        let facts = self.hub.facts();
        let count = facts.get(&format!("confirmed|PL|{NUMBER}")).copied().unwrap_or(0);
        assert_eq!(count, times, "{facts:?}");
    }

    async fn operate(&self, act: &str, run: &str) -> Result<(), Error> {
        let done = self
            .small
            .dragoman(&["runs", act, run, "--reason", "the issuer was asked by telephone"])
            .await?;
        assert_eq!(done.code, Some(0), "{}", done.err);
        Ok(())
    }
}

#[tokio::test]
async fn a_permit_is_taken_and_confirmed_once() -> Result<(), Error> {
    let border = Border::start().await?;
    for time in 1..=2 {
        // The same permit again, in a message of its own: what was confirmed is not confirmed a second time.
        let answer = border.arrive_again(NUMBER, time).await?;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(answer.json(), json!({ "number": NUMBER, "items": ["A", "B"] }));
        assert_eq!(border.asked("get_final_cites_certificate"), time);
        border.confirmed(1);
    }
    let positions = &border.hub.confirmations()[0]["positions"];
    assert_eq!(positions, &json!([{ "id": "A", "quantity": 120 }]));
    Ok(())
}

#[tokio::test]
async fn a_permit_that_was_lost_on_the_way_is_asked_for_again() -> Result<(), Error> {
    let border = Border::start().await?;
    border.hub.faults().push(Rule::once("POST *", Fault::CutAfter));
    let answer = border.arrive(NUMBER).await?;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(border.asked("get_final_cites_certificate"), 2);
    border.confirmed(1);
    Ok(())
}

#[tokio::test]
async fn a_permit_that_nobody_knows_confirms_nothing() -> Result<(), Error> {
    let border = Border::start().await?;
    let answer = border.arrive("PLECP2026000999").await?;
    assert_ne!(answer.status, 200, "{}", answer.json());
    assert_eq!(border.asked("confirm_quantities"), 0);
    border.confirmed(0);
    Ok(())
}

/// The hub knows no key and cannot be asked, so only a person finds out; whatever comes before that sends nothing.
#[tokio::test]
async fn a_confirmation_whose_answer_was_lost_is_never_sent_again() -> Result<(), Error> {
    let border = Border::start().await?;
    border.hub.faults().push(Rule {
        skip: 1,
        ..Rule::once("POST *", Fault::CutAfter)
    });
    border.arrive(NUMBER).await?;
    let run = border.until(1, "parked").await?;
    border.confirmed(1);
    border.operate("skip", &run).await?;
    border.until(1, "completed").await?;
    border.confirmed(1);
    assert_eq!(border.asked("confirm_quantities"), 1);
    Ok(())
}

#[tokio::test]
async fn a_confirmation_that_never_arrived_is_sent_when_a_person_says_so() -> Result<(), Error> {
    let border = Border::start().await?;
    border.hub.faults().push(Rule {
        skip: 1,
        ..Rule::once("POST *", Fault::CutBefore)
    });
    border.arrive(NUMBER).await?;
    let run = border.until(1, "parked").await?;
    border.confirmed(0);
    border.operate("absent", &run).await?;
    border.until(1, "completed").await?;
    border.confirmed(1);
    Ok(())
}
