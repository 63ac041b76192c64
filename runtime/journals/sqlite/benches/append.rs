//! How fast the store appends: one caller after the other, and many at once, plain and encrypted. It prints a line for each number of callers;
//! with `--seconds N` each takes so long (2 by default).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use dragoman_journal::conformance::load::{concurrent, sequential};
use dragoman_journal::{Journal, Keyring, Store as _};
use dragoman_journals_sqlite::{Options, SqliteJournal};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip_while(|a| a != "--seconds").skip(1);
    let seconds = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(2);
    for (name, keys) in [("plain", &[][..]), ("encrypted", &[&[b'7'; 64][..]])] {
        println!("{name}");
        let keyring = Keyring::new(keys.iter().copied()).unwrap_or_else(|e| panic!("{e}"));
        run(Arc::new(keyring), seconds).await;
    }
}

async fn run(keyring: Arc<Keyring>, seconds: u64) {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let options = Options {
        keyring,
        ..Options::default()
    };
    let journal = SqliteJournal::open(folder.path(), options).unwrap_or_else(|e| panic!("{e}"));
    sequential(&journal).await;
    let journal = Arc::new(journal);
    let (shared, next): (Arc<dyn Journal>, _) = (journal.clone(), Arc::new(AtomicU64::new(1)));
    for callers in [1, 16, 64] {
        concurrent(&shared, callers, Duration::from_secs(seconds), &next, &|| {
            journal.stats()
        })
        .await;
    }
}
