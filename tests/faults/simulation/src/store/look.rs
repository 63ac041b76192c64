//! What is read of the tables.

use dragoman_journal::query::{failure, told};
use dragoman_journal::{
    AccountLine, AccountSummary, Due, Effect, Ending, Once, OnceKey, RunFilter, RunSummary, Standing, Unfinished, Wait,
};
use dragoman_model::{RunId, Timestamp};

use super::state::{Key, Run, State, Turn};

/// How many runs a list has where the filter does not say.
const USUAL: usize = 100;
/// A child that came to rest so long before the last entry has been seen by its parent, in milliseconds.
const SEEN_MS: i64 = 10_000;

impl Key {
    /// As the record of its key.
    pub(crate) fn of(&self, once: &OnceKey) -> Once {
        Once {
            once: once.clone(),
            run: self.run,
            path: self.path.clone(),
            state: self.state.clone(),
            input: self.input,
            input_body: self.input_body.clone(),
            output: self.output.clone(),
        }
    }
}

fn status(run: &Run) -> &'static str {
    match (run.row.standing, run.ending) {
        (_, Some(Ending::Completed)) => "completed",
        (_, Some(Ending::Stopped)) => "stopped",
        (_, Some(Ending::Failed)) => "failed",
        (_, Some(Ending::Cancelled)) => "cancelled",
        (Standing::Active | Standing::Closed, None) => "active",
        (Standing::Sleeping(_), None) => "sleeping",
        (Standing::Waiting(_), None) => "waiting",
        (Standing::Parked, None) => "parked",
    }
}

impl State {
    fn summary(&self, id: RunId, run: &Run) -> RunSummary {
        let says = matches!(run.row.standing, Standing::Parked | Standing::Closed);
        let entry = run.told.filter(|_| says).and_then(|seq| {
            let entries = self.entries.get(&id)?;
            entries.get(usize::try_from(seq).ok()?)
        });
        let body = entry.and_then(|entry| entry.body.clone());
        let failure = failure(run.ending, body.as_ref());
        let (note, output) = told(run.ending, body);
        RunSummary {
            run: id,
            pipeline: run.pipeline.clone(),
            run_key: run.run_key.clone(),
            standing: run.row.standing,
            asks: self.waits.values().any(|wait| wait.run == id),
            ending: run.ending,
            began: run.began,
            touched: run.touched,
            entries: run.row.entries,
            parent: run.parent.as_ref().map(|parent| parent.run),
            note,
            output,
            failure,
        }
    }

    /// Runs, newest first.
    pub(crate) fn list(&self, filter: &RunFilter) -> Vec<RunSummary> {
        let fits = |(id, run): &(&RunId, &Run)| {
            (filter.children || run.parent.is_none())
                && filter.run.is_none_or(|only| only == **id)
                && filter.pipeline.as_ref().is_none_or(|only| *only == run.pipeline)
                && filter
                    .overdue
                    .is_none_or(|time| run.row.due.is_some_and(|due| due <= time.millis()))
                && filter
                    .older_than
                    .is_none_or(|newer| self.runs.get(&newer).is_some_and(|newer| run.number < newer.number))
                && filter.status.as_ref().is_none_or(|only| only == status(run))
        };
        let mut found: Vec<_> = self.runs.iter().filter(fits).collect();
        found.sort_by_key(|(_, run)| std::cmp::Reverse(run.number));
        found.truncate(if filter.limit == 0 { USUAL } else { filter.limit });
        found.into_iter().map(|(id, run)| self.summary(*id, run)).collect()
    }

    /// Children of a run at a path by index: all, or those that have not ended well.
    pub(crate) fn children(&self, run: RunId, path: &str, all: bool) -> Vec<RunSummary> {
        let ended_well = |ending| matches!(ending, Some(Ending::Completed | Ending::Stopped));
        let mut found: Vec<_> = self
            .runs
            .iter()
            .filter_map(|(id, child)| {
                let parent = child.parent.as_ref()?;
                let is_its = parent.run == run && parent.path == path && (all || !ended_well(child.ending));
                is_its.then_some((parent.index, *id, child))
            })
            .collect();
        found.sort_by_key(|(index, _, _)| *index);
        found
            .into_iter()
            .map(|(_, id, child)| self.summary(id, child))
            .collect()
    }

