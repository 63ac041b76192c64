//! Runs of one pipeline that stand in each of the ways that they can, in a real store.

use dragoman_journal::conformance::sample::{self, START, answered, run, stand, written};
use dragoman_journal::{Begun, Ending, Journal, Lease, Parent, Record, Records, RunFilter, Standing};
use dragoman_journals_sqlite::{Options, SqliteJournal};
use dragoman_manifest::read_site;
use dragoman_model::{Source, Timestamp, Usage, Value};
use serde_json::json;

use super::daily::{Daily, look};
use super::list::Listed;
use super::walk::{Wanted, reconcile};
use crate::desk::Who;

const TEXT: &str = "dragoman: 1
pipeline: orders
on: [{ id: hook, manual: {} }]
steps:
  - id: paid
    call: bank.pay
    once: trigger.message.order
  - id: lines
    each: trigger.message.lines
    as: line
    item_key: line.id
    steps:
      - id: sent
        call: shop.send
        once: line.id
";
const DAY_MS: i64 = 86_400_000;

/// A run of the pipeline; `item`: of the first run's step `lines`.
async fn begun(journal: &SqliteJournal, number: u64, item: Option<&str>) -> Lease {
    let edition = json!({ "name": "orders.yaml", "text": TEXT });
    let version = answered(journal.keep_version(edition.to_string().into()).await);
    let mut begin = sample::begin(run(number), &format!("order-{number}"));
    if let Some(item) = item {
        let parent = Parent {
            run: run(number - 1),
            path: "lines".into(),
            index: 0,
            item: item.into(),
        };
        begin.entries = vec![sample::accepted(run(number), item, Some(parent))];
    }
    begin.entries[0].versions.pipeline = version;
    match answered(journal.begin(begin).await) {
        Begun::New(lease) => lease,
        other => panic!("run {number} should begin, the store says {other:?}"),
    }
}

/// Appends a record at a path.
async fn happens(journal: &SqliteJournal, lease: Lease, seq: u64, path: &str, record: Record, standing: Standing) {
    let mut append = stand(
        lease,
        seq,
        record,
        Some(json!({ "output": null, "items": [] })),
        standing,
    );
    append.entries[0].path = path.into();
    written(journal, append).await;
}

async fn done(journal: &SqliteJournal, lease: Lease, path: &str) {
    happens(journal, lease, 1, path, sample::intent(None, None), Standing::Active).await;
    let done = Record::Done {
        attempt: 1,
        known_by: "answer".into(),
        usage: Usage::default(),
        joined: None,
    };
    happens(journal, lease, 2, path, done, Standing::Active).await;
}

async fn closed(journal: &SqliteJournal, lease: Lease, seq: u64, ending: Ending) {
    happens(journal, lease, seq, "", Record::Closed { ending }, Standing::Closed).await;
}

/// Seven runs and an item.
async fn house(journal: &SqliteJournal) {
    let one = begun(journal, 1, None).await;
    done(journal, one, "paid").await;
    closed(journal, one, 3, Ending::Completed).await;
    let two = begun(journal, 2, None).await;
    let intent = sample::intent(None, None);
    happens(journal, two, 1, "paid", intent.clone(), Standing::Active).await;
    let three = begun(journal, 3, None).await;
    done(journal, three, "paid").await;
    closed(journal, three, 3, Ending::Failed).await;
    closed(journal, begun(journal, 4, None).await, 1, Ending::Cancelled).await;
    closed(journal, begun(journal, 5, None).await, 1, Ending::Stopped).await;
    let six = begun(journal, 6, None).await;
    done(journal, six, "paid").await;
    let children = Record::Children { count: 1 };
    happens(journal, six, 3, "lines", children, Standing::Waiting(None)).await;
    let item = begun(journal, 7, Some("a|26PL1")).await;
    happens(journal, item, 1, "lines[0].sent", intent, Standing::Active).await;
}

fn store(folder: &tempfile::TempDir) -> SqliteJournal {
    SqliteJournal::open(folder.path(), Options::default()).expect("a store")
}

fn wanted(list: Option<Listed>) -> Wanted {
    Wanted {
        from: START,
        until: START.plus_millis(DAY_MS),
        limit: 0,
        list,
    }
}

/// What is missing, a line each.
fn missing(report: &Value) -> Vec<String> {
    let told = |one: &Value| {
        let about = one["item"].as_str().or(one["key"].as_str()).unwrap_or_default();
        let steps = ["done", "in_doubt", "not_done"].map(|name| format!("{name} {}", one[name]));
        format!(
            "{about} {}: {}",
            one["lack"].as_str().unwrap_or_default(),
            steps.join(", ")
        )
    };
    let mut told: Vec<String> = report["missing"].as_array().expect("a list").iter().map(told).collect();
    told.sort();
    told
}

