//! Puts a site together and serves it: the one place where concrete types meet.
//!
//! In: a site file. Out: a runtime that takes messages, and the operator API.
//!
//! **Invariants.** Nothing runs that was not checked first, at the start and whenever the site changes while it is
//! served. Everything that a run will be pinned to (pipeline text, components) is kept in the store before a run can
//! begin with it.
//!
//! **Not here:** what is wrong with a pipeline (`plan`), what a run does (`engine`), the command line (`cli`).

mod accounts;
mod address;
mod api;
mod attempts;
mod beginning;
mod begun;
mod books;
mod client;
mod clock;
mod contract;
mod dead;
mod deed;
mod desk;
mod error;
mod heads;
mod instance;
mod ledger;
mod letters;
mod metrics;
mod migrations;
mod moving;
mod open_files;
mod os_process;
mod os_user;
mod pauses;
mod plans;
mod reconciliation;
mod records;
mod reload;
mod retention;
mod runtime;
mod schedules;
mod serve;
mod served;
mod site;
mod sources;
mod stores;
mod story;
mod stuck;
pub mod timeline;
mod trial;
mod triggers;
mod upkeep;
pub mod view;
mod waits;
mod watching;
mod working;

pub use address::Address;
pub use begun::{Begin, Came, begin};
pub use client::Client;
pub use dead::{DeadFilter, Repair};
pub use desk::{Desk, OPERATORS, Refusal, Who};
pub use dragoman_transports_http::inbound::TOO_LARGE;
pub use error::{CONFIG, Error, NOT_THERE, UNWRITTEN};
pub use heads::{gone as trail_gone, knows_of_a_trail};
pub use instance::Part;
pub use ledger::{Adjustment, AdjustmentLine};
pub use migrations::{Change, Migrations};
pub use os_user::{os_actor, os_user};
pub use pauses::{PauseChange, Pauses, What};
pub use reconciliation::{Daily, Listed, Wanted};
pub use records::{Stored, says_enough};
pub use retention::{Erasing, Held, HoldChange, Retention};
pub use runtime::{Runtime, check};
pub use serve::serve;
pub use site::{find_pipelines, read as read_site, read_source};
pub use stores::{At, OpenTrail, Place, store_folder};
pub use trial::{Trial, trial};
pub use upkeep::{Checked, Losing, back_up, check_store, compact, encrypt_store, move_store, restore};
pub use working::work;
