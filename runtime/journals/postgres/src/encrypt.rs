//! Everything that a store has, encrypted with the key that locks now, while others go on working.

use std::pin::pin;

use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::keyring::StoredBody;
use dragoman_journal::{Keyring, SealedBody};
use futures_util::TryStreamExt;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use crate::address::{Address, Way};
use crate::columns::{self, get};
use crate::{failure, keys};

/// So many rows are changed at once.
const PAGE: usize = 500;

/// A column that is not encrypted with the key of today: where it is, and how it is changed unless somebody has changed it
/// meanwhile. `$1` of the first is what the content begins with that the key has locked.
struct Column {
    find: &'static str,
    change: &'static str,
}

macro_rules! text_column {
    ($table:literal, $column:literal, $are:literal) => {
        Column {
            find: concat!(
                "SELECT ctid::text, ",
                $column,
                " FROM ",
                $table,
                " WHERE NOT starts_with(",
                $column,
                ", $1) AND ",
                $are
            ),
            change: concat!(
                "UPDATE ",
                $table,
                " t SET ",
                $column,
                " = v.new FROM unnest($1::text[], $2::text[], $3::text[])
               AS v(id, old, new) WHERE t.ctid = v.id::tid AND t.",
                $column,
                " = v.old"
            ),
        }
    };
}

macro_rules! bytes_column {
    ($table:literal, $column:literal) => {
        Column {
            find: concat!(
                "SELECT ctid::text, ",
                $column,
                " FROM ",
                $table,
                " WHERE substr(",
                $column,
                ", 1, length($1::bytea)) <> $1::bytea"
            ),
            change: concat!(
                "UPDATE ",
                $table,
                " t SET ",
                $column,
                " = v.new FROM unnest($1::text[], $2::bytea[], $3::bytea[])
               AS v(id, old, new) WHERE t.ctid = v.id::tid AND t.",
                $column,
                " = v.old"
            ),
        }
    };
}

/// Claims stay plain, and what a wait for an event shows, which is in its other columns.
const TEXTS: [Column; 6] = [
    text_column!("once_key", "input_body", "NOT starts_with(scope, 'ledger:')"),
    text_column!("once_key", "output", "output IS NOT NULL"),
    text_column!("reference_effect", "input", "true"),
    text_column!("reference_effect", "output", "output IS NOT NULL"),
    text_column!("wait", "show", "event IS NULL"),
    text_column!("event", "data", "true"),
];
const BYTES: [Column; 2] = [bytes_column!("state", "value"), bytes_column!("document", "bytes")];
const BODIES: Column = Column {
    find: "SELECT position, salt, encoding, bytes FROM body
      WHERE encoding = 0 OR substr(bytes, 1, length($1::bytea)) <> $1::bytea ORDER BY position",
    change: "UPDATE body b SET salt = v.salt, encoding = v.encoding, bytes = v.bytes
      FROM unnest($1::bigint[], $2::bytea[], $3::smallint[], $4::bytea[]) AS v(position, salt, encoding, bytes)
      WHERE b.position = v.position",
};

/// Encrypts what stands plain or is encrypted with another key, page by page; says how much that was. Whoever shares the store
/// must have the key that locks already, or will not read what this changes.
///
/// # Errors
/// D0701 where the database cannot be reached, D0704 where something cannot be read, D0726 where a key is missing.
pub async fn encrypt(address: &Address, schema: &str, keyring: &Keyring) -> Result<u64, Error> {
    let way = Way::to(address, schema)?;
    let work = Work {
        reader: way.connect().await?,
        writer: way.connect().await?,
        keyring,
    };
    keys::demand(&work.writer, keyring).await?;
    keys::remember(&work.writer, keyring).await?;
    let (Some(mark), Some(text)) = (keyring.mark(), keyring.text_mark()) else {
        return Ok(0);
    };
    let mut all = 0;
    loop {
        let mut changed = work.bodies(&mark).await?;
        for column in &TEXTS {
            let again = |old: &String| keyring.lock_text(keyring.unlock_text(old)?.into_owned());
            changed += work.column(column, &text, again).await?;
        }
        for column in &BYTES {
            let again = |old: &Vec<u8>| Ok(keyring.lock(&keyring.unlock(old)?)?.into_owned());
            changed += work.column(column, &mark, again).await?;
        }
        // What somebody changed meanwhile is found the next time.
        if changed == 0 {
            break;
        }
        all += changed;
    }
    keys::forget_others(&work.writer, keyring).await?;
    Ok(all)
}

/// One reads a moment of the store, the other changes it.
struct Work<'a> {
    reader: Client,
    writer: Client,
    keyring: &'a Keyring,
}

const MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0";

impl Work<'_> {
    /// Gives the rows that are found in pages.
    async fn pages(
        &self,
        find: &str,
        mark: &(dyn ToSql + Sync),
        mut take: impl AsyncFnMut(Vec<Row>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let told = |e: tokio_postgres::Error| failure::at_reading(&e);
        self.reader.batch_execute(MOMENT).await.map_err(told)?;
        let found = self.reader.query_raw(find, [mark]).await.map_err(told)?;
        let mut pages = pin!(found.try_chunks(PAGE));
        while let Some(page) = pages.try_next().await.map_err(|e| told(e.1))? {
            take(page).await?;
        }
        self.reader.batch_execute("COMMIT").await.map_err(told)
    }

    async fn column<T>(
        &self,
        column: &Column,
        mark: &(dyn ToSql + Sync),
        again: impl Fn(&T) -> Result<T, Error>,
    ) -> Result<u64, Error>
    where
        T: ToSql + Sync + for<'a> tokio_postgres::types::FromSql<'a>,
        Vec<T>: ToSql,
    {
        let mut changed = 0;
        self.pages(column.find, mark, async |page| {
            let (mut ids, mut old, mut new): (Vec<String>, Vec<T>, Vec<T>) = Default::default();
            for row in &page {
                let content: T = get(row, 1)?;
                ids.push(get(row, 0)?);
                new.push(again(&content)?);
                old.push(content);
            }
            changed += self.change(column.change, &[&ids, &old, &new]).await?;
            Ok(())
        })
        .await?;
        Ok(changed)
    }

    async fn bodies(&self, mark: &Vec<u8>) -> Result<u64, Error> {
        let mut changed = 0;
        self.pages(BODIES.find, mark, async |page| {
            let (mut positions, mut encodings): (Vec<i64>, Vec<i16>) = Default::default();
            let (mut salts, mut bytes): (Vec<Vec<u8>>, Vec<Vec<u8>>) = Default::default();
            for row in &page {
                let position: i64 = get(row, 0)?;
                let damaged = || {
                    Error::new(
                        CORRUPT,
                        format!("the body of entry {position} is damaged; run `dragoman audit verify`"),
                    )
                };
                let whole = columns::body(self.keyring, row, 1)?.ok_or_else(damaged)?;
                let body = SealedBody::of(&[whole.0, whole.1].concat()).ok_or_else(damaged)?;
                let StoredBody {
                    salt,
                    encoding,
                    bytes: stored,
                } = self.keyring.store_body(&body)?;
                positions.push(position);
                salts.push(salt.to_vec());
                encodings.push(encoding as i16);
                bytes.push(stored.into_owned());
            }
            changed += self
                .change(BODIES.change, &[&positions, &salts, &encodings, &bytes])
                .await?;
            Ok(())
        })
        .await?;
        Ok(changed)
    }

    async fn change(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let changed = self.writer.execute(sql, values).await;
        changed.map_err(|e| failure::at_opening(&e))
    }
}
