//! Lists of runs and of children.

use dragoman_model::Digest;
use serde_json::json;

use super::sample::{self, START, answered, begun, park, stand, written};
use crate::error::CONTRADICTION;
use crate::fold;
use crate::query::{RunFilter, RunSummary};
use crate::record::{Ending, Parent, Record, TimerPurpose};
use crate::store::{Append, Begin, Journal, Lease, Standing};

fn child(of: Lease, index: u64, item: &str) -> Begin {
    let id = of.run.child("parcels", item);
    let parent = Parent {
        run: of.run,
        path: "parcels".into(),
        index,
        item: item.into(),
    };
    Begin {
        entries: vec![sample::accepted(id, item, Some(parent))],
        ..sample::begin(id, item)
    }
}

async fn begin_children(journal: &dyn Journal) -> Lease {
    let lease = begun(journal, 1).await;
    let body = Some(json!({ "items": [{ "key": "a" }, { "key": "b" }] }));
    let children = sample::append(lease, 1, Record::Children { count: 2 }, body);
    let begins = vec![child(lease, 1, "b"), child(lease, 0, "a")];
    written(journal, Append { begins, ..children }).await;
    lease
}

pub(super) async fn children_begin_with_their_parent(journal: &dyn Journal) {
    let lease = begin_children(journal).await;
    let found = answered(journal.children(lease.run, "parcels".into()).await);
    assert_eq!(keys(&found), ["a", "b"], "by index");
    assert!(
        found
            .iter()
            .all(|c| c.parent == Some(lease.run) && c.standing == Standing::Active)
    );
    assert!(answered(journal.children(lease.run, "letters".into()).await).is_empty());
    assert!(answered(journal.children(found[0].run, "parcels".into()).await).is_empty());

    let first = Lease {
        run: found[0].run,
        epoch: 1,
        until: lease.until,
    };
    let unfinished = || async { keys(&answered(journal.unfinished(lease.run, "parcels".into()).await)).join(" ") };
    assert_eq!(unfinished().await, "a b");
    written(journal, sample::close(first, 1)).await;
    let found = answered(journal.children(lease.run, "parcels".into()).await);
    assert_eq!((&found[0].output, found[1].ending), (&Some(json!({ "n": 1 })), None));
    assert_eq!(unfinished().await, "b", "what has ended well is nobody's trouble");
    let second = Lease {
        run: found[1].run,
        ..first
    };
    let failed = Record::Closed { ending: Ending::Failed };
    let close = sample::append(second, 1, failed, Some(json!({ "reason": "no" })));
    let standing = Standing::Closed;
    written(journal, Append { standing, ..close }).await;
    assert_eq!(unfinished().await, "b", "a failure is to be seen");
    assert!(answered(journal.unfinished(lease.run, "letters".into()).await).is_empty());
}

pub(super) async fn children_begin_once(journal: &dyn Journal) {
    let lease = begin_children(journal).await;
    let again = sample::append(lease, 2, sample::read(), None);
    written(
        journal,
        Append {
            begins: vec![child(lease, 0, "a")],
            ..again
        },
    )
    .await;
    let id = lease.run.child("parcels", "a");
    assert_eq!(answered(journal.load(id).await).len(), 1, "a child begins once");

    let other = Begin {
        content: Digest::of(b"other"),
        ..child(lease, 0, "a")
    };
    let conflict = Append {
        begins: vec![other],
        ..sample::append(lease, 3, sample::read(), None)
    };
    assert_eq!(journal.append(conflict).await.map_err(|e| e.code), Err(CONTRADICTION));
    assert_eq!(
        answered(journal.load(lease.run).await).len(),
        3,
        "nothing of it was written"
    );
}

/// One run completed, one failed, one is parked, one is at work.
async fn four(journal: &dyn Journal) {
    written(journal, sample::close(begun(journal, 1).await, 1)).await;
    let failed = Record::Closed { ending: Ending::Failed };
    let body = Some(json!({ "failure": { "message": "no such parcel" } }));
    written(
        journal,
        stand(begun(journal, 2).await, 1, failed, body, Standing::Closed),
    )
    .await;
    written(journal, park(begun(journal, 3).await, 1, "ask the boss")).await;
    begun(journal, 4).await;
}

