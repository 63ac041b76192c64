//! The main job, fed from a queue: each message three times, the broker stopped and started, `serve` killed.

use dragoman_acceptance::once::done_once;
use dragoman_acceptance::queues::{DEAD, XML, by_queue, declare, worked_off};
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::broker::{Broker, Client};

/// How many declarations.
const CASES: u32 = 6;
/// What is read out of queues: all that customs sends.
const QUEUES: [&str; 2] = ["declarations", "notices"];

/// Publishes a message three times.
async fn thrice(client: &Client, queue: &str, body: &str) -> Result<(), Error> {
    for _ in 0..3 {
        client.publish(queue, body.as_bytes(), XML).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_permit_is_endorsed_once_whatever_comes_down() -> Result<(), Error> {
    let Some(mut broker) = Broker::start().await? else {
        return Ok(());
    };
    let client = broker.client().await?;
    declare(&client, &QUEUES).await?;
    let mut country = Country::new(&Options {
        endorse_at: "released".into(),
        settle: Some("2s".into()),
        ..Options::default()
    })
    .await?;
    by_queue(&country, &broker, &QUEUES)?;
    country.serve().await?;
    let cases: Vec<Case> = (1..=CASES).map(|n| Case::with_permits().numbered(n)).collect();
    for case in &cases {
        country.issue(case)?;
        thrice(&client, "declarations", &case.declaration()?).await?;
    }
    let (first, rest) = cases.split_at(2);
    let (second, third) = rest.split_at(2);
    for case in first {
        thrice(&client, "notices", &case.notice("08")?).await?;
    }
    // The broker goes while messages are on their way, and serve with it a moment after it is back.
    drop(client);
    broker.stop().await?;
    broker.resume().await?;
    let client = broker.client().await?;
    for case in second {
        thrice(&client, "notices", &case.notice("08")?).await?;
    }
    country.kill().await?;
    country.serve().await?;
    for case in third {
        thrice(&client, "notices", &case.notice("08")?).await?;
    }
    worked_off(&client, &country, "declarations").await?;
    worked_off(&client, &country, "notices").await?;
    assert_eq!(client.count(DEAD).await?, 0, "nothing was rejected");
    done_once(&country, &cases.iter().collect::<Vec<_>>()).await?;

    // What comes once more is known; what an operator purges is gone, and nothing else is.
    for case in &cases {
        thrice(&client, "notices", &case.notice("08")?).await?;
    }
    worked_off(&client, &country, "notices").await?;
    country.kill().await?;
    let purged = Case::with_permits().numbered(CASES + 1);
    country.issue(&purged)?;
    thrice(&client, "declarations", &purged.declaration()?).await?;
    thrice(&client, "notices", &purged.notice("08")?).await?;
    assert_eq!(client.purge("notices").await?, 3);
    let last = Case::with_permits().numbered(CASES + 2);
    country.issue(&last)?;
    thrice(&client, "declarations", &last.declaration()?).await?;
    thrice(&client, "notices", &last.notice("08")?).await?;
    country.serve().await?;
    worked_off(&client, &country, "declarations").await?;
    worked_off(&client, &country, "notices").await?;
    done_once(&country, &cases.iter().chain([&last]).collect::<Vec<_>>()).await
}
