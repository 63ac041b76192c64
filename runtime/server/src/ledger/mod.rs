//! The ledgers as an operator sees and corrects them: accounts, what was claimed of them by whom, adjustments.

mod adjust;
mod shown;

pub use adjust::{Adjustment, AdjustmentLine};
pub(crate) use shown::{accounts, claims};
