//! Claims: exact, never more than there is, given back at most once.

use super::sample::{self, answered, begun, run, written};
use crate::query::OnceState;
use crate::record::{Ending, OnceKey, Record};
use crate::store::{Begin, Begun, ClaimLine, Journal, Lease, Operation, Refusal, Standing};

/// Lines from `a 0.1 kg, b 2 sheet`.
fn lines(text: &str) -> Vec<ClaimLine> {
    let line = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut next = || words.next().unwrap_or_default();
        ClaimLine {
            item: next(),
            value: next(),
            unit: next(),
        }
    };
    text.split(',').filter(|text| !text.is_empty()).map(line).collect()
}

fn key(key: &str) -> OnceKey {
    OnceKey {
        scope: "ledger:stock".into(),
        key: key.into(),
    }
}

/// A run that claims and gives back.
struct Clerk<'a> {
    journal: &'a dyn Journal,
    lease: Lease,
    seq: u64,
    limits: &'a str,
    /// Items of which a person decides how much is taken.
    decided: &'a str,
    single: bool,
}

impl<'a> Clerk<'a> {
    async fn new(journal: &'a dyn Journal, number: u64, limits: &'a str) -> Self {
        Clerk {
            journal,
            lease: begun(journal, number).await,
            seq: 1,
            limits,
            decided: "",
            single: false,
        }
    }

    /// Claims; gives the refusal, if any.
    async fn claim(&mut self, once: &str, wanted: &str) -> Option<Refusal> {
        let operation = Operation::Claim {
            once: key(once),
            ledger: "stock".into(),
            account: "paper".into(),
            path: "take".into(),
            reference: None,
            lines: lines(wanted),
            limits: lines(self.limits),
            decided: self.decided.split_whitespace().map(str::to_owned).collect(),
            single: self.single,
        };
        let append = sample::with(self.lease, self.seq, operation);
        match self.journal.append(append).await {
            Ok(Ok(())) => {
                self.seq += 1;
                None
            }
            Ok(Err(refusal)) => Some(refusal),
            Err(error) => panic!("`{wanted}` under `{once}`: {error}"),
        }
    }

    async fn takes(&mut self, once: &str, wanted: &str) {
        let refusal = self.claim(once, wanted).await;
        assert_eq!(refusal, None, "`{wanted}` under `{once}`");
    }

    /// Claims, and expects the ledger to refuse with a code and what is left.
    async fn is_refused(&mut self, wanted: &str, expected: &str, expected_left: Option<&str>) {
        match self.claim("refused", wanted).await {
            Some(Refusal::Ledger {
                code, left, message, ..
            }) => {
                assert_eq!(
                    (code, left.as_deref()),
                    (expected, expected_left),
                    "`{wanted}`: {message}"
                );
            }
            other => panic!("`{wanted}`: `{expected}` was expected, the store says {other:?}"),
        }
    }

    async fn gives_back(&mut self, once: &str) {
        let operation = Operation::Release {
            once: key(once),
            ledger: "stock".into(),
        };
        written(self.journal, sample::with(self.lease, self.seq, operation)).await;
        self.seq += 1;
    }
}

/// Accounts as `ledger account (claims): item taken of most unit, ...`.
async fn told(journal: &dyn Journal, ledger: Option<&str>, account: Option<&str>) -> Vec<String> {
    let accounts = journal.accounts(ledger.map(str::to_owned), account.map(str::to_owned));
    let line = |line: &crate::AccountLine| format!("{} {} of {} {}", line.item, line.taken, line.most, line.unit);
    let accounts = answered(accounts.await).into_iter().map(|account| {
        let lines: Vec<String> = account.lines.iter().map(line).collect();
        let (ledger, name, claims) = (account.ledger, account.account, account.claims);
        format!("{ledger} {name} ({claims}): {}", lines.join(", "))
    });
    accounts.collect()
}

