//! Queues of a real RabbitMQ before a real `dragoman serve`: the main job fed from a queue through faults, what the log and
//! the status say, and the site read anew. Without RabbitMQ on the machine these tests say so, and fail where `CI` is set.

mod export;
mod small;
