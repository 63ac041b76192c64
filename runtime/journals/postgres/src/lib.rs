//! The journal on PostgreSQL: the store that several machines share.
//!
//! In: the calls of the trait `Journal`. Out: durable entries, leases, ledger, business keys, references, state and
//! documents, in one schema of one database.
//!
//! **Invariants.** A transaction takes its locks in one order that all keep, reads what it needs, has it decided by
//! `journal::decide`, and writes and commits in one go; nobody waits for a process that stands still while it holds a
//! lock of everybody. The trail of all writers is one. Nothing is answered before it is durable, and nothing is said to
//! have failed of which that is not known. Every table but `entry`, `body` and `batch` is an index that `audit` can check
//! against the entries.
//!
//! **Not here:** the formats and their verification (`journal`), what a run does next (`engine`).

mod address;
mod columns;
mod doubt;
mod encrypt;
mod erase;
mod failure;
mod flush;
mod heads;
mod import;
mod journal;
mod keys;
mod load;
mod moved;
mod needs;
mod overlay;
mod queries;
mod records;
mod rows;
mod schema;
mod store;
mod trail;
mod work;
mod writer;
mod written;

pub use address::Address;
pub use encrypt::encrypt;
pub use import::{Imported, import};
pub use records::PostgresRecords;
pub use store::{Options, PostgresJournal};
pub use trail::PostgresTrail;
