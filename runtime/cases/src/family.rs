//! What belongs to a run: its entries and those of its items, of the pipelines that it runs, and of the runs that its
//! events began.

use std::collections::{BTreeMap, BTreeSet};

use dragoman_journal::{Entry, Journal, Record, RunSummary};
use dragoman_model::RunId;

use crate::error::Error;
use crate::kin::{Hangs, Kin};
use crate::life::all_runs;

/// Runs with their entries, as far as they belong to one.
#[derive(Default)]
pub(crate) struct Runs {
    pub(crate) summaries: Vec<RunSummary>,
    pub(crate) entries: BTreeMap<RunId, Vec<Entry>>,
}

impl Runs {
    /// Reads a run and all that belongs to it.
    pub(crate) async fn load(journal: &dyn Journal, root: RunId) -> Result<Runs, Error> {
        let all = all_runs(journal).await?;
        let mut strangers: Option<BTreeMap<RunId, Vec<Entry>>> = None;
        let mut runs = Runs::default();
        let mut open = vec![root];
        while let Some(run) = open.pop() {
            let entries = journal.load(run).await?;
            let Some(summary) = all.iter().find(|known| known.run == run) else {
                continue;
            };
            open.extend(all.iter().filter(|one| one.parent == Some(run)).map(|one| one.run));
            if entries.iter().any(|entry| is_emitted(&entry.header.record)) {
                if strangers.is_none() {
                    strangers = Some(others(journal, &all, root).await?);
                }
                let began = |(other, entries): (&RunId, &Vec<Entry>)| {
                    let at = entries.first().map(Hangs::of);
                    matches!(at, Some(Hangs::Event(by, _)) if by == run).then_some(*other)
                };
                open.extend(strangers.iter().flatten().filter_map(began));
            }
            runs.summaries.push(summary.clone());
            runs.entries.insert(run, entries);
        }
        Ok(runs)
    }

    /// The run with what belongs to it.
    pub(crate) fn family(&self, root: RunId) -> Family<'_> {
        self.below(root, None)
    }

    fn below(&self, root: RunId, at: Option<&Kin>) -> Family<'_> {
        let mut family = Family {
            runs: self,
            root,
            kin: BTreeMap::new(),
            begun: Vec::new(),
        };
        family.add(root, at);
        let begun = self.entries.iter().filter_map(|(run, entries)| {
            let Hangs::Event(by, path) = Hangs::of(entries.first()?) else {
                return None;
            };
            let below = self.below(*run, Some(family.kin.get(&by)?));
            Some(Begun {
                by: (by, path),
                family: below,
            })
        });
        family.begun = begun.collect();
        family
    }
}

/// The runs of messages and events other than the one given, which an event of it may have begun.
async fn others(journal: &dyn Journal, all: &[RunSummary], root: RunId) -> Result<BTreeMap<RunId, Vec<Entry>>, Error> {
    let began = all.iter().find(|run| run.run == root).map(|run| run.began);
    let mut others = BTreeMap::new();
    for run in all
        .iter()
        .filter(|run| run.parent.is_none() && Some(run.began) >= began)
    {
        others.insert(run.run, journal.load(run.run).await?);
    }
    others.remove(&root);
    Ok(others)
}

/// Whether a record tells that an event was handed to the site.
pub(crate) fn is_emitted(record: &Record) -> bool {
    matches!(record, Record::Event { name } if name == "emitted")
}

/// A run that a message or an event began, with its items and the pipelines that it runs.
pub(crate) struct Family<'a> {
    runs: &'a Runs,
    root: RunId,
    kin: BTreeMap<RunId, Kin>,
    /// The runs that its events began.
    begun: Vec<Begun<'a>>,
}

/// A run that an event began.
pub(crate) struct Begun<'a> {
    /// The run that emitted it, and the path of the step there.
    by: (RunId, String),
    pub(crate) family: Family<'a>,
}

/// An entry within its family.
pub(crate) struct Told<'a> {
    pub(crate) run: RunId,
    pub(crate) kin: &'a Kin,
    pub(crate) entry: &'a Entry,
    live: bool,
}

