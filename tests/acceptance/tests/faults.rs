//! The fault suite in its short form: a few kills while a dozen cases are in flight. The long one is
//! `cargo xtask faults`.

use dragoman_acceptance::Error;
use dragoman_acceptance::faults::{Campaign, any_seed};

async fn check(campaign: Campaign) -> Result<(), Error> {
    let seed = campaign.seed;
    let tally = campaign.run().await.map_err(|error| format!("seed {seed}: {error}"))?;
    println!("{tally}");
    assert!(tally.wrong.is_empty(), "seed {seed}: {:#?}", tally.wrong);
    assert!(
        tally.endorsed > 0 && tally.used > 0,
        "seed {seed}: nothing was in flight: {tally}"
    );
    Ok(())
}

/// Answers of the permit system are lost only after the effect: asked, it says so at once. Only a kill at the moment of
/// an endorsement may leave a run that waits out the minute in which the system might still apply it.
#[tokio::test]
async fn a_few_kills_lose_nothing_and_repeat_nothing() -> Result<(), Error> {
    check(Campaign {
        name: "short",
        seed: any_seed(),
        kills: 3,
        in_flight: 12,
        nasty: false,
        losing: false,
        told: false,
    })
    .await
}
