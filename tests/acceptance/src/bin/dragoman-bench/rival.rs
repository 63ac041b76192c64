//! The same durable runs on PostgreSQL, by Dragoman and by an in-process library, one behind the other on one server.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use dragoman_acceptance::Error;
use dragoman_support::load::Load;
use dragoman_support::postgres::Postgres;
use dragoman_support::process::{Launch, Process, TempSite, dragoman};

use super::{PATIENCE, PIPELINE, ROUNDS, SECONDS, median, order, site};

/// Clients at once.
const CLIENTS: [usize; 2] = [1, 64];

/// What one round showed: runs in a second, the median and the 99th percentile of an answer in milliseconds.
type Round = [f64; 3];

/// Both serve, and are asked in turn.
///
/// # Errors
/// There is no PostgreSQL, one of them does not come up or fails.
pub(super) async fn beside(rival: &Path) -> Result<(), Error> {
    let server = Postgres::start().await?.ok_or("there is no PostgreSQL")?;
    server.make("dragoman").await?;
    let folder = TempSite::new()?;
    folder.write("pipelines/bench.yaml", PIPELINE)?;
    let url = format!("postgresql://127.0.0.1:{}/dragoman", server.port());
    let store = format!("{{ postgres: {{ url: \"{url}\", user: dragoman, private: true, folder: store }} }}");
    folder.write("dragoman.yaml", site(&store))?;
    let launch = |act: &str| {
        let launch = Launch::new(dragoman()?).args([act]).folder(folder.path());
        Ok::<_, Error>(launch.env("DRAGOMAN_LOG", "warn"))
    };
    let serves = launch("serve")?.start()?;
    let ours = address(&serves).await?;
    let _worker = launch("worker")?.start()?;
    let other = Launch::new(rival).args([server.url("dragoman")]).start()?;
    let theirs = address(&other).await?;
    let mut rounds = vec![[Vec::new(), Vec::new()]; CLIENTS.len()];
    for number in 0..ROUNDS {
        for (index, clients) in CLIENTS.into_iter().enumerate() {
            let number = number * CLIENTS.len() + index;
            for (which, address) in [ours, theirs].into_iter().enumerate() {
                rounds[index][which].push(round(address, clients, number).await?);
            }
        }
    }
    for (clients, [ours, theirs]) in CLIENTS.into_iter().zip(&rounds) {
        let of = |rounds: &[Round], what: usize| median(rounds.iter().map(|round| round[what]).collect());
        for (name, rounds) in [("dragoman, serve and a worker", ours), ("dbos", theirs)] {
            println!(
                "bench: PostgreSQL, {clients} clients, {name}: {:.0} runs/s, p50 {:.2} ms, p99 {:.2} ms",
                of(rounds, 0),
                of(rounds, 1),
                of(rounds, 2)
            );
        }
        println!(
            "bench: PostgreSQL, {clients} clients: {:.2} times as many runs",
            of(ours, 0) / of(theirs, 0)
        );
    }
    Ok(())
}

async fn address(process: &Process) -> Result<SocketAddr, Error> {
    let address = process.address(PATIENCE).await?;
    Ok(address.trim_start_matches("http://").parse()?)
}

async fn round(address: SocketAddr, clients: usize, number: usize) -> Result<Round, Error> {
    let load = Load {
        clients,
        warm_up: Duration::from_millis(500),
        duration: Duration::from_secs(SECONDS),
        ..Load::new(address, "/bench")
    };
    let report = load.run(move |n| order(number, n)).await?;
    if report.failures > 0 || report.statuses.keys().any(|status| *status != 200) || report.answers() == 0 {
        return Err(format!("{} failures, {:?}", report.failures, report.statuses).into());
    }
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    Ok([report.per_second, ms(report.p50()), ms(report.p99())])
}
