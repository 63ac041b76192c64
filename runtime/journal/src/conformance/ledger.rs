//! Claims: exact, never more than there is, given back at most once.

use super::sample::{self, begun, refused, written};
use crate::query::OnceState;
use crate::record::OnceKey;
use crate::store::{Append, ClaimLine, Journal, Lease, Operation, Refusal};

fn line(item: &str, value: &str, unit: &str) -> ClaimLine {
    ClaimLine {
        item: item.into(),
        value: value.into(),
        unit: unit.into(),
    }
}

fn key(key: &str) -> OnceKey {
    OnceKey {
        scope: "ledger:stock".into(),
        key: key.into(),
    }
}

fn claim(
    lease: Lease,
    seq: u64,
    once: &str,
    lines: &[ClaimLine],
    limits: &[ClaimLine],
    single: bool,
) -> Append {
    let operation = Operation::Claim {
        once: key(once),
        ledger: "stock".into(),
        account: "paper".into(),
        path: "take".into(),
        reference: None,
        lines: lines.to_vec(),
        limits: limits.to_vec(),
        single,
    };
    sample::with(lease, seq, operation)
}

fn release(lease: Lease, seq: u64, once: &str) -> Append {
    sample::with(
        lease,
        seq,
        Operation::Release {
            once: key(once),
            ledger: "stock".into(),
        },
    )
}

fn expect(refusal: &Refusal, expected: &str, left: Option<&str>) {
    match refusal {
        Refusal::Ledger {
            code,
            left: found,
            message,
            ..
        } => {
            assert_eq!((*code, found.as_deref()), (expected, left), "{message}");
        }
        other => panic!("`{expected}` was expected, the store says {other:?}"),
    }
}

pub(super) async fn claims_never_exceed_the_limit(journal: &dyn Journal) {
    let (one, two) = (begun(journal, 1).await, begun(journal, 2).await);
    let limits = [line("a", "0.3", "kg"), line("b", "5", "sheet")];
    // As floats, 0.1 three times is more than 0.3.
    written(
        journal,
        claim(one, 1, "1", &[line("a", "0.1", "kg")], &limits, false),
    )
    .await;
    written(
        journal,
        claim(
            one,
            2,
            "2",
            &[line("a", "0.10", "kg"), line("b", "2", "sheet")],
            &limits,
            false,
        ),
    )
    .await;
    let refusal = refused(
        journal,
        claim(
            two,
            1,
            "3",
            &[line("b", "1", "sheet"), line("a", "0.11", "kg")],
            &limits,
            false,
        ),
    );
    expect(&refusal.await, "over_limit", Some("0.1"));
    written(
        journal,
        claim(
            two,
            1,
            "3",
            &[line("a", "0.05", "kg"), line("a", "0.05", "kg")],
            &limits,
            false,
        ),
    )
    .await;
    let refusal = refused(
        journal,
        claim(two, 2, "4", &[line("a", "0.0000001", "kg")], &limits, false),
    )
    .await;
    expect(&refusal, "over_limit", Some("0"));

    let joined = refused(
        journal,
        claim(
            two,
            2,
            "2",
            &[line("b", "2.0", "sheet"), line("a", "0.1", "kg")],
            &limits,
            false,
        ),
    );
    match joined.await {
        Refusal::Once { record, same_input } => {
            assert_eq!(
                (same_input, record.run, record.state),
                (true, one.run, OnceState::Done)
            );
        }
        other => panic!("the claim stands already, the store says {other:?}"),
    }
    let other = refused(
        journal,
        claim(two, 2, "2", &[line("a", "0.2", "kg")], &limits, false),
    )
    .await;
    assert!(matches!(
        other,
        Refusal::Once {
            same_input: false,
            ..
        }
    ));

    written(journal, release(two, 2, "2")).await;
    written(journal, release(two, 3, "2")).await;
    written(journal, release(two, 4, "never claimed")).await;
    let refusal = refused(
        journal,
        claim(two, 5, "4", &[line("a", "0.2", "kg")], &limits, false),
    )
    .await;
    expect(&refusal, "over_limit", Some("0.1"));
    written(
        journal,
        claim(two, 5, "2", &[line("a", "0.1", "kg")], &limits, false),
    )
    .await;

    let wider = [line("a", "1", "kg")];
    written(
        journal,
        claim(two, 6, "5", &[line("a", "0.7", "kg")], &wider, false),
    )
    .await;
    let refusal = refused(
        journal,
        claim(two, 7, "6", &[line("b", "1", "sheet")], &wider, false),
    )
    .await;
    expect(&refusal, "over_limit", Some("0"));
}

pub(super) async fn a_single_use_account_is_claimed_once(journal: &dyn Journal) {
    let (one, two) = (begun(journal, 1).await, begun(journal, 2).await);
    let (lines, limits) = ([line("a", "1", "kg")], [line("a", "10", "kg")]);
    written(journal, claim(one, 1, "1", &lines, &limits, true)).await;
    expect(
        &refused(journal, claim(two, 1, "2", &lines, &limits, true)).await,
        "single_use",
        None,
    );
    expect(
        &refused(journal, claim(two, 1, "2", &lines, &limits, false)).await,
        "single_use",
        None,
    );
    written(journal, release(one, 2, "1")).await;
    written(journal, claim(two, 1, "2", &lines, &limits, true)).await;
}

pub(super) async fn bad_claims_are_refused(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let limits = [line("a", "10", "kg")];
    let cases = [
        (vec![line("a", "1", "g")], "unit_mismatch"),
        (
            vec![line("a", "1", "kg"), line("a", "1", "g")],
            "unit_mismatch",
        ),
        (vec![line("b", "1", "kg")], "unknown_item"),
        (vec![line("a", "0", "kg")], "bad_quantity"),
        (vec![line("a", "-1", "kg")], "bad_quantity"),
        (vec![line("a", "ten", "kg")], "bad_quantity"),
        (
            vec![
                line("a", "79228162514264337593543950335", "kg"),
                line("a", "79228162514264337593543950335", "kg"),
            ],
            "bad_quantity",
        ),
    ];
    for (lines, expected) in cases {
        match refused(journal, claim(lease, 1, "1", &lines, &limits, false)).await {
            Refusal::Ledger { code, message, .. } => {
                assert_eq!(code, expected, "{lines:?}: {message}")
            }
            other => panic!("{lines:?}: `{expected}` was expected, the store says {other:?}"),
        }
    }
    written(
        journal,
        claim(lease, 1, "1", &[line("a", "4", "kg")], &limits, false),
    )
    .await;
    let refusal = refused(
        journal,
        claim(
            lease,
            2,
            "2",
            &[line("a", "4", "t")],
            &[line("a", "10", "t")],
            false,
        ),
    )
    .await;
    assert!(
        matches!(
            refusal,
            Refusal::Ledger {
                code: "unit_mismatch",
                ..
            }
        ),
        "{refusal:?}"
    );
    let refusal = refused(
        journal,
        claim(
            lease,
            2,
            "2",
            &[line("a", "1", "kg")],
            &[line("a", "3", "kg")],
            false,
        ),
    )
    .await;
    assert!(
        matches!(
            refusal,
            Refusal::Ledger {
                code: "over_limit",
                ..
            }
        ),
        "{refusal:?}"
    );
}
