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
const KILLS: u32 = 4;

/// A country whose customs has everything that its notices are about, and the line over which it pushes them.
struct Border {
    country: Country,
    wire: Wire,
    cases: Vec<Case>,
    notices: Vec<String>,
}

impl Border {
    async fn start(seed: u64) -> Result<Border, Error> {
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
            for number in ["01", "02", "08", "09", "16"] {
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

    /// What customs is told, and what came of it.
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
        done_once(&self.country, &self.cases.iter().collect::<Vec<_>>()).await?;
        // Each notice is one run of the release and one of the invalidation, however often it came.
        let runs = self.country.runs().await?;
        let roots = runs.iter().filter(|run| run["parent"].is_null()).count();
        assert_eq!(roots, self.notices.len() * 2);
        Ok(())
    }
}

#[tokio::test]
async fn everything_three_times_while_the_runtime_is_killed() -> Result<(), Error> {
    let mut border = Border::start(7).await?;
    let (feed, notices) = (border.feed(), border.notices.clone());
    let pushed = tokio::spawn(async move { feed.send(&notices, COPIES).await });
    for kill in 0..KILLS {
        // A part of the work is done, and customs has not heard that one more notice was taken.
        let least = (kill * CASES * 4 / (KILLS + 1)) as usize;
        let (country, wire) = (&border.country, &border.wire);
        let swallowed = wire.swallowed();
        let worked = eventually("work is done", PATIENCE, async || match country.facts().len() {
            facts if facts >= least => Ok(()),
            facts => Err(format!("{facts} facts of {least}")),
        });
        worked.await?;
        wire.swallow(1);
        let unheard = eventually("an answer is lost", PATIENCE, async || {
            if wire.swallowed() > swallowed || pushed.is_finished() {
                Ok(())
            } else {
                Err("all are heard".to_owned())
            }
        });
        unheard.await?;
        border.country.kill().await?;
        border.country.serve().await?;
        border.wire.lead_to(border.country.address())?;
    }
    border.wire.swallow(0);
    assert!(border.wire.swallowed() > 0);
    let deliveries = pushed.await??;
    border.check(&deliveries).await
}

#[tokio::test]
async fn everything_three_times_at_once() -> Result<(), Error> {
    let border = Border::start(11).await?;
    border.wire.swallow(20);
    let deliveries = border.feed().send_at_once(&border.notices, COPIES).await?;
    assert_eq!(border.wire.swallowed(), 20);
    border.check(&deliveries).await
}
