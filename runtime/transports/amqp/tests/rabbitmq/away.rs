//! A broker that is away: at the start, in the middle, and while messages are held.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use dragoman_support::broker::{Broker, Declared, Published};
use dragoman_support::eventually;

use crate::door::{Consumer, Door, queue};
use crate::{Failed, PATIENCE};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_comes_back_is_read_again_and_nothing_is_lost() -> Result<(), Failed> {
    let Some(mut broker) = Broker::start().await? else {
        return Ok(());
    };
    let client = broker.client().await?;
    let declared = Declared {
        dead_letters: Some("dead"),
        classic: false,
    };
    client.declare("dead", Declared::default()).await?;
    client.declare("orders", declared).await?;
    let before: Vec<String> = (0..20).map(|n| format!("before {n}")).collect();
    for body in &before {
        client.publish("orders", body.as_bytes(), Published::default()).await?;
    }
    drop(client);
    broker.stop().await?;

    // Away from the beginning.
    let door = Arc::new(Door::default());
    let consumer = Consumer::begin(queue(broker.port(), "guest"), &door);
    assert_eq!(consumer.until("away").await?["code"], "D0805");
    broker.resume().await?;
    consumer.until("taking").await?;
    let all = |bodies: &[String]| {
        let missing = bodies.iter().filter(|b| door.times(b) == 0).count();
        if missing == 0 {
            Ok(())
        } else {
            Err(format!("{missing} are missing"))
        }
    };
    eventually("what was published before", PATIENCE, async || all(&before)).await?;

    // Killed more often than a message may be delivered, while there is no room for it: it is no poison.
    door.full.store(true, Ordering::SeqCst);
    let client = broker.client().await?;
    client.publish("orders", b"patient", Published::default()).await?;
    drop(client);
    for _ in 0..4 {
        consumer.holds(1).await?;
        broker.kill().await?;
        consumer.until("away").await?;
        broker.resume().await?;
        consumer.until("taking").await?;
    }
    consumer.holds(1).await?;
    door.full.store(false, Ordering::SeqCst);
    let patient = ["patient".to_owned()];
    eventually("the patient one", PATIENCE, async || all(&patient)).await?;
    consumer.holds(0).await?;
    let client = broker.client().await?;
    assert_eq!((client.count("orders").await?, client.count("dead").await?), (0, 0));
    consumer.end().await
}
