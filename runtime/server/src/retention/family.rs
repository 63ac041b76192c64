//! A run with all that it began, as it is erased: together.

use std::collections::BTreeSet;

use dragoman_journal::error::Error;
use dragoman_journal::{Entry, Erasure, Journal, Record, RunFilter, RunSummary, Standing};
use dragoman_model::RunId;

/// What is known of a run and of all that it began.
#[derive(Debug)]
pub(super) struct Family {
    /// The first of them.
    pub(super) root: RunSummary,
    /// What is erased of all of them.
    pub(super) erasure: Erasure,
    /// References under which they did something.
    pub(super) references: BTreeSet<String>,
    /// How many entries have a body still.
    pub(super) bodies: u64,
    /// One that has not ended.
    pub(super) open: Option<RunId>,
}

/// The run that is at the beginning of a run's family; none: there is no such run.
pub(super) async fn root_of(journal: &dyn Journal, run: RunId) -> Result<Option<RunSummary>, Error> {
    let mut at = run;
    loop {
        let filter = RunFilter {
            run: Some(at),
            children: true,
            limit: 1,
            ..RunFilter::default()
        };
        let found = journal.runs(filter).await?.into_iter().next();
        match found.as_ref().and_then(|found| found.parent) {
            Some(parent) if parent != at => at = parent,
            _ => return Ok(found),
        }
    }
}

impl Family {
    /// Gathers it.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(super) async fn of(journal: &dyn Journal, root: RunSummary) -> Result<Self, Error> {
        let mut family = Family {
            open: (root.standing != Standing::Closed).then_some(root.run),
            erasure: Erasure::default(),
            references: BTreeSet::new(),
            bodies: 0,
            root,
        };
        let mut left = vec![family.root.run];
        while let Some(run) = left.pop() {
            let entries = journal.load(run).await?;
            family.erasure.runs.push(run);
            for entry in &entries {
                family.add(run, entry);
                if let Record::Children { .. } = &entry.header.record {
                    for child in journal.children(run, entry.header.path.clone()).await? {
                        if child.standing != Standing::Closed {
                            family.open.get_or_insert(child.run);
                        }
                        left.push(child.run);
                    }
                }
            }
        }
        Ok(family)
    }

    fn add(&mut self, run: RunId, entry: &Entry) {
        let (header, erasure) = (&entry.header, &mut self.erasure);
        self.bodies += u64::from(entry.body.is_some());
        match &header.record {
            Record::Intent { once, reference, .. } => {
                erasure.onces.extend(once.iter().map(|once| (once.clone(), run)));
                let effect = |reference: &String| (reference.clone(), run, header.path.clone());
                erasure.effects.extend(reference.iter().map(effect));
                self.references.extend(reference.clone());
            }
            Record::Claimed { reference, .. } | Record::Waiting { reference, .. } => {
                self.references.extend(reference.clone());
            }
            Record::Voided { reference } => {
                self.references.insert(reference.clone());
            }
            Record::Event { name } if name == "emitted" => {
                let said = |name: &str| Some(entry.body.as_ref()?.get(name)?.as_str()?.to_owned());
                erasure
                    .events
                    .extend(said("event").zip(said("key")).map(|(name, key)| (name, key, run)));
            }
            _ => {}
        }
    }
}
