//! The main job, fed from a queue: each message three times, the broker stopped and started, `serve` killed.

use std::path::Path;

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::once::done_once;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::broker::{Broker, Client, Declared, Published};
use dragoman_support::eventually;

/// How many declarations.
const CASES: u32 = 6;

const XML: Published<'_> = Published {
    message_id: None,
    correlation_id: None,
    content_type: Some("application/xml"),
    headers: &[],
};

/// The country's pipelines, with queues in place of paths.
fn by_queue(country: &Country, broker: &Broker) -> Result<(), Error> {
    let folder = country.folder();
    let file = folder.join("dragoman.yaml");
    let site = std::fs::read_to_string(&file)?;
    let (head, behind) = site.split_once("\nsenders:\n").ok_or("the site has no senders")?;
    let pipelines = head
        .lines()
        .find_map(|line| line.strip_prefix("pipelines: "))
        .ok_or("the site names no folder of pipelines")?;
    let head = head.replace(&format!("pipelines: {pipelines}"), "pipelines: pipelines");
    let url = broker.url();
    let brokers = format!(
        "brokers:\n  national: {{ url: \"{url}\", user: guest, password: file:broker.txt, private: true, prefetch: 10 }}\n"
    );
    let depot = "  queues: { broker: national }\n";
    std::fs::write(&file, format!("{head}\n{brokers}\nsenders:\n{depot}{behind}"))?;
    std::fs::write(folder.join("broker.txt"), "guest\n")?;
    for name in ["declaration-lodged", "export-invalidated", "export-release"] {
        let text = std::fs::read_to_string(Path::new(pipelines.trim()).join(name).join("pipeline.yaml"))?;
        std::fs::write(folder.join(format!("pipelines/{name}.yaml")), with_queues(&text))?;
    }
    Ok(())
}

/// The triggers that customs posts to, as triggers that read a queue of the path's last word.
fn with_queues(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| match line.split_once("http: { path: /customs/") {
            Some((before, rest)) => {
                let queue = rest.split(',').next().unwrap_or(rest);
                format!("{before}amqp: {{ queue: {queue}, from: queues }}")
            }
            None => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Declares the queues anew, with the dead letters of both.
async fn declare(client: &Client) -> Result<(), Error> {
    client.declare("dead", Declared::default()).await?;
    let declared = Declared {
        dead_letters: Some("dead"),
        classic: false,
    };
    for queue in ["declarations", "notices"] {
        client.declare(queue, declared).await?;
    }
    Ok(())
}

/// Publishes a message three times.
async fn thrice(client: &Client, queue: &str, body: &str) -> Result<(), Error> {
    for _ in 0..3 {
        client.publish(queue, body.as_bytes(), XML).await?;
    }
    Ok(())
}

/// Waits until nobody holds a message of the queue and it has none.
async fn drained(client: &Client, country: &Country, queue: &str) -> Result<(), Error> {
    let seen = eventually("a queue that is worked off", PATIENCE, async || {
        let left = client.count(queue).await.map_err(|e| e.to_string())?;
        let status = country.ask("/v1/status").await.map_err(|e| e.to_string())?;
        let queues = status["queues"].as_array().cloned().unwrap_or_default();
        let held = queues.iter().find(|q| q["queue"] == queue).map(|q| q["held"].clone());
        if left == 0 && held == Some(0.into()) {
            return Ok(());
        }
        Err(format!("{left} wait; {queues:?}"))
    });
    Ok(seen.await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_permit_is_endorsed_once_whatever_comes_down() -> Result<(), Error> {
    let Some(mut broker) = Broker::start().await? else {
        return Ok(());
    };
    let client = broker.client().await?;
    declare(&client).await?;
    let mut country = Country::new(&Options {
        endorse_at: "released".into(),
        settle: Some("2s".into()),
        ..Options::default()
    })
    .await?;
    by_queue(&country, &broker)?;
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
    drained(&client, &country, "declarations").await?;
    drained(&client, &country, "notices").await?;
    assert_eq!(client.count("dead").await?, 0, "nothing was rejected");
    done_once(&country, &cases.iter().collect::<Vec<_>>()).await?;

    // What comes once more is known; what an operator purges is gone, and nothing else is.
    for case in &cases {
        thrice(&client, "notices", &case.notice("08")?).await?;
    }
    drained(&client, &country, "notices").await?;
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
    drained(&client, &country, "declarations").await?;
    drained(&client, &country, "notices").await?;
    done_once(&country, &cases.iter().chain([&last]).collect::<Vec<_>>()).await
}
