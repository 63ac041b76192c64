//! The rows that a transaction touches, in memory: read under its locks, changed by the decisions that all stores share,
//! and written back at once.

use std::sync::Arc;

use dragoman_journal::decide::{Account, Beginning, OnceWrite, Opening, Outcome, RunRow, Settlement, Tables};
use dragoman_journal::error::Error;
use dragoman_journal::{
    Emitted, Ending, Erasure, Keyring, Once, OnceKey, OnceState, Parent, Sealed, Standing, Wait, canonical,
};
use dragoman_model::{Digest, DocumentReference, RunId, Timestamp, Value};

use crate::columns;
use crate::failure::Trouble;
use crate::overlay::Overlay;

/// A run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) row: RunRow,
    pub(crate) content: Digest,
    /// What an append changes besides.
    pub(crate) ending: Option<Ending>,
    pub(crate) touched: Option<i64>,
    pub(crate) told: Option<i64>,
    /// Runs with the same take turns.
    pub(crate) serial: Option<String>,
    pub(crate) turn: Turn,
    /// Whoever has the run is to have it only if its turn comes with this transaction.
    pub(crate) asks: bool,
    /// Whether another run began it.
    pub(crate) is_child: bool,
    /// Of a run that this transaction begins.
    pub(crate) new: Option<New>,
}

/// Whether a run is at work among those of its serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It rests, or has no serial.
    None = 0,
    /// It waits until the turn is its family's.
    Waits = 1,
    /// The turn is its family's.
    Has = 2,
}

/// What only the beginning of a run knows.
#[derive(Debug, Clone)]
pub(crate) struct New {
    pub(crate) pipeline: String,
    pub(crate) run_key: String,
    pub(crate) parent: Option<Parent>,
    pub(crate) began: i64,
}

/// A business key. Its texts are those of the database: they are read only where somebody looks at them.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) run: RunId,
    pub(crate) path: String,
    pub(crate) state: OnceState,
    pub(crate) input: Digest,
    pub(crate) input_body: String,
    pub(crate) output: Option<String>,
    pub(crate) reference: Option<String>,
    /// This transaction opens it: the whole row is written, and not only how it stands.
    pub(crate) opened: bool,
}

/// An effect without business key.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) scope: String,
    pub(crate) state: OnceState,
    pub(crate) input: String,
    pub(crate) output: Option<String>,
    pub(crate) opened: bool,
}

/// Reference, run and path.
pub(crate) type EffectKey = (String, RunId, String);

/// Everything that a transaction has in hand.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Who writes.
    pub(crate) owner: Option<uuid::Uuid>,
    /// With what it is encrypted.
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) runs: Overlay<RunId, Run>,
    /// Runs by pipeline and run key, those without parent.
    pub(crate) keys: Overlay<(String, String), RunId>,
    pub(crate) onces: Overlay<OnceKey, Key>,
    pub(crate) references: Overlay<String, RunId>,
    pub(crate) effects: Overlay<EffectKey, Effect>,
    pub(crate) accounts: Overlay<(String, String), Account>,
    pub(crate) states: Overlay<(String, String), (u64, Vec<u8>)>,
    /// Waits; of those that are only known to be there nothing but that.
    pub(crate) waits: Overlay<String, Option<Wait>>,
    pub(crate) entries: Vec<Sealed>,
    /// Each with the run that keeps it.
    pub(crate) documents: Vec<(RunId, DocumentReference, Vec<u8>)>,
    pub(crate) versions: Vec<(Digest, bytes::Bytes)>,
    pub(crate) events: Vec<Emitted>,
    pub(crate) erasures: Vec<Erasure>,
    pub(crate) delivered: Vec<i64>,
    /// Runs that are taken, and look at all that has moved.
    pub(crate) taken: Vec<RunId>,
    marks: Vec<Mark>,
}

/// A moment to go back to: the length of every list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark([usize; 15]);

