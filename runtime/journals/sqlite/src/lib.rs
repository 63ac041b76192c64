//! The journal on SQLite: the embedded store of one node.
//!
//! In: the calls of the trait `Journal`. Out: durable entries, leases, ledger, business keys, references, state and
//! documents, in one file of one folder.
//!
//! **Invariants.** One thread writes. It drains a queue, writes everything in one transaction, syncs once and wakes
//! everybody; a refused append costs only its own run. Nothing is answered before it is durable. After a failed sync
//! nothing is written any more. Every table but `entry`, `body` and `batch` is an index that `audit` can check
//! against the entries.
//!
//! **Not here:** the formats and their verification (`journal`), what a run does next (`engine`).

mod begin;
mod business;
mod columns;
mod encrypt;
mod entries;
mod erase;
mod events;
mod export;
mod failure;
mod journal;
mod keys;
mod ledger;
mod left;
mod lock;
mod place;
mod queries;
mod readers;
mod records;
mod runs;
mod schema;
mod state;
mod store;
mod tables;
mod trail;
mod upkeep;
mod writer;

pub use records::SqliteRecords;
pub use store::{Fault, Options, SqliteJournal};
pub use trail::SqliteTrail;
pub use upkeep::{Size, Unused, copy_file, moved_to, sync_folder};