fn keys(runs: &[RunSummary]) -> Vec<&str> {
    runs.iter().map(|run| run.run_key.as_str()).collect()
}

async fn list(journal: &dyn Journal, status: Option<&str>) -> Vec<RunSummary> {
    let status = status.map(Into::into);
    answered(
        journal
            .runs(RunFilter {
                status,
                ..RunFilter::default()
            })
            .await,
    )
}

/// A list goes on behind its last one.
async fn goes_on(journal: &dyn Journal, all: &[RunSummary]) {
    let older_than = |run| RunFilter {
        older_than: Some(run),
        limit: 2,
        ..RunFilter::default()
    };
    let second = answered(journal.runs(older_than(all[0].run)).await);
    assert_eq!(keys(&second), ["order-3", "order-2"]);
    assert!(answered(journal.runs(older_than(all[3].run)).await).is_empty());
}

pub(super) async fn lists_are_filtered(journal: &dyn Journal) {
    four(journal).await;
    let all = list(journal, None).await;
    assert_eq!(keys(&all), ["order-4", "order-3", "order-2", "order-1"], "newest first");
    assert!(list(journal, Some("no such status")).await.is_empty());
    assert_eq!(keys(&list(journal, Some("active")).await), ["order-4"]);
    let of = async |pipeline: &str, limit| {
        let filter = RunFilter {
            pipeline: Some(pipeline.into()),
            limit,
            ..RunFilter::default()
        };
        answered(journal.runs(filter).await).len()
    };
    assert_eq!(
        (of("orders", 2).await, of("orders", 0).await, of("letters", 0).await),
        (2, 4, 0)
    );
    goes_on(journal, &all).await;
    let beginning = async |digits: String| answered(journal.beginning(digits).await);
    for one in &all {
        let id = one.run.to_string();
        assert_eq!(beginning(id.clone()).await, [one.run]);
        assert_eq!(beginning(id.replace('-', "").to_uppercase()).await, [one.run]);
        assert!(!beginning(id[..id.len() - 1].into()).await.is_empty());
        let only = RunFilter {
            run: Some(one.run),
            ..RunFilter::default()
        };
        assert_eq!(&answered(journal.runs(only).await), std::slice::from_ref(one));
    }

    assert_eq!(
        beginning(String::new()).await.len(),
        2,
        "a second one is enough to know"
    );
    for nobody in ["x", "00000000-0000-4000-8000-000000000000", "é", &"0".repeat(33)] {
        assert!(beginning(nobody.into()).await.is_empty(), "{nobody}");
    }

    let completed = &list(journal, Some("completed")).await[0];
    assert_eq!(completed.output, Some(json!({ "n": 1 })));
    assert_eq!((completed.entries, completed.standing), (2, Standing::Closed));
    assert_eq!((completed.began, completed.touched), (START, START.plus_millis(1)));
    let failed = &list(journal, Some("failed")).await[0];
    assert_eq!(
        (failed.note.as_deref(), failed.ending),
        (Some("no such parcel"), Some(Ending::Failed))
    );
    let parked = &list(journal, Some("parked")).await[0];
    assert_eq!((parked.note.as_deref(), &parked.output), (Some("ask the boss"), &None));
}

pub(super) async fn a_list_is_the_fold_of_the_entries(journal: &dyn Journal) {
    four(journal).await;
    let due = START.plus_millis(99);
    let timer = Record::Timer {
        due,
        purpose: TimerPurpose::Sleep,
        attempt: 1,
    };
    written(
        journal,
        stand(begun(journal, 5).await, 1, timer, None, Standing::Sleeping(due)),
    )
    .await;
    let lease = begun(journal, 6).await;
    written(journal, park(lease, 1, "ask")).await;
    let resumed = Record::Operated { act: "replay".into() };
    written(journal, sample::append(lease, 2, resumed, None)).await;
    for listed in list(journal, None).await {
        let entries = answered(journal.load(listed.run).await);
        assert_eq!(fold::summary(&entries), Ok(Some(listed)));
    }
}
