//! What a call used.

use serde::{Deserialize, Serialize};

/// What one call of a plugin used; it is journaled and shown with the call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time inside the sandbox, in microseconds.
    pub cpu_us: u64,
    /// Wall time of the call, in microseconds.
    pub wall_us: u64,
    /// Peak memory over all of the instance's memories, in bytes.
    pub peak_memory: u64,
    /// Calls of host functions.
    pub host_calls: u32,
    /// Outgoing requests.
    pub requests: u32,
    /// Bytes sent to endpoints.
    pub bytes_out: u64,
    /// Bytes received from endpoints.
    pub bytes_in: u64,
}
