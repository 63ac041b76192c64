//! A real broker of messages for tests: a RabbitMQ node of its own, and a client that declares queues and publishes.

mod client;
mod node;

pub use client::{Client, Declared, Published};
pub use node::Broker;
