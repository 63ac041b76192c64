//! A connection to a broker, with a consumer on one queue.

use std::time::Duration;

use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Channel, Connection, ConnectionProperties, Consumer};

use crate::error::Error;
use crate::queue::{Broker, Queue};

/// How long opening may take, from the name of the host to the first message.
const OPENING: Duration = Duration::from_secs(20);
/// How long a farewell may take: without one the broker notices by itself.
const FAREWELL: Duration = Duration::from_secs(2);
/// Seconds between signs of life.
const HEARTBEAT_S: u16 = 15;
/// AMQP's reply code of an end that was meant.
const MEANT: u16 = 200;

/// A consumer at work.
pub(crate) struct Link {
    connection: Connection,
    channel: Channel,
    pub(crate) consumer: Consumer,
}

impl Link {
    /// Connects, looks whether the queue is there, and begins to consume it.
    pub(crate) async fn open(queue: &Queue) -> Result<Link, Error> {
        let opening = tokio::time::timeout(OPENING, open(queue)).await;
        let late = || Error::Away(format!("it did not answer within {} s", OPENING.as_secs()));
        opening
            .map_err(|_| late())?
            .map_err(|error| Error::of(&error, &queue.name))
    }

    /// Whether messages can still come over it. The client tells its consumers of an end; this is for the case that it
    /// does not.
    pub(crate) fn is_alive(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// No further messages are to come; those that are held can still be answered.
    pub(crate) async fn cancel(&self) {
        let cancelling = self
            .channel
            .basic_cancel(self.consumer.tag(), BasicCancelOptions::default());
        let _ = tokio::time::timeout(FAREWELL, cancelling).await;
    }

    /// Ends it; what was not answered goes back to the queue.
    pub(crate) async fn close(self) {
        let closing = self.connection.close(MEANT, "the end".into());
        let _ = tokio::time::timeout(FAREWELL, closing).await;
    }
}

async fn open(queue: &Queue) -> Result<Link, lapin::Error> {
    let name = format!("dragoman: queue {}", queue.name);
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let connection = Connection::connect_uri(address(&queue.broker), properties).await?;
    let channel = connection.create_channel().await?;
    let look = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let asked = &*queue.name;
    channel.queue_declare(asked.into(), look, FieldTable::default()).await?;
    channel
        .basic_qos(queue.broker.prefetch, BasicQosOptions::default())
        .await?;
    let options = BasicConsumeOptions::default();
    let consumer = channel
        .basic_consume(asked.into(), "".into(), options, FieldTable::default())
        .await?;
    Ok(Link {
        connection,
        channel,
        consumer,
    })
}

fn address(broker: &Broker) -> AMQPUri {
    AMQPUri {
        scheme: if broker.tls {
            AMQPScheme::AMQPS
        } else {
            AMQPScheme::AMQP
        },
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo {
                username: broker.user.clone(),
                // A broker compares it with text: what is none is no password there.
                password: broker.password.expose_text().unwrap_or_default().to_owned(),
            },
            host: broker.host.clone(),
            port: broker.port,
        },
        vhost: broker.vhost.clone(),
        query: AMQPQueryString {
            heartbeat: Some(HEARTBEAT_S),
            ..AMQPQueryString::default()
        },
    }
}
