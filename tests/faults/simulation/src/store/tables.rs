//! A transaction under way: the tables as the decisions that all stores share read and write them.

use dragoman_journal::decide::{Account, Beginning, OnceWrite, Opening, Outcome, RunRow, Settlement, Tables};
use dragoman_journal::{Emitted, Erasure, Error, Once, OnceKey, OnceState, Sealed, Standing, Wait};
use dragoman_model::{Digest, DocumentReference, RunId, Timestamp, Value};

use crate::defect::Defect;

use super::state::{Act, Key, Run, State, Turn};

/// One transaction of one process.
pub(crate) struct Transaction<'a> {
    pub(crate) state: &'a mut State,
    /// Who writes.
    pub(crate) owner: u64,
    /// Whether others have the store too: then runs take turns in it.
    pub(crate) shared: bool,
    /// Runs whose row it wrote, in their order.
    pub(crate) changed: Vec<RunId>,
    /// Runs that are had only if their turn comes with this transaction, and until when.
    pub(crate) asked: Vec<(RunId, i64)>,
    /// What was emitted, and the waits that began.
    pub(crate) emitted: Vec<(String, String)>,
    pub(crate) awaits: Vec<(RunId, String, String)>,
    marks: Vec<State>,
    /// What is broken.
    pub(crate) defect: Option<Defect>,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(state: &'a mut State, owner: u64, shared: bool, defect: Option<Defect>) -> Self {
        Transaction {
            state,
            owner,
            shared,
            changed: Vec::new(),
            asked: Vec::new(),
            emitted: Vec::new(),
            awaits: Vec::new(),
            marks: Vec::new(),
            defect,
        }
    }

    /// The turn of a run that begins: that of the run that began it, with the same serial; else it asks for its own.
    fn first_turn(&self, begin: &Beginning) -> Turn {
        if !self.takes_turns() || begin.serial.is_none() || begin.standing != Standing::Active {
            return Turn::None;
        }
        let above = begin
            .parent
            .as_ref()
            .and_then(|parent| self.state.runs.get(&parent.run));
        match above.is_some_and(|above| above.serial == begin.serial) {
            true => Turn::Has,
            false => Turn::Waits,
        }
    }

    fn takes_turns(&self) -> bool {
        self.shared && self.defect != Some(Defect::NoTurns)
    }

    /// A run that has the row from now on.
    fn change(&mut self, run: RunId, act: impl FnOnce(&mut Run)) {
        if let Some(known) = self.state.runs.get_mut(&run) {
            act(known);
            self.changed.push(run);
        }
    }

    /// Writes the row of a run that is lent for longer.
    pub(crate) fn lend(&mut self, run: RunId, row: RunRow) {
        self.change(run, |known| known.row = row);
    }

    /// Lends a run to another owner; none: somebody has it, or it waits for its turn. `seizes`: it needs none.
    pub(crate) fn take(&mut self, run: RunId, now: Timestamp, until: Timestamp, seizes: bool) -> Option<RunRow> {
        let known = self.state.runs.get(&run)?;
        let now = if self.defect == Some(Defect::LentTwice) {
            until
        } else {
            now
        };
        let row = known.row.acquired(now, until)?;
        let free = !self.takes_turns() || seizes || known.serial.is_none() || known.turn == Turn::Has;
        if !free && known.turn == Turn::Waits {
            return None;
        }
        let owner = self.owner;
        self.change(run, |known| {
            known.row = row;
            known.owner = owner;
            if !free {
                known.turn = Turn::Waits;
            }
        });
        if !free {
            self.asked.push((run, until.millis()));
        }
        self.state.woken.remove(&run);
        Some(row)
    }
}

fn told(entries: &[Sealed], outcome: &Outcome) -> Option<u64> {
    let offset = usize::try_from(outcome.told_by?).ok()?;
    entries.get(offset).map(|entry| entry.header.seq)
}

fn act_key(opening: &Opening<'_>) -> Option<(String, RunId, String)> {
    Some((opening.reference?.to_owned(), opening.run, opening.path.to_owned()))
}

