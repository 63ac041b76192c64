//! What was erased is gone, and the trail is whole.

use std::sync::Arc;

use dragoman_journal::audit::verify;
use dragoman_journal::conformance::erased::what_has_ended_is_erased;
use dragoman_journals_postgres::{Options, PostgresJournal, PostgresTrail};
use dragoman_support::postgres::Postgres;

use crate::server::address;

#[tokio::test]
async fn what_was_erased_is_gone_and_the_trail_is_whole() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let place = address(&server, "postgres", "dragoman");
    let journal = PostgresJournal::open(&place, Options::default()).await.unwrap();
    what_has_ended_is_erased(&journal).await;
    let verified = tokio::task::spawn_blocking(move || {
        let trail = PostgresTrail::open(&place, "dragoman", &Arc::default()).unwrap();
        verify(&trail, &[]).unwrap()
    });
    let report = verified.await.unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.erased, 8);
}
