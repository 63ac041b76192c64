//! The fold of a run's entries: what a list, an index and an auditor know of it.
//!
//! In: headers in order, and the body of the entry that told last. Out: standing and summary. Pure; the engine's own
//! fold, which says what comes next, is another.

use dragoman_model::{RunId, Timestamp, Value};

use crate::entry::{Entry, Header};
use crate::query::{self, RunSummary, told};
use crate::record::{Ending, Parent, Record};
use crate::store::Standing;

/// What the entries of a run say of it as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFold {
    /// The run.
    pub run: RunId,
    /// The pipeline.
    pub pipeline: String,
    /// The run key.
    pub run_key: String,
    /// The parent, for a child.
    pub parent: Option<Parent>,
    /// When it began.
    pub began: Timestamp,
    /// The last entry's time.
    pub touched: Timestamp,
    /// How many entries.
    pub entries: u64,
    /// How it ended.
    pub ending: Option<Ending>,
    /// How it stands by its last telling entry.
    pub standing: Standing,
    /// Whether that is a wait for a person or an event.
    pub asks: bool,
    /// The number of the last entry that says why it stands as it does: parked or closed.
    pub told_by: Option<u64>,
}

/// Why an entry does not continue its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Not the next number.
    #[error("entry {expected} is missing, entry {found} is next")]
    Gap {
        /// What should come.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The first entry is something else than `accepted`.
    #[error("it does not begin with `accepted`")]
    NoBeginning,
    /// Something follows the end.
    #[error("entry {0} follows the end of the run")]
    AfterEnd(u64),
}

impl RunFold {
    /// The fold of a first entry.
    ///
    /// # Errors
    /// Where it is not entry 0, or not `accepted`.
    pub fn begin(header: &Header) -> Result<Self, Broken> {
        if header.seq != 0 {
            return Err(Broken::Gap {
                expected: 0,
                found: header.seq,
            });
        }
        let Record::Accepted {
            pipeline,
            run_key,
            parent,
            ..
        } = &header.record
        else {
            return Err(Broken::NoBeginning);
        };
        Ok(RunFold {
            run: header.run,
            pipeline: pipeline.clone(),
            run_key: run_key.clone(),
            parent: parent.clone(),
            began: header.at,
            touched: header.at,
            entries: 1,
            ending: None,
            standing: Standing::Active,
            asks: false,
            told_by: None,
        })
    }

    /// Adds the next entry.
    ///
    /// # Errors
    /// Where it is not the next, or the run has ended; the fold is as it was.
    pub fn add(&mut self, header: &Header) -> Result<(), Broken> {
        if header.seq != self.entries {
            return Err(Broken::Gap {
                expected: self.entries,
                found: header.seq,
            });
        }
        if self.ending.is_some() {
            return Err(Broken::AfterEnd(header.seq));
        }
        self.standing = match &header.record {
            Record::Accepted { .. } => return Err(Broken::NoBeginning),
            Record::Closed { ending } => {
                self.ending = Some(*ending);
                Standing::Closed
            }
            Record::Parked { .. } => Standing::Parked,
            Record::Timer { due, .. } => Standing::Sleeping(*due),
            Record::Waiting { due, .. } => Standing::Waiting(*due),
            Record::Children { .. } => Standing::Waiting(None),
            // What happens elsewhere does not move a run that a person must repair, and neither does another version.
            Record::Event { .. } | Record::Migrated { .. } if self.standing == Standing::Parked => Standing::Parked,
            _ => Standing::Active,
        };
        self.asks = matches!(header.record, Record::Waiting { .. });
        if matches!(header.record, Record::Closed { .. } | Record::Parked { .. }) {
            self.told_by = Some(header.seq);
        }
        self.touched = header.at;
        self.entries += 1;
        Ok(())
    }

    /// The fold of a run's headers; none where there are none.
    ///
    /// # Errors
    /// As [`RunFold::begin`] and [`RunFold::add`].
    pub fn of<'a>(headers: impl IntoIterator<Item = &'a Header>) -> Result<Option<Self>, Broken> {
        let mut headers = headers.into_iter();
        let Some(first) = headers.next() else {
            return Ok(None);
        };
        let mut fold = RunFold::begin(first)?;
        headers.try_for_each(|header| fold.add(header))?;
        Ok(Some(fold))
    }

    /// Whether an index may give this standing for the run.
    ///
    /// The end and what it says must agree. Short of the end the engine decides what counts where several steps are
    /// under way (one sleeps, another waits), so there the fold only refuses a parking that no entry tells of, and
    /// anything else where the last entry is one.
    pub fn allows(&self, standing: Standing) -> bool {
        match (self.ending, standing) {
            (Some(_), Standing::Closed) => true,
            (Some(_), _) | (None, Standing::Closed) => false,
            (None, Standing::Parked) => self.told_by.is_some(),
            (None, _) => self.told_by.is_none_or(|seq| seq + 1 < self.entries),
        }
    }

    /// The run as it stands in a list. `body` is that of entry [`RunFold::told_by`].
    pub fn summary(&self, body: Option<Value>) -> RunSummary {
        let standing = self.standing;
        let body = body.filter(|_| matches!(standing, Standing::Parked | Standing::Closed));
        let failure = query::failure(self.ending, body.as_ref());
        let (note, output) = told(self.ending, body);
        RunSummary {
            run: self.run,
            pipeline: self.pipeline.clone(),
            run_key: self.run_key.clone(),
            standing,
            asks: self.asks,
            ending: self.ending,
            began: self.began,
            touched: self.touched,
            entries: self.entries,
            parent: self.parent.as_ref().map(|parent| parent.run),
            note,
            output,
            failure,
        }
    }
}

