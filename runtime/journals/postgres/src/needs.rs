//! What a transaction must lock and read before it can be decided.

use std::collections::BTreeSet;

use dragoman_journal::decide::{Addition, Beginning};
use dragoman_journal::{OnceKey, Operation};
use dragoman_model::{Digest, RunId};

use crate::work::Ask;

/// Rows by their keys, and the locks for those that may not be there yet.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Advisory locks, in the order in which everybody takes them.
    pub(crate) locks: BTreeSet<i64>,
    /// Rows of runs, which are locked in the order of their ids.
    pub(crate) runs: BTreeSet<RunId>,
    /// Pipelines and run keys.
    pub(crate) keys: BTreeSet<(String, String)>,
    pub(crate) onces: BTreeSet<OnceKey>,
    /// Business keys of claims that are given back: their accounts are read with them.
    pub(crate) released: BTreeSet<OnceKey>,
    pub(crate) references: BTreeSet<String>,
    pub(crate) effects: BTreeSet<(String, RunId, String)>,
    pub(crate) accounts: BTreeSet<(String, String)>,
    pub(crate) states: BTreeSet<(String, String)>,
    pub(crate) waits: BTreeSet<String>,
}

impl Needs {
    /// What some works need. `schema`: locks are shared by a whole database, in which there may be several stores.
    pub(crate) fn of<'a>(schema: &str, asks: impl Iterator<Item = &'a Ask>) -> Self {
        let mut needs = Needs::default();
        for ask in asks {
            match ask {
                Ask::Begin(begin) => needs.begin(begin),
                Ask::Append(addition) => needs.append(addition),
                Ask::Acquire { run, .. } => {
                    needs.runs.insert(*run);
                }
                Ask::Renew { leases, .. } => needs.runs.extend(leases.iter().map(|lease| lease.run)),
                Ask::Delivered(_) | Ask::KeepVersion { .. } => {}
            }
        }
        needs.lock(schema);
        needs
    }

    fn begin(&mut self, begin: &Beginning) {
        if begin.parent.is_some() {
            self.runs.insert(begin.run);
        } else {
            self.keys.insert((begin.pipeline.clone(), begin.run_key.clone()));
        }
        for operation in &begin.operations {
            self.operation(begin.run, operation);
        }
    }

    fn append(&mut self, addition: &Addition) {
        let run = addition.lease.run;
        self.runs.insert(run);
        for operation in &addition.operations {
            self.operation(run, operation);
        }
        for begin in &addition.begins {
            self.begin(begin);
        }
    }

    fn operation(&mut self, run: RunId, operation: &Operation) {
        match operation {
            Operation::OnceOpen { once, reference, .. } => {
                self.onces.insert(once.clone());
                self.references.extend(reference.clone());
            }
            Operation::Refer { reference, path, .. } => {
                self.references.insert(reference.clone());
                self.effects.insert((reference.clone(), run, path.clone()));
            }
            Operation::Settle {
                once, reference, path, ..
            } => match (once, reference) {
                (Some(once), _) => {
                    self.onces.insert(once.clone());
                }
                (None, Some(reference)) => {
                    self.effects.insert((reference.clone(), run, path.clone()));
                }
                (None, None) => {}
            },
            Operation::Claim {
                once,
                ledger,
                account,
                reference,
                ..
            } => {
                self.onces.insert(once.clone());
                self.accounts.insert((ledger.clone(), account.clone()));
                self.references.extend(reference.clone());
            }
            Operation::Release { once, .. } => {
                self.onces.insert(once.clone());
                self.released.insert(once.clone());
            }
            Operation::Void { reference } => {
                self.references.insert(reference.clone());
            }
            Operation::WaitBegin { wait } => self.references.extend(wait.reference.clone()),
            Operation::WaitEnd { wait } => {
                self.waits.insert(wait.clone());
            }
            Operation::StatePut { connection, key, .. }
            | Operation::StateDelete { connection, key, .. }
            | Operation::StateRelied { connection, key, .. } => {
                self.states.insert((connection.clone(), key.clone()));
            }
            // What is erased is of runs that have ended, and nobody decides by it.
            Operation::Keep { .. } | Operation::Emit { .. } | Operation::Erase { .. } => {}
        }
    }

    /// The locks of what may not be there yet. Rows of runs are there, and are locked themselves; effects and waits are
    /// their runs' own. Of a claim that is given back the account is there, and its row is locked.
    fn lock(&mut self, schema: &str) {
        let pairs = |what: &'static str, pairs: &BTreeSet<(String, String)>| -> Vec<i64> {
            pairs.iter().map(|(a, b)| hash(&[schema, what, a, b])).collect()
        };
        let mut locks = pairs("key", &self.keys);
        locks.extend(pairs("account", &self.accounts));
        locks.extend(pairs("state", &self.states));
        let onces = self.onces.iter();
        locks.extend(onces.map(|once| hash(&[schema, "once", &once.scope, &once.key])));
        let references = self.references.iter();
        locks.extend(references.map(|reference| hash(&[schema, "reference", reference])));
        self.locks.extend(locks);
    }
}

/// A lock of the database: 64 bits of a digest. Two names with the same wait for one another, and nothing worse.
pub(crate) fn hash(names: &[&str]) -> i64 {
    let lengths: Vec<[u8; 8]> = names.iter().map(|name| (name.len() as u64).to_be_bytes()).collect();
    let parts: Vec<&[u8]> = lengths
        .iter()
        .zip(names)
        .flat_map(|(length, name)| [&length[..], name.as_bytes()])
        .collect();
    let digest = Digest::of_parts(&parts);
    let mut first = [0; 8];
    first.copy_from_slice(&digest.0[..8]);
    i64::from_be_bytes(first)
}
