//! The store on a real server: the suite of the trait, and what goes wrong.

mod conformance;
mod encrypted;
mod erased;
mod import;
mod line;
mod server;
mod shared;
mod trouble;
