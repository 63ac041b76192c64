//! The socket of what counts: every entry passes here once, after it is durable.

use dragoman_journal::Record;

/// Counts what happens. It is called while runs are at work: it must be quick, and never fails.
pub trait Meter: Send + Sync {
    /// An entry of a run of this pipeline is durable. `child`: another run began that run.
    fn entry(&self, pipeline: &str, child: bool, record: &Record);
}

/// Counts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMeter;

impl Meter for NoMeter {
    fn entry(&self, _pipeline: &str, _child: bool, _record: &Record) {}
}
