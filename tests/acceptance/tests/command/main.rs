//! The command line at work: what it prints and with what it exits, for good input and for bad. Every test starts the
//! real command as a process.

mod asked;
mod audit;
mod backups;
mod bad_messages;
mod bad_plugins;
mod bad_stores;
mod begun;
mod cases;
mod connections;
mod dead;
mod drawings;
mod encrypted;
mod erased;
mod full_disks;
mod guides;
mod log;
mod looking;
mod messages;
mod mistakes;
mod people;
mod place;
mod plugin_calls;
mod plugin_files;
mod refusals;
mod runs;
mod sites;
mod upkeep;
mod waiting;
mod waits;
