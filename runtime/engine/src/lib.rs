//! The engine.
pub mod runner;
pub mod source;

