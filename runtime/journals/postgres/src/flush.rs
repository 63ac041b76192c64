//! Writes what a transaction changed, and commits, all in one go: while others wait for its locks, the server waits for
//! nothing from here.

use std::borrow::Cow;
use std::pin::Pin;

use deadpool_postgres::Object;
use dragoman_journal::{Error, FORMAT, chain};
use dragoman_model::{Digest, Timestamp};
use futures_util::future::{MaybeDone, join_all, maybe_done};
use tokio_postgres::types::ToSql;

use crate::doubt::Proof;
use crate::erase;
use crate::failure::Trouble;
use crate::moved::{self, Moved};
use crate::rows::Rows;
use crate::written::{self, Values};

/// What a commit wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// Everybody who adds to the trail comes to this lock last, and holds it to the end of its commit: the trail of all writers
/// is one, and its positions have no gaps.
const CHAIN: &str = "SELECT pg_advisory_xact_lock($1)";
/// The position of the next entry. A tail that was deleted must not be filled with other entries: the chain's end counts,
/// not the table's alone.
const ENTRIES: &str = "INSERT INTO entry(position, run, seq, header)
  SELECT here.position + v.n - 1, v.run, v.seq, v.header
  FROM unnest($1::uuid[], $2::bigint[], $3::text[]) WITH ORDINALITY AS v(run, seq, header, n),
    (SELECT greatest((SELECT behind FROM batch ORDER BY number DESC LIMIT 1),
                     (SELECT max(position) + 1 FROM entry), 1) AS position) here";
/// Bodies are found by their run and number: the entries are there now.
const BODIES: &str = "INSERT INTO body(position, salt, encoding, bytes)
  SELECT e.position, v.salt, v.encoding, v.bytes
  FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::smallint[], $5::bytea[]) AS v(run, seq, salt, encoding, bytes)
  JOIN entry e ON e.run = v.run AND e.seq = v.seq";
/// The canonical text of a [`dragoman_journal::Batch`] over the entries that were added, made where they got their places.
const BATCH: &str = "WITH last AS (
    SELECT number, digest FROM batch ORDER BY number DESC LIMIT 1),
  this AS (
    SELECT coalesce((SELECT number FROM last), 0) + 1 AS number,
      coalesce((SELECT digest FROM last), sha256('')) AS previous,
      (SELECT max(position) FROM entry) + 1 - $1::bigint AS first_position,
      (SELECT value FROM meta WHERE name = 'writer') AS writer),
  said AS (
    SELECT number, first_position, '{\"at\":\"' || $2::text || '\",\"count\":' || $1::bigint
      || ',\"first_position\":' || first_position || ',\"format\":' || $3::bigint || ',\"number\":' || number
      || ',\"previous\":\"sha256:' || encode(previous, 'hex') || '\",\"root\":\"' || $4::text
      || '\",\"writer\":\"' || writer || '\"}' AS text
    FROM this)
  INSERT INTO batch(number, behind, digest, text)
  SELECT number, first_position + $1::bigint, sha256(convert_to(text, 'UTF8')), text FROM said";

/// A statement with its values.
pub(crate) struct Statement<'a> {
    pub(crate) sql: &'static str,
    pub(crate) values: Values<'a>,
    pub(crate) tells: Tells,
}

/// What the rows that a statement gives say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tells {
    Nothing,
    /// Runs whose turn has come.
    Granted,
    /// Runs that are to look at what moved.
    Woken,
}

impl<'a> Statement<'a> {
    pub(crate) fn new(sql: &'static str, values: Values<'a>) -> Self {
        let tells = Tells::Nothing;
        Statement { sql, values, tells }
    }

    pub(crate) fn telling(sql: &'static str, values: Values<'a>, tells: Tells) -> Self {
        Statement { sql, values, tells }
    }
}

/// How a commit went where it did not go well.
pub(crate) enum Failed {
    /// Nothing is written.
    Before(Trouble),
    /// The connection broke while the server had the commit: only the server knows.
    InDoubt(Trouble),
}

impl<T: Into<Trouble>> From<T> for Failed {
    fn from(trouble: T) -> Self {
        Failed::Before(trouble.into())
    }
}

/// Everything that a transaction writes, in its order.
fn statements<'a>(rows: &'a Rows, proof: &Proof, chain: i64, at: Timestamp) -> Result<Vec<Statement<'a>>, Trouble> {
    let (mut statements, moves) = (written::of(rows)?, moved::of(rows));
    statements.extend(proof.statements());
    if !rows.entries.is_empty() || !moves.is_empty() {
        statements.push(Statement::new(CHAIN, vec![Box::new(chain)]));
    }
    statements.extend(trail(rows, at)?);
    // Events get their numbers in the order of the trail.
    statements.extend(written::events(rows)?);
    statements.extend(rows.erasures.iter().flat_map(erase::statements));
    // Behind the lock: of two that concern each other, the second sees what the first has written.
    statements.extend(moves);
    Ok(statements)
}

