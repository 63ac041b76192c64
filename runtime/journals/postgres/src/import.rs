//! Takes a store of another kind over, all of it or nothing.

use dragoman_journal::Head;
use dragoman_journal::error::{CANNOT_OPEN, CORRUPT, Error};
use dragoman_journal::rows::{Cell, Page, Table};
use tokio::sync::mpsc::Receiver;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::address::{Address, Way};
use crate::{failure, heads, schema};

/// Nobody writes meanwhile: whoever opens the store in this moment waits.
const LOCK: &str = "LOCK TABLE meta, entry, batch, run, version, state IN ACCESS EXCLUSIVE MODE";
/// Whether anything was ever kept here.
const USED: &str = "SELECT EXISTS(SELECT 1 FROM entry) OR EXISTS(SELECT 1 FROM batch) OR EXISTS(SELECT 1 FROM run)
  OR EXISTS(SELECT 1 FROM version) OR EXISTS(SELECT 1 FROM state) OR EXISTS(SELECT 1 FROM document)";
/// What follows from the rows: families with their places, turns, and where counting goes on. Of those at work the first of a
/// serial has the turn and is due, the others wait for it.
const SETTLE: &str = "
WITH RECURSIVE f(id, family, place) AS (
    SELECT id, id, number FROM run WHERE parent IS NULL
    UNION ALL SELECT r.id, f.family, f.place FROM run r JOIN f ON r.parent = f.id)
  UPDATE run SET family = f.family, place = f.place FROM f WHERE run.id = f.id AND run.parent IS NOT NULL;
UPDATE run SET turn = 1, due = NULL WHERE serial IS NOT NULL AND standing = 0;
WITH first AS (SELECT DISTINCT ON (serial) serial, family FROM run WHERE turn = 1 ORDER BY serial, place)
  UPDATE run SET turn = 2, due = 0 FROM first
  WHERE run.serial = first.serial AND run.family = first.family AND run.turn = 1;
SELECT setval('beginning', greatest((SELECT max(number) FROM run), 1));
SELECT setval('opening', greatest((SELECT max(opened) FROM once_key), (SELECT max(opened) FROM reference_effect), 1));
SELECT setval(pg_get_serial_sequence('event', 'number'), greatest((SELECT max(number) FROM event), 1));
ANALYZE entry, body, run, once_key, reference_effect, wait, event";

const META: &str = "INSERT INTO meta(name, value) SELECT * FROM unnest($1::text[], $2::text[])
  ON CONFLICT(name) DO UPDATE SET value = excluded.value";
const ENTRIES: &str = "INSERT INTO entry(position, run, seq, header)
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[])";
const BODIES: &str = "INSERT INTO body(position, salt, encoding, bytes)
  SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::smallint[], $4::bytea[])";
const BATCHES: &str = "INSERT INTO batch(number, behind, digest, text)
  SELECT number, (text::json ->> 'first_position')::bigint + (text::json ->> 'count')::bigint,
    sha256(convert_to(text, 'UTF8')), text
  FROM unnest($1::bigint[], $2::text[]) AS v(number, text)";
const RUNS: &str =
    "INSERT INTO run(id, number, pipeline, run_key, content, parent, parent_path, parent_index, standing, wake,
    ending, epoch, due, entries, began, touched, told, serial, erased, lease_until, family, place, turn)
  SELECT v.*, 0, v.id, v.number, 0 FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bytea[],
    $6::uuid[], $7::text[], $8::bigint[], $9::smallint[], $10::bigint[], $11::smallint[], $12::bigint[],
    $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::text[], $19::boolean[]) AS v(id, number)";
const ONCES: &str = "INSERT INTO once_key(scope, key, run, path, state, input, input_body, output, reference, opened)
  SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::smallint[], $6::bytea[],
    $7::text[], $8::text[], $9::text[], $10::bigint[])";
const REFERENCES: &str = "INSERT INTO reference(name, voided_by) SELECT * FROM unnest($1::text[], $2::uuid[])";
const EFFECTS: &str = "INSERT INTO reference_effect(reference, run, path, scope, state, input, output, opened)
  SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::smallint[], $6::text[],
    $7::text[], $8::bigint[])";
