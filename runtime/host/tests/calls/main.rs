//! Calls of a real guest through the engine's socket.

mod answers;
mod effects;
mod fairness;
mod limits;
mod loading;
mod world;