    /// Runs whose id begins with these digits, the first two.
    pub(crate) fn beginning(&self, digits: &str) -> Vec<RunId> {
        let digits: String = digits
            .chars()
            .filter(|digit| *digit != '-')
            .collect::<String>()
            .to_lowercase();
        let begins = |run: &&RunId| run.0.simple().to_string().starts_with(&digits);
        self.runs.keys().filter(begins).take(2).copied().collect()
    }

    /// Runs that are due and owned by nobody, oldest first, behind a place where one is given.
    pub(crate) fn due(&self, now: Timestamp, behind: Option<(i64, u64)>, limit: usize) -> Vec<Due> {
        let is_due = |run: &Run| run.row.due.filter(|due| *due <= now.millis());
        let is_woken = |id: &RunId, run: &Run| {
            (self.woken.contains(id) && run.row.lease_until <= now.millis() && run.turn != Turn::Waits).then_some(0)
        };
        let due = |(id, run): (&RunId, &Run)| {
            let due = is_woken(id, run).or_else(|| is_due(run))?;
            Some(Due {
                run: *id,
                pipeline: run.parent.is_none().then(|| run.pipeline.clone()),
                place: (due, run.number),
            })
        };
        let mut found: Vec<_> = self.runs.iter().filter_map(due).collect();
        found.retain(|due| behind.is_none_or(|behind| due.place > behind));
        found.sort_by_key(|due| due.place);
        found.truncate(limit);
        found
    }

    /// Runs of a pipeline that a message began, and that nobody has.
    pub(crate) fn ready(&self, pipeline: &str, most: usize) -> usize {
        let ready = |run: &&Run| run.parent.is_none() && run.pipeline == pipeline && run.row.due == Some(0);
        self.runs.values().filter(ready).take(most).count()
    }

    /// The earliest time after another at which a run becomes due if nobody owns it then.
    pub(crate) fn next_due(&self, after: Timestamp) -> Option<Timestamp> {
        let due = self.runs.values().filter_map(|run| run.row.due);
        due.filter(|due| *due > after.millis())
            .min()
            .map(Timestamp::from_millis)
    }

    /// Runs that whoever is alone has to look at when it begins, in the order in which they began.
    pub(crate) fn left(&self, which: Unfinished, behind: Option<RunId>, limit: usize, was_left: i64) -> Vec<RunId> {
        let behind = behind.and_then(|run| Some(self.runs.get(&run)?.number));
        let is_left = |id: &RunId, run: &Run| match (which, run.row.standing) {
            (Unfinished::Active, Standing::Active) => true,
            (Unfinished::Sleeping(until), Standing::Sleeping(due)) => due <= until,
            (Unfinished::Waiting, Standing::Waiting(_)) => self.may_go_on(*id, run, was_left),
            _ => false,
        };
        let found = self.runs.iter();
        let found = found.filter(|(id, run)| behind.is_none_or(|behind| run.number > behind) && is_left(id, run));
        let mut found: Vec<(u64, RunId)> = found.map(|(id, run)| (run.number, *id)).collect();
        found.sort();
        found.into_iter().take(limit).map(|(_, id)| id).collect()
    }

    /// When the last entry was written, in milliseconds.
    pub(crate) fn last_entry(&self) -> i64 {
        let last = self.entries.values().filter_map(|entries| entries.last());
        let last = last.max_by_key(|entry| entry.position);
        last.map_or(0, |entry| entry.header.at.millis())
    }

    /// Whether something may have come for a run that waits: as the SQLite store says it, of seconds in place of minutes.
    fn may_go_on(&self, id: RunId, run: &Run, was_left: i64) -> bool {
        let unseen = was_left - SEEN_MS;
        let mut children = self
            .runs
            .values()
            .filter(|child| child.parent.as_ref().is_some_and(|p| p.run == id))
            .peekable();
        let has_children = children.peek().is_some();
        let mut waits = self.waits.values().filter(|wait| wait.run == id).peekable();
        let waits_itself = waits.peek().is_some();
        run.row.lease_until > 0
            || children.any(|child| child.row.standing != Standing::Active && child.touched.millis() >= unseen)
            || !has_children && !waits_itself
            || waits.any(|wait| {
                let closed = wait
                    .reference
                    .as_ref()
                    .is_some_and(|name| self.references.contains_key(name));
                let came = wait.event().is_some_and(|(name, key)| {
                    let mut events = self.events.values();
                    events.any(|(event, _)| event.name == name && event.key.as_deref() == Some(key))
                });
                closed || came
            })
    }

