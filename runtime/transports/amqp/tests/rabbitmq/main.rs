//! Queues of a real RabbitMQ, read by this crate: what is acknowledged, held, given back and rejected, and what happens
//! while the broker is away. Without RabbitMQ on the machine these tests say so, and fail where `CI` is set.

mod away;
mod door;
mod outcomes;

use std::time::Duration;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

type Failed = Box<dyn std::error::Error>;