const ACCOUNTS: &str = "INSERT INTO ledger_account(ledger, account, single, claims)
  SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[], $4::bigint[])";
const LINES: &str = "INSERT INTO ledger_line(ledger, account, item, unit, most, taken)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])";
const WAITS: &str =
    "INSERT INTO wait(id, run, path, decision, roles, since, due, show, shown, reference, event, event_key)
  SELECT v.*, CASE WHEN waits THEN substr(decision, 7) END, CASE WHEN waits THEN show::json ->> 'key' END
  FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::text[], $9::bytea[], $10::text[])
    AS v(id, run, path, decision, roles, since, due, show, shown, reference),
  LATERAL (SELECT CASE WHEN starts_with(decision, 'event:')
    THEN json_typeof(show::json -> 'key') = 'string' ELSE false END AS waits) w";
const STATES: &str = "INSERT INTO state(connection, key, version, value)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[])";
const DOCUMENTS: &str = "INSERT INTO document(digest, media_type, bytes)
  SELECT digest, media_type, bytes FROM unnest($1::bytea[], $2::text[], $3::bytea[])
    WITH ORDINALITY AS v(digest, media_type, bytes, n) ORDER BY n";
const DOCUMENT_USES: &str = "INSERT INTO document_use(run, digest) SELECT * FROM unnest($1::uuid[], $2::bytea[])";
const VERSIONS: &str = "INSERT INTO version(digest, bytes) SELECT digest, bytes FROM unnest($1::bytea[], $2::bytea[])
    WITH ORDINALITY AS v(digest, bytes, n) ORDER BY n";
const EVENTS: &str = "INSERT INTO event(number, name, key, data, run, path, pipeline, at, delivered)
  OVERRIDING SYSTEM VALUE
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],
    $8::bigint[], $9::boolean[])";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Small,
    Flag,
    Text,
    Bytes,
    Id,
}

/// How the rows of a table are written, and what its columns hold.
const fn insert(table: Table) -> (&'static str, &'static [Kind]) {
    use Kind::{Bytes, Flag, Id, Number, Small, Text};
    match table {
        Table::Meta => (META, &[Text, Text]),
        Table::Entries => (ENTRIES, &[Number, Id, Number, Text]),
        Table::Bodies => (BODIES, &[Number, Bytes, Small, Bytes]),
        Table::Batches => (BATCHES, &[Number, Text]),
        Table::Runs => (
            RUNS,
            &[
                Id, Number, Text, Text, Bytes, Id, Text, Number, Small, Number, Small, Number, Number, Number, Number,
                Number, Number, Text, Flag,
            ],
        ),
        Table::OnceKeys => (ONCES, &[Text, Text, Id, Text, Small, Bytes, Text, Text, Text, Number]),
        Table::References => (REFERENCES, &[Text, Id]),
        Table::Effects => (EFFECTS, &[Text, Id, Text, Text, Small, Text, Text, Number]),
        Table::Accounts => (ACCOUNTS, &[Text, Text, Flag, Number]),
        Table::Lines => (LINES, &[Text, Text, Text, Text, Text, Text]),
        Table::Waits => (WAITS, &[Text, Id, Text, Text, Text, Number, Number, Text, Bytes, Text]),
        Table::States => (STATES, &[Text, Text, Number, Bytes]),
        Table::Documents => (DOCUMENTS, &[Bytes, Text, Bytes]),
        Table::DocumentUses => (DOCUMENT_USES, &[Id, Bytes]),
        Table::Versions => (VERSIONS, &[Bytes, Bytes]),
        Table::Events => (EVENTS, &[Number, Text, Text, Text, Id, Text, Text, Number, Flag]),
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// Everything is here: so many rows.
    Rows(u64),
    /// It was here already, to the same end of its trail.
    Before,
}

/// Takes over what comes as pages, in one transaction; the schema must be new or empty. `end`: the end of the trail that is
/// taken over. The last of `pages` is none.
///
/// # Errors
/// D0701 where the database cannot be used, or its schema holds another store; D0704 where a row is not as it must be. Then
/// nothing is there.
pub async fn import(
    address: &Address,
    name: &str,
    end: Option<&Head>,
    pages: Receiver<Result<Option<Page>, Error>>,
) -> Result<Imported, Error> {
    let mut client = Way::to(address, name)?.connect().await?;
    schema::prepare(&mut client, name).await?;
    let at_writing = |e: tokio_postgres::Error| failure::at_opening(&e);
    client.batch_execute("BEGIN").await.map_err(at_writing)?;
    client.batch_execute(LOCK).await.map_err(at_writing)?;
    let used: bool = client.query_one(USED, &[]).await.map_err(at_writing)?.get(0);
    if used {
        let row = client.query_one(heads::LAST, &[]).await.map_err(at_writing)?;
        let here = heads::read(Some(&row))?.into_iter().next();
        let same = |one: &Head, other: &Head| {
            (&one.writer, one.number, one.batch) == (&other.writer, other.number, other.batch)
        };
        return match (here.as_ref(), end) {
            (Some(here), Some(end)) if same(here, end) => Ok(Imported::Before),
            _ => Err(Error::new(
                CANNOT_OPEN,
                format!("the schema `{name}` of the database holds another store; name a new one"),
            )),
        };
    }
    let rows = write(&client, pages).await?;
    client.batch_execute(SETTLE).await.map_err(at_writing)?;
    client.batch_execute("COMMIT").await.map_err(at_writing)?;
    Ok(Imported::Rows(rows))
}

async fn write(client: &Client, mut pages: Receiver<Result<Option<Page>, Error>>) -> Result<u64, Error> {
    let mut written = 0;
    loop {
        let broken = || {
            Error::new(
                CORRUPT,
                "the rows of the store ended before their end; nothing was carried",
            )
        };
        let Some(page) = pages.recv().await.ok_or_else(broken)?? else {
            return Ok(written);
        };
        let (sql, kinds) = insert(page.table);
        let columns = columns(&page, kinds)?;
        let values: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| &**column as _).collect();
        let statement = client.prepare(sql).await.map_err(|e| failure::at_opening(&e))?;
        written += client
            .execute(&statement, &values)
            .await
            .map_err(|e| failure::at_opening(&e))?;
    }
}

