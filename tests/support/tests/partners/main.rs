//! The simulators, spoken to as anyone speaks to them: over HTTP.

mod authority;
mod customs;
mod ecites;
mod epix;
mod faults;
mod species;
mod wire;
