//! The store as rows, for a store of another kind that takes it over.

use dragoman_journal::error::Error;
use dragoman_journal::rows::{Cell, Page, Table};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::entries::reading;

/// So many rows are in a page at most ...
const ROWS: usize = 1_000;
/// ... and so many bytes, beyond the row that passes it.
const BYTES: usize = 4 << 20;

/// The columns of a table as they are carried.
const fn select(table: Table) -> &'static str {
    match table {
        Table::Meta => "SELECT name, value FROM meta WHERE name = 'writer' OR substr(name, 1, 4) = 'key:'",
        Table::Entries => "SELECT position, run, seq, header FROM entry ORDER BY position",
        Table::Bodies => "SELECT position, salt, encoding, bytes FROM body ORDER BY position",
        Table::Batches => "SELECT number, text FROM batch ORDER BY number",
        // Whoever had a run, or what it waits for may have ended without anybody having told it: it looks at once.
        Table::Runs => {
            "SELECT r.id, r.number, r.pipeline, r.run_key, r.content, r.parent, r.parent_path, r.parent_index, r.standing,
               r.wake, r.ending, r.epoch,
               CASE WHEN r.standing = 4 THEN NULL WHEN r.lease_until > 0 OR r.standing IN (0, 2) THEN 0
                 WHEN r.standing = 1 THEN r.wake END,
               r.entries, r.began, r.touched, (SELECT e.seq FROM entry e WHERE e.position = r.outcome),
               (SELECT json_extract(e.header, '$.record.serial') FROM entry e WHERE e.run = r.id AND e.seq = 0), r.erased
             FROM run r ORDER BY r.number"
        }
        Table::OnceKeys => {
            "SELECT o.scope, o.key, o.run, o.path, o.state, o.input, o.input_body, o.output, o.reference, u.place
             FROM once_key o JOIN (SELECT kind, number, row_number() OVER (ORDER BY since, number, kind) AS place FROM (
               SELECT 0 AS kind, number, since FROM once_key UNION ALL SELECT 1, number, since FROM reference_effect)) u
             ON u.kind = 0 AND u.number = o.number"
        }
        Table::References => "SELECT name, voided_by FROM reference ORDER BY name",
        Table::Effects => {
            "SELECT o.reference, o.run, o.path, o.scope, o.state, o.input, o.output, u.place
             FROM reference_effect o
             JOIN (SELECT kind, number, row_number() OVER (ORDER BY since, number, kind) AS place FROM (
               SELECT 0 AS kind, number, since FROM once_key UNION ALL SELECT 1, number, since FROM reference_effect)) u
             ON u.kind = 1 AND u.number = o.number"
        }
        Table::Accounts => "SELECT ledger, account, single, claims FROM ledger_account ORDER BY number",
        Table::Lines => {
            "SELECT a.ledger, a.account, l.item, l.unit, l.most, l.taken
             FROM ledger_line l JOIN ledger_account a ON a.number = l.account ORDER BY l.account, l.item"
        }
        Table::Waits => {
            "SELECT id, run, path, decision, roles, since, due, show, shown, reference FROM wait ORDER BY since, id"
        }
        Table::States => "SELECT connection, key, version, value FROM state ORDER BY connection, key",
        Table::Documents => "SELECT digest, media_type, bytes FROM document ORDER BY number",
        Table::DocumentUses => "SELECT run, digest FROM document_use ORDER BY run, digest",
        Table::Versions => "SELECT digest, bytes FROM version ORDER BY number",
        Table::Events => "SELECT number, name, key, data, run, path, pipeline, at, delivered FROM event ORDER BY number",
    }
}

/// Gives all rows, table by table, until `take` wants no more.
///
/// # Errors
/// D0704 where a row cannot be read.
pub(crate) fn export(connection: &Connection, mut take: impl FnMut(Page) -> bool) -> Result<(), Error> {
    for table in Table::ALL {
        if !export_table(connection, table, &mut take)? {
            break;
        }
    }
    Ok(())
}

/// Gives the rows of a table; false where no more are wanted.
fn export_table(connection: &Connection, table: Table, take: &mut impl FnMut(Page) -> bool) -> Result<bool, Error> {
    reading((|| {
        let mut statement = connection.prepare(select(table))?;
        let columns = statement.column_count();
        let mut found = statement.query([])?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while let Some(row) = found.next()? {
            let cells = cells(row, columns)?;
            bytes += cells.iter().map(Cell::size).sum::<usize>();
            rows.push(cells);
            if rows.len() >= ROWS || bytes >= BYTES {
                let rows = std::mem::take(&mut rows);
                bytes = 0;
                if !take(Page { table, rows }) {
                    return Ok(false);
                }
            }
        }
        Ok(rows.is_empty() || take(Page { table, rows }))
    })())
}

fn cells(row: &Row<'_>, columns: usize) -> Result<Vec<Cell>, rusqlite::Error> {
    let cell = |column| {
        Ok(match row.get_ref(column)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Number(number),
            ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
            // No table has such a column; what a hand has put there is refused as what it is not.
            ValueRef::Real(number) => Cell::Text(number.to_string()),
            ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text)?.to_owned()),
        })
    };
    (0..columns).map(cell).collect()
}