type Column = Box<dyn ToSql + Sync + Send>;

/// The rows of a page as one list for each column.
fn columns(page: &Page, kinds: &[Kind]) -> Result<Vec<Column>, Error> {
    let column = |(index, kind): (usize, &Kind)| -> Result<Column, Error> {
        let cells = page.rows.iter().map(|row| row.get(index).unwrap_or(&Cell::Null));
        let wrong = || {
            let text = format!(
                "a row of {:?} cannot be carried: its column {} is of another kind",
                page.table,
                index + 1
            );
            Error::new(CORRUPT, text)
        };
        Ok(match kind {
            Kind::Number => Box::new(list(cells, wrong, number)?),
            Kind::Small => Box::new(list(cells, wrong, |cell| i16::try_from(number(cell)?).ok())?),
            Kind::Flag => Box::new(list(cells, wrong, |cell| Some(number(cell)? != 0))?),
            Kind::Text => Box::new(list(cells, wrong, text)?),
            Kind::Bytes => Box::new(list(cells, wrong, bytes)?),
            Kind::Id => Box::new(list(cells, wrong, |cell| Uuid::from_slice(&bytes(cell)?).ok())?),
        })
    };
    kinds.iter().enumerate().map(column).collect()
}

fn list<'a, T>(
    cells: impl Iterator<Item = &'a Cell>,
    wrong: impl Fn() -> Error,
    value: impl Fn(&Cell) -> Option<T>,
) -> Result<Vec<Option<T>>, Error> {
    let one = |cell| match cell {
        &Cell::Null => Ok(None),
        cell => value(cell).map(Some).ok_or_else(&wrong),
    };
    cells.map(one).collect()
}

fn number(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Number(number) => Some(*number),
        _ => None,
    }
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn bytes(cell: &Cell) -> Option<Vec<u8>> {
    match cell {
        Cell::Bytes(bytes) => Some(bytes.clone()),
        _ => None,
    }
}
