//! What the log and the status say of queues, and a site that is read anew.

use dragoman_acceptance::Error;
use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::small::Small;
use dragoman_support::broker::{Broker, Client, Declared, Published};
use dragoman_support::eventually;
use serde_json::Value;

const PIPELINE: &str = r#"
dragoman: 1
pipeline: @name@
on:
  - { id: queue, amqp: { queue: @queue@, from: depot } }
key: 'default(trigger.headers["number"], "none")'
steps:
  - id: said
    set: { country: '=default(trigger.headers["country"], "none")' }
output: { country: =steps.said.country, sender: =trigger.sender }
"#;

fn pipeline(name: &str, queue: &str) -> String {
    PIPELINE.replace("@name@", name).replace("@queue@", queue)
}

fn site(broker: &Broker) -> String {
    let url = broker.url();
    format!(
        "dragoman: 1\nsite: small\nlisten: 127.0.0.1:0\nstore: {{ sqlite: store }}\nbrokers:\n  national: {{ url: \"{url}\", \
         user: guest, password: file:broker.txt, private: true, deliveries: 2 }}\nsenders: {{ depot: {{ broker: national }} }}\n\
         limits: {{ message: 1KiB }}\n"
    )
}

/// How a queue stands, as the status says.
fn state(status: &Value, queue: &str) -> Option<String> {
    let queues = status["queues"].as_array()?;
    let found = queues.iter().find(|q| q["queue"] == queue)?;
    Some(found["state"].as_str()?.to_owned())
}

async fn stands(small: &Small, queue: &str, wanted: Option<&str>) -> Result<(), Error> {
    let seen = |status: &Value| (state(status, queue).as_deref() == wanted).then_some(());
    small.until(&format!("{queue} {wanted:?}"), seen).await
}

async fn dead(client: &Client, number: u32) -> Result<(), Error> {
    let seen = eventually("dead letters", PATIENCE, async || {
        let now = client.count("dead").await.map_err(|e| e.to_string())?;
        if now == number {
            Ok(())
        } else {
            Err(format!("{now} dead letters"))
        }
    });
    Ok(seen.await?)
}

/// A line of the log with all of these words.
async fn logged(small: &Small, words: &[&str]) -> Result<(), Error> {
    let found = |line: &str| words.iter().all(|word| line.contains(word)).then_some(());
    let what = words.join(" ");
    Ok(small.server.line(&what, PATIENCE, |_, line| found(line)).await?)
}

