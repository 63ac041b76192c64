//! The tables of a transaction under way, for the decisions that all stores share.

use dragoman_journal::decide::{Account, Beginning, OnceWrite, Opening, Outcome, RunRow, Settlement, Tables};
use dragoman_journal::{Emitted, Erasure, Once, OnceKey, Sealed, Standing, Wait};
use dragoman_model::{Digest, DocumentReference, RunId, Value};

use crate::failure::Trouble;
use crate::writer::Writing;
use crate::{begin, business, columns, entries, erase, events, ledger, runs, state};

impl Writing<'_> {
    /// The position behind the last entry, as a column.
    fn here(&self) -> i64 {
        columns::number(self.memory.next_position)
    }

    /// The position of the first of the entries that were added last.
    fn first_of(&self, entries: &[Sealed]) -> u64 {
        self.memory.next_position - entries.len() as u64
    }

    fn execute(&self, sql: &str) -> Result<(), Trouble> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

impl Tables for Writing<'_> {
    type Trouble = Trouble;

    fn run(&mut self, run: RunId) -> Result<Option<RunRow>, Trouble> {
        Ok(runs::find(self, run)?.map(|found| found.row))
    }

    fn known(&mut self, begin: &Beginning) -> Result<Option<(RunId, Digest, Standing)>, Trouble> {
        Ok(begin::known(self.connection, begin)?)
    }

    fn add_entries(&mut self, entries: &[Sealed]) -> Result<(), Trouble> {
        entries::insert(self, entries)
    }

    fn add_run(&mut self, begin: &Beginning, row: &RunRow, outcome: &Outcome) -> Result<(), Trouble> {
        let first = self.first_of(&begin.entries);
        Ok(begin::insert(self, begin, *row, outcome, first)?)
    }

    fn change_run(&mut self, run: RunId, entries: &[Sealed], after: &RunRow, outcome: &Outcome) -> Result<(), Trouble> {
        let first = self.first_of(entries);
        runs::update(self, run, *after, outcome, first)
    }

    fn once(&mut self, once: &OnceKey) -> Result<Option<Once>, Trouble> {
        Ok(business::find(self.connection, once)?)
    }

    fn write_once(&mut self, row: OnceWrite<'_>) -> Result<(), Trouble> {
        business::write(self.connection, &row, self.here())
    }

    fn settle_once(
        &mut self,
        once: &OnceKey,
        holder: Option<RunId>,
        settlement: &Settlement<'_>,
    ) -> Result<(), Trouble> {
        business::settle(self.connection, once, holder, settlement)
    }

    fn voided_by(&mut self, reference: &str) -> Result<Option<RunId>, Trouble> {
        business::voided_by(self.connection, reference)
    }

    fn void(&mut self, reference: &str, by: RunId) -> Result<(), Trouble> {
        business::void(self.connection, by, reference)
    }

    fn is_under_way(&mut self, opening: &Opening<'_>) -> Result<bool, Trouble> {
        business::is_under_way(self.connection, opening)
    }

    fn open_effect(&mut self, opening: &Opening<'_>, scope: &str, input: &Value) -> Result<(), Trouble> {
        business::refer(self.connection, opening, scope, input, self.here())
    }

    fn settle_effect(&mut self, opening: &Opening<'_>, settlement: &Settlement<'_>) -> Result<(), Trouble> {
        business::settle_effect(self.connection, opening, settlement)
    }

    fn account(&mut self, ledger: &str, name: &str) -> Result<Account, Trouble> {
        ledger::read(self.connection, ledger, name)
    }

    fn write_account(&mut self, ledger: &str, name: &str, account: &Account) -> Result<(), Trouble> {
        ledger::write(self.connection, ledger, name, account)
    }

    fn version(&mut self, connection: &str, key: &str) -> Result<u64, Trouble> {
        state::version(self.connection, connection, key)
    }

    fn write_state(&mut self, connection: &str, key: &str, value: Option<(u64, &[u8])>) -> Result<(), Trouble> {
        state::write(self.connection, connection, key, value)
    }

    fn keep(&mut self, run: RunId, document: &DocumentReference, bytes: &[u8]) -> Result<(), Trouble> {
        state::keep(self.connection, run, document, bytes)
    }

    fn erase(&mut self, erasure: &Erasure) -> Result<(), Trouble> {
        Ok(erase::erase(self.connection, erasure)?)
    }

    fn begin_wait(&mut self, wait: &Wait) -> Result<(), Trouble> {
        state::begin_wait(self.connection, wait)
    }

    fn end_wait(&mut self, wait: &str) -> Result<bool, Trouble> {
        state::end_wait(self.connection, wait)
    }

    fn emit(&mut self, event: &Emitted) -> Result<(), Trouble> {
        events::emit(self.connection, event)
    }

    fn mark(&mut self) -> Result<(), Trouble> {
        self.execute("SAVEPOINT operations")
    }

    fn undo(&mut self) -> Result<(), Trouble> {
        self.execute("ROLLBACK TO operations")?;
        self.execute("RELEASE operations")
    }

    fn unmark(&mut self) -> Result<(), Trouble> {
        self.execute("RELEASE operations")
    }
}
