//! Beginning, growing, owning, waking and listing runs.

use std::sync::Arc;

use dragoman_model::{Digest, Timestamp};
use serde_json::json;

use super::sample::{self, LEASE, START, answered, begun, refused, run, written};
use crate::error::{CONTRADICTION, UNKEEPABLE};
use crate::store::{Append, Begin, Begun, Journal, Refusal, Standing};

fn later(millis: i64) -> Timestamp {
    START.plus_millis(millis)
}

pub(super) async fn a_key_begins_one_run(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    assert_eq!((lease.epoch, lease.until), (1, later(LEASE)));

    let again = Begin {
        entries: vec![sample::accepted(run(2), "order-1", None)],
        ..sample::begin(run(2), "order-1")
    };
    let answer = answered(journal.begin(again.clone()).await);
    assert_eq!(
        answer,
        Begun::Known {
            run: run(1),
            standing: Standing::Active
        },
        "the same key and content"
    );

    let other = Begin {
        content: Digest::of(b"something else"),
        ..again
    };
    assert_eq!(
        answered(journal.begin(other).await),
        Begun::Conflict { run: run(1) },
        "the same key, another content"
    );

    let entries = answered(journal.load(run(1)).await);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].body, Some(json!({ "message": { "order": "order-1" } })));
    assert!(
        answered(journal.load(run(2)).await).is_empty(),
        "a run that was not begun has no entries"
    );

    let nothing = Begin {
        entries: Vec::new(),
        ..sample::begin(run(3), "order-3")
    };
    assert_eq!(journal.begin(nothing).await.map_err(|e| e.code), Err(CONTRADICTION));
}

pub(super) async fn a_run_grows_without_gaps(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    for (seq, what) in [(2, "a gap"), (0, "a repetition")] {
        let answer = journal.append(sample::append(lease, seq, sample::read(), None)).await;
        assert_eq!(
            answer.map_err(|e| e.code),
            Err(CONTRADICTION),
            "{what} must not be written"
        );
    }
    let two = Append {
        entries: vec![
            sample::draft(lease.run, 1, sample::read(), Some(json!({ "output": "x" }))),
            sample::draft(lease.run, 2, sample::intent(None, None), None),
        ],
        ..sample::append(lease, 1, sample::read(), None)
    };
    let mut torn = two.clone();
    torn.entries[1].seq = 3;
    assert_eq!(
        journal.append(torn).await.map_err(|e| e.code.id),
        Err("D0708"),
        "a gap inside an append"
    );
    let mut foreign = two.clone();
    foreign.entries[1].run = run(9);
    assert_eq!(
        journal.append(foreign).await.map_err(|e| e.code.id),
        Err("D0708"),
        "an entry of another run"
    );
    let mut deep = two.clone();
    deep.entries[1].body = Some(Arc::new((0..150).fold(json!(1), |inner, _| json!([inner]))));
    assert_eq!(
        journal.append(deep).await.map_err(|e| e.code),
        Err(UNKEEPABLE),
        "what could not be read back"
    );
    written(journal, two).await;

    let entries = answered(journal.load(lease.run).await);
    let seqs: Vec<u64> = entries.iter().map(|e| e.header.seq).collect();
    assert_eq!(seqs, [0, 1, 2]);
    assert!(entries.windows(2).all(|w| w[0].position < w[1].position));
    assert_eq!(
        (&entries[1].body, &entries[2].body),
        (&Some(json!({ "output": "x" })), &None)
    );

    let mut unclosed = sample::close(lease, 3);
    unclosed.standing = Standing::Active;
    assert_eq!(
        journal.append(unclosed).await.map_err(|e| e.code.id),
        Err("D0708"),
        "closed, but active"
    );
    written(journal, sample::close(lease, 3)).await;
    let after = refused(journal, sample::append(lease, 4, sample::read(), None)).await;
    assert_eq!(after, Refusal::Fenced, "nothing follows the end");
}

pub(super) async fn the_owner_before_is_fenced_off(journal: &dyn Journal) {
    let first = begun(journal, 1).await;
    let id = first.run;
    assert_eq!(
        answered(journal.acquire(id, later(LEASE - 1), later(2 * LEASE)).await),
        None,
        "it is owned"
    );
    let renewed = answered(journal.renew(vec![first], later(2 * LEASE)).await);
    assert_eq!(renewed.iter().map(|l| l.until).collect::<Vec<_>>(), [later(2 * LEASE)]);
    assert_eq!(
        answered(journal.acquire(id, later(LEASE + 1), later(3 * LEASE)).await),
        None,
        "it was renewed"
    );

    let taken = answered(journal.acquire(id, later(2 * LEASE), later(3 * LEASE)).await);
    let second = taken.unwrap_or_else(|| panic!("a lease that is over can be taken"));
    assert_eq!(second.epoch, 2);
    let stale = refused(journal, sample::append(first, 1, sample::read(), None)).await;
    assert_eq!(stale, Refusal::Fenced);
    assert!(
        answered(journal.renew(vec![first], later(9 * LEASE)).await).is_empty(),
        "a lost lease stays lost"
    );
    written(journal, sample::append(second, 1, sample::read(), None)).await;

    written(journal, sample::close(second, 2)).await;
    assert_eq!(
        answered(journal.acquire(id, later(9 * LEASE), later(10 * LEASE)).await),
        None,
        "it is closed"
    );
    assert_eq!(
        answered(journal.acquire(run(99), later(0), later(1)).await),
        None,
        "there is no such run"
    );
}