/// A run in a list, out of its entries; none where there are none.
///
/// # Errors
/// Where the entries are not those of a run.
pub fn summary(entries: &[Entry]) -> Result<Option<RunSummary>, Broken> {
    let fold = RunFold::of(entries.iter().map(|entry| &entry.header))?;
    Ok(fold.map(|fold| {
        let told = fold.told_by.and_then(|seq| entries.get(usize::try_from(seq).ok()?));
        fold.summary(told.and_then(|entry| entry.body.clone()))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dragoman_model::{Actor, Digest, Usage};
    use proptest::prelude::*;

    use crate::entry::{FORMAT, Versions};
    use crate::record::TimerPurpose;

    fn record(kind: u8) -> Record {
        match kind {
            0 => Record::Read {
                connection: None,
                operation: None,
                attempt: 1,
                usage: Usage::default(),
            },
            1 => Record::Timer {
                due: Timestamp::from_millis(9),
                purpose: TimerPurpose::Sleep,
                attempt: 1,
            },
            2 => Record::Parked { code: "park".into() },
            3 => Record::Event { name: "voided".into() },
            4 => Record::Operated { act: "replay".into() },
            5 => Record::Children { count: 2 },
            7 => Record::Migrated {
                from: Digest::of(b"one"),
                to: Digest::of(b"two"),
            },
            _ => Record::Closed {
                ending: Ending::Stopped,
            },
        }
    }

    fn headers(kinds: &[u8]) -> Vec<Header> {
        let accepted = Record::Accepted {
            pipeline: "orders".into(),
            trigger: "hook".into(),
            run_key: "7".into(),
            serial: None,
            parent: None,
            mode: "live".into(),
        };
        let run = RunId::at(Timestamp::from_millis(1), [0; 10]);
        (0..)
            .zip(std::iter::once(accepted).chain(kinds.iter().map(|k| record(*k))))
            .map(|(seq, record)| Header {
                format: FORMAT,
                run,
                seq,
                at: Timestamp::from_millis(i64::try_from(seq).unwrap()),
                actor: Actor::system("test"),
                path: String::new(),
                versions: Versions {
                    pipeline: Digest::of(b""),
                    plugin: None,
                    settings: None,
                },
                record,
                headers: Vec::new(),
                body: None,
            })
            .collect()
    }

    proptest! {
        #[test]
        fn the_fold_of_a_whole_is_the_fold_of_its_parts(kinds in prop::collection::vec(0u8..6, 0..12), ends in any::<bool>()) {
            let kinds = if ends { [kinds, vec![6]].concat() } else { kinds };
            let headers = headers(&kinds);
            let whole = RunFold::of(&headers).unwrap().unwrap();
            prop_assert_eq!(whole.entries, headers.len() as u64);
            prop_assert_eq!(whole.ending.is_some(), ends);
            prop_assert_eq!(whole.touched, headers[headers.len() - 1].at);
            prop_assert!(whole.allows(whole.standing));
            prop_assert_eq!(whole.allows(Standing::Closed), ends);
            prop_assert_eq!(whole.allows(Standing::Active), !ends && kinds.last() != Some(&2));
            let told = (1..).zip(&kinds).filter(|(_, k)| matches!(k, 2 | 6)).map(|(seq, _)| seq).last();
            prop_assert_eq!(whole.told_by, told);
        }

        #[test]
        fn another_version_leaves_a_run_parked(kinds in prop::collection::vec(0u8..6, 0..6)) {
            let moved = [kinds, vec![2, 7]].concat();
            let fold = RunFold::of(&headers(&moved)).unwrap().unwrap();
            prop_assert_eq!(fold.standing, Standing::Parked);
            prop_assert!(fold.allows(Standing::Parked));
        }

        #[test]
        fn a_missing_entry_is_seen(kinds in prop::collection::vec(0u8..6, 1..12), missing in 0usize..12) {
            let mut headers = headers(&kinds);
            let missing = missing % (headers.len() - 1);
            headers.remove(missing);
            let expected = Broken::Gap { expected: missing as u64, found: missing as u64 + 1 };
            prop_assert_eq!(RunFold::of(&headers), Err(expected));
        }

        #[test]
        fn nothing_follows_the_end(kinds in prop::collection::vec(0u8..6, 0..5), after in 0u8..6) {
            let kinds = [kinds, vec![6, after]].concat();
            prop_assert_eq!(RunFold::of(&headers(&kinds)), Err(Broken::AfterEnd(kinds.len() as u64)));
        }
    }
}