/// Writes and commits.
pub(crate) async fn commit(
    client: &Object,
    chain: i64,
    rows: &Rows,
    proof: &Proof,
    at: Timestamp,
) -> Result<(Written, Moved), Failed> {
    let statements = statements(rows, proof, chain, at)?;
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in &statements {
        prepared.push(client.prepare_cached(statement.sql).await?);
    }
    let values: Vec<Vec<&(dyn ToSql + Sync)>> = statements
        .iter()
        .map(|statement| {
            statement
                .values
                .iter()
                .map(|value| &**value as &(dyn ToSql + Sync))
                .collect()
        })
        .collect();
    let executed = prepared
        .iter()
        .zip(&values)
        .map(|(statement, values)| maybe_done(Box::pin(client.query(statement, values))));
    let mut executed: Vec<_> = executed.collect();
    // Each is sent when it is first polled. What cannot be sent at all fails right there: then there must be no commit.
    for one in &mut executed {
        let _ = futures_util::poll!(&mut *one);
    }
    let unsent = |one: &mut MaybeDone<_>| matches!(Pin::new(one).output_mut(), Some(Err(_)));
    let commits = !executed.iter_mut().any(unsent);
    let end = if commits { "COMMIT" } else { "ROLLBACK" };
    let (_, ended) = tokio::join!(biased; join_all(executed.iter_mut()), client.batch_execute(end));
    let mut moved = Moved::default();
    for (mut one, statement) in executed.into_iter().zip(&statements) {
        match Pin::new(&mut one).take_output() {
            Some(Ok(told)) => moved.told(statement.tells, &told, rows),
            Some(Err(error)) => return Err(broken(error, commits)),
            None => {}
        }
    }
    ended.map_err(|error| match error.as_db_error() {
        // The commit itself was refused; a server that goes down says so too, and may have done it.
        Some(db) if !db.code().code().starts_with("57") => Failed::Before(error.into()),
        _ => Failed::InDoubt(error.into()),
    })?;
    let written = Written {
        entries: rows.entries.len() as u64,
        bytes: rows.entries.iter().map(size).sum(),
    };
    Ok((written, moved))
}

/// A statement failed: the server took the commit for a roll-back. Only one that the server itself refused says so: of one
/// that was not answered nobody knows whether it, and the commit behind it, was done.
fn broken(error: tokio_postgres::Error, commits: bool) -> Failed {
    match error.as_db_error() {
        None if commits => Failed::InDoubt(error.into()),
        _ => Failed::Before(error.into()),
    }
}

fn size(entry: &dragoman_journal::Sealed) -> u64 {
    let body = entry.body.as_ref().map_or(0, |body| body.text.len());
    (entry.text.len() + body) as u64
}

/// The entries with their bodies, and the batch over them.
fn trail(rows: &Rows, at: Timestamp) -> Result<Vec<Statement<'_>>, Error> {
    let entries = &rows.entries;
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let leaves: Vec<Digest> = entries.iter().map(|entry| entry.leaf).collect();
    let run = |entry: &dragoman_journal::Sealed| entry.header.run.0;
    let seq = |entry: &dragoman_journal::Sealed| crate::columns::number(entry.header.seq);
    let runs: Vec<uuid::Uuid> = entries.iter().map(run).collect();
    let seqs: Vec<i64> = entries.iter().map(seq).collect();
    let texts: Vec<&str> = entries.iter().map(|entry| &*entry.text).collect();
    let bodies: Vec<_> = entries
        .iter()
        .filter_map(|entry| Some((entry, entry.body.as_ref()?)))
        .collect();
    let of: Vec<uuid::Uuid> = bodies.iter().map(|(entry, _)| run(entry)).collect();
    let numbers: Vec<i64> = bodies.iter().map(|(entry, _)| seq(entry)).collect();
    let stored = bodies.iter().map(|(_, body)| rows.keyring.store_body(body));
    let stored: Vec<_> = stored.collect::<Result<_, _>>()?;
    let salts: Vec<&[u8]> = stored.iter().map(|body| body.salt).collect();
    let encodings: Vec<i16> = stored.iter().map(|body| body.encoding as i16).collect();
    let bytes: Vec<Cow<'_, [u8]>> = stored.into_iter().map(|body| body.bytes).collect();
    let count = crate::columns::number(entries.len() as u64);
    let root = chain::root(&leaves).to_string();
    Ok(vec![
        Statement::new(ENTRIES, vec![Box::new(runs), Box::new(seqs), Box::new(texts)]),
        Statement::new(
            BODIES,
            vec![
                Box::new(of),
                Box::new(numbers),
                Box::new(salts),
                Box::new(encodings),
                Box::new(bytes),
            ],
        ),
        Statement::new(
            BATCH,
            vec![
                Box::new(count),
                Box::new(at.to_string()),
                Box::new(i64::from(FORMAT)),
                Box::new(root),
            ],
        ),
    ])
}
