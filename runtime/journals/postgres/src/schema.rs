//! The tables, and the migrations that lead to them.
//!
//! A migration is never changed once it was released: its checksum is kept beside its number, and a database whose
//! migrations are others than this program's is refused.

use dragoman_journal::error::{CANNOT_OPEN, Error, NEWER};
use dragoman_model::Digest;
use tokio_postgres::Client;

use crate::failure;
use crate::needs;

/// What each migration does, oldest first.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
];

/// Two programs that open a new database at once make its tables one after the other.
const OPENING: &str = "SELECT pg_advisory_xact_lock($1)";

/// Makes the tables, or moves them up. All of it or nothing.
///
/// # Errors
/// D0701 where the database is not fit to keep a journal, D0705 where a newer program made the tables.
pub(crate) async fn prepare(client: &mut Client, schema: &str) -> Result<(), Error> {
    fit(client).await?;
    let at_opening = |e: tokio_postgres::Error| failure::at_opening(&e);
    let transaction = client.transaction().await.map_err(at_opening)?;
    let lock = needs::hash(&[schema, "migrations"]);
    transaction.execute(OPENING, &[&lock]).await.map_err(at_opening)?;
    // The name was checked: letters, digits and underscores.
    if transaction
        .query_opt("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[&schema])
        .await
        .map_err(at_opening)?
        .is_none()
    {
        let make = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
        transaction.batch_execute(&make).await.map_err(at_opening)?;
    }
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS migration(
               number integer PRIMARY KEY, checksum text NOT NULL, at timestamptz NOT NULL DEFAULT now())",
        )
        .await
        .map_err(at_opening)?;
    let rows = transaction
        .query("SELECT number, checksum FROM migration ORDER BY number", &[])
        .await
        .map_err(at_opening)?;
    let known: Vec<(i32, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for missing in missing(&known)? {
        let (number, sql) = missing;
        transaction.batch_execute(sql).await.map_err(at_opening)?;
        transaction
            .execute(
                "INSERT INTO migration(number, checksum) VALUES($1, $2)",
                &[&number, &checksum(sql)],
            )
            .await
            .map_err(at_opening)?;
    }
    transaction
        .execute(
            "INSERT INTO meta(name, value) VALUES('writer', $1) ON CONFLICT DO NOTHING",
            &[&uuid::Uuid::now_v7().to_string()],
        )
        .await
        .map_err(at_opening)?;
    transaction.commit().await.map_err(at_opening)
}

fn checksum(sql: &str) -> String {
    Digest::of(sql.as_bytes()).to_string()
}

/// The migrations that a database does not have yet.
fn missing(known: &[(i32, String)]) -> Result<Vec<(i32, &'static str)>, Error> {
    for (index, (number, found)) in known.iter().enumerate() {
        let Some(sql) = MIGRATIONS.get(index) else {
            let text = format!(
                "the database has migration {number}, this program knows up to {}; use the newer program",
                MIGRATIONS.len()
            );
            return Err(Error::new(NEWER, text));
        };
        if *found != checksum(sql) || usize::try_from(*number).ok() != Some(index + 1) {
            let text = format!(
                "migration {number} of the database is another than this program's: its tables were made by something \
                 else, or changed by hand; give another schema, or a backup"
            );
            return Err(Error::new(CANNOT_OPEN, text));
        }
    }
    let numbered = (1..).zip(MIGRATIONS);
    Ok(numbered.skip(known.len()).collect())
}

/// What a journal needs of its database.
async fn fit(client: &Client) -> Result<(), Error> {
    let row = client
        .query_one(
            "SELECT current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on',
               current_setting('server_encoding') = 'UTF8', pg_is_in_recovery(),
               current_setting('server_version_num')::integer",
            &[],
        )
        .await
        .map_err(|e| failure::at_opening(&e))?;
    let wrong = match (row.get(0), row.get(1), row.get(2), row.get(3), row.get::<_, i32>(4)) {
        (false, ..) => {
            "does not sync what it writes (`fsync` is off): a crash would lose what was promised; switch it on"
        }
        (_, false, ..) => "may be torn by a crash (`full_page_writes` is off); switch it on",
        (_, _, false, ..) => "has another encoding than UTF8; make one with `ENCODING 'UTF8'`",
        (_, _, _, true, _) => "is a standby that takes no writes; give the primary",
        (_, _, _, _, version) if version < 140_000 => "is older than PostgreSQL 14",
        _ => return Ok(()),
    };
    Err(Error::new(CANNOT_OPEN, format!("the database {wrong}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: i32, sql: &str) -> (i32, String) {
        (number, checksum(sql))
    }

    #[test]
    fn migrations_are_compared_before_anything_is_written() {
        let all: Vec<_> = (1..).zip(MIGRATIONS).map(|(number, sql)| known(number, sql)).collect();
        assert_eq!(missing(&[]).unwrap().len(), MIGRATIONS.len());
        assert!(missing(&all).unwrap().is_empty());
        let newer = [all.clone(), vec![known(99, "CREATE TABLE more()")]].concat();
        assert_eq!(missing(&newer).unwrap_err().code, NEWER);
        assert_eq!(
            missing(&[known(1, "CREATE TABLE other()")]).unwrap_err().code,
            CANNOT_OPEN
        );
    }
}
