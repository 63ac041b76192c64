//! Calls of a real guest through the engine's socket.

mod answers;
mod effects;
mod fairness;
mod hostile;
mod limits;
mod loading;
mod unusable;
mod world;