/// A run that begins and ends with a claim.
async fn begins(journal: &dyn Journal, number: u64, once: &str, wanted: &str) -> Begun {
    let closed = Record::Closed {
        ending: Ending::Completed,
    };
    let name = format!("order-{number}");
    let begin = sample::begin(run(number), &name);
    let begin = Begin {
        entries: vec![
            begin.entries[0].clone(),
            sample::draft(run(number), 1, closed, Some(serde_json::json!({ "output": null }))),
        ],
        operations: vec![Operation::Claim {
            once: key(once),
            ledger: "stock".into(),
            account: "paper".into(),
            path: "adjust".into(),
            reference: None,
            lines: lines(wanted),
            limits: Vec::new(),
            decided: Vec::new(),
            single: false,
        }],
        standing: Standing::Closed,
        ..begin
    };
    answered(journal.begin(begin).await)
}

pub(super) async fn a_ledger_is_told_as_it_stands(journal: &dyn Journal) {
    assert_eq!(told(journal, None, None).await, Vec::<String>::new());
    let mut one = Clerk::new(journal, 1, "a 0.3 kg, b 5 sheet").await;
    one.takes("1", "a 0.1 kg").await;
    one.takes("2", "b 2 sheet").await;
    one.gives_back("1").await;
    let account = "stock paper (1): a 0 of 0.3 kg, b 2 of 5 sheet";
    assert_eq!(told(journal, None, None).await, [account]);
    assert_eq!(told(journal, Some("stock"), Some("paper")).await, [account]);
    assert_eq!(told(journal, Some("stock"), Some("other")).await, Vec::<String>::new());
    assert_eq!(told(journal, Some("shelf"), None).await, Vec::<String>::new());
    let claims = async || {
        let claims = answered(journal.claims("stock".into(), "paper".into()).await);
        let claims = claims.into_iter().map(|claim| (claim.once.key, claim.run, claim.state));
        claims.collect::<Vec<_>>()
    };
    let both = [
        ("1".to_owned(), run(1), OnceState::Undone),
        ("2".to_owned(), run(1), OnceState::Done),
    ];
    assert_eq!(claims().await, both);
    assert!(answered(journal.claims("stock".into(), "other".into()).await).is_empty());

    // A run may begin, and end, with a claim: it is decided before anything is written.
    let refused = begins(journal, 2, "3", "b 4 sheet").await;
    let Begun::Refused(refusal) = refused else {
        panic!("there are 3 left: {refused:?}")
    };
    assert!(
        matches!(*refusal, Refusal::Ledger { code: "over_limit", .. }),
        "{refusal:?}"
    );
    assert!(answered(journal.load(run(2)).await).is_empty());
    assert_eq!(told(journal, None, None).await, [account]);
    assert!(matches!(begins(journal, 2, "3", "b 3 sheet").await, Begun::New(_)));
    assert_eq!(
        told(journal, None, None).await,
        ["stock paper (2): a 0 of 0.3 kg, b 5 of 5 sheet"]
    );
    assert_eq!(claims().await[2], ("3".to_owned(), run(2), OnceState::Done));
}

pub(super) async fn claims_never_exceed_the_limit(journal: &dyn Journal) {
    let limits = "a 0.3 kg, b 5 sheet";
    let mut one = Clerk::new(journal, 1, limits).await;
    let mut two = Clerk::new(journal, 2, limits).await;
    // As floats, 0.1 three times is more than 0.3.
    one.takes("1", "a 0.1 kg").await;
    one.takes("2", "a 0.10 kg, b 2 sheet").await;
    two.is_refused("b 1 sheet, a 0.11 kg", "over_limit", Some("0.1")).await;
    two.takes("3", "a 0.05 kg, a 0.05 kg").await;
    two.is_refused("a 0.0000001 kg", "over_limit", Some("0")).await;
    two.is_refused("b 3.5 sheet", "over_limit", Some("3")).await;

    one.gives_back("2").await;
    one.gives_back("2").await;
    one.gives_back("never claimed").await;
    two.is_refused("a 0.2 kg", "over_limit", Some("0.1")).await;
    two.takes("2", "a 0.1 kg").await;

    two.limits = "a 1 kg";
    two.takes("5", "a 0.7 kg").await;
    two.is_refused("b 1 sheet", "over_limit", Some("0")).await;
    two.limits = "a 0.5 kg";
    two.is_refused("a 0.1 kg", "over_limit", Some("-0.5")).await;
    two.limits = "a 2 t";
    two.is_refused("a 0.1 t", "unit_mismatch", None).await;
}