impl Told<'_> {
    /// Whether its run does what it says: what is observed there is a connection that only observes.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// The path of its step within the family; empty: it is about the run itself.
    pub(crate) fn path(&self) -> String {
        match self.entry.header.path.as_str() {
            "" => String::new(),
            path => self.kin.path(path),
        }
    }
}

impl<'a> Family<'a> {
    /// Adds a run and its children, at the kin of the run that it hangs at.
    fn add(&mut self, run: RunId, at: Option<&Kin>) {
        let first = self.runs.entries.get(&run).and_then(|entries| entries.first());
        let Some(kin) = first.and_then(|first| Kin::of(run, first, at)) else {
            return;
        };
        for child in self.runs.summaries.iter().filter(|one| one.parent == Some(run)) {
            self.add(child.run, Some(&kin));
        }
        self.kin.insert(run, kin);
    }

    /// The run itself.
    pub(crate) fn root(&self) -> Option<&'a RunSummary> {
        self.summary(self.root)
    }

    pub(crate) fn summary(&self, run: RunId) -> Option<&'a RunSummary> {
        self.runs.summaries.iter().find(|one| one.run == run)
    }

    /// Whether a run belongs to it, also by an event.
    pub(crate) fn holds(&self, run: RunId) -> bool {
        self.kin.contains_key(&run) || self.begun.iter().any(|begun| begun.family.holds(run))
    }

    /// This family and those that its events began, and theirs.
    pub(crate) fn all(&self) -> Vec<&Family<'a>> {
        let mut all = vec![self];
        for begun in self.begun() {
            all.extend(begun.family.all());
        }
        all
    }

    /// The runs that its events began, in the order of the events.
    pub(crate) fn begun(&self) -> Vec<&Begun<'a>> {
        let mut all = Vec::new();
        for told in self
            .ordered()
            .iter()
            .filter(|told| is_emitted(&told.entry.header.record))
        {
            let by = (told.run, told.entry.header.path.as_str());
            let mut here: Vec<_> = self.begun.iter().filter(|b| (b.by.0, b.by.1.as_str()) == by).collect();
            here.sort_by_key(|begun| begun.family.root().map(|root| &root.pipeline));
            all.extend(here);
        }
        all
    }

    /// All entries in the order of the path: those of an item or of a pipeline that is run in the place of its step.
    pub(crate) fn ordered(&self) -> Vec<Told<'_>> {
        let mut ordered = Vec::new();
        self.order(self.root, &mut BTreeSet::new(), &mut ordered);
        ordered
    }

    fn order<'s>(&'s self, run: RunId, seen: &mut BTreeSet<RunId>, ordered: &mut Vec<Told<'s>>) {
        let (Some(kin), Some(entries)) = (self.kin.get(&run), self.runs.entries.get(&run)) else {
            return;
        };
        if !seen.insert(run) {
            return;
        }
        let mode = |entry: &Entry| matches!(&entry.header.record, Record::Accepted { mode, .. } if mode == "live");
        let live = entries.first().is_some_and(mode);
        for entry in entries {
            ordered.push(Told { run, kin, entry, live });
            if matches!(entry.header.record, Record::Children { .. }) {
                for child in self.children(run, &entry.header.path) {
                    self.order(child, seen, ordered);
                }
            }
        }
    }

    /// The runs of the family in the order in which they stand in its path.
    pub(crate) fn members(&self) -> Vec<&'a RunSummary> {
        let mut members: Vec<&RunSummary> = Vec::new();
        for told in self.ordered() {
            if !members.iter().any(|known| known.run == told.run) {
                members.extend(self.summary(told.run));
            }
        }
        members
    }

    /// The children of a step in the order of their items.
    fn children(&self, run: RunId, path: &str) -> Vec<RunId> {
        let mut children: Vec<(u64, RunId)> = Vec::new();
        for child in self.kin.keys() {
            let entries = self.runs.entries.get(child);
            if let Some(Record::Accepted {
                parent: Some(parent), ..
            }) = entries.and_then(|entries| entries.first()).map(|e| &e.header.record)
                && parent.run == run
                && parent.path == path
            {
                children.push((parent.index, *child));
            }
        }
        children.sort_unstable();
        children.into_iter().map(|(_, run)| run).collect()
    }
}