impl Tables for Transaction<'_> {
    type Trouble = Error;

    fn run(&mut self, run: RunId) -> Result<Option<RunRow>, Error> {
        Ok(self.state.runs.get(&run).map(|known| known.row))
    }

    fn known(&mut self, begin: &Beginning) -> Result<Option<(RunId, Digest, Standing)>, Error> {
        let id = match begin.parent {
            Some(_) => Some(begin.run),
            None => {
                let key = (begin.pipeline.clone(), begin.run_key.clone());
                self.state.keys.get(&key).copied()
            }
        };
        let found = id.and_then(|id| Some((id, self.state.runs.get(&id)?)));
        Ok(found.map(|(id, known)| (id, known.content, known.row.standing)))
    }

    fn add_entries(&mut self, entries: &[Sealed]) -> Result<(), Error> {
        self.state.push(entries);
        Ok(())
    }

    fn add_run(&mut self, begin: &Beginning, row: &RunRow, outcome: &Outcome) -> Result<(), Error> {
        let turn = self.first_turn(begin);
        let above = begin
            .parent
            .as_ref()
            .and_then(|parent| self.state.runs.get(&parent.run));
        self.state.numbers.runs += 1;
        let number = self.state.numbers.runs;
        let place = above.map_or((number, begin.run), |above| (above.place, above.family));
        let began = begin.entries.first().map_or(Timestamp::from_millis(0), |e| e.header.at);
        let run = Run {
            number,
            row: *row,
            pipeline: begin.pipeline.clone(),
            run_key: begin.run_key.clone(),
            content: begin.content,
            parent: begin.parent.clone(),
            ending: outcome.ending,
            began,
            touched: outcome.touched.unwrap_or(began),
            told: told(&begin.entries, outcome),
            serial: begin.serial.clone(),
            turn,
            place: place.0,
            family: place.1,
            owner: self.owner,
        };
        if turn == Turn::Waits {
            self.asked.push((begin.run, row.lease_until));
        }
        self.state.runs.insert(begin.run, run);
        self.changed.push(begin.run);
        if begin.parent.is_none() {
            let key = (begin.pipeline.clone(), begin.run_key.clone());
            self.state.keys.insert(key, begin.run);
        }
        Ok(())
    }

    fn change_run(&mut self, run: RunId, entries: &[Sealed], after: &RunRow, outcome: &Outcome) -> Result<(), Error> {
        self.change(run, |known| {
            known.row = *after;
            if after.lease_until == 0 {
                known.turn = Turn::None;
            }
            known.ending = outcome.ending.or(known.ending);
            known.touched = outcome.touched.unwrap_or(known.touched);
            known.told = told(entries, outcome).or(known.told);
        });
        Ok(())
    }

    fn once(&mut self, once: &OnceKey) -> Result<Option<Once>, Error> {
        let found = self
            .state
            .onces
            .get(once)
            .filter(|_| self.defect != Some(Defect::KeyForgotten));
        Ok(found.map(|key| key.of(once)))
    }

    fn write_once(&mut self, row: OnceWrite<'_>) -> Result<(), Error> {
        // A row that is there keeps its place among the others.
        let known = self.state.onces.get(row.once).map(|key| key.opened);
        let opened = known.unwrap_or_else(|| self.state.opening());
        let key = Key {
            run: row.opening.run,
            path: row.opening.path.into(),
            state: row.state.clone(),
            input: *row.input,
            input_body: row.input_body.clone(),
            output: row.output.cloned(),
            reference: row.opening.reference.map(Into::into),
            opened,
        };
        self.state.onces.insert(row.once.clone(), key);
        Ok(())
    }

    fn settle_once(&mut self, once: &OnceKey, holder: Option<RunId>, settlement: &Settlement<'_>) -> Result<(), Error> {
        let Some(key) = self.state.onces.get_mut(once) else {
            return Ok(());
        };
        if holder.is_none_or(|holder| key.run == holder) {
            key.state = settlement.state.clone();
            key.output = match key.state {
                OnceState::Failed => None,
                _ => settlement.output.map(|output| (**output).clone()).or(key.output.take()),
            };
        }
        Ok(())
    }

    fn voided_by(&mut self, reference: &str) -> Result<Option<RunId>, Error> {
        Ok(self.state.references.get(reference).copied())
    }

    fn void(&mut self, reference: &str, by: RunId) -> Result<(), Error> {
        self.state.references.entry(reference.to_owned()).or_insert(by);
        Ok(())
    }

    fn is_under_way(&mut self, opening: &Opening<'_>) -> Result<bool, Error> {
        let act = act_key(opening).and_then(|key| self.state.acts.get(&key));
        Ok(act.is_some_and(|act| act.state == OnceState::Open))
    }

    fn open_effect(&mut self, opening: &Opening<'_>, scope: &str, input: &Value) -> Result<(), Error> {
        if let Some(key) = act_key(opening) {
            let act = Act {
                scope: scope.into(),
                state: OnceState::Open,
                input: input.clone(),
                output: None,
                opened: self.state.opening(),
            };
            self.state.acts.insert(key, act);
        }
        Ok(())
    }

    fn settle_effect(&mut self, opening: &Opening<'_>, settlement: &Settlement<'_>) -> Result<(), Error> {
        if let Some(act) = act_key(opening).and_then(|key| self.state.acts.get_mut(&key)) {
            act.state = settlement.state.clone();
            act.output = settlement.output.map(|output| (**output).clone()).or(act.output.take());
        }
        Ok(())
    }

    fn account(&mut self, ledger: &str, name: &str) -> Result<Account, Error> {
        let account = self.state.accounts.get(&(ledger.into(), name.into()));
        let account = account.filter(|_| self.defect != Some(Defect::AccountForgotten));
        Ok(account.cloned().unwrap_or_default())
    }

    fn write_account(&mut self, ledger: &str, name: &str, account: &Account) -> Result<(), Error> {
        self.state
            .accounts
            .insert((ledger.into(), name.into()), account.clone());
        Ok(())
    }

    fn version(&mut self, connection: &str, key: &str) -> Result<u64, Error> {
        let found = self.state.states.get(&(connection.into(), key.into()));
        Ok(found.map_or(0, |(version, _)| *version))
    }

    fn write_state(&mut self, connection: &str, key: &str, value: Option<(u64, &[u8])>) -> Result<(), Error> {
        let key = (connection.into(), key.into());
        match value {
            Some((version, value)) => self.state.states.insert(key, (version, value.to_vec())),
            None => self.state.states.remove(&key),
        };
        Ok(())
    }

    fn keep(&mut self, _: RunId, document: &DocumentReference, bytes: &[u8]) -> Result<(), Error> {
        let kept = || (document.clone(), bytes.to_vec());
        self.state.documents.entry(document.digest).or_insert_with(kept);
        Ok(())
    }

    /// Nobody erases anything here.
    fn erase(&mut self, _: &Erasure) -> Result<(), Error> {
        Ok(())
    }

    fn begin_wait(&mut self, wait: &Wait) -> Result<(), Error> {
        if let Some((name, key)) = wait.event() {
            self.awaits.push((wait.run, name.into(), key.into()));
        }
        self.state.waits.insert(wait.id.clone(), wait.clone());
        Ok(())
    }

    fn end_wait(&mut self, wait: &str) -> Result<bool, Error> {
        Ok(self.state.waits.remove(wait).is_some())
    }

    fn emit(&mut self, event: &Emitted) -> Result<(), Error> {
        let older = |(other, delivered): &(Emitted, bool)| {
            *delivered && event.key.is_some() && other.name == event.name && other.key == event.key
        };
        self.state.events.retain(|_, other| !older(other));
        self.state.numbers.events += 1;
        let number = self.state.numbers.events;
        self.state.events.insert(number, (event.clone(), false));
        if let Some(key) = &event.key {
            self.emitted.push((event.name.clone(), key.clone()));
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), Error> {
        self.marks.push(self.state.clone());
        Ok(())
    }

    fn undo(&mut self) -> Result<(), Error> {
        if let Some(mark) = self.marks.pop() {
            *self.state = mark;
        }
        Ok(())
    }

    fn unmark(&mut self) -> Result<(), Error> {
        self.marks.pop();
        Ok(())
    }
}
