//! The commands, one file each.

pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod dead;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod graph;
pub(crate) mod ledger;
pub(crate) mod migrate;
pub(crate) mod observe;
pub(crate) mod pause;
pub(crate) mod plugin;
pub(crate) mod reconcile;
pub(crate) mod record;
pub(crate) mod reload;
pub(crate) mod retention;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod store;
pub(crate) mod test;
pub(crate) mod user;
pub(crate) mod waits;
pub(crate) mod worker;
