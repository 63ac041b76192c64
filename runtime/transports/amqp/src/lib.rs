//! Messages that come over the queues of a broker (AMQP 0-9-1; proven with RabbitMQ).
//!
//! In: queues, each with the triggers that read it. Out: deliveries to the engine, one per message and trigger.
//!
//! A message is acknowledged once it is durable with every trigger that reads its queue. One that some trigger can never
//! take (unreadable, too large, another content under a known key), or that was delivered too often, is rejected: the
//! broker hands it to the queue's dead-letter exchange, where it has one, and else drops it. One that there is no room
//! for now is held and tried again; how many are held at once is the broker's `prefetch`. The key is the digest of the
//! body, so that a message that comes again is known and acknowledged.
//!
//! Each queue has a connection of its own, under supervision of its own: whatever ends it, it is opened again, with
//! pauses that grow and are spread by chance.
//!
//! **Invariants.** No message is acknowledged before it is durable. Nothing is declared but passively: queues belong to
//! the broker's operator. A task that delivers is never dropped half-way; only its pauses are cut short.
//!
//! **Not here:** what becomes of the message (`engine`), what the site file says of brokers (`manifest`).

mod backoff;
mod consume;
mod deliver;
mod error;
mod link;
mod message;
mod queue;
mod states;

pub use consume::consume;
pub use error::{BROKER_AWAY, BROKER_REFUSES, Error, NO_QUEUE, TOO_OFTEN};
pub use queue::{Broker, Queue, Reader};
pub use states::States;