impl Rows {
    fn output(&self, settlement: &Settlement<'_>) -> Result<Option<String>, Error> {
        let Some(output) = settlement.output else {
            return Ok(None);
        };
        self.keyring.lock_text(canonical::text(&**output)?).map(Some)
    }

    /// This moment.
    pub(crate) fn here(&self) -> Mark {
        Mark([
            self.runs.here(),
            self.keys.here(),
            self.onces.here(),
            self.references.here(),
            self.effects.here(),
            self.accounts.here(),
            self.states.here(),
            self.waits.here(),
            self.entries.len(),
            self.documents.len(),
            self.versions.len(),
            self.events.len(),
            self.delivered.len(),
            self.taken.len(),
            self.erasures.len(),
        ])
    }

    /// Undoes everything since a moment.
    pub(crate) fn back(&mut self, to: Mark) {
        let Mark(
            [
                runs,
                keys,
                onces,
                references,
                effects,
                accounts,
                states,
                waits,
                rest @ ..,
            ],
        ) = to;
        self.runs.back(runs);
        self.keys.back(keys);
        self.onces.back(onces);
        self.references.back(references);
        self.effects.back(effects);
        self.accounts.back(accounts);
        self.states.back(states);
        self.waits.back(waits);
        self.entries.truncate(rest[0]);
        self.documents.truncate(rest[1]);
        self.versions.truncate(rest[2]);
        self.events.truncate(rest[3]);
        self.delivered.truncate(rest[4]);
        self.taken.truncate(rest[5]);
        self.erasures.truncate(rest[6]);
        self.marks.clear();
    }

    /// Writes the row of a run that is lent for longer.
    pub(crate) fn lend(&mut self, run: RunId, row: RunRow) {
        self.runs.change(&run, |known| known.row = row);
    }

    /// Lends a run to another owner; none: somebody has it, or it waits for its turn. Where it asks for its turn, it is lent
    /// only if that comes. `seizes`: it needs no turn.
    pub(crate) fn take(&mut self, run: RunId, now: Timestamp, until: Timestamp, seizes: bool) -> Option<RunRow> {
        let known = self.runs.get(&run)?;
        let row = known.row.acquired(now, until)?;
        let free = seizes || known.serial.is_none() || known.turn == Turn::Has;
        if !free && known.turn == Turn::Waits {
            return None;
        }
        self.runs.change(&run, |known| {
            known.row = row;
            if !free {
                known.turn = Turn::Waits;
                known.asks = true;
            }
        });
        self.taken.push(run);
        Some(row)
    }

    /// Runs that are had only if their turn comes with this transaction, and until when.
    pub(crate) fn asked(&self) -> impl Iterator<Item = (RunId, i64)> {
        let asking = self.runs.changed().filter_map(|(id, run)| Some((*id, run?)));
        asking
            .filter(|(_, run)| run.asks)
            .map(|(id, run)| (id, run.row.lease_until))
    }

    /// The turn of a run that begins: that of the run that began it, with the same serial; else it asks for its own.
    fn first_turn(&self, begin: &Beginning) -> Turn {
        if begin.serial.is_none() || begin.standing != Standing::Active {
            return Turn::None;
        }
        let above = begin.parent.as_ref().and_then(|parent| self.runs.get(&parent.run));
        if above.is_some_and(|above| above.serial == begin.serial) {
            Turn::Has
        } else {
            Turn::Waits
        }
    }
}

fn told(entries: &[Sealed], outcome: &Outcome) -> Option<i64> {
    let offset = usize::try_from(outcome.told_by?).ok()?;
    entries.get(offset).map(|entry| columns::number(entry.header.seq))
}

impl Tables for Rows {
    type Trouble = Trouble;

    fn run(&mut self, run: RunId) -> Result<Option<RunRow>, Trouble> {
        Ok(self.runs.get(&run).map(|known| known.row))
    }

