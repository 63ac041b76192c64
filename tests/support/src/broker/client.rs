//! A client of a broker: declares queues, publishes with confirms, looks at what is there.

use lapin::options::{
    BasicGetOptions, BasicPublishOptions, BasicRejectOptions, ConfirmSelectOptions, QueueDeclareOptions,
    QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};

use crate::Error;

/// How a queue is declared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declared<'a> {
    /// The queue to which what is rejected goes; none: it is dropped.
    pub dead_letters: Option<&'a str>,
    /// An old queue of one node in place of a quorum queue: it does not count deliveries.
    pub classic: bool,
}

/// What goes with a message.
#[derive(Clone, Debug, Default)]
pub struct Published<'a> {
    /// The property `message-id`.
    pub message_id: Option<&'a str>,
    /// The property `correlation-id`.
    pub correlation_id: Option<&'a str>,
    /// The property `content-type`.
    pub content_type: Option<&'a str>,
    /// Application headers, as texts.
    pub headers: &'a [(&'a str, &'a str)],
}

/// A connection to a broker with one channel.
pub struct Client {
    channel: Channel,
    _connection: Connection,
}

fn failed(what: &str) -> impl FnOnce(lapin::Error) -> Error {
    move |error| Error::Broker {
        what: what.to_owned(),
        reason: error.to_string(),
    }
}

impl Client {
    /// Connects to the broker at an address, as `guest`.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let connection = Connection::connect(url, ConnectionProperties::default());
        let connection = connection.await.map_err(failed("connect"))?;
        let channel = connection.create_channel().await.map_err(failed("open a channel"))?;
        let confirms = channel.confirm_select(ConfirmSelectOptions::default());
        confirms.await.map_err(failed("ask for confirms"))?;
        Ok(Self {
            channel,
            _connection: connection,
        })
    }

    /// Declares a durable queue, of the kind `quorum` where nothing else is said.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn declare(&self, queue: &str, declared: Declared<'_>) -> Result<(), Error> {
        let text = |text: &str| AMQPValue::LongString(LongString::from(text));
        let mut arguments = FieldTable::default();
        let kind = if declared.classic { "classic" } else { "quorum" };
        arguments.insert("x-queue-type".into(), text(kind));
        if let Some(dead_letters) = declared.dead_letters {
            arguments.insert("x-dead-letter-exchange".into(), text(""));
            arguments.insert("x-dead-letter-routing-key".into(), text(dead_letters));
            if !declared.classic {
                // What is rejected stays in the queue until its dead letters have it for good.
                arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
                arguments.insert("x-overflow".into(), text("reject-publish"));
            }
        }
        let options = QueueDeclareOptions::durable();
        let declaring = self.channel.queue_declare(queue.into(), options, arguments);
        declaring.await.map_err(failed("declare a queue"))?;
        Ok(())
    }

    /// Publishes a durable message into a queue, and waits until the broker has it for good.
    ///
    /// # Errors
    /// It does not take it.
    pub async fn publish(&self, queue: &str, body: &[u8], with: Published<'_>) -> Result<(), Error> {
        const DURABLE: u8 = 2;
        let mut properties = BasicProperties::default().with_delivery_mode(DURABLE);
        if let Some(id) = with.message_id {
            properties = properties.with_message_id(id.into());
        }
        if let Some(id) = with.correlation_id {
            properties = properties.with_correlation_id(id.into());
        }
        if let Some(kind) = with.content_type {
            properties = properties.with_content_type(kind.into());
        }
        let mut headers = FieldTable::default();
        for (name, value) in with.headers {
            headers.insert((*name).into(), AMQPValue::LongString(LongString::from(*value)));
        }
        let options = BasicPublishOptions::default();
        let publishing =
            self.channel
                .basic_publish("".into(), queue.into(), options, body, properties.with_headers(headers));
        let confirmed = publishing.await.map_err(failed("publish"))?;
        match confirmed.await.map_err(failed("publish"))? {
            Confirmation::Ack(_) => Ok(()),
            other => Err(Error::Broker {
                what: "publish".to_owned(),
                reason: format!("{other:?}"),
            }),
        }
    }

    /// How many messages a queue has that nobody holds.
    ///
    /// # Errors
    /// There is no such queue.
    pub async fn count(&self, queue: &str) -> Result<u32, Error> {
        let options = QueueDeclareOptions::durable().passive();
        let asking = self.channel.queue_declare(queue.into(), options, FieldTable::default());
        Ok(asking.await.map_err(failed("look at a queue"))?.message_count())
    }

    /// Takes a message out of a queue; none: it has none.
    ///
    /// # Errors
    /// There is no such queue.
    pub async fn take(&self, queue: &str) -> Result<Option<Vec<u8>>, Error> {
        let options = BasicGetOptions { no_ack: true };
        let found = self.channel.basic_get(queue.into(), options).await;
        Ok(found
            .map_err(failed("take a message"))?
            .map(|message| message.delivery.data))
    }

    /// Takes a message and gives it back, as a consumer does that comes down with it; whether there was one.
    ///
    /// # Errors
    /// There is no such queue.
    pub async fn give_back(&self, queue: &str) -> Result<bool, Error> {
        let found = self.channel.basic_get(queue.into(), BasicGetOptions::default()).await;
        let Some(message) = found.map_err(failed("take a message"))? else {
            return Ok(false);
        };
        let options = BasicRejectOptions { requeue: true };
        let back = message.delivery.acker.reject(options).await;
        back.map_err(failed("give a message back"))
    }

    /// Takes all messages out of a queue that nobody holds; how many there were.
    ///
    /// # Errors
    /// There is no such queue.
    pub async fn purge(&self, queue: &str) -> Result<u32, Error> {
        let purging = self.channel.queue_purge(queue.into(), QueuePurgeOptions::default());
        purging.await.map_err(failed("purge a queue"))
    }

    /// Takes a queue away.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn delete(&self, queue: &str) -> Result<(), Error> {
        let deleting = self.channel.queue_delete(queue.into(), QueueDeleteOptions::default());
        deleting.await.map_err(failed("delete a queue"))?;
        Ok(())
    }
}
