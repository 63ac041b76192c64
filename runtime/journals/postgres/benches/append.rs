//! How fast the store appends, as the embedded one is measured, on a server of its own with the settings it comes with.
//! `--seconds N`: each line takes so long (2 by default). Nothing is measured where there is no PostgreSQL.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use dragoman_journal::conformance::load::{concurrent, sequential};
use dragoman_journal::{Journal, Store};
use dragoman_journals_postgres::{Address, Options, PostgresJournal};
use dragoman_support::postgres::Postgres;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip_while(|a| a != "--seconds").skip(1);
    let seconds = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(2);
    let Some(server) = Postgres::start().await? else {
        return Ok(());
    };
    let address = Address {
        host: "127.0.0.1".into(),
        port: server.port(),
        database: "postgres".into(),
        user: "dragoman".into(),
        password: None,
        tls: false,
    };
    let journal = PostgresJournal::open(&address, Options::default()).await?;
    sequential(&journal).await;
    let journal = Arc::new(journal);
    let (shared, next): (Arc<dyn Journal>, _) = (journal.clone(), Arc::new(AtomicU64::new(1)));
    for callers in [1, 16, 64] {
        concurrent(&shared, callers, Duration::from_secs(seconds), &next, &|| {
            journal.stats()
        })
        .await;
    }
    Ok(())
}
