//! What becomes of a message, and of the queue.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use dragoman_support::broker::{Broker, Client, Declared, Published};
use dragoman_support::eventually;

use crate::door::{Consumer, Door, queue};
use crate::{Failed, PATIENCE};

const ORDERS: Declared<'_> = Declared {
    dead_letters: Some("dead"),
    classic: false,
};

/// Waits until a queue has so many messages that nobody holds.
async fn counts(client: &Client, queue: &str, number: u32) -> Result<(), Failed> {
    let seen = eventually(queue, PATIENCE, async || {
        let now = client.count(queue).await.map_err(|e| e.to_string())?;
        if now == number {
            Ok(())
        } else {
            Err(format!("{now} messages"))
        }
    });
    Ok(seen.await?)
}

async fn takes(door: &Door, bodies: &[&str]) -> Result<(), Failed> {
    let seen = eventually("messages that are taken", PATIENCE, async || {
        let now = door.taken();
        if bodies.iter().all(|b| door.times(b) > 0) {
            Ok(())
        } else {
            Err(format!("{now:?}"))
        }
    });
    Ok(seen.await?)
}

/// A message that is dead: which one it is.
async fn dead(client: &Client) -> Result<String, Failed> {
    let found = eventually("a dead letter", PATIENCE, async || {
        match client.take("dead").await.map_err(|e| e.to_string())? {
            Some(body) => Ok(body),
            None => Err("none".to_owned()),
        }
    });
    Ok(String::from_utf8_lossy(&found.await?).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_has_its_end() -> Result<(), Failed> {
    let Some(broker) = Broker::start().await? else {
        return Ok(());
    };
    let client = broker.client().await?;
    let door = Arc::new(Door::default());

    // A queue that is not there is said, and read once it is declared.
    let consumer = Consumer::begin(queue(broker.port(), "guest"), &door);
    assert_eq!(consumer.until("no_queue").await?["code"], "D0804");
    client.declare("dead", Declared::default()).await?;
    client.declare("orders", ORDERS).await?;
    consumer.until("taking").await?;

    // Taken, and acknowledged; what comes again is known, and acknowledged too.
    let with = Published {
        message_id: Some("m-1"),
        correlation_id: Some("c-1"),
        content_type: Some("text/plain"),
        headers: &[("Country", "PL")],
    };
    client.publish("orders", b"good 1", with).await?;
    takes(&door, &["good 1"]).await?;
    let last = door.last().ok_or("nothing was taken")?;
    let mut headers: Vec<String> = last.headers.iter().map(|(n, v)| format!("{n}={v}")).collect();
    headers.sort();
    let expected = [
        "content-type=text/plain",
        "correlation-id=c-1",
        "country=PL",
        "message-id=m-1",
    ];
    assert_eq!(headers, expected);
    let of = (
        last.sender.id.as_str(),
        last.sender.authentication.as_str(),
        last.media_type.as_str(),
    );
    assert_eq!(of, ("partner", "broker", "text/plain"));
    client.publish("orders", b"good 1", Published::default()).await?;
    let twice = eventually("the second copy", PATIENCE, async || {
        if door.times("good 1") == 2 {
            Ok(())
        } else {
            Err("it did not come".to_owned())
        }
    });
    twice.await?;
    consumer.holds(0).await?;

    // What can never be taken is rejected, and is in the dead letters.
    for bad in ["bad 1", "conflict 1", &"large ".repeat(20)] {
        client.publish("orders", bad.as_bytes(), Published::default()).await?;
        assert_eq!(dead(&client).await?, bad);
    }
    consumer.holds(0).await?;
    counts(&client, "orders", 0).await?;

    // Without room messages are held, no more than the prefetch; and taken once there is room.
    door.full.store(true, Ordering::SeqCst);
    for body in ["late 1", "late 2", "late 3"] {
        client.publish("orders", body.as_bytes(), Published::default()).await?;
    }
    consumer.holds(2).await?;
    counts(&client, "orders", 1).await?;
    door.full.store(false, Ordering::SeqCst);
    takes(&door, &["late 1", "late 2", "late 3"]).await?;

    // What is held when it ends goes back.
    door.full.store(true, Ordering::SeqCst);
    client.publish("orders", b"later", Published::default()).await?;
    consumer.holds(1).await?;
    consumer.end().await?;
    counts(&client, "orders", 1).await?;
    door.full.store(false, Ordering::SeqCst);
    let consumer = Consumer::begin(queue(broker.port(), "guest"), &door);
    takes(&door, &["later"]).await?;
    assert_eq!((door.times("later"), door.times("bad 1")), (1, 0));
    consumer.holds(0).await?;

    // A queue that is taken away is said, and another in its place is read.
    client.delete("orders").await?;
    consumer.until("no_queue").await?;
    client.declare("orders", ORDERS).await?;
    client.publish("orders", b"good 2", Published::default()).await?;
    takes(&door, &["good 2"]).await?;
    consumer.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_delivered_too_often_is_rejected_before_it_can_do_harm_again() -> Result<(), Failed> {
    let Some(broker) = Broker::start().await? else {
        return Ok(());
    };
    let client = broker.client().await?;
    client.declare("dead", Declared::default()).await?;
    client.declare("orders", ORDERS).await?;
    let door = Arc::new(Door::default());

    // D0803: it was delivered three times and came down with whoever had it.
    client.publish("orders", b"poison", Published::default()).await?;
    for _ in 0..3 {
        assert!(client.give_back("orders").await?);
    }
    client.publish("orders", b"good", Published::default()).await?;
    let consumer = Consumer::begin(queue(broker.port(), "guest"), &door);
    assert_eq!(dead(&client).await?, "poison");
    takes(&door, &["good"]).await?;
    assert_eq!(door.taken(), ["good"]);
    consumer.end().await?;

    // One less is not too often.
    client.publish("orders", b"slow", Published::default()).await?;
    for _ in 0..2 {
        assert!(client.give_back("orders").await?);
    }
    let consumer = Consumer::begin(queue(broker.port(), "guest"), &door);
    takes(&door, &["slow"]).await?;
    consumer.end().await?;

    // A broker that does not know the user says so, and nothing is taken.
    let asked = door.asked();
    let stranger = Consumer::begin(queue(broker.port(), "another"), &door);
    assert_eq!(stranger.until("refused").await?["code"], "D0806");
    stranger.end().await?;
    let mut elsewhere = queue(broker.port(), "guest");
    elsewhere.broker.vhost = "nowhere".into();
    let stranger = Consumer::begin(elsewhere, &door);
    assert_eq!(stranger.until("refused").await?["code"], "D0806");
    stranger.end().await?;
    assert_eq!(door.asked(), asked);
    Ok(())
}