pub(super) async fn a_claim_stands_once(journal: &dyn Journal) {
    let limits = "a 10 kg, b 10 kg";
    let mut one = Clerk::new(journal, 1, limits).await;
    let mut two = Clerk::new(journal, 2, limits).await;
    one.takes("1", "a 1 kg, b 2 kg").await;
    let cases = [
        ("b 2.0 kg, a 1 kg", true),
        ("a 1 kg, b 1 kg, b 1 kg", true),
        ("a 1 kg", false),
    ];
    for (wanted, same) in cases {
        match two.claim("1", wanted).await {
            Some(Refusal::Once { record, same_input }) => {
                let found = (same_input, record.run, record.state);
                assert_eq!(found, (same, one.lease.run, OnceState::Done), "{wanted}");
            }
            other => panic!("the claim stands already, the store says {other:?}"),
        }
    }
    two.is_refused("a 9.5 kg", "over_limit", Some("9")).await;
}

pub(super) async fn a_single_use_account_is_claimed_once(journal: &dyn Journal) {
    let mut one = Clerk {
        single: true,
        ..Clerk::new(journal, 1, "a 10 kg").await
    };
    let mut two = Clerk {
        single: true,
        ..Clerk::new(journal, 2, "a 10 kg").await
    };
    one.takes("1", "a 1 kg").await;
    two.is_refused("a 1 kg", "single_use", None).await;
    two.single = false;
    two.is_refused("a 1 kg", "single_use", None).await;
    one.gives_back("1").await;
    two.takes("2", "a 1 kg").await;
}

pub(super) async fn what_a_person_decided_is_counted_and_not_limited(journal: &dyn Journal) {
    let mut one = Clerk::new(journal, 1, "b 5 sheet").await;
    let mut two = Clerk::new(journal, 2, "b 5 sheet").await;
    one.is_refused("a 12 kg", "unknown_item", None).await;
    one.decided = "a";
    one.is_refused("a 12 kg, b 6 sheet", "over_limit", Some("5")).await;
    one.is_refused("c 1 kg", "unknown_item", None).await;
    one.takes("1", "a 12 kg, b 1 sheet").await;
    // Another claim takes nothing of it without a decision of its own, and is counted in the same unit.
    two.is_refused("a 1 kg", "over_limit", Some("-12")).await;
    two.limits = "";
    two.is_refused("a 1 kg", "over_limit", Some("0")).await;
    two.decided = "a";
    two.is_refused("a 1 sheet", "unit_mismatch", Some("1")).await;
    two.is_refused("a 79228162514264337593543950335 kg", "bad_quantity", None)
        .await;
    two.takes("2", "a 30 kg").await;
    one.gives_back("1").await;
    // Once the limit is known, all that stands is counted against it.
    two.limits = "a 40 kg";
    two.is_refused("a 11 kg", "over_limit", Some("10")).await;
    two.takes("3", "a 10 kg").await;
}

pub(super) async fn bad_claims_are_refused(journal: &dyn Journal) {
    let mut clerk = Clerk::new(journal, 1, "a 10 kg").await;
    let most = "79228162514264337593543950335";
    let cases = [
        ("a 1 g", "unit_mismatch", Some("10")),
        ("a 1 kg, a 1 g", "unit_mismatch", None),
        ("b 1 kg", "unknown_item", None),
        ("a 0 kg", "bad_quantity", None),
        ("a -1 kg", "bad_quantity", None),
        ("a ten kg", "bad_quantity", None),
        (&format!("a {most} kg, a {most} kg"), "bad_quantity", None),
        (&format!("a {most} kg"), "over_limit", Some("10")),
    ];
    for (wanted, code, left) in cases {
        clerk.is_refused(wanted, code, left).await;
    }
    clerk.limits = "a much kg";
    clerk.is_refused("a 1 kg", "bad_quantity", None).await;
}
