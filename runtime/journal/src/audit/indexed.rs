//! The indexes: whether runs, business keys, references and ledger are what the entries make them.

use std::collections::{BTreeMap, HashMap, HashSet};

use dragoman_model::{Digest, RunId, Value};
use rust_decimal::Decimal;

use super::kept::Kept;
use super::trail::{Claimed, LedgerRow, OnceRow, ReferenceRow, RunRow};
use super::{BODY_MISSING, KEY_DIFFERS, LEDGER_DIFFERS, RUN_BROKEN, RUN_DIFFERS, Report};
use crate::entry::Header;
use crate::fold::RunFold;
use crate::query::OnceState;
use crate::record::{OnceKey, Record};

/// What is known of a step that opened a business key.
#[derive(Default)]
struct Act {
    /// It took effect by this step itself.
    done: bool,
    /// Of the output of its `done` entry, where that has a body.
    output: Option<Digest>,
    /// Of the input of its last intent.
    input: Option<Digest>,
}

/// What the entries say, gathered along the walk.
#[derive(Default)]
pub(super) struct Facts {
    folds: HashMap<RunId, RunFold>,
    /// Runs whose entries do not follow one another; found once each.
    broken: HashSet<RunId>,
    /// Bodies that are missing: position and number, by run.
    bodiless: BTreeMap<RunId, Vec<(u64, u64)>>,
    /// The position of the last erasure on record, by run.
    erased: HashMap<RunId, u64>,
    /// Steps that opened a key, by key.
    opened: HashMap<OnceKey, HashMap<(RunId, String), Act>>,
    /// Where to note what becomes of a step.
    keys: HashMap<(RunId, String), OnceKey>,
    /// Runs with an undo, whose keys may be free again.
    undoing: HashSet<RunId>,
    /// Claims that were made and not given back, by key: run, path, what was taken.
    claims: HashMap<OnceKey, (RunId, String, Option<Claimed>)>,
    /// Claims that were given back and not made again.
    released: HashSet<OnceKey>,
    voided: HashMap<String, HashSet<RunId>>,
    referred: HashSet<ReferenceRow>,
    /// What is kept beside the entries.
    pub(super) kept: Kept,
}

impl Facts {
    /// Adds an entry.
    pub(super) fn add(
        &mut self,
        position: u64,
        header: Header,
        has_body: bool,
        body: Option<Value>,
        report: &mut Report,
    ) {
        self.follow(&header, report);
        self.kept.add(position, &header, body.as_ref());
        if header.body.is_some() && !has_body {
            self.bodiless
                .entry(header.run)
                .or_default()
                .push((position, header.seq));
        }
        self.act(position, header, body);
    }

    /// The entry must be the next of its run.
    fn follow(&mut self, header: &Header, report: &mut Report) {
        let result = match self.folds.get_mut(&header.run) {
            Some(fold) => fold.add(header),
            None => RunFold::begin(header).map(|fold| {
                self.folds.insert(header.run, fold);
            }),
        };
        if let Err(broken) = result
            && self.broken.insert(header.run)
        {
            report.find(RUN_BROKEN, format!("run {}: {broken}", header.run));
        }
    }