fn numbered(number: &'static str) -> [(&'static str, &'static str); 2] {
    [("number", number), ("Country", "PL")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rejected_is_said_and_the_site_is_read_anew() -> Result<(), Error> {
    let Some(mut broker) = Broker::start().await? else {
        return Ok(());
    };
    let client = broker.client().await?;
    client.declare("dead", Declared::default()).await?;
    let (site, orders, both) = (site(&broker), pipeline("orders", "orders"), pipeline("also", "orders"));
    let files = [
        ("dragoman.yaml", &*site),
        ("broker.txt", "guest"),
        ("pipelines/orders.yaml", &*orders),
        ("pipelines/also.yaml", &*both),
    ];
    let small = Small::serve(&files).await?;

    // The queue is not there: said once, with what to do, and served all the same.
    logged(
        &small,
        &["D0804", "orders", "x-queue-type: quorum", "x-dead-letter-exchange"],
    )
    .await?;
    stands(&small, "orders", Some("no_queue")).await?;
    let declared = Declared {
        dead_letters: Some("dead"),
        classic: false,
    };
    client.declare("orders", declared).await?;
    stands(&small, "orders", Some("taking")).await?;

    // Both pipelines get each message, once.
    let send = async |body: &str, headers: &[(&str, &str)]| {
        let with = Published {
            headers,
            ..Published::default()
        };
        client.publish("orders", body.as_bytes(), with).await
    };
    let one = numbered("1");
    send(r#"{ "line": 1 }"#, &one).await?;
    send(r#"{ "line": 1 }"#, &one).await?;
    let runs = |wanted: usize| {
        let small = &small;
        eventually("runs", PATIENCE, async move || {
            let runs = small.runs().await.map_err(|e| e.to_string())?;
            let done = runs.iter().filter(|r| r["status"] == "completed").count();
            if done == wanted {
                Ok(runs)
            } else {
                Err(format!("{runs:?}"))
            }
        })
    };
    for run in runs(2).await? {
        assert_eq!(run["output"]["country"], "PL", "{run}");
        assert_eq!(run["output"]["sender"], "depot", "{run}");
    }

    // Another content under a known key, an unreadable one, one that is too large, one that was delivered too often.
    send(r#"{ "line": 2 }"#, &one).await?;
    dead(&client, 1).await?;
    logged(&small, &["key.conflict", "orders"]).await?;
    send("no json of Ada Lovelace", &numbered("2")).await?;
    dead(&client, 2).await?;
    logged(&small, &["message.json", "orders"]).await?;
    send(&"x".repeat(1_025), &numbered("3")).await?;
    dead(&client, 3).await?;
    logged(&small, &["D0801", "orders"]).await?;

    // A queue comes with the file that names it and goes with it; the other is not disturbed.
    client.declare("others", declared).await?;
    small.site.write("pipelines/third.yaml", pipeline("third", "others"))?;
    stands(&small, "others", Some("taking")).await?;
    std::fs::remove_file(small.site.file("pipelines/also.yaml"))?;
    std::fs::remove_file(small.site.file("pipelines/third.yaml"))?;
    stands(&small, "others", None).await?;
    send(r#"{ "line": 4 }"#, &numbered("4")).await?;
    runs(3).await?;
    stands(&small, "orders", Some("taking")).await?;

    // The broker goes: said once, seen in the status; when it is back, messages are taken again.
    drop(client);
    broker.stop().await?;
    stands(&small, "orders", Some("away")).await?;
    broker.resume().await?;
    let client = broker.client().await?;
    stands(&small, "orders", Some("taking")).await?;
    let away = small
        .server
        .output()
        .iter()
        .filter(|(_, l)| l.contains("D0805"))
        .count();
    assert_eq!(away, 1, "{:?}", small.server.output());

    // Ended in good order, nothing is held; what came down twice with whoever had it is rejected unseen.
    let Small { site, mut server, .. } = small;
    server.terminate()?;
    server.wait(PATIENCE).await?;
    assert!(!format!("{:?}", server.output()).contains("Lovelace"));
    client.publish("orders", b"{}", Published::default()).await?;
    for _ in 0..2 {
        assert!(client.give_back("orders").await?);
    }
    let small = Small::serve_again(site).await?;
    logged(&small, &["D0803", "orders"]).await?;
    dead(&client, 4).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_refuses_or_is_away_keeps_nothing_from_being_served() -> Result<(), Error> {
    let Some(mut broker) = Broker::start().await? else {
        return Ok(());
    };
    let client = broker.client().await?;
    client.declare("orders", Declared::default()).await?;
    drop(client);
    broker.stop().await?;
    let (site, orders) = (site(&broker), pipeline("orders", "orders"));
    let files = [
        ("dragoman.yaml", &*site),
        ("broker.txt", "wrong"),
        ("pipelines/orders.yaml", &*orders),
    ];
    let small = Small::serve(&files).await?;
    logged(&small, &["D0805", "national"]).await?;
    broker.resume().await?;
    logged(&small, &["D0806", "password"]).await?;
    stands(&small, "orders", Some("refused")).await?;
    // The file of the secret is part of the site: it is read anew.
    small.site.write("broker.txt", "guest")?;
    stands(&small, "orders", Some("taking")).await?;
    // The log of serve and the client's own lines have no password.
    assert!(!format!("{:?}", small.server.output()).contains("wrong"));
    Ok(())
}
