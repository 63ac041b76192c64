//! The way that a run took: what its entries say of each step.

use std::collections::BTreeMap;

use dragoman_journal::{Ending, Record, without_numbers};

use crate::flow::{Block, Body, Branch, Flow, Item, Look};
use crate::seen::Seen;

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Passed over: its condition did not hold.
    Skipped,
    /// Passed; its entries do not say more.
    Passed,
    /// Done.
    Done,
    /// Done, and undone.
    Undone,
    /// Under way when the run ended: nothing more comes of it.
    GivenUp,
    /// Under way.
    Running,
    /// Waits: for a person, for a time, for another attempt.
    Waiting,
    /// Stopped for a person to repair.
    Parked,
    /// Failed, or ended as failed.
    Failed,
}

/// An entry of a run, as far as the picture needs it.
#[derive(Debug, Clone)]
pub struct Happened {
    /// The path of the step; empty for the run itself.
    pub path: String,
    /// What happened.
    pub record: Record,
    /// Why, where the entry's body says so.
    pub reason: Option<String>,
    /// The step at which the run ended, where the entry's body says so.
    pub ended_at: Option<String>,
}

/// What became of each step: for steps inside `each`, of how many children.
#[derive(Debug, Clone, Default)]
pub struct Track {
    marks: BTreeMap<String, BTreeMap<Mark, usize>>,
}

impl Track {
    /// In: the flow, and the entries of the run and of each of its children, in their order. Out: the marks.
    pub fn of(flow: &Flow, run: &[Happened], children: &[Vec<Happened>]) -> Track {
        let mut track = Track::default();
        track.add(journal(run, Some(flow), &flow.steps));
        for child in children {
            let Some(path) = child.iter().find_map(parent) else {
                continue;
            };
            let path = without_numbers(&path);
            let mut block = None;
            flow.walk(&mut |item| {
                if item.path == path
                    && let Body::Children(inner) = &item.body
                {
                    block = Some(inner);
                }
            });
            if let Some(block) = block {
                track.add(journal(child, None, block));
            }
        }
        track
    }

    fn add(&mut self, marks: BTreeMap<String, Mark>) {
        for (path, mark) in marks {
            *self.marks.entry(path).or_default().entry(mark).or_default() += 1;
        }
    }

    /// The gravest mark of a step, and how many of its children have each.
    pub(crate) fn mark(&self, path: &str) -> Option<Mark> {
        self.marks.get(path)?.keys().next_back().copied()
    }

    /// In words: `done`, or `2 done, 1 waits` where there are several.
    pub(crate) fn told(&self, path: &str) -> Option<String> {
        let marks = self.marks.get(path)?;
        let alone = marks.values().sum::<usize>() == 1;
        let told = marks.iter().map(|(mark, count)| match alone {
            true => mark.word().to_owned(),
            false => format!("{count} {}", mark.word()),
        });
        Some(told.collect::<Vec<_>>().join(", "))
    }

    /// How many children have a mark, where it is a step of children.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.marks.get(path).map_or(0, |m| m.values().sum())
    }
}

impl Mark {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Mark::Skipped => "skipped",
            Mark::Passed => "passed",
            Mark::Done => "done",
            Mark::Undone => "undone",
            Mark::GivenUp => "given up",
            Mark::Running => "under way",
            Mark::Waiting => "waits",
            Mark::Parked => "parked",
            Mark::Failed => "failed",
        }
    }
}

fn parent(happened: &Happened) -> Option<String> {
    match &happened.record {
        Record::Accepted { parent, .. } => parent.as_ref().map(|p| p.path.clone()),
        _ => None,
    }
}

/// The marks of one journal: that of the run where the flow is given, else that of a child.
fn journal(entries: &[Happened], flow: Option<&Flow>, block: &Block) -> BTreeMap<String, Mark> {
    let mut seen = Seen::default();
    let mut ending = None;
    for entry in entries {
        match &entry.record {
            Record::Accepted {
                trigger, parent: None, ..
            } => {
                seen.marks.insert(format!("on:{trigger}"), Mark::Done);
                seen.marks.insert("on".into(), Mark::Done);
            }
            Record::Closed { ending: how } => ending = Some((*how, entry)),
            record => seen.entry(&without_numbers(&entry.path), record),
        }
    }
    if let Some((how, entry)) = ending {
        seen.closed(how);
        if !(seen.voided
            && entry
                .reason
                .as_ref()
                .is_some_and(|reason| reason.starts_with("reference `")))
        {
            ended(how, entry, block, &mut seen.marks);
        }
    }
    let completed = matches!(ending, Some((Ending::Completed, _)));
    infer(block, completed, &mut seen);
    if completed && flow.is_some() {
        seen.marks.insert("completed".into(), Mark::Done);
    }
    seen.marks
}

/// Where the run ended: the step is named, or found by its reason.
fn ended(how: Ending, entry: &Happened, block: &Block, marks: &mut BTreeMap<String, Mark>) {
    if let Some(at) = &entry.ended_at {
        marks.insert(without_numbers(at), Mark::Failed);
        return;
    }
    let (look, mark) = match how {
        Ending::Stopped => (Look::Stop, Mark::Done),
        Ending::Failed => (Look::Fail, Mark::Failed),
        Ending::Completed | Ending::Cancelled => return,
    };
    let mut found: Option<&Item> = None;
    let mut behind = false;
    block.walk(&mut |item| {
        if marks.contains_key(&item.path) {
            // The end stands behind the last step that was reached.
            (found, behind) = (None, true);
        }
        if let Body::End(reason) = &item.body
            && item.look == look
            && found.is_none()
            && reason.as_ref().is_none_or(|r| entry.reason.as_ref() == Some(r))
        {
            found = Some(item);
        }
    });
    if let Some(item) = found {
        marks.insert(item.path.clone(), mark);
    }
}