    /// What the entry says of keys, references and claims.
    fn act(&mut self, position: u64, header: Header, body: Option<Value>) {
        let step = (header.run, header.path);
        match header.record {
            Record::Intent { undo: true, .. } => {
                self.undoing.insert(header.run);
            }
            Record::Intent {
                once: Some(once),
                input,
                ..
            } => {
                let acts = self.opened.entry(once.clone()).or_default();
                acts.entry(step.clone()).or_default().input = Some(input);
                self.keys.insert(step, once);
            }
            Record::Intent {
                reference: Some(reference),
                ..
            } => {
                let (run, path) = step;
                self.referred.insert(ReferenceRow { reference, run, path });
            }
            Record::Done { joined: None, .. } => self.done(&step, body.as_ref()),
            Record::Claimed {
                account,
                once,
                joined: None,
                ..
            } => {
                let lines = body.as_ref().and_then(|body| lines(&body["lines"]));
                self.released.remove(&once);
                let claimed = lines.map(|lines| Claimed { account, lines });
                self.claims.insert(once, (step.0, step.1, claimed));
            }
            Record::Released { once, .. } => {
                self.undoing.insert(header.run);
                self.released.insert(once);
            }
            Record::Voided { reference } => {
                self.voided.entry(reference).or_default().insert(header.run);
            }
            Record::Operated { act } if act == "erase" => {
                // It names the run; without a name it is of its own run.
                let run = step.1.parse().unwrap_or(header.run);
                self.erased.insert(run, position);
            }
            _ => {}
        }
    }

    /// A step took effect by itself.
    fn done(&mut self, step: &(RunId, String), body: Option<&Value>) {
        let Some(once) = self.keys.get(step) else {
            return;
        };
        let Some(act) = self.opened.get_mut(once).and_then(|acts| acts.get_mut(step)) else {
            return;
        };
        act.done = true;
        act.output = body.and_then(|body| body.get("output")).map(Digest::of_value);
    }

    /// Whether a run was erased behind a position, or the one that began it, with all that that began.
    fn was_erased(&self, run: RunId, position: u64) -> bool {
        let mut next = Some(run);
        // A run begins later than the one that began it; entries that say otherwise would lead round for ever.
        for _ in 0..self.folds.len() {
            let Some(run) = next else { break };
            if self.erased.get(&run).is_some_and(|erased| *erased > position) {
                return true;
            }
            let parent = self.folds.get(&run).and_then(|fold| fold.parent.as_ref());
            next = parent.map(|parent| parent.run);
        }
        false
    }

    /// A body may be missing where the run has an erasure after it.
    pub(super) fn missing_bodies(&self, report: &mut Report) {
        for (run, missing) in &self.bodiless {
            for (position, seq) in missing {
                if self.was_erased(*run, *position) {
                    report.erased += 1;
                } else {
                    let what = format!(
                        "the body of entry {position} (run {run}, number {seq}) is missing, and no erasure is on record"
                    );
                    report.find(BODY_MISSING, what);
                }
            }
        }
    }

    /// The index of runs.
    pub(super) fn compare_runs(&self, rows: &[RunRow], report: &mut Report) {
        let mut seen = HashSet::new();
        for row in rows {
            seen.insert(row.run);
            let Some(fold) = self.folds.get(&row.run) else {
                report.find(
                    RUN_DIFFERS,
                    format!("run {} is in the index, but has no entries", row.run),
                );
                continue;
            };
            // A run whose entries are broken has been found already; its index cannot be right either.
            if self.broken.contains(&row.run) {
                continue;
            }
            if let Some(what) = differs(fold, row) {
                report.find(
                    RUN_DIFFERS,
                    format!("run {} has {what} by its entries, but not in the index", row.run),
                );
            }
            if self.kept.content(row.run).is_some_and(|content| content != row.content) {
                let what =
                    "began with another content by its entries than the index says: the same message would be refused";
                report.find(RUN_DIFFERS, format!("run {} {what}", row.run));
            }
        }
        let mut missing: Vec<&RunId> = self.folds.keys().filter(|run| !seen.contains(run)).collect();
        missing.sort();
        for run in missing {
            report.find(RUN_DIFFERS, format!("run {run} has entries, but is not in the index"));
        }
    }

