//! What is in a database of a store whose content is encrypted: to a key, and to none.

use std::sync::Arc;

use dragoman_journal::audit::verify;
use dragoman_journal::conformance::secret;
use dragoman_journal::{Error, Keyring};
use dragoman_journals_postgres::{Options, PostgresJournal, PostgresRecords, PostgresTrail, encrypt};
use dragoman_support::postgres::Postgres;
use tokio_postgres::NoTls;

use crate::server::address;

const WORD: &str = "Rhinoceros-17";
const OLD: &[u8] = &[b'1'; 64];
const NEW: &[u8] = &[b'2'; 64];

fn ring(keys: &[&[u8]]) -> Arc<Keyring> {
    Arc::new(Keyring::new(keys.iter().copied()).unwrap())
}

async fn open(server: &Postgres, keyring: &Arc<Keyring>) -> Result<PostgresJournal, Error> {
    let options = Options {
        keyring: Arc::clone(keyring),
        ..Options::default()
    };
    PostgresJournal::open(&address(server, "postgres", "dragoman"), options).await
}

/// In how many rows the word stands.
async fn found(server: &Postgres) -> i64 {
    let at = format!("host=127.0.0.1 port={} user=dragoman dbname=postgres", server.port());
    let (client, connection) = tokio_postgres::connect(&at, NoTls).await.unwrap();
    tokio::spawn(connection);
    let hexadecimal: String = WORD.bytes().map(|byte| format!("{byte:02x}")).collect();
    let tables = client.query(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'dragoman'",
        &[],
    );
    let mut all = 0;
    for table in tables.await.unwrap() {
        let table: String = table.get(0);
        let sql = format!("SELECT count(*) FROM dragoman.{table} t WHERE t::text LIKE $1 OR t::text LIKE $2");
        let (plain, hexadecimal) = (format!("%{WORD}%"), format!("%{hexadecimal}%"));
        let row = client.query_one(&sql, &[&plain, &hexadecimal]).await.unwrap();
        all += row.get::<_, i64>(0);
    }
    all
}

/// The trail reads on a thread of its own, for which this one waits.
async fn is_whole(server: &Postgres, keyring: &Arc<Keyring>) {
    let (place, keyring) = (address(server, "postgres", "dragoman"), Arc::clone(keyring));
    let verified = tokio::task::spawn_blocking(move || {
        let trail = PostgresTrail::open(&place, "dragoman", &keyring).unwrap();
        verify(&trail, &[]).unwrap()
    });
    let report = verified.await.unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
}

#[tokio::test]
async fn nobody_without_the_key_finds_a_word_in_the_database() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let place = address(&server, "postgres", "dragoman");
    let (old, both, new) = (ring(&[OLD]), ring(&[NEW, OLD]), ring(&[NEW]));
    secret::tell(&open(&server, &Arc::default()).await.unwrap(), WORD).await;
    assert!(found(&server).await >= 8, "this is how it is found");
    assert!(encrypt(&place, "dragoman", &old).await.unwrap() >= 10);
    assert_eq!(found(&server).await, 0);
    is_whole(&server, &old).await;
    for keys in [&new, &Arc::default()] {
        let refused = [
            open(&server, keys).await.map(drop),
            PostgresRecords::open(&place, "dragoman", keys).await.map(drop),
            encrypt(&place, "dragoman", keys).await.map(drop),
        ];
        assert_eq!(refused.map(|refused| refused.unwrap_err().code.id), ["D0726"; 3]);
    }
    let journal = open(&server, &both).await.unwrap();
    secret::hear(&journal, WORD).await;
    // Both are needed as long as something is encrypted with the old one, and not a day longer; also while others work.
    assert!(encrypt(&place, "dragoman", &both).await.unwrap() >= 10);
    assert_eq!(encrypt(&place, "dragoman", &both).await, Ok(0));
    secret::hear(&journal, WORD).await;
    drop(journal);
    secret::hear(&open(&server, &new).await.unwrap(), WORD).await;
    is_whole(&server, &new).await;
    assert_eq!(found(&server).await, 0);
}
