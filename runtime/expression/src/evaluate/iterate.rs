//! `all`, `exists`, `exists_one`, `filter` and `map` at run time.

use super::Evaluation;
use crate::Error;
use crate::data::Data;
use crate::program::{Iterated, Iteration};

impl<'v> Evaluation<'v> {
    pub(super) fn iterate(&mut self, iteration: Iteration, parts: &'v Iterated) -> Result<Data<'v>, Error> {
        let items = self.items(&parts.list)?;
        let level = self.variables.len();
        let mut kept = Vec::new();
        let mut hits = 0_u64;
        for item in items {
            self.variables.truncate(level);
            self.variables.push(item.clone());
            let holds = match &parts.condition {
                Some(condition) => self.condition(condition)?,
                None => true,
            };
            match iteration {
                Iteration::All if !holds => return Ok(self.settle(level, Data::boolean(false))),
                Iteration::Exists if holds => return Ok(self.settle(level, Data::boolean(true))),
                Iteration::All | Iteration::Exists => {}
                Iteration::ExistsOne => hits += u64::from(holds),
                Iteration::Filter | Iteration::Map if !holds => {}
                Iteration::Filter => {
                    self.make(32)?;
                    kept.push(item);
                }
                Iteration::Map => {
                    self.make(32)?;
                    if let Some(result) = &parts.result {
                        kept.push(self.need(result)?);
                    }
                }
            }
        }
        let result = match iteration {
            Iteration::All => Data::boolean(true),
            Iteration::Exists => Data::boolean(false),
            Iteration::ExistsOne => Data::boolean(hits == 1),
            Iteration::Filter | Iteration::Map => Data::list(kept),
        };
        Ok(self.settle(level, result))
    }

    fn settle(&mut self, level: usize, result: Data<'v>) -> Data<'v> {
        self.variables.truncate(level);
        result
    }
}