/// What the entries say without words: what stands before a step that was reached was passed. Gives whether anything
/// in the block was reached.
fn infer(block: &Block, completed: bool, seen: &mut Seen) -> bool {
    let mut last = None;
    for (index, item) in block.items.iter().enumerate() {
        // Each of them is gone through, also behind one that was reached.
        let reached: Vec<bool> = own_blocks(item).map(|inner| infer(inner, false, seen)).collect();
        if reached.contains(&true) {
            let around = around(item, &seen.marks);
            seen.marks.entry(item.path.clone()).or_insert(around);
        }
        if seen.marks.contains_key(&item.path) {
            last = Some(index);
        }
    }
    let passed = if completed {
        block.items.len()
    } else {
        last.unwrap_or(0)
    };
    for item in &block.items[..passed] {
        match seen.marks.get(&item.path) {
            // What became of it came later than what stands behind it.
            Some(_) if seen.undone.contains(&item.path) => {}
            None => {
                seen.marks.insert(item.path.clone(), unsaid(item));
            }
            // What stands behind it was reached: a sleep is over, a `repeat` is done, a person let it go on.
            Some(Mark::Running | Mark::Waiting | Mark::Parked) => {
                seen.marks.insert(item.path.clone(), Mark::Done);
            }
            Some(Mark::Failed) => handled(item, seen),
            Some(_) => {}
        }
        if matches!(seen.marks.get(&item.path), Some(Mark::Done)) {
            within(item, seen);
        }
    }
    last.is_some()
}

/// What steps lie in of which one was reached: it goes on as long as one of them does. A choice was made.
fn around(item: &Item, marks: &BTreeMap<String, Mark>) -> Mark {
    let mut open = false;
    if matches!(item.body, Body::Frame(_) | Body::Parallel(_)) {
        own_blocks(item).for_each(|block| {
            block.walk(&mut |inner| {
                open |= matches!(
                    marks.get(&inner.path),
                    Some(Mark::Running | Mark::Waiting | Mark::Parked)
                );
            });
        });
    }
    if open { Mark::Running } else { Mark::Done }
}

/// A step that failed, and behind which the run went on: its handler gave the value.
fn handled(item: &Item, seen: &mut Seen) {
    let reached = |branch: &&Branch| branch.block.items.iter().any(|i| seen.marks.contains_key(&i.path));
    let named = |key: &str| {
        let prefix = format!("{}.{key}.", item.path);
        item.handlers
            .iter()
            .find(move |branch| branch.path.starts_with(&prefix))
    };
    let (is_late, is_no) = seen.failures.get(&item.path).copied().unwrap_or_default();
    let late = || named("on_timeout").filter(|_| is_late);
    let no = || named("on_refused").or_else(|| named("on_rejected")).filter(|_| is_no);
    let taken = item.handlers.iter().find(reached).or_else(late).or_else(no);
    if let Some(branch) = taken.or_else(|| named("on_failure")) {
        infer(&branch.block, true, seen);
        seen.marks.insert(branch.path.clone(), Mark::Done);
    }
}

/// The blocks inside an item that are done by this run, and not by children.
fn own_blocks(item: &Item) -> impl Iterator<Item = &Block> {
    let children = match &item.body {
        Body::Children(block) => Some(std::ptr::from_ref(block)),
        _ => None,
    };
    item.inner()
        .filter(move |inner| Some(std::ptr::from_ref(*inner)) != children)
}

/// What was passed inside an item that is done.
fn within(item: &Item, seen: &mut Seen) {
    match &item.body {
        Body::Choice(branches) => {
            let reached = |b: &&Branch| b.block.items.iter().any(|i| seen.marks.contains_key(&i.path));
            // A branch of which nothing is written is the one that was taken where all others would have written.
            let mut silent = branches.iter().filter(|b| b.block.items.iter().all(is_silent));
            let taken = match (branches.iter().find(reached), silent.next(), silent.next()) {
                (Some(branch), ..) | (None, Some(branch), None) => branch,
                _ => return,
            };
            infer(&taken.block, true, seen);
            seen.marks.insert(taken.path.clone(), Mark::Done);
        }
        Body::Parallel(branches) => {
            for branch in branches {
                infer(&branch.block, true, seen);
                seen.marks.insert(branch.path.clone(), Mark::Done);
            }
        }
        Body::Frame(block) => {
            infer(block, true, seen);
        }
        Body::Leaf | Body::End(_) | Body::Children(_) => {}
    }
}

/// Whether a step writes no entry.
fn is_silent(item: &Item) -> bool {
    item.look == Look::Gives
}

/// A step that was passed and wrote nothing.
fn unsaid(item: &Item) -> Mark {
    match (&item.guard, item.look) {
        (Some(_), Look::Plain | Look::Others | Look::Choice | Look::Group) => Mark::Passed,
        (Some(_), _) => Mark::Skipped,
        (None, _) => Mark::Done,
    }
}
