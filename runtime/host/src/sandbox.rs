//! The one engine of the process, and its pool of instances.

use std::num::NonZeroUsize;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::{CANNOT_START, Error};
use crate::settings::HostSettings;

/// Core instances that one component may have: a connector has three, composed ones more.
const CORE_INSTANCES: u32 = 16;
/// Memories that one component may have.
const MEMORIES: u32 = 2;
/// Tables that one component may have.
const TABLES: u32 = 8;
/// Address space behind each memory, which nobody may touch.
const GUARD: u64 = 2 << 20;

/// Makes the engine.
///
/// The pool is as large as `concurrency` times what one component may have, so that a call that has its turn always finds
/// room: the pool itself does not wait, it fails.
pub(crate) fn engine(settings: &HostSettings) -> Result<Engine, Error> {
    let n = settings.concurrency.max(1);
    let scan = swap_is_off();
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(n)
        .total_core_instances(n.saturating_mul(CORE_INSTANCES))
        .total_memories(n.saturating_mul(MEMORIES))
        .total_tables(n.saturating_mul(TABLES))
        .total_stacks(n)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memories_per_module(1)
        .max_tables_per_module(4)
        .max_memory_size(settings.memory_ceiling)
        .table_elements(20_000)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .linear_memory_keep_resident(if scan { 1 << 20 } else { 128 << 10 })
        .pagemap_scan(if scan { Enabled::Auto } else { Enabled::No })
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(n / 2)
        .decommit_batch_size(8);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .memory_init_cow(true)
        .epoch_interruption(true)
        // Connectors are synchronous; the machinery for concurrent component tasks costs two to three times per call.
        .concurrency_support(false)
        .wasm_component_model(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .max_wasm_stack(512 << 10)
        .async_stack_size(2 << 20)
        .memory_reservation(settings.memory_ceiling as u64)
        .memory_guard_size(GUARD)
        .memory_may_move(false)
        .wasm_backtrace_max_frames(NonZeroUsize::new(20));
    Engine::new(&config).map_err(|e| {
        Error::new(
            CANNOT_START,
            format!(
                "the plugin host cannot start: {e:#}; it lays out {} GiB of address space for {n} calls at the same time \
                 (address space, not memory): raise `ulimit -v`, or take the limit away",
                room(settings, n) >> 30
            ),
        )
    })
}

/// The address space of the pool, nearly: the memories that calls may have, each with its guard.
fn room(settings: &HostSettings, n: u32) -> u64 {
    (u64::from(n) * u64::from(MEMORIES)).saturating_mul(settings.memory_ceiling as u64 + GUARD)
}

/// Whether no swap space is in use on this machine.
///
/// Resetting only the pages that an instance wrote saves a third of a call's time, but a written page that was swapped
/// out is not seen to be written, and the next instance would find it as it was left (wasmtime issue 14357). Without
/// swap there is no such page.
fn swap_is_off() -> bool {
    match std::fs::read_to_string("/proc/swaps") {
        // The first line is the head of the table.
        Ok(table) => table.lines().count() <= 1,
        Err(_) => false,
    }
}
