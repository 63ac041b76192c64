//! The main job, told as it happens: `cargo xtask demo` builds everything and runs this.
//!
//! Partners are simulated on loopback ports of their own; two of them misbehave on purpose. The last line is
//! `demo: ok, N permits endorsed, N usage messages delivered, N audit entries verified`. `--keep` leaves all running.

use std::collections::BTreeSet;
use std::process::ExitCode;

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::eventually;
use dragoman_support::faults::{Fault, Rule};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let keep = std::env::args().any(|a| a == "--keep");
    match tell(keep).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn tell(keep: bool) -> Result<(), Error> {
    // The command is a process of its own and would be left running where this one simply ended on a signal.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut country = Country::start(&Options::default()).await?;
    let told = tokio::select! {
        told = story(&country) => Some(told),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    if keep && matches!(told, Some(Ok(()))) {
        println!("\nEverything is left running. Stop it with Ctrl-C.");
        print_addresses(&country);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    country.stop().await?;
    told.ok_or("told to stop before the end")??;
    finish(&country).await
}

async fn story(country: &Country) -> Result<(), Error> {
    introduce(country);
    let mut told = Told::default();
    release(country, &mut told).await?;
    waiver(country, &mut told).await?;
    officer(country, &mut told).await?;
    heading("What the partners say took effect");
    for (fact, count) in country.facts() {
        println!("  {fact}: {count}");
    }
    Ok(())
}

fn heading(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.chars().count()));
}

fn introduce(country: &Country) {
    heading("A country's site, and its partners");
    print_addresses(country);
    println!("Goods are endorsed once they have exited. The permit system and the partner misbehave once each.");
}

fn print_addresses(country: &Country) {
    println!("  dragoman               {}", country.address());
    println!("  national permit system {}", country.register.url());
    println!("  Swiss authority        {}", country.partner.url());
    println!("  Species+               {}", country.species.url());
    println!("  site folder            {}", country.folder().display());
}

/// The main job: two permits, three goods items; the permit system's answer is cut off after the effect, and the
/// partner is away at the first attempt.
async fn release(country: &Country, told: &mut Told) -> Result<(), Error> {
    heading("Customs lets a consignment go: two permits, three goods items");
    let case = Case::with_permits();
    country.issue(&case)?;
    country
        .register
        .faults()
        .push(Rule::once("PUT /permits/*", Fault::CutAfter));
    country
        .partner
        .faults()
        .push(Rule::once("POST /usages", Fault::fail_before(503)));
    country.lodge(&case).await?;
    println!(
        "Declaration {} is lodged. Customs now sends its notices, one of them twice:",
        case.mrn
    );
    for notice in ["01", "02", "08", "09", "16", "16"] {
        let status = country.notify(&case, notice).await?;
        println!("  notice {notice} -> {status}");
    }
    settle(country, told).await
}

async fn waiver(country: &Country, told: &mut Told) -> Result<(), Error> {
    heading("A declaration that needs no permit");
    let case = Case::with_waiver();
    country.lodge(&case).await?;
    country.notify(&case, "16").await?;
    settle(country, told).await
}

async fn officer(country: &Country, told: &mut Told) -> Result<(), Error> {
    heading("A permit without a quantity: an officer decides");
    let case = Case::without_quantity();
    country.issue(&case)?;
    country.lodge(&case).await?;
    country.notify(&case, "16").await?;
    settle(country, told).await?;
    let listed = country.dragoman(&["waits", "list"]).await?;
    print!("\n$ dragoman waits list\n{}", listed.out);
    let waits = country.waits().await?;
    let wait = waits
        .first()
        .and_then(|w| w["wait"].as_str())
        .ok_or("nothing waits for an officer")?
        .to_owned();
    let fields = r#"{"lines": [{"goods_item": 1, "item": "A", "quantity": {"value": "12", "unit": "C62"}}]}"#;
    let arguments = [
        "waits",
        "answer",
        &wait,
        "endorse",
        "--reason",
        "counted at the border",
        "--fields",
        fields,
    ];
    let answered = country.dragoman(&arguments).await?;
    print!(
        "\n$ dragoman waits answer {wait} endorse --reason \"counted at the border\" --fields ...\n{}",
        answered.out
    );
    if answered.code != Some(0) {
        return Err(format!("the wait cannot be answered: {}", answered.err).into());
    }
    settle(country, told).await
}

/// What was told already.
#[derive(Default)]
struct Told(BTreeSet<(String, u64)>);

/// Waits until nothing moves any more, and tells what happened meanwhile.
async fn settle(country: &Country, told: &mut Told) -> Result<(), Error> {
    country.at_rest(PATIENCE).await?;
    let mut runs = country.runs().await?;
    runs.sort_by_key(|r| r["began"].as_str().unwrap_or_default().to_owned());
    for run in runs.iter().filter(|r| r["parent"].is_null()) {
        let id = run["run"].as_str().unwrap_or_default();
        let found = country.ask(&format!("/v1/runs/{id}")).await?;
        // A notice that this country does not endorse at is remembered and nothing else.
        if run["status"] == "stopped"
            && run["note"]
                .as_str()
                .is_some_and(|n| n.starts_with("the event is") || n.starts_with("not an"))
        {
            continue;
        }
        told.run(&found["run"], &found["timeline"], "");
        for child in found["children"].as_array().into_iter().flatten() {
            told.run(&child["run"], &child["timeline"], "  ");
        }
    }
    Ok(())
}

impl Told {
    fn run(&mut self, run: &Value, timeline: &Value, indent: &str) {
        let id = run["run"].as_str().unwrap_or_default().to_owned();
        let lines: Vec<&Value> = timeline
            .as_array()
            .into_iter()
            .flatten()
            .filter(|l| self.0.insert((id.clone(), l["seq"].as_u64().unwrap_or_default())))
            .collect();
        if lines.is_empty() {
            return;
        }
        println!(
            "\n{indent}{} {}",
            run["pipeline"].as_str().unwrap_or_default(),
            &id[..8.min(id.len())]
        );
        for line in lines {
            let text = |member: &str| line[member].as_str().unwrap_or_default();
            let time = text("at")
                .split('T')
                .nth(1)
                .unwrap_or_default()
                .trim_end_matches('Z')
                .to_owned();
            let path = if text("path").is_empty() {
                String::new()
            } else {
                format!("{}: ", text("path"))
            };
            println!("{indent}  {time}  {path}{}", text("text"));
        }
    }
}

async fn finish(country: &Country) -> Result<(), Error> {
    heading("The proof");
    let verified = eventually("the trail is verified", PATIENCE, async || {
        let audit = country
            .dragoman(&["audit", "verify", "--json"])
            .await
            .map_err(|e| e.to_string())?;
        if audit.code == Some(0) {
            Ok(audit.out)
        } else {
            Err(format!("{}{}", audit.out, audit.err))
        }
    });
    let report: Value = serde_json::from_str(&verified.await?)?;
    println!(
        "$ dragoman audit verify\n  {} entries, {} batches, {} outside heads, nothing wrong",
        report["entries"], report["batches"], report["heads"]
    );
    let (endorsed, most) = country.count("endorsed", None);
    let (used, most_used) = country.count("used", Some("exported"));
    if endorsed != 3 || used != 3 || most != 1 || most_used != 1 {
        return Err(format!(
            "expected 3 endorsements and 3 usage messages, each once; there are {:?}",
            country.facts()
        )
        .into());
    }
    println!(
        "\ndemo: ok, {endorsed} permits endorsed, {used} usage messages delivered, {} audit entries verified",
        report["entries"]
    );
    Ok(())
}