    /// The business keys.
    pub(super) fn compare_keys(&self, rows: &[OnceRow], report: &mut Report) {
        let mut seen = HashSet::new();
        for row in rows {
            seen.insert(&row.once);
            if let Some(what) = self.key_differs(row) {
                report.find(
                    KEY_DIFFERS,
                    format!("key `{}` of {}: {what}", row.once.key, row.once.scope),
                );
            }
        }
        let mut missing: Vec<&OnceKey> = self
            .opened
            .keys()
            .chain(self.claims.keys())
            .filter(|once| !seen.contains(once))
            .collect();
        missing.sort();
        for once in missing {
            let what = "entries have it, the index has not: the act could be done again";
            report.find(KEY_DIFFERS, format!("key `{}` of {}: {what}", once.key, once.scope));
        }
    }

    fn key_differs(&self, row: &OnceRow) -> Option<String> {
        if let Some((run, path, claimed)) = self.claims.get(&row.once) {
            if (run, path) != (&row.run, &row.path) {
                return Some(format!(
                    "it was claimed by run {run} at `{path}`, the index says run {} at `{}`",
                    row.run, row.path
                ));
            }
            let given_back = self.released.contains(&row.once);
            if given_back != (row.state == OnceState::Undone) {
                let say = |back| if back { "given back" } else { "standing" };
                return Some(format!(
                    "the claim is {} by the entries, {} in the index",
                    say(given_back),
                    say(!given_back)
                ));
            }
            let same = match (claimed, &row.claim) {
                (Some(claimed), Some(row)) => claimed.account == row.account && sums(claimed) == sums(row),
                (Some(_), None) => false,
                (None, _) => true,
            };
            return (!same).then(|| "the claim has other lines in the index than in its entry".into());
        }
        let Some(acts) = self.opened.get(&row.once) else {
            return Some("the index has it, no entry has".into());
        };
        let Some(act) = acts.get(&(row.run, row.path.clone())) else {
            return Some(format!(
                "the index says run {} at `{}` opened it, no entry does",
                row.run, row.path
            ));
        };
        if act.input.is_some_and(|input| input != row.input) {
            return Some("it has another input in the index than in its entry".into());
        }
        match row.state {
            OnceState::Done | OnceState::Undone if !act.done => {
                Some("it is done in the index, but not by the entries".into())
            }
            OnceState::Done if act.output.is_some() && act.output != row.output => {
                Some("it has another output in the index than in its entry".into())
            }
            OnceState::Open | OnceState::Failed | OnceState::Parked if act.done && !self.undoing.contains(&row.run) => {
                Some("it is done by the entries, but not in the index: the act could be done again".into())
            }
            _ => None,
        }
    }

    /// Closed references, and effects under references.
    pub(super) fn compare_references(
        &self,
        voided: &[(String, RunId)],
        referred: &[ReferenceRow],
        report: &mut Report,
    ) {
        let closed: HashMap<&String, &RunId> = voided.iter().map(|(name, run)| (name, run)).collect();
        for (name, by) in voided {
            if !self.voided.get(name).is_some_and(|runs| runs.contains(by)) {
                report.find(
                    KEY_DIFFERS,
                    format!("reference `{name}` is closed by run {by} in the index, by no entry"),
                );
            }
        }
        let mut open: Vec<&String> = self.voided.keys().filter(|name| !closed.contains_key(name)).collect();
        open.sort();
        for name in open {
            report.find(
                KEY_DIFFERS,
                format!("reference `{name}` is closed by an entry, but not in the index"),
            );
        }
        let rows: HashSet<&ReferenceRow> = referred.iter().collect();
        let mut missing: Vec<&ReferenceRow> = self.referred.iter().filter(|row| !rows.contains(row)).collect();
        missing.sort();
        for row in missing {
            let what = format!(
                "reference `{}`: the effect of run {} at `{}` is not in the index",
                row.reference, row.run, row.path
            );
            report.find(KEY_DIFFERS, what);
        }
    }

