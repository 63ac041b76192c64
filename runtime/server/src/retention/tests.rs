//! Runs that have ended and runs that have not, in a real store, as time goes by.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_journal::conformance::sample::{self, START, answered, begun, close, intent, once, run, stand, written};
use dragoman_journal::{Journal, Lease, Operation, Parent, Record, Records, Settled, Standing};
use dragoman_journals_sqlite::{Options, SqliteJournal};
use dragoman_model::{Actor, Digest, Role, Timestamp};
use serde_json::json;
use tokio::sync::watch;

use super::daily::look;
use super::{Erasing, Held, HoldChange, Periods, Retention};
use crate::desk::{Refusal, Who};

const DAY_MS: i64 = 86_400_000;

/// A store in a folder, whoever erases from it, and a clock that nobody stops.
struct House {
    journal: Arc<SqliteJournal>,
    retention: Retention,
    going: watch::Receiver<bool>,
    _folder: tempfile::TempDir,
}

impl House {
    fn new(others: Option<i64>, named: &[(&str, i64)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Arc::new(SqliteJournal::open(folder.path(), Options::default()).expect("a store"));
        let days = |days: i64| days * DAY_MS;
        let periods = Periods {
            others_ms: others.map(days),
            named_ms: named
                .iter()
                .map(|(name, of)| ((*name).to_owned(), days(*of)))
                .collect::<BTreeMap<_, _>>(),
        };
        House {
            retention: Retention::new(journal.clone(), watch::channel(periods).1),
            journal,
            going: watch::channel(false).1,
            _folder: folder,
        }
    }

    /// How many runs are erased by then.
    async fn look(&self, days: i64) -> usize {
        let now = START.plus_millis(days * DAY_MS + 1_000);
        let looked = look(&self.retention, &administrator(), now, &self.going).await;
        looked.expect("the store answers")
    }

    /// Which of these runs have nothing more to say.
    async fn silent(&self, numbers: &[u64]) -> Vec<u64> {
        let mut silent = Vec::new();
        for number in numbers {
            let entries = answered(self.journal.load(run(*number)).await);
            if entries.iter().all(|entry| entry.body.is_none()) {
                silent.push(*number);
            }
        }
        silent
    }
}

fn administrator() -> Who {
    Who::administrator(Actor::system("tester"))
}

/// A run that does something under a key and a reference; it has not ended.
async fn acts(journal: &SqliteJournal, number: u64) -> Lease {
    let lease = begun(journal, number).await;
    let key = once(&number.to_string());
    let mut acts = sample::append(
        lease,
        1,
        intent(Some(key.clone()), Some("order-7")),
        Some(json!({ "input": 1 })),
    );
    acts.entries[0].path = "ship".into();
    acts.operations = vec![
        Operation::OnceOpen {
            once: key.clone(),
            path: "ship".into(),
            input: Digest::of(b"input"),
            reference: Some("order-7".into()),
            input_body: json!(1).into(),
        },
        Operation::Settle {
            once: Some(key),
            reference: None,
            path: "ship".into(),
            state: Settled::Done(json!(2).into()),
        },
    ];
    written(journal, acts).await;
    lease
}

/// A run that ended, with an item that it began.
async fn with_item(journal: &SqliteJournal, number: u64, item_ends: bool) {
    let lease = begun(journal, number).await;
    let children = Record::Children { count: 1 };
    let mut begins = stand(lease, 1, children, Some(json!({ "items": [] })), Standing::Active);
    begins.entries[0].path = "lines".into();
    written(journal, begins).await;
    let parent = Parent {
        run: run(number),
        path: "lines".into(),
        index: 0,
        item: "a".into(),
    };
    let mut item = sample::begin(run(number + 1), "a");
    item.entries = vec![sample::accepted(run(number + 1), "a", Some(parent))];
    let dragoman_journal::Begun::New(of_item) = answered(journal.begin(item).await) else {
        panic!("the item begins");
    };
    if item_ends {
        written(journal, close(of_item, 1)).await;
    }
    written(journal, close(lease, 2)).await;
}

fn erasing(runs: &[u64], yes: bool) -> Erasing {
    Erasing {
        runs: runs.iter().map(|number| run(*number).to_string()).collect(),
        reason: Some("they asked".into()),
        yes,
        ..Erasing::default()
    }
}

#[tokio::test]
async fn what_was_kept_for_its_period_is_erased_and_nothing_else() {
    let house = House::new(None, &[("orders", 90)]);
    let lease = acts(&house.journal, 1).await;
    written(&*house.journal, close(lease, 2)).await;
    acts(&house.journal, 2).await;
    with_item(&house.journal, 3, true).await;
    with_item(&house.journal, 5, false).await;
    assert_eq!(house.look(89).await, 0);
    assert_eq!(house.look(90).await, 2);
    assert_eq!(
        house.silent(&[1, 2, 3, 4, 5, 6]).await,
        [1, 3, 4],
        "who works, and who began it, is left"
    );
    assert_eq!(house.look(90).await, 0, "what is erased is not found again");
    // How the key stands is known for ever.
    let record = answered(house.journal.once(once("1")).await).expect("the key");
    assert_eq!((record.state, record.output), (dragoman_journal::OnceState::Done, None));
    let report = house.journal.trail().expect("a trail").verify(&[]).expect("it is read");
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code.id).collect();
    assert!(!codes.contains(&"D0714"), "{:?}", report.findings);
    assert_eq!(report.erased, 8);
}