    /// Runs that wait for an event.
    pub(crate) fn awaiting(&self, name: &str, key: &str) -> Vec<RunId> {
        let of = self.waits.values().filter(|wait| wait.event() == Some((name, key)));
        of.map(|wait| wait.run).collect()
    }

    /// Runs with an open wait under a reference.
    pub(crate) fn waiting_under(&self, reference: &str) -> Vec<RunId> {
        let under = self
            .waits
            .values()
            .filter(|wait| wait.reference.as_deref() == Some(reference));
        under.map(|wait| wait.run).collect()
    }

    /// Open waits, oldest first.
    pub(crate) fn open_waits(&self, run: Option<RunId>) -> Vec<Wait> {
        let of_run = |wait: &&Wait| run.is_none_or(|run| wait.run == run);
        let mut found: Vec<Wait> = self.waits.values().filter(of_run).cloned().collect();
        found.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
        found
    }

    /// What was done, or is open, under a reference, in the order in which it was opened.
    pub(crate) fn effects(&self, reference: &str) -> Vec<Effect> {
        let mut found: Vec<(u64, Effect)> = Vec::new();
        for (once, key) in self.onces.iter() {
            if key.reference.as_deref() == Some(reference) {
                let effect = Effect {
                    run: key.run,
                    path: key.path.clone(),
                    scope: once.scope.clone(),
                    key: Some(once.key.clone()),
                    state: key.state.clone(),
                    input: key.input_body.clone(),
                    output: key.output.clone(),
                };
                found.push((key.opened, effect));
            }
        }
        for ((of, run, path), act) in self.acts.iter() {
            if of == reference {
                let effect = Effect {
                    run: *run,
                    path: path.clone(),
                    scope: act.scope.clone(),
                    key: None,
                    state: act.state.clone(),
                    input: act.input.clone(),
                    output: act.output.clone(),
                };
                found.push((act.opened, effect));
            }
        }
        found.sort_by_key(|(opened, _)| *opened);
        found.into_iter().map(|(_, effect)| effect).collect()
    }

    /// Accounts by ledger and name.
    pub(crate) fn ledger(&self, ledger: Option<&str>, account: Option<&str>) -> Vec<AccountSummary> {
        let fits = |(of, name): &(String, String)| {
            ledger.is_none_or(|only| only == of) && account.is_none_or(|only| only == name)
        };
        let summary = |((ledger, name), account): (&(String, String), &dragoman_journal::decide::Account)| {
            let line = |(item, line): (&String, &dragoman_journal::decide::Line)| AccountLine {
                item: item.clone(),
                unit: line.unit.clone(),
                most: line.most.normalize().to_string(),
                taken: line.taken.normalize().to_string(),
            };
            AccountSummary {
                ledger: ledger.clone(),
                account: name.clone(),
                single: account.single,
                claims: account.claims.try_into().unwrap_or_default(),
                lines: account.lines.iter().map(line).collect(),
            }
        };
        self.accounts.iter().filter(|(key, _)| fits(key)).map(summary).collect()
    }

    /// What was claimed of an account, in the order in which it was claimed first.
    pub(crate) fn claims(&self, ledger: &str, account: &str) -> Vec<Once> {
        let scope = format!("ledger:{ledger}");
        let of_account = |(once, key): &(&OnceKey, &Key)| {
            once.scope == scope && key.input_body.get("account").and_then(|name| name.as_str()) == Some(account)
        };
        let mut found: Vec<_> = self.onces.iter().filter(of_account).collect();
        found.sort_by_key(|(_, key)| key.opened);
        found.into_iter().map(|(once, key)| key.of(once)).collect()
    }
}
