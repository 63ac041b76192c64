//! Customs pushes its notices as a real system does: everything three times and in no order, each until it is answered
//! 202, while answers are lost and Dragoman is killed and started again. Nothing is lost, and nothing is done twice.

use std::time::Duration;

use dragoman_acceptance::country::{PATIENCE, TOKEN};
use dragoman_acceptance::faults::Random;
use dragoman_acceptance::once::done_once;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::customs::feed::{Delivery, Feed};
use dragoman_support::eventually;
use dragoman_support::wire::Wire;

/// How often customs says everything.
const COPIES: u32 = 3;
/// How many declarations; each has two permits, and so four facts in the end.
const CASES: u32 = 6;
/// How often the runtime is killed.
const KILLS: usize = 4;

/// What customs says of an export.
const EXPORT: [&str; 5] = ["01", "02", "08", "09", "16"];

/// A country whose customs has everything that its notices are about, and the line over which it pushes them.
struct Border {
    country: Country,
    wire: Wire,
    cases: Vec<Case>,
    notices: Vec<String>,
}

impl Border {
    /// With these notices of each declaration, in an order that the seed gives.
    async fn start(seed: u64, numbers: &[&str]) -> Result<Border, Error> {
        let country = Country::start(&Options {
            endorse_at: "released".into(),
            declaration_from: "customs".into(),
            settle: Some("5s".into()),
            ..Options::default()
        })
        .await?;
        let wire = Wire::start().await?;
        wire.lead_to(country.address())?;
        let cases: Vec<Case> = (1..=CASES)
            .map(|number| Case::with_permits().numbered(number))
            .collect();
        let mut notices = Vec::new();
        for case in &cases {
            country.issue(case)?;
            country.declare(case)?;
            for number in numbers {
                notices.push(case.notice(number)?);
            }
        }
        let mut random = Random::new(seed);
        for last in (1..notices.len()).rev() {
            let place = random.between(0, last as u64 + 1) as usize;
            notices.swap(place.min(last), last);
        }
        Ok(Border {
            country,
            wire,
            cases,
            notices,
        })
    }

    fn feed(&self) -> Feed {
        // As often as it takes: a number of attempts stands for the two weeks after which a notice is dropped.
        Feed::to(format!("{}/customs/notices", self.wire.url()))
            .bearer(TOKEN)
            .retry(5_000, Duration::from_millis(20))
    }

    /// Pushes everything, and kills the runtime again and again: each time when a part of the work is done (`facts` in the
    /// end) and customs has not heard that one more notice was taken.
    async fn push_and_kill(&mut self, facts: usize) -> Result<Vec<Delivery>, Error> {
        let (feed, notices) = (self.feed(), self.notices.clone());
        let pushed = tokio::spawn(async move { feed.send(&notices, COPIES).await });
        for kill in 0..KILLS {
            let least = facts * kill / (KILLS + 1);
            let (country, wire) = (&self.country, &self.wire);
            let swallowed = wire.swallowed();
            let worked = eventually("work is done", PATIENCE, async || match country.facts().len() {
                done if done >= least => Ok(()),
                done => Err(format!("{done} facts of {least}")),
            });
            worked.await?;
            wire.swallow(1);
            let unheard = eventually("an answer is lost", PATIENCE, async || {
                let lost = wire.swallowed() > swallowed || pushed.is_finished();
                lost.then_some(()).ok_or_else(|| "all are heard".to_owned())
            });
            unheard.await?;
            self.country.kill().await?;
            self.country.serve().await?;
            self.wire.lead_to(self.country.address())?;
        }
        self.wire.swallow(0);
        assert!(self.wire.swallowed() > 0);
        Ok(pushed.await??)
    }

    /// Every notice was taken in the end, and is one run of the release and one of the invalidation, however often it came.
    async fn check(&self, deliveries: &[Delivery]) -> Result<(), Error> {
        assert_eq!(deliveries.len(), self.notices.len() * COPIES as usize);
        for delivery in deliveries {
            assert_eq!(delivery.statuses.last(), Some(&Some(202)), "{delivery:?}");
            let others = &delivery.statuses[..delivery.statuses.len() - 1];
            assert!(
                others.iter().all(|status| matches!(status, None | Some(503))),
                "refused though it would be taken later: {delivery:?}"
            );
        }
        let runs = self.country.at_rest(PATIENCE).await?;
        let roots = runs.iter().filter(|run| run["parent"].is_null()).count();
        assert_eq!(roots, self.notices.len() * 2);
        Ok(())
    }

    /// Each permit is endorsed and told once, and nothing else took effect.
    async fn check_done(&self) -> Result<(), Error> {
        done_once(&self.country, &self.cases.iter().collect::<Vec<_>>()).await
    }
}

#[tokio::test]
async fn everything_three_times_while_the_runtime_is_killed() -> Result<(), Error> {
    let mut border = Border::start(7, &EXPORT).await?;
    let deliveries = border.push_and_kill(CASES as usize * 4).await?;
    border.check(&deliveries).await?;
    border.check_done().await
}

#[tokio::test]
async fn everything_three_times_at_once() -> Result<(), Error> {
    let border = Border::start(11, &EXPORT).await?;
    border.wire.swallow(20);
    let deliveries = border.feed().send_at_once(&border.notices, COPIES).await?;
    assert_eq!(border.wire.swallowed(), 20);
    border.check(&deliveries).await?;
    border.check_done().await
}

/// Some are invalidated before their release is heard of, some after it: what was done is taken back, and nobody has to
/// look.
#[tokio::test]
async fn invalidations_among_them_while_the_runtime_is_killed() -> Result<(), Error> {
    let mut border = Border::start(13, &["01", "08", "10"]).await?;
    // One that is done before it is invalidated, and one that is invalidated before it could be done, whatever comes.
    let (first, last) = (&border.cases[0], &border.cases[CASES as usize - 1]);
    assert_eq!(border.country.notify(first, "08").await?, 202);
    assert_eq!(border.country.notify(last, "10").await?, 202);
    border.country.at_rest(PATIENCE).await?;
    // How much else is done depends on what overtakes what, so the kills do not wait for it.
    let deliveries = border.push_and_kill(0).await?;
    border.check(&deliveries).await?;
    let facts = border.country.facts();
    assert!(facts.values().all(|count| *count == 1), "{facts:?}");
    let endorsed = border.country.count("endorsed", None).0;
    assert!((2..=CASES as usize * 2 - 2).contains(&endorsed), "{facts:?}");
    for case in &border.cases {
        for permit in &case.permits {
            let there = |fact: String| facts.contains_key(&fact);
            let mrn = &case.mrn;
            assert_eq!(
                there(format!("endorsed|{permit}|{mrn}")),
                there(format!("withdrawn|{permit}|{mrn}")),
                "{facts:#?}"
            );
            assert_eq!(
                there(format!("used|{permit}|{mrn}|exported")),
                there(format!("used|{permit}|{mrn}|withdrawn")),
                "{facts:#?}"
            );
        }
    }
    assert_eq!(border.country.waits().await?, Vec::<serde_json::Value>::new());
    let audit = border.country.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}