    /// The ledger: what is taken is what the standing claims took.
    pub(super) fn compare_ledger(&self, keys: &[OnceRow], rows: &[LedgerRow], report: &mut Report) {
        let mut taken: BTreeMap<Place, (Decimal, Option<String>)> = BTreeMap::new();
        for row in keys.iter().filter(|row| row.state == OnceState::Done) {
            let (Some(ledger), Some(claim)) = (row.once.scope.strip_prefix("ledger:"), &row.claim) else {
                continue;
            };
            let mut add = |item: Option<String>, value: Decimal, unit: Option<String>| {
                let sum = taken.entry((ledger.into(), claim.account.clone(), item)).or_default();
                *sum = (sum.0 + value, unit);
            };
            add(None, Decimal::ONE, None);
            for (item, (value, unit)) in sums(claim) {
                add(Some(item), value, Some(unit));
            }
        }
        for row in rows {
            let key = (row.ledger.clone(), row.account.clone(), row.item.clone());
            // Where nothing is taken, no claim says the unit.
            let (claimed, unit) = taken.remove(&key).unwrap_or((Decimal::ZERO, row.unit.clone()));
            if row.taken.parse() != Ok(claimed) {
                let what = format!("{} says {} taken, the claims make {claimed}", place(&key), row.taken);
                report.find(LEDGER_DIFFERS, what);
            } else if row.unit != unit {
                let (says, made) = (row.unit.as_deref().unwrap_or_default(), unit.unwrap_or_default());
                let what = format!("{} is in `{says}`, the claims are in `{made}`", place(&key));
                report.find(LEDGER_DIFFERS, what);
            }
        }
        for (key, (claimed, _)) in taken {
            report.find(
                LEDGER_DIFFERS,
                format!("{} is not in the ledger, the claims make {claimed}", place(&key)),
            );
        }
    }
}

/// Ledger, account, and item; no item: the account as a whole.
type Place = (String, String, Option<String>);

fn place((ledger, account, item): &Place) -> String {
    match item {
        Some(item) => format!("item `{item}` of account `{account}` in ledger `{ledger}`"),
        None => format!("account `{account}` in ledger `{ledger}`"),
    }
}

/// In what a row of the index of runs differs from the fold.
fn differs(fold: &RunFold, row: &RunRow) -> Option<String> {
    let parent = fold.parent.as_ref().map(|parent| parent.run);
    if fold.entries != row.entries {
        return Some(format!("{} entries (the index says {})", fold.entries, row.entries));
    }
    if (&fold.pipeline, &fold.run_key, parent) != (&row.pipeline, &row.run_key, row.parent) {
        return Some(format!("key `{}` of pipeline `{}`", fold.run_key, fold.pipeline));
    }
    if (fold.began, fold.touched) != (row.began, row.touched) {
        return Some(format!("times {} to {}", fold.began, fold.touched));
    }
    if fold.ending != row.ending || !fold.allows(row.standing) {
        return Some(format!(
            "standing {:?}, ending {:?} (the index says {:?}, {:?})",
            fold.standing, fold.ending, row.standing, row.ending
        ));
    }
    None
}

/// Lines as the engine writes them, `{ item, quantity: { value, unit } }`, or as the store does, `{ item, value, unit }`;
/// none where they are something else.
fn lines(value: &Value) -> Option<Vec<crate::store::ClaimLine>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let line = |line: &Value| {
        let quantity = line.get("quantity").unwrap_or(line);
        Some(crate::store::ClaimLine {
            item: text(&line["item"])?,
            value: text(&quantity["value"])?,
            unit: text(&quantity["unit"])?,
        })
    };
    value.as_array()?.iter().map(line).collect()
}

/// Quantities by item. A text that is no number counts as nothing: then the sums differ, and that is found.
fn sums(claim: &Claimed) -> BTreeMap<String, (Decimal, String)> {
    let mut sums: BTreeMap<String, (Decimal, String)> = BTreeMap::new();
    for line in &claim.lines {
        let sum = sums
            .entry(line.item.clone())
            .or_insert_with(|| (Decimal::ZERO, line.unit.clone()));
        sum.0 = sum.0.saturating_add(line.value.parse().unwrap_or_default());
    }
    sums
}
