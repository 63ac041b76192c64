//! The bounds of a pipeline.

use dragoman_expression::Expected;
use dragoman_manifest::Spanned;

use super::Checker;
use super::scope::Scope;
use crate::{Limits, PerKey};

impl Checker<'_> {
    /// The bounds; what is not said is the default. `keys`: what the key of a run sees. None where one is wrong.
    pub(super) fn limits(&mut self, keys: &mut Scope) -> Option<Limits> {
        let said = &self.said.limits;
        let default = Limits::default();
        let per_key = match &said.per_key {
            None => None,
            Some(per_key) => {
                let (by, _) = self.expression(&per_key.by, &Expected::Key, keys)?;
                let concurrent = bound(Some(&per_key.concurrent), 1);
                Some(PerKey { by, concurrent })
            }
        };
        Some(Limits {
            concurrent: bound(said.concurrent.as_ref(), default.concurrent),
            backlog: bound(said.backlog.as_ref(), default.backlog),
            per_key,
            rate: said.rate.as_ref().map(|rate| rate.value),
            deadline_ms: said.deadline_ms.as_ref().map(|deadline| deadline.value),
        })
    }
}

fn bound(said: Option<&Spanned<u64>>, default: usize) -> usize {
    said.map_or(default, |bound| usize::try_from(bound.value).unwrap_or(usize::MAX))
}
