//! What callers ask of the writers, and what they are answered.

use std::collections::HashSet;

use bytes::Bytes;
use dragoman_journal::decide::{Addition, Beginning, apply};
use dragoman_journal::error::Error;
use dragoman_journal::{Begun, Lease, Refusal};
use dragoman_model::{Digest, RunId, Timestamp};
use tokio::sync::oneshot;

use crate::columns;
use crate::failure::Trouble;
use crate::rows::Rows;

/// A change of the store. It can be applied again where a transaction was given up.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Begin(Beginning),
    Append(Addition),
    Acquire {
        run: RunId,
        now: Timestamp,
        until: Timestamp,
        /// Also where the turn is another's.
        seizes: bool,
    },
    Renew {
        leases: Vec<Lease>,
        until: Timestamp,
    },
    Delivered(Vec<u64>),
    KeepVersion {
        digest: Digest,
        bytes: Bytes,
    },
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Said {
    Begun(Begun),
    Appended(Result<(), Refusal>),
    Acquired(Option<Lease>),
    Renewed(Vec<Lease>),
    Done,
}

impl Said {
    /// What is said once it is known which runs asked for their turn and did not get it.
    pub(crate) fn unless(self, queued: &HashSet<RunId>) -> Said {
        match self {
            Said::Begun(Begun::New(lease)) if queued.contains(&lease.run) => {
                Said::Begun(Begun::Queued { run: lease.run })
            }
            Said::Acquired(Some(lease)) if queued.contains(&lease.run) => Said::Acquired(None),
            said => said,
        }
    }
}

/// A change on its way, with whom it is answered to.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) ask: Ask,
    pub(crate) answer: oneshot::Sender<Result<Said, Error>>,
}

impl Work {
    /// Answers; the caller may have gone: what is written is written.
    pub(crate) fn say(self, said: Result<Said, Error>) {
        let _ = self.answer.send(said);
    }
}

impl Ask {
    /// Decides on rows that are locked and read; where it fails nothing of it is in them.
    pub(crate) fn decide(&self, rows: &mut Rows) -> Result<Said, Trouble> {
        let here = rows.here();
        let said = self.apply(rows);
        match &said {
            // What is refused was decided before anything was written, or undone.
            Ok(_) => {}
            Err(_) => rows.back(here),
        }
        said
    }

    fn apply(&self, rows: &mut Rows) -> Result<Said, Trouble> {
        Ok(match self {
            Ask::Begin(begin) => Said::Begun(apply::begin(rows, begin)?),
            Ask::Append(addition) => Said::Appended(apply::append(rows, addition)?),
            Ask::Acquire {
                run,
                now,
                until,
                seizes,
            } => {
                let row = rows.take(*run, *now, *until, *seizes);
                Said::Acquired(row.map(|row| Lease {
                    run: *run,
                    epoch: row.epoch,
                    until: *until,
                }))
            }
            Ask::Renew { leases, until } => {
                let mut held = Vec::with_capacity(leases.len());
                for lease in leases {
                    let known = rows.runs.get(&lease.run).map(|known| known.row);
                    if let Some(row) = known.and_then(|row| row.renewed(*lease, *until)) {
                        rows.lend(lease.run, row);
                        held.push(Lease {
                            until: Timestamp::from_millis(row.lease_until),
                            ..*lease
                        });
                    }
                }
                Said::Renewed(held)
            }
            Ask::Delivered(numbers) => {
                rows.delivered
                    .extend(numbers.iter().map(|number| columns::number(*number)));
                Said::Done
            }
            Ask::KeepVersion { digest, bytes } => {
                rows.versions.push((*digest, bytes.clone()));
                Said::Done
            }
        })
    }
}