    fn known(&mut self, begin: &Beginning) -> Result<Option<(RunId, Digest, Standing)>, Trouble> {
        let id = if begin.parent.is_some() {
            Some(begin.run)
        } else {
            let key = (begin.pipeline.clone(), begin.run_key.clone());
            self.keys.get(&key).copied()
        };
        let found = id.and_then(|id| Some((id, self.runs.get(&id)?)));
        Ok(found.map(|(id, known)| (id, known.content, known.row.standing)))
    }

    fn add_entries(&mut self, entries: &[Sealed]) -> Result<(), Trouble> {
        self.entries.extend_from_slice(entries);
        Ok(())
    }

    fn add_run(&mut self, begin: &Beginning, row: &RunRow, outcome: &Outcome) -> Result<(), Trouble> {
        let began = begin.entries.first().map_or(0, |e| e.header.at.millis());
        let turn = self.first_turn(begin);
        let run = Run {
            row: *row,
            content: begin.content,
            serial: begin.serial.clone(),
            turn,
            asks: turn == Turn::Waits,
            is_child: begin.parent.is_some(),
            ending: outcome.ending,
            touched: outcome.touched.map(Timestamp::millis),
            told: told(&begin.entries, outcome),
            new: Some(New {
                pipeline: begin.pipeline.clone(),
                run_key: begin.run_key.clone(),
                parent: begin.parent.clone(),
                began,
            }),
        };
        self.runs.set(begin.run, Some(run));
        if begin.parent.is_none() {
            self.keys
                .set((begin.pipeline.clone(), begin.run_key.clone()), Some(begin.run));
        }
        Ok(())
    }

    fn change_run(&mut self, run: RunId, entries: &[Sealed], after: &RunRow, outcome: &Outcome) -> Result<(), Trouble> {
        self.runs.change(&run, |known| {
            known.row = *after;
            if after.lease_until == 0 {
                known.turn = Turn::None;
            }
            known.ending = outcome.ending.or(known.ending);
            known.touched = outcome.touched.map(Timestamp::millis).or(known.touched);
            known.told = told(entries, outcome).or(known.told);
        });
        Ok(())
    }

    fn once(&mut self, once: &OnceKey) -> Result<Option<Once>, Trouble> {
        let Some(key) = self.onces.get(once) else {
            return Ok(None);
        };
        Ok(Some(Once {
            once: once.clone(),
            run: key.run,
            path: key.path.clone(),
            state: key.state.clone(),
            input: key.input,
            input_body: columns::parse(&self.keyring.unlock_text(&key.input_body)?)?,
            output: match &key.output {
                Some(output) => Some(columns::parse(&self.keyring.unlock_text(output)?)?),
                None => None,
            },
        }))
    }

    fn write_once(&mut self, row: OnceWrite<'_>) -> Result<(), Trouble> {
        let input_body = canonical::text(row.input_body)?;
        let output = row.output.map(canonical::text).transpose()?;
        let key = Key {
            run: row.opening.run,
            path: row.opening.path.into(),
            state: row.state.clone(),
            input: *row.input,
            // Claims are looked through by their accounts.
            input_body: match row.once.is_claim() {
                true => input_body,
                false => self.keyring.lock_text(input_body)?,
            },
            output: output.map(|output| self.keyring.lock_text(output)).transpose()?,
            reference: row.opening.reference.map(Into::into),
            opened: true,
        };
        self.onces.set(row.once.clone(), Some(key));
        Ok(())
    }

    fn settle_once(
        &mut self,
        once: &OnceKey,
        holder: Option<RunId>,
        settlement: &Settlement<'_>,
    ) -> Result<(), Trouble> {
        let is_held = |key: &Key| holder.is_none_or(|holder| key.run == holder);
        if self.onces.get(once).is_some_and(is_held) {
            let output = self.output(settlement)?;
            self.onces.change(once, |key| {
                key.state = settlement.state.clone();
                key.output = match key.state {
                    OnceState::Failed => None,
                    _ => output.or(key.output.take()),
                };
            });
        }
        Ok(())
    }

    fn voided_by(&mut self, reference: &str) -> Result<Option<RunId>, Trouble> {
        Ok(self.references.get(&reference.to_owned()).copied())
    }