#[tokio::test]
async fn what_is_missing_is_what_has_not_ended_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = store(&folder);
    house(&journal).await;
    let report = answered(reconcile(&journal, &wanted(None)).await);
    assert_eq!(
        missing(&report),
        [
            r#"a|26PL1 open: done [], in_doubt ["lines[].sent"], not_done []"#,
            r#"order-2 open: done [], in_doubt ["paid"], not_done ["lines[].sent"]"#,
            r#"order-3 half_done: done ["paid"], in_doubt [], not_done ["lines[].sent"]"#,
            r#"order-4 nothing: done [], in_doubt [], not_done ["paid","lines[].sent"]"#,
        ]
    );
    let orders = &report["pipelines"][0];
    assert_eq!((&report["taken"], &orders["taken"]), (&json!(6), &json!(6)));
    let statuses = json!({ "active": 1, "cancelled": 1, "completed": 1, "failed": 1, "stopped": 1, "waiting": 1 });
    assert_eq!(orders["statuses"], statuses);
    let paid =
        json!({ "step": "paid", "what": "bank.pay", "done": 3, "undone": 0, "in_doubt": 1, "owed": 0, "not_done": 1 });
    assert_eq!(orders["facts"][0], paid);
    assert_eq!(report["counts"], json!({ "open": 2, "half_done": 1, "nothing": 1 }));

    // Of the day after it, what is open is told again, and no more.
    let next = Wanted {
        from: START.plus_millis(DAY_MS),
        until: START.plus_millis(2 * DAY_MS),
        ..wanted(None)
    };
    let report = answered(reconcile(&journal, &next).await);
    assert_eq!((&report["taken"], &report["earlier"]), (&json!(0), &json!(2)));
    assert_eq!(report["counts"], json!({ "open": 2, "half_done": 0, "nothing": 0 }));
}

#[tokio::test]
async fn the_other_sides_list_is_held_against_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = store(&folder);
    house(&journal).await;
    let against = async |names: &[&str], step: Option<&str>| {
        let list = Listed {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            step: step.map(Into::into),
        };
        let report = answered(reconcile(&journal, &wanted(Some(list))).await);
        let names = |list: &Value, name: &str| -> Vec<String> {
            let list = list.as_array().expect("a list").iter();
            list.map(|one| one[name].as_str().unwrap_or_default().to_owned())
                .collect()
        };
        let list = &report["list"];
        let known = list["absent"].as_array().expect("a list").iter();
        let known = known.filter(|absent| absent["run"].is_string()).count();
        let mut unlisted = names(&list["unlisted"], "key");
        unlisted.sort();
        (names(&list["absent"], "name"), known, unlisted)
    };
    let text = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let five = [
        "ORDER-1", "order-2", "order-3", "order-4", "order-5", "order-6", "order-9",
    ];
    assert_eq!(against(&five, None).await, (text(&["order-9"]), 0, text(&[])));
    // The second was not paid for all that is known, and of the sixth nobody has told the bank's list.
    let paid = ["order-1", "order-2", "order-3"];
    assert_eq!(
        against(&paid, Some("paid")).await,
        (text(&["order-2"]), 1, text(&["order-6"]))
    );
    assert_eq!(
        against(&["26pl1"], Some("sent")).await,
        (text(&["26pl1"]), 1, text(&[]))
    );
}

#[tokio::test]
async fn a_day_is_reconciled_once_when_it_is_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = store(&folder);
    house(&journal).await;
    let site = "dragoman: 1\nsite: house\nreconciliation: { zone: Europe/Warsaw, after: 2h }\n";
    let (said, _) = read_site(Source::new("dragoman.yaml", site));
    let daily = Daily::of(&said.expect("a site")).expect("a zone");
    let who = Who {
        actor: dragoman_model::Actor::system("suite"),
        roles: Vec::new(),
    };
    let days = async || {
        let filter = RunFilter {
            pipeline: Some("reconciliation".into()),
            ..RunFilter::default()
        };
        let kept = answered(journal.runs(filter).await);
        let mut days: Vec<String> = kept.into_iter().map(|run| run.run_key).collect();
        days.sort();
        days
    };
    // The runs began at one o'clock in Warsaw, on the first of January.
    for (at, kept, taken) in [
        ("2026-01-01T12:00:00Z", &[] as &[&str], None),
        ("2026-01-02T00:59:00Z", &[], None),
        ("2026-01-02T01:00:00Z", &["2026-01-01"], Some(6)),
        ("2026-01-02T09:00:00Z", &["2026-01-01"], Some(6)),
        // Nobody served for three days: what is open is told of each.
        (
            "2026-01-05T09:00:00Z",
            &["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
            Some(0),
        ),
    ] {
        let now = Timestamp::parse(at).expect("a time");
        let report = look(&journal, &daily, &who, now).await.expect("it is reconciled");
        assert_eq!(days().await, kept, "{at}");
        let found = report.and_then(|report| report["taken"].as_i64());
        assert_eq!(found, taken, "{at}");
    }
}

#[test]
fn a_zone_that_there_is_not_is_refused() {
    let site = "dragoman: 1\nsite: house\nreconciliation: { zone: Europe/Warszawa }\n";
    let (said, _) = read_site(Source::new("dragoman.yaml", site));
    let refused = Daily::of(&said.expect("a site")).expect_err("there is no such zone");
    assert_eq!(
        (refused.code.id, refused.help),
        ("D0441", vec!["write `Europe/Warsaw`".to_owned()])
    );
}