#[tokio::test]
async fn without_a_period_nothing_is_erased() {
    let house = House::new(None, &[("others", 1)]);
    written(&*house.journal, close(acts(&house.journal, 1).await, 2)).await;
    assert_eq!(house.look(10_000).await, 0);
    let others = House::new(Some(7), &[("others", 1)]);
    written(&*others.journal, close(acts(&others.journal, 1).await, 2)).await;
    assert_eq!((others.look(6).await, others.look(7).await), (0, 1));
}

#[tokio::test]
async fn what_is_held_stays_until_it_is_let_go() {
    for what in [
        Held::Run(run(1).to_string()),
        Held::Reference("order-7".into()),
        Held::Pipeline("orders".into()),
    ] {
        let house = House::new(Some(1), &[]);
        written(&*house.journal, close(acts(&house.journal, 1).await, 2)).await;
        let change = |hold| HoldChange {
            what: what.clone(),
            hold,
            reason: "a case in court".into(),
            by: None,
        };
        let held = house
            .retention
            .hold(&change(true), administrator())
            .await
            .expect("it is held");
        assert_eq!(held["changed"], true);
        let again = house
            .retention
            .hold(&change(true), administrator())
            .await
            .expect("it is held");
        assert_eq!(again["changed"], false);
        assert_eq!(house.look(2).await, 0, "{what}");
        let refused = house.retention.erase(&erasing(&[1], true), administrator()).await;
        assert!(
            matches!(&refused, Err(Refusal::Conflict(why)) if why.contains("is held")),
            "{refused:?}"
        );
        let shown = house.retention.show().await.expect("it is shown");
        assert_eq!(shown["held"][0]["reason"], "a case in court");
        house
            .retention
            .hold(&change(false), administrator())
            .await
            .expect("it is let go");
        assert_eq!(house.look(2).await, 1);
    }
}

#[tokio::test]
async fn an_administrator_erases_what_has_ended() {
    let house = House::new(None, &[]);
    acts(&house.journal, 1).await;
    written(&*house.journal, close(acts(&house.journal, 2).await, 2)).await;
    with_item(&house.journal, 3, true).await;
    let erase = async |wanted: &Erasing| house.retention.erase(wanted, administrator()).await;
    // The item stands for its whole family.
    let would = erase(&erasing(&[2, 4], false)).await.expect("it is said");
    assert_eq!((&would["done"], &would["refused"]), (&json!(false), &json!([])));
    assert_eq!(
        (&would["runs"][0]["bodies"], &would["runs"][1]["runs"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(
        house.silent(&[1, 2, 3, 4]).await,
        Vec::<u64>::new(),
        "it was only asked"
    );
    let of_reference = Erasing {
        runs: Vec::new(),
        reference: Some("order-7".into()),
        ..erasing(&[], true)
    };
    let refused = erase(&of_reference).await;
    assert!(
        matches!(&refused, Err(Refusal::Conflict(why)) if why.contains("has not ended")),
        "{refused:?}"
    );
    assert_eq!(house.silent(&[2]).await, Vec::<u64>::new(), "all of it or nothing");
    let done = erase(&erasing(&[2, 4], true)).await.expect("it is done");
    assert!(done["by"].is_string());
    assert_eq!(house.silent(&[1, 2, 3, 4]).await, [2, 3, 4]);

    for (wanted, who, word) in [
        (erasing(&[], true), administrator(), "it is not said what"),
        (erasing(&[77], true), administrator(), "there is no run"),
        (
            Erasing {
                reason: None,
                ..erasing(&[2], true)
            },
            administrator(),
            "reason",
        ),
        (
            erasing(&[2], false),
            Who {
                roles: vec![Role::Operator],
                ..administrator()
            },
            "administrator",
        ),
    ] {
        let refused = house.retention.erase(&wanted, who).await.expect_err("it is refused");
        assert!(format!("{refused:?}").contains(word), "{refused:?}");
    }
}

#[tokio::test]
async fn a_period_longer_than_all_time_erases_nothing() {
    let house = House::new(Some(i64::MAX / DAY_MS), &[]);
    written(&*house.journal, close(acts(&house.journal, 1).await, 2)).await;
    let far = look(
        &house.retention,
        &administrator(),
        Timestamp::from_millis(i64::MIN),
        &house.going,
    )
    .await;
    assert_eq!((far, house.look(10).await), (Ok(0), 0));
}