    fn void(&mut self, reference: &str, by: RunId) -> Result<(), Trouble> {
        let reference = reference.to_owned();
        if self.references.get(&reference).is_none() {
            self.references.set(reference, Some(by));
        }
        Ok(())
    }

    fn is_under_way(&mut self, opening: &Opening<'_>) -> Result<bool, Trouble> {
        let effect = effect_key(opening).and_then(|key| self.effects.get(&key));
        Ok(effect.is_some_and(|effect| effect.state == OnceState::Open))
    }

    fn open_effect(&mut self, opening: &Opening<'_>, scope: &str, input: &Value) -> Result<(), Trouble> {
        let effect = Effect {
            scope: scope.into(),
            state: OnceState::Open,
            input: self.keyring.lock_text(canonical::text(input)?)?,
            output: None,
            opened: true,
        };
        if let Some(key) = effect_key(opening) {
            self.effects.set(key, Some(effect));
        }
        Ok(())
    }

    fn settle_effect(&mut self, opening: &Opening<'_>, settlement: &Settlement<'_>) -> Result<(), Trouble> {
        let output = self.output(settlement)?;
        if let Some(key) = effect_key(opening) {
            self.effects.change(&key, |effect| {
                effect.state = settlement.state.clone();
                effect.output = output.or(effect.output.take());
            });
        }
        Ok(())
    }

    fn account(&mut self, ledger: &str, name: &str) -> Result<Account, Trouble> {
        let account = self.accounts.get(&(ledger.into(), name.into()));
        Ok(account.cloned().unwrap_or_default())
    }

    fn write_account(&mut self, ledger: &str, name: &str, account: &Account) -> Result<(), Trouble> {
        self.accounts.set((ledger.into(), name.into()), Some(account.clone()));
        Ok(())
    }

    fn version(&mut self, connection: &str, key: &str) -> Result<u64, Trouble> {
        let found = self.states.get(&(connection.into(), key.into()));
        Ok(found.map_or(0, |(version, _)| *version))
    }

    fn write_state(&mut self, connection: &str, key: &str, value: Option<(u64, &[u8])>) -> Result<(), Trouble> {
        let value = match value {
            Some((version, value)) => Some((version, self.keyring.lock(value)?.into_owned())),
            None => None,
        };
        self.states.set((connection.into(), key.into()), value);
        Ok(())
    }

    fn keep(&mut self, run: RunId, document: &DocumentReference, bytes: &[u8]) -> Result<(), Trouble> {
        let bytes = self.keyring.lock(bytes)?.into_owned();
        self.documents.push((run, document.clone(), bytes));
        Ok(())
    }

    fn erase(&mut self, erasure: &Erasure) -> Result<(), Trouble> {
        self.erasures.push(erasure.clone());
        Ok(())
    }

    fn begin_wait(&mut self, wait: &Wait) -> Result<(), Trouble> {
        self.waits.set(wait.id.clone(), Some(Some(wait.clone())));
        Ok(())
    }

    fn end_wait(&mut self, wait: &str) -> Result<bool, Trouble> {
        let wait = wait.to_owned();
        let there = self.waits.get(&wait).is_some();
        if there {
            self.waits.set(wait, None);
        }
        Ok(there)
    }

    fn emit(&mut self, event: &Emitted) -> Result<(), Trouble> {
        self.events.push(event.clone());
        Ok(())
    }

    fn mark(&mut self) -> Result<(), Trouble> {
        self.marks.push(self.here());
        Ok(())
    }

    fn undo(&mut self) -> Result<(), Trouble> {
        if let Some(mark) = self.marks.pop() {
            self.back(mark);
        }
        Ok(())
    }

    fn unmark(&mut self) -> Result<(), Trouble> {
        self.marks.pop();
        Ok(())
    }
}

fn effect_key(opening: &Opening<'_>) -> Option<EffectKey> {
    Some((opening.reference?.into(), opening.run, opening.path.into()))
}
