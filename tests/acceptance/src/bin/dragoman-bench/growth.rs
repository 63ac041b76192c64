//! How fast a store is that has grown: the same runs by 64 clients, one stretch behind the other, until it has so many entries.

use std::net::SocketAddr;
use std::time::Duration;

use dragoman_acceptance::Error;
use dragoman_support::load::{Load, Usage};
use dragoman_support::process::{Launch, TempSite, dragoman};

use super::{PATIENCE, PIPELINE, order, site, store_count};

const CLIENTS: usize = 64;
/// A stretch of it.
const STRETCH: Duration = Duration::from_secs(20);
/// So many lines are told.
const LINES: u64 = 10;

/// Serves a new store until it has so many entries, and says how fast it was on the way.
///
/// # Errors
/// The server does not come up, or does not answer.
pub(super) async fn grow(entries: u64) -> Result<(), Error> {
    let folder = TempSite::new()?;
    folder.write("pipelines/bench.yaml", PIPELINE)?;
    folder.write("dragoman.yaml", site("{ sqlite: store }"))?;
    let server = Launch::new(dragoman()?)
        .args(["serve"])
        .folder(folder.path())
        .env("DRAGOMAN_LOG", "warn")
        .start()?;
    let address = server.address(PATIENCE).await?;
    let address: SocketAddr = address.trim_start_matches("http://").parse()?;
    let step = (entries / LINES).max(1);
    let (mut told, mut stretches) = (0, Vec::new());
    for number in 0.. {
        let load = Load {
            clients: CLIENTS,
            warm_up: Duration::from_millis(500),
            duration: STRETCH,
            ..Load::new(address, "/bench")
        };
        let report = load.run(move |n| order(number, n)).await?;
        if report.failures > 0 || report.statuses.keys().any(|status| *status != 200) {
            return Err(format!("{} failures, {:?}", report.failures, report.statuses).into());
        }
        stretches.push((report.per_second, report.p99().as_secs_f64() * 1_000.0));
        let has = store_count(address, &folder, "entries").await? as u64;
        if has < told + step {
            continue;
        }
        let of = |what: fn(&(f64, f64)) -> f64| stretches.iter().map(what).sum::<f64>() / stretches.len() as f64;
        println!(
            "bench: a store of {:.1} million entries: {:.0} runs/s, p99 {:.1} ms, {:.0} MB resident",
            has as f64 / 1e6,
            of(|(runs, _)| *runs),
            of(|(_, p99)| *p99),
            Usage::of(server.id())?.resident as f64 / f64::from(1 << 20),
        );
        (told, stretches) = (has, Vec::new());
        if has >= entries {
            break;
        }
    }
    Ok(())
}
