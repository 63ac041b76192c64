//! What happens when the database goes away, is shared, or is not fit.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use dragoman_journal::audit::verify;
use dragoman_journal::conformance::busy::busy;
use dragoman_journal::conformance::sample::{LEASE, START, append, begun, due, read, run, written};
use dragoman_journal::error::{CANNOT_OPEN, CANNOT_WRITE};
use dragoman_journal::{Journal, Records, Refusal, Store};
use dragoman_journals_postgres::{Address, Options, PostgresJournal, PostgresTrail};
use dragoman_model::Digest;
use dragoman_support::postgres::Postgres;
use futures_util::future::join_all;

use crate::line::Line;
use crate::server::address;

/// Waits for the database as long as a test may take.
fn patient() -> Options {
    Options {
        patience: Duration::from_secs(300),
        ..Options::default()
    }
}

async fn open(server: &Postgres, options: Options) -> PostgresJournal {
    PostgresJournal::open(&address(server, "postgres", "dragoman"), options)
        .await
        .unwrap()
}

fn audit(server: &Postgres) -> (u64, Vec<String>) {
    let trail = PostgresTrail::open(&address(server, "postgres", "dragoman"), "dragoman", &Arc::default()).unwrap();
    let report = verify(&trail, &trail.heads().unwrap()).unwrap();
    let findings = report.findings.iter().map(|finding| finding.message.clone()).collect();
    (report.entries, findings)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_and_a_server_that_dies_lose_nothing_and_do_nothing_twice() {
    let Some(mut server) = Postgres::start().await.unwrap() else {
        return;
    };
    let journals = [
        Arc::new(open(&server, patient()).await),
        Arc::new(open(&server, patient()).await),
    ];
    journals[0].keep_version("orders".into()).await.unwrap();
    // 300 runs of 6 entries, 24 at a time; `busy` panics where anything is answered but that it is written.
    let callers: Vec<_> = (0..24)
        .map(|caller| {
            let journal = Arc::clone(&journals[caller % 2]);
            tokio::spawn(async move {
                for number in (1..=300).filter(|number| number % 24 == caller) {
                    busy(&*journal, number as u64).await;
                }
            })
        })
        .collect();
    let mut ends = join_all(callers);
    let mut died = 0;
    while died < 4 {
        // Some way on, and then at whatever moment that is.
        let goal = journals[0].stats().entries + 100;
        let on = async {
            while journals[0].stats().entries < goal {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = on => {}
            ended = &mut ends => {
                panic!("the runs ended before the server died often enough: {died}, {ended:?}");
            }
        }
        if died % 2 == 0 {
            server.kill().await.unwrap();
        }
        server.resume().await.unwrap();
        died += 1;
    }
    for ended in ends.await {
        ended.unwrap();
    }
    let (entries, findings) = audit(&server);
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(entries, 300 * 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_breaks_around_commits_loses_nothing_and_repeats_nothing() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let (line, port) = Line::to(server.port()).await;
    let address = Address {
        port,
        ..address(&server, "postgres", "dragoman")
    };
    let journal = Arc::new(PostgresJournal::open(&address, patient()).await.unwrap());
    journal.keep_version("orders".into()).await.unwrap();
    line.breaks(true);
    join_all((0..8).map(|caller| {
        let journal = Arc::clone(&journal);
        async move {
            for number in (1..=80).filter(|number| number % 8 == caller) {
                busy(&*journal, number).await;
            }
        }
    }))
    .await;
    line.breaks(false);
    let cut = [
        line.unheard.load(Ordering::Relaxed),
        line.unanswered.load(Ordering::Relaxed),
    ];
    assert!(cut.iter().all(|times| *times >= 5), "it broke too seldom: {cut:?}");
    let (entries, findings) = audit(&server);
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(entries, 80 * 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_one_is_fenced_off_also_between_processes() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let (one, two) = tokio::join!(open(&server, patient()), open(&server, patient()));
    let lease = begun(&one, 1).await;
    assert_eq!(
        two.acquire(run(1), START, START.plus_millis(LEASE)).await.unwrap(),
        None
    );
    let later = lease.until.plus_millis(1);
    let taken = two
        .acquire(run(1), later, later.plus_millis(LEASE))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        one.append(append(lease, 1, read(), None)).await.unwrap(),
        Err(Refusal::Fenced)
    );
    written(&two, append(taken, 1, read(), None)).await;
    assert_eq!(one.load(run(1)).await.unwrap(), two.load(run(1)).await.unwrap());
    assert_eq!(one.renew(vec![lease], later).await.unwrap(), []);
    assert_eq!(one.heads().await.unwrap()[0].entries, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_process_of_a_place_had_is_free_at_once() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let of = |name: &str| Options {
        owner: Some(uuid::Uuid::from_bytes(
            Digest::of(name.as_bytes()).0[..16].try_into().unwrap(),
        )),
        ..patient()
    };
    let (mine, other) = (open(&server, of("mine")).await, open(&server, of("other")).await);
    let (lease, kept) = (begun(&mine, 1).await, begun(&other, 2).await);
    drop(mine);
    let again = open(&server, of("mine")).await;
    assert_eq!(due(&again, START, 10).await, [run(1)]);
    let taken = again
        .acquire(run(1), START, START.plus_millis(LEASE))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(taken.epoch, lease.epoch + 1);
    assert_eq!(
        again.acquire(run(2), START, START.plus_millis(LEASE)).await.unwrap(),
        None
    );
    written(&other, append(kept, 1, read(), None)).await;
}

/// Another session of the database, which is none of the journal's.
async fn session(server: &Postgres) -> tokio_postgres::Client {
    let to = format!("host=127.0.0.1 port={} user=dragoman dbname=postgres", server.port());
    let (client, connection) = tokio_postgres::connect(&to, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET search_path = dragoman").await.unwrap();
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_starts_anew_gets_its_runs_though_others_lock_them_crosswise() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let mine = || Options {
        owner: Some(uuid::Uuid::from_u128(1)),
        ..patient()
    };
    let before = open(&server, mine()).await;
    begun(&before, 1).await;
    begun(&before, 2).await;
    drop(before);
    let (other, looks) = tokio::join!(session(&server), session(&server));
    let lock = "SELECT 1 FROM run WHERE id = $1 FOR UPDATE";
    other.batch_execute("BEGIN").await.unwrap();
    other.execute(lock, &[&run(2).0]).await.unwrap();
    let crosswise = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        while looks.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {}
        // Whoever starts has the first run and waits for the second. It has waited longer, and is told of the deadlock.
        other.execute(lock, &[&run(1).0]).await.unwrap();
        other.batch_execute("COMMIT").await.unwrap();
    };
    let (again, ()) = tokio::join!(open(&server, mine()), crosswise);
    assert_eq!(due(&again, START, 10).await, [run(1), run(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_said_to_be_and_comes_back() {
    let Some(mut server) = Postgres::start().await.unwrap() else {
        return;
    };
    let options = Options {
        patience: Duration::from_millis(1),
        ..Options::default()
    };
    let journal = open(&server, options).await;
    let lease = begun(&journal, 1).await;
    server.stop().await.unwrap();
    let refused = journal.append(append(lease, 1, read(), None)).await.unwrap_err();
    assert_eq!(refused.code, CANNOT_WRITE);
    assert_eq!(journal.load(run(1)).await.unwrap_err().code, CANNOT_OPEN);
    server.resume().await.unwrap();
    written(&journal, append(lease, 1, read(), None)).await;
    assert_eq!(journal.load(run(1)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_database_that_is_not_fit_is_refused() {
    let Some(server) = Postgres::with(&["fsync=off"]).await.unwrap() else {
        return;
    };
    let refused = async |database: &str, user: &str, schema: &str| {
        let options = Options {
            schema: schema.into(),
            ..Options::default()
        };
        let opened = PostgresJournal::open(&address(&server, database, user), options).await;
        let error = opened.err().expect("it is refused");
        assert_eq!(error.code, CANNOT_OPEN);
        error.message
    };
    assert!(
        refused("postgres", "dragoman", "dragoman")
            .await
            .contains("`fsync` is off")
    );
    assert!(
        refused("postgres", "dragoman", "Dragoman; DROP")
            .await
            .contains("small letters")
    );
    assert!(
        refused("nowhere", "dragoman", "dragoman")
            .await
            .contains("CREATE DATABASE")
    );
    assert!(
        refused("postgres", "nobody", "dragoman")
            .await
            .contains("user and password")
    );
    let trail = PostgresTrail::open(&address(&server, "postgres", "dragoman"), "dragoman", &Arc::default());
    assert_eq!(trail.err().expect("there is none").code, CANNOT_OPEN);
}
