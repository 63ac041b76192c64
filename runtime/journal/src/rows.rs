//! A store as rows, for carrying it from one kind of store into another.
//!
//! Each [`Table`] says which columns it has and in which order; a store that is left gives its rows so, and the one that takes
//! them over puts them where it keeps them.

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number; times are milliseconds since 1970, flags 0 or 1.
    Number(i64),
    /// Text.
    Text(String),
    /// Bytes; the sixteen of an id too.
    Bytes(Vec<u8>),
}

impl Cell {
    /// How much memory it takes beyond itself, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Cell::Null | Cell::Number(_) => 0,
            Cell::Text(text) => text.len(),
            Cell::Bytes(bytes) => bytes.len(),
        }
    }
}

/// What a store consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// `name, value`: the name under which the store writes its trail (`writer`), and those of the keys that its content is
    /// encrypted with (`key:...`).
    Meta,
    /// `position, run, seq, header` of each entry.
    Entries,
    /// `position, salt, encoding, bytes` of each body that is still there.
    Bodies,
    /// `number, text` of each batch.
    Batches,
    /// `id, number, pipeline, run_key, content, parent, parent_path, parent_index, standing, wake, ending, epoch, due, entries,
    /// began, touched, told, serial, erased`. Nobody has a run while it is carried: `due` is 0 where whoever takes it up looks at once.
    /// `told`: the number of the entry that says why it stands so.
    Runs,
    /// `scope, key, run, path, state, input, input_body, output, reference, opened`; `opened`: the order over this table and
    /// that of effects.
    OnceKeys,
    /// `name, voided_by` of each reference that is closed.
    References,
    /// `reference, run, path, scope, state, input, output, opened`.
    Effects,
    /// `ledger, account, single, claims`.
    Accounts,
    /// `ledger, account, item, unit, most, taken`.
    Lines,
    /// `id, run, path, decision, roles, since, due, show, shown, reference` of each open wait.
    Waits,
    /// `connection, key, version, value`.
    States,
    /// `digest, media_type, bytes`, oldest first.
    Documents,
    /// `run, digest` of each document that a run keeps.
    DocumentUses,
    /// `digest, bytes`, oldest first.
    Versions,
    /// `number, name, key, data, run, path, pipeline, at, delivered`.
    Events,
}

impl Table {
    /// All of them, in the order in which they are carried.
    pub const ALL: [Table; 16] = [
        Table::Meta,
        Table::Versions,
        Table::Documents,
        Table::DocumentUses,
        Table::Entries,
        Table::Bodies,
        Table::Batches,
        Table::Runs,
        Table::OnceKeys,
        Table::References,
        Table::Effects,
        Table::Accounts,
        Table::Lines,
        Table::Waits,
        Table::States,
        Table::Events,
    ];
}

/// Some rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Of which.
    pub table: Table,
    /// Each with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}
