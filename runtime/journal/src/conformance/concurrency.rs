//! Many callers at once, and what is there afterwards.

use dragoman_model::Digest;
use futures_util::future::join_all;
use serde_json::json;

use super::Stores;
use super::sample::{self, answered, begun, once, run, written};
use crate::query::RunFilter;
use crate::store::{Journal, Operation, Standing};

/// How many callers.
const CALLERS: u64 = 64;

pub(super) async fn everything_answered_is_there(stores: &dyn Stores) {
    let open = async || {
        let opened = stores.open("many").await;
        opened.unwrap_or_else(|e| panic!("store `many`: {e}"))
    };
    let journal = open().await;
    join_all((1..=CALLERS).map(|number| {
        let journal = journal.clone();
        async move {
            let lease = begun(&*journal, number).await;
            for seq in 1..4 {
                let body = Some(json!({ "output": [number, seq] }));
                written(&*journal, sample::append(lease, seq, sample::read(), body)).await;
            }
            written(&*journal, sample::close(lease, 4)).await;
        }
    }))
    .await;
    let open_run = begun(&*journal, CALLERS + 1).await;
    let before = content(&*journal).await;
    drop(journal);

    let journal = open().await;
    assert_eq!(
        content(&*journal).await,
        before,
        "what was answered is there after reopening"
    );
    written(&*journal, sample::append(open_run, 1, sample::read(), None)).await;
    let known = answered(journal.begin(sample::begin(run(CALLERS + 2), "order-1")).await);
    assert_eq!(
        known,
        crate::Begun::Known {
            run: run(1),
            standing: Standing::Closed
        }
    );
}

async fn content(journal: &dyn Journal) -> Vec<(u64, String)> {
    let mut content = Vec::new();
    for number in 1..=CALLERS + 1 {
        for entry in answered(journal.load(run(number)).await) {
            content.push((entry.position, format!("{:?} {:?}", entry.header, entry.body)));
        }
    }
    content.sort();
    let positions: Vec<u64> = content.iter().map(|(position, _)| *position).collect();
    assert_eq!(
        positions,
        (1..=CALLERS * 5 + 1).collect::<Vec<_>>(),
        "each entry has its own place, without gaps"
    );
    let runs = answered(
        journal
            .runs(RunFilter {
                limit: 1000,
                ..RunFilter::default()
            })
            .await,
    );
    assert_eq!(runs.len() as u64, CALLERS + 1);
    content.extend(runs.iter().map(|r| (0, format!("{r:?}"))));
    content
}

pub(super) async fn one_of_many_gets_the_key(journal: &dyn Journal) {
    let answers = join_all((1..=CALLERS).map(|number| async move {
        let lease = begun(journal, number).await;
        let open = Operation::OnceOpen {
            once: once("the one"),
            path: "ship".into(),
            input: Digest::of(b"x"),
            reference: None,
            input_body: json!("x").into(),
        };
        answered(journal.append(sample::with(lease, 1, open)).await).is_ok()
    }))
    .await;
    assert_eq!(answers.iter().filter(|got| **got).count(), 1);
}
