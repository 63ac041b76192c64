//! The memory of the process: its allocator, and giving back what is not used any more.

use std::hint::black_box;
use std::time::Duration;

/// Every call makes and drops a few thousand small values, on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The allocator gives memory back that has been free for a second, and looks for it when a page becomes free.
const LOOK: Duration = Duration::from_secs(2);
/// More than any of its kept sizes, so that freeing it frees a page at once. It is never touched, so it costs no memory.
const PAGE: usize = 8 << 20;

/// Lets the allocator look, for ever. A server at work frees pages all the time; an idle one frees none, and would keep
/// what its start has used: a quarter of all that it has.
pub(crate) async fn give_back() {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        drop(black_box(Vec::<u8>::with_capacity(PAGE)));
    }
}
