//! The way that a run took: what its entries say of each step.

use std::collections::BTreeMap;

use dragoman_journal::{Ending, Record, without_numbers};

use crate::flow::{Block, Body, Branch, Flow, Item, Look};

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Passed over: its condition did not hold.
    Skipped,
    /// Passed; its entries do not say more.
    Passed,
    /// Done.
    Done,
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
    let mut marks = BTreeMap::new();
    let mut ending = None;
    for entry in entries {
        let path = without_numbers(&entry.path);
        match &entry.record {
            Record::Accepted {
                trigger, parent: None, ..
            } => {
                marks.insert(format!("on:{trigger}"), Mark::Done);
                marks.insert("on".into(), Mark::Done);
            }
            Record::Closed { ending: how } => ending = Some((*how, entry)),
            record => {
                goes_on(&path, &mut marks);
                if let (Some(mark), false) = (mark_of(record), path.is_empty()) {
                    marks.insert(path, mark);
                }
            }
        }
    }
    if let Some((how, entry)) = ending {
        ended(how, entry, block, &mut marks);
    }
    let completed = matches!(ending, Some((Ending::Completed, _)));
    infer(block, completed, &mut marks);
    if completed && flow.is_some() {
        marks.insert("completed".into(), Mark::Done);
    }
    marks
}

/// What something happens inside of does not wait any more: a `repeat` whose next round has begun.
fn goes_on(path: &str, marks: &mut BTreeMap<String, Mark>) {
    for (at, _) in path.match_indices(['.', '[']) {
        if let Some(mark) = marks.get_mut(&path[..at]).filter(|mark| **mark == Mark::Waiting) {
            *mark = Mark::Running;
        }
    }
}

fn mark_of(record: &Record) -> Option<Mark> {
    Some(match record {
        Record::Read { .. }
        | Record::Done { .. }
        | Record::Answer { .. }
        | Record::Claimed { .. }
        | Record::Released { .. }
        | Record::Voided { .. }
        | Record::Observed { .. } => Mark::Done,
        // What was emitted, what a wait heard, what a sender was answered.
        Record::Event { name } if matches!(name.as_str(), "emitted" | "received" | "replied") => Mark::Done,
        Record::Children { .. } | Record::Intent { .. } => Mark::Running,
        Record::Failed { last: true, .. } => Mark::Failed,
        Record::Failed { .. } | Record::Timer { .. } | Record::Waiting { .. } => Mark::Waiting,
        Record::Parked { .. } => Mark::Parked,
        _ => return None,
    })
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
fn infer(block: &Block, completed: bool, marks: &mut BTreeMap<String, Mark>) -> bool {
    let mut last = None;
    for (index, item) in block.items.iter().enumerate() {
        // Each of them is gone through, also behind one that was reached.
        let reached: Vec<bool> = own_blocks(item).map(|inner| infer(inner, false, marks)).collect();
        if reached.contains(&true) {
            marks.entry(item.path.clone()).or_insert(Mark::Done);
        }
        if marks.contains_key(&item.path) {
            last = Some(index);
        }
    }
    let passed = if completed {
        block.items.len()
    } else {
        last.unwrap_or(0)
    };
    for item in &block.items[..passed] {
        match marks.get(&item.path) {
            None => {
                marks.insert(item.path.clone(), unsaid(item));
            }
            // What stands behind it was reached: a sleep is over, a `repeat` is done.
            Some(Mark::Running | Mark::Waiting) => {
                marks.insert(item.path.clone(), Mark::Done);
            }
            Some(_) => {}
        }
        if matches!(marks.get(&item.path), Some(Mark::Done)) {
            within(item, marks);
        }
    }
    last.is_some()
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
fn within(item: &Item, marks: &mut BTreeMap<String, Mark>) {
    match &item.body {
        Body::Choice(branches) => {
            let reached = |b: &&Branch| b.block.items.iter().any(|i| marks.contains_key(&i.path));
            // A branch of which nothing is written is the one that was taken where all others would have written.
            let mut silent = branches.iter().filter(|b| b.block.items.iter().all(is_silent));
            let taken = match (branches.iter().find(reached), silent.next(), silent.next()) {
                (Some(branch), ..) | (None, Some(branch), None) => branch,
                _ => return,
            };
            infer(&taken.block, true, marks);
            marks.insert(taken.path.clone(), Mark::Done);
        }
        Body::Parallel(branches) => {
            for branch in branches {
                infer(&branch.block, true, marks);
                marks.insert(branch.path.clone(), Mark::Done);
            }
        }
        Body::Frame(block) => {
            infer(block, true, marks);
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
