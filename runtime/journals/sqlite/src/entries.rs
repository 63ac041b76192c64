//! Rows of entries: written one behind the other, read back by run.

use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::{Entry, Header, Sealed, seal};
use dragoman_model::RunId;
use rusqlite::Connection;

use crate::columns;
use crate::failure::{self, Trouble};
use crate::writer::Writing;

/// Writes entries at the end of the trail.
pub(crate) fn insert(writing: &mut Writing<'_>, entries: &[Sealed]) -> Result<(), Trouble> {
    let mut entry = writing
        .connection
        .prepare_cached("INSERT INTO entry(position, run, seq, header) VALUES(?1, ?2, ?3, ?4)")?;
    let mut body = writing
        .connection
        .prepare_cached("INSERT INTO body(position, salt, encoding, bytes) VALUES(?1, ?2, ?3, ?4)")?;
    for sealed in entries {
        let position = columns::number(writing.memory.next_position);
        let header = &sealed.header;
        entry.execute((
            position,
            header.run.0.as_bytes(),
            columns::number(header.seq),
            &sealed.text,
        ))?;
        writing.memory.bytes += sealed.text.len() as u64;
        if let Some(sealed_body) = &sealed.body {
            let stored = writing.memory.keyring.store_body(sealed_body)?;
            body.execute((position, stored.salt, stored.encoding, &*stored.bytes))?;
            writing.memory.bytes += stored.bytes.len() as u64;
        }
        writing.memory.leaves.push(sealed.leaf);
        writing.memory.next_position += 1;
    }
    Ok(())
}

/// All entries of a run, in order.
pub(crate) fn load(connection: &Connection, run: RunId) -> Result<Vec<Entry>, Error> {
    let sql = "SELECT e.position, e.header, open_body(b.salt, b.encoding, b.bytes)
               FROM entry e LEFT JOIN body b USING(position) WHERE e.run = ?1 ORDER BY e.seq";
    let mut entries: Vec<Entry> = Vec::new();
    let mut read = || -> Result<(), Trouble> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([run.0.as_bytes()])?;
        while let Some(row) = rows.next()? {
            let header = Header::read(&row.get::<_, String>(1)?)?;
            if header.seq != entries.len() as u64 || header.run != run {
                return Err(Error::new(
                    CORRUPT,
                    format!(
                        "entry {} of run {run} is missing in the store; run `dragoman audit verify`",
                        entries.len()
                    ),
                )
                .into());
            }
            let whole: Option<Vec<u8>> = row.get(2)?;
            let body = match whole.as_deref().map(seal::apart) {
                // The digest is over both, one behind the other.
                Some((salt, text)) if header.body == Some(seal::digest(salt, text)) => Some(seal::value(text)?),
                Some(_) => {
                    return Err(Error::new(
                        CORRUPT,
                        format!(
                            "the body of entry {} of run {run} is not what was written; run `dragoman audit verify`",
                            header.seq
                        ),
                    )
                    .into());
                }
                None => None,
            };
            entries.push(Entry {
                position: columns::count(row, 0)?,
                header,
                body,
            });
        }
        Ok(())
    };
    read().map_err(|t| t.error)?;
    Ok(entries)
}

/// For [`load`], the error of SQLite while reading, in words.
pub(crate) fn reading<T>(result: Result<T, rusqlite::Error>) -> Result<T, Error> {
    result.map_err(|e| failure::at_reading(&e))
}
