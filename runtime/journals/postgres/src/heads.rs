//! The end of the chain.

use dragoman_journal::error::Error;
use dragoman_journal::{Batch, Head};
use dragoman_model::Digest;
use tokio_postgres::Row;

use crate::columns::{get, parse};
use crate::writer;

/// The store's name, and its last batch where it has any.
pub(crate) const LAST: &str = "SELECT (SELECT value FROM meta WHERE name = 'writer'),
  (SELECT text FROM batch ORDER BY number DESC LIMIT 1)";

/// The head, not yet signed. The writers of this store have one chain, so it is one.
///
/// # Errors
/// D0704 where the last batch cannot be read.
pub(crate) fn read(row: Option<&Row>) -> Result<Vec<Head>, Error> {
    let Some(row) = row else {
        return Ok(Vec::new());
    };
    let head = |writer, number, batch, entries| Head {
        writer,
        number,
        batch,
        entries,
        at: writer::now(),
        signature: String::new(),
        key: String::new(),
    };
    let Some(text) = get::<Option<&str>>(row, 1)? else {
        return Ok(vec![head(get(row, 0)?, 0, Batch::origin(), 0)]);
    };
    let batch: Batch = parse(text)?;
    let entries = batch.end().saturating_sub(1);
    Ok(vec![head(
        batch.writer,
        batch.number,
        Digest::of(text.as_bytes()),
        entries,
    )])
}
