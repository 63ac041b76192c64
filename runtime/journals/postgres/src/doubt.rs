//! Commits that nobody answered: what became of them.
//!
//! The number of a transaction does not say it. A server that crashed gives the number of one that was lost to another. What
//! the transaction wrote does: an entry of its own, or, where it has none, a mark.

use std::collections::HashSet;

use deadpool_postgres::{Object, Pool};
use dragoman_journal::error::Error;
use dragoman_model::{RunId, Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

use crate::columns::{self, get, number};
use crate::failure::at_reading;
use crate::flush::Statement;
use crate::rows::Rows;
use crate::writer::{LONGEST_PAUSE, PAUSE};

/// Marks are kept for so long, in milliseconds: nobody asks after a commit of yesterday.
const KEPT_MS: i64 = 24 * 3_600_000;

const MARK: &str = "INSERT INTO mark(at, token) VALUES ($1, $2)";
const MARKS_PASSED: &str = "DELETE FROM mark WHERE at < $1";
/// Whether the server is still at it. A number that it has not given yet is one that it has forgotten.
const GOES_ON: &str = "SELECT CASE WHEN $1::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())
  THEN pg_xact_status($1::text::xid8) = 'in progress' END";
const ENTRY: &str = "SELECT EXISTS(SELECT 1 FROM entry WHERE run = $1 AND seq = $2 AND header = $3)";
const MARKED: &str = "SELECT EXISTS(SELECT 1 FROM mark WHERE at = $1 AND token = $2)";
/// Those that are not this owner's as they were asked for.
const QUEUED: &str = "SELECT r.id FROM unnest($1::uuid[], $2::bigint[]) AS a(id, until) JOIN run r ON r.id = a.id
  WHERE NOT (r.turn = 2 AND r.lease_until = a.until AND r.owner IS NOT DISTINCT FROM $3::uuid)";

/// By what a transaction is known again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Proof {
    Entry { run: RunId, seq: u64, header: String },
    Mark { at: Timestamp, token: Uuid },
}

impl Proof {
    /// Of what a transaction is about to write.
    pub(crate) fn of(rows: &Rows, at: Timestamp) -> Self {
        match rows.entries.first() {
            Some(entry) => Proof::Entry {
                run: entry.header.run,
                seq: entry.header.seq,
                header: entry.text.clone(),
            },
            None => Proof::Mark {
                at,
                token: Uuid::now_v7(),
            },
        }
    }

    /// What is written for its sake.
    pub(crate) fn statements(&self) -> Vec<Statement<'static>> {
        let Proof::Mark { at, token } = self else {
            return Vec::new();
        };
        vec![
            Statement::new(MARK, vec![Box::new(at.millis()), Box::new(*token)]),
            Statement::new(MARKS_PASSED, vec![Box::new(at.plus_millis(-KEPT_MS).millis())]),
        ]
    }
}

/// A transaction in doubt.
#[derive(Debug, Clone)]
pub(crate) struct Doubt {
    /// As the server numbered it.
    pub(crate) number: String,
    pub(crate) proof: Proof,
    /// Runs that asked for their turn, and until when they would be had.
    pub(crate) asked: Vec<(RunId, i64)>,
    pub(crate) owner: Option<Uuid>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Became {
    /// Nothing of it was written.
    Nothing,
    /// It was written; these runs wait for their turn.
    Written(HashSet<RunId>),
}

impl Doubt {
    /// Asks the server; none: it could not be asked before the end of patience.
    pub(crate) async fn outcome(&self, pool: &Pool, end: Instant) -> Option<Became> {
        let mut pause = PAUSE;
        loop {
            if let Ok(client) = pool.get().await
                && let Ok(Some(became)) = self.ask(&client).await
            {
                return Some(became);
            }
            if Instant::now() + pause >= end {
                return None;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// None: it is not decided yet.
    async fn ask(&self, client: &Object) -> Result<Option<Became>, Error> {
        let said = client.query_one(GOES_ON, &[&self.number]).await;
        let goes_on: Option<bool> = get(&said.map_err(|e| at_reading(&e))?, 0)?;
        if goes_on == Some(true) {
            return Ok(None);
        }
        let said = match &self.proof {
            Proof::Entry { run, seq, header } => client.query_one(ENTRY, &[&run.0, &number(*seq), header]).await,
            Proof::Mark { at, token } => client.query_one(MARKED, &[&at.millis(), token]).await,
        };
        if !get::<bool>(&said.map_err(|e| at_reading(&e))?, 0)? {
            return Ok(Some(Became::Nothing));
        }
        let (ids, until): (Vec<Uuid>, Vec<i64>) = self.asked.iter().map(|(run, until)| (run.0, *until)).unzip();
        let queued = client.query(QUEUED, &[&ids, &until, &self.owner]).await;
        let queued = queued.map_err(|e| at_reading(&e))?;
        let queued: Result<_, Error> = queued.iter().map(|row| columns::run(row, 0)).collect();
        Ok(Some(Became::Written(queued?)))
    }
}
