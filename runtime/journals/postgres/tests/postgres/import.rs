//! A store that is taken over from rows: all of it or nothing, and runs go on in their turns.

use dragoman_journal::conformance::sample::{LEASE, START, answered, begin, close, due, run, written};
use dragoman_journal::error::{CANNOT_OPEN, CORRUPT};
use dragoman_journal::rows::{Cell, Page, Table};
use dragoman_journal::{Error, Journal, Records, RunFilter};
use dragoman_journals_postgres::{Imported, Options, PostgresJournal, import};
use dragoman_model::{RunId, Timestamp};
use dragoman_support::postgres::Postgres;
use tokio::sync::mpsc::{Receiver, channel};

use crate::server::address;

const LATER: Timestamp = START.plus_millis(LEASE);
const ACTIVE: i64 = 0;
const SLEEPING: i64 = 1;
const CLOSED: i64 = 4;

fn id(run: RunId) -> Cell {
    Cell::Bytes(run.0.as_bytes().to_vec())
}

/// A run as it is carried.
fn carried(number: i64, standing: i64, serial: Option<&str>, parent: Option<RunId>) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.into());
    let number_or_null = |number: Option<i64>| number.map_or(Cell::Null, Cell::Number);
    let later = (standing == SLEEPING).then_some(LATER.millis());
    let due = if standing == ACTIVE { Some(0) } else { later };
    vec![
        id(run(number.unsigned_abs())),
        Cell::Number(number),
        text("orders"),
        text(&format!("order-{number}")),
        Cell::Bytes(vec![7; 32]),
        parent.map_or(Cell::Null, id),
        parent.map_or(Cell::Null, |_| text("parcels")),
        number_or_null(parent.map(|_| 0)),
        Cell::Number(standing),
        number_or_null(later),
        number_or_null((standing == CLOSED).then_some(0)),
        Cell::Number(1),
        number_or_null(due),
        Cell::Number(1),
        Cell::Number(START.millis()),
        Cell::Number(START.millis()),
        Cell::Null,
        serial.map_or(Cell::Null, text),
        Cell::Null,
    ]
}

/// What comes, and whether it comes to its end.
fn coming(rows: Vec<Vec<Cell>>, ends: bool) -> Receiver<Result<Option<Page>, Error>> {
    let (send, pages) = channel(2);
    let table = Table::Runs;
    send.try_send(Ok(Some(Page { table, rows }))).expect("there is room");
    if ends {
        send.try_send(Ok(None)).expect("there is room");
    }
    pages
}

fn runs() -> Vec<Vec<Cell>> {
    vec![
        carried(1, ACTIVE, Some("a"), None),
        carried(2, ACTIVE, Some("a"), None),
        carried(3, ACTIVE, Some("a"), Some(run(1))),
        carried(4, ACTIVE, None, None),
        carried(5, ACTIVE, Some("b"), None),
        carried(6, SLEEPING, Some("a"), None),
        carried(7, CLOSED, Some("a"), None),
    ]
}

#[tokio::test]
async fn runs_that_were_at_work_go_on_in_their_turns() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let place = address(&server, "postgres", "dragoman");
    let imported = import(&place, "dragoman", None, coming(runs(), true)).await;
    assert_eq!(answered(imported), Imported::Rows(7));
    let journal = PostgresJournal::open(&place, Options::default()).await.unwrap();
    let due = async |at| due(&journal, at, 10).await;
    assert_eq!(
        due(START).await,
        [run(1), run(3), run(4), run(5)],
        "one of a serial, with its family"
    );
    let acquire = async |number| answered(journal.acquire(run(number), START, LATER).await);
    assert_eq!(acquire(2).await, None, "it waits for its turn");
    let (first, item) = (
        acquire(1).await.expect("it is free"),
        acquire(3).await.expect("it is free"),
    );
    written(&journal, close(item, 1)).await;
    assert_eq!(acquire(2).await, None, "the family has the turn still");
    written(&journal, close(first, 1)).await;
    assert!(due(START).await.contains(&run(2)));
    assert!(acquire(2).await.is_some());

    journal.keep_version("orders".into()).await.unwrap();
    answered(journal.begin(begin(run(8), "order-8")).await);
    let newest = RunFilter {
        limit: 1,
        ..RunFilter::default()
    };
    let listed = answered(journal.runs(newest).await);
    assert_eq!(listed[0].run, run(8), "counting goes on");
    let again = import(&place, "dragoman", None, coming(runs(), true)).await;
    assert_eq!(again.map_err(|e| e.code), Err(CANNOT_OPEN), "another store is there");
}

#[tokio::test]
async fn what_does_not_come_whole_is_not_there() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let place = address(&server, "postgres", "dragoman");
    let broken_off = import(&place, "dragoman", None, coming(runs(), false)).await;
    assert_eq!(broken_off.map_err(|e| e.code), Err(CORRUPT));
    let mut wrong = runs();
    wrong[0][1] = Cell::Text("first".into());
    let wrong = import(&place, "dragoman", None, coming(wrong, true)).await;
    let told = wrong.map_err(|e| e.message).expect_err("it is of another kind");
    assert!(told.contains("column 2") && told.contains("Runs"), "{told}");
    let whole = import(&place, "dragoman", None, coming(runs(), true)).await;
    assert_eq!(answered(whole), Imported::Rows(7), "nothing was left of what failed");
}
