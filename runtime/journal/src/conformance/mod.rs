//! The suite that every store must pass.
//!
//! In: a way to open stores by name. Out: nothing, or a panic that says what a store does not keep to. A store's own
//! tests call [`run`]; each part can be called alone.

mod alone;
mod business;
pub mod busy;
mod concurrency;
pub mod erased;
mod events;
mod kept;
mod ledger;
mod lists;
pub mod load;
mod runs;
pub mod sample;
pub mod secret;
mod waking;

use std::sync::Arc;

pub use alone::run_alone;

use crate::error::Error;
use crate::store::{Answer, Journal};

/// Stores to try.
pub trait Stores {
    /// Opens the store of a name; the same name opens the same store again, once the one before was dropped.
    ///
    /// # Errors
    /// Whatever the store says.
    fn open<'a>(&'a self, name: &'a str) -> Answer<'a, Result<Arc<dyn Journal>, Error>>;
}

/// Runs the whole suite.
///
/// # Panics
/// Where a store does not do what the trait says.
pub async fn run(stores: &dyn Stores) {
    let open = async |name: &str| {
        let opened = stores.open(name).await;
        opened.unwrap_or_else(|e| panic!("store `{name}`: {e}"))
    };
    runs::a_key_begins_one_run(&*open("begin").await).await;
    runs::a_run_grows_without_gaps(&*open("append").await).await;
    runs::the_owner_before_is_fenced_off(&*open("fence").await).await;
    waking::runs_wake_when_they_are_due(&*open("due").await).await;
    waking::a_run_that_rests_can_be_taken(&*open("rest").await).await;
    waking::what_is_nobodys_is_due_for_anyone(&*open("nobodys").await).await;
    lists::children_begin_with_their_parent(&*open("children").await).await;
    lists::children_begin_once(&*open("children-once").await).await;
    lists::lists_are_filtered(&*open("lists").await).await;
    lists::a_list_is_the_fold_of_the_entries(&*open("fold").await).await;
    business::a_business_key_is_held_by_one_step(&*open("once").await).await;
    business::a_voided_reference_refuses_what_comes_later(&*open("void").await).await;
    business::effects_are_found_by_their_reference(&*open("effects").await).await;
    business::a_refused_append_leaves_nothing(&*open("atomic").await).await;
    ledger::claims_never_exceed_the_limit(&*open("ledger").await).await;
    ledger::a_claim_stands_once(&*open("claims").await).await;
    ledger::a_single_use_account_is_claimed_once(&*open("single").await).await;
    ledger::what_a_person_decided_is_counted_and_not_limited(&*open("decided").await).await;
    ledger::a_ledger_is_told_as_it_stands(&*open("told").await).await;
    ledger::bad_claims_are_refused(&*open("bad-claims").await).await;
    kept::state_is_compared_and_swapped(&*open("state").await).await;
    kept::state_keys_come_in_order(&*open("state-keys").await).await;
    kept::documents_and_versions_are_kept_once(&*open("documents").await).await;
    kept::a_wait_ends_once(&*open("waits").await).await;
    events::the_newest_event_of_a_key_is_found(&*open("events").await).await;
    events::events_are_delivered_in_their_order(&*open("deliveries").await).await;
    events::a_refused_append_emits_nothing(&*open("event-refused").await).await;
    concurrency::everything_answered_is_there(stores).await;
    concurrency::one_of_many_gets_the_key(&*open("race").await).await;
}
