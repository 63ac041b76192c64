//! A case run once, and again for every commit, killed right before it and right after it: the outcome must be the same.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use dragoman_engine::ManualClock;
use dragoman_journal::Record;
use dragoman_manifest::cases::{Case, Crash, Ending};
use dragoman_model::Diagnostic;

use crate::bench::Bench;
use crate::differences::Mismatch;
use crate::error::Error;
use crate::family::{Family, Runs};
use crate::found::Found;
use crate::life::{Begun, World, live, open, runtime};
use crate::mortal::{Commit, Dies};
use crate::prepared::Prepared;
use crate::script::Script;
use crate::timeless::timeless_facts;

/// The code under which a run is parked whose process died while nobody can say whether a request left.
const INTERRUPTED: &str = "engine.interrupted";

/// What came of one or several lives.
pub(crate) struct Lived {
    pub(crate) found: Found,
    pub(crate) facts: BTreeMap<String, u32>,
    pub(crate) begun: Begun,
    pub(crate) wrong: Vec<Diagnostic>,
    pub(crate) unused: Vec<String>,
    /// The run and those that its events began, how each ended.
    endings: Vec<Ended>,
    pub(crate) commits: Vec<Commit>,
    /// The runs themselves, as the store has them.
    pub(crate) runs: Runs,
}

/// How a run ended.
struct Ended {
    pipeline: String,
    ending: Ending,
    why: String,
    /// Whether a person must say if a request left: where nobody can know, that is the right outcome.
    unknowable: bool,
}

impl Ended {
    fn of(family: &Family<'_>) -> Ended {
        let found = family.found(&[]);
        Ended {
            pipeline: family.root().map(|root| root.pipeline.clone()).unwrap_or_default(),
            ending: found.ending,
            why: found.reasons.first().map(|r| format!(": {r}")).unwrap_or_default(),
            unknowable: is_unknowable(family) && found.ending == Ending::Parked,
        }
    }
}

/// Lives as often as it is told, on one store, with one world outside.
pub(crate) fn lives(case: &Case, prepared: &Arc<Prepared>, bench: &Arc<Bench>, all: &[Dies]) -> Result<Lived, Error> {
    let place = case
        .answers
        .first()
        .map_or_else(|| case.summary.span.clone(), |a| a.key.span.clone());
    let folder = folder()?;
    let world = World {
        script: Arc::new(Script::new(Arc::clone(bench), Arc::clone(prepared), place)),
        prepared: Arc::clone(prepared),
        clock: ManualClock::new(prepared.start),
        begun: std::sync::Mutex::default(),
    };
    let mut commits = Vec::new();
    for dies in all {
        commits = live(folder.path(), &world, *dies)?;
    }
    let begun = world.begun();
    let mut runs = Runs::default();
    let (found, endings) = match (begun.run, &begun.refused) {
        (Some(run), _) => {
            let store = open(folder.path())?;
            runs = runtime()?.block_on(Runs::load(store.as_ref(), run))?;
            let family = runs.family(run);
            let endings = family.all().into_iter().map(Ended::of).collect();
            (family.found(&world.script.made()), endings)
        }
        (None, refused) => (Found::refused(refused.clone().unwrap_or_default()), Vec::new()),
    };
    Ok(Lived {
        found,
        facts: timeless_facts(&world.script.facts(), prepared.start),
        wrong: world.script.wrong(),
        unused: world.script.unused().into_iter().map(str::to_owned).collect(),
        begun,
        endings,
        commits,
        runs,
    })
}

fn is_unknowable(family: &Family<'_>) -> bool {
    family.ordered().iter().any(|told| match &told.entry.header.record {
        Record::Parked { code } => code == INTERRUPTED,
        _ => false,
    })
}

/// A folder for the store of a case. In memory where the system has such a place: it must outlive nothing but the
/// deaths that the case plays.
fn folder() -> Result<tempfile::TempDir, Error> {
    let memory = PathBuf::from("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    let made = made.or_else(|_| tempfile::tempdir());
    made.map_err(|error| Error::restless(format!("there is no folder for the store of the case: {error}")))
}

/// Of commits that are alike, so many of the first are died at, and so many of the last, where not each is asked for.
const ALIKE: usize = 3;

/// The commits at which to die, by their numbers.
fn chosen(commits: &[Commit], crash: Crash) -> Vec<usize> {
    let mut alike: HashMap<&Commit, Vec<usize>> = HashMap::new();
    for (number, commit) in commits.iter().enumerate() {
        alike.entry(commit).or_default().push(number);
    }
    let is_chosen = |number: &usize| match (crash, alike.get(&commits[*number])) {
        (Crash::Never, _) => false,
        (Crash::EachKind, Some(all)) => {
            let place = all.partition_point(|other| other < number);
            place < ALIKE || place + ALIKE >= all.len()
        }
        _ => true,
    };
    (0..commits.len()).filter(is_chosen).collect()
}

/// Dies at the commits that an undisturbed life makes, as the case asks; what is other than there. How many lives that took.
pub(crate) fn killed(
    case: &Case,
    prepared: &Arc<Prepared>,
    bench: &Arc<Bench>,
    undisturbed: &Lived,
) -> Result<(Vec<Mismatch>, usize), Error> {
    let mut mismatches = Vec::new();
    let mut count = 0;
    for number in chosen(&undisturbed.commits, case.crash) {
        for dies in [Dies::Before(number), Dies::After(number)] {
            let lived = lives(case, prepared, bench, &[dies, Dies::Never])?;
            count += 1;
            let when = match dies {
                Dies::Before(number) => format!("killed before commit {}", number + 1),
                _ => format!("killed after commit {}", number + 1),
            };
            if let Some(mismatch) = other(case, undisturbed, &lived, &when) {
                mismatches.push(mismatch);
            }
        }
    }
    Ok((mismatches, count))
}

/// What is other than in the undisturbed life.
fn other(case: &Case, undisturbed: &Lived, lived: &Lived, when: &str) -> Option<Mismatch> {
    let place = case.summary.span.place();
    let key = format!("crash, {when}");
    for (fact, count) in &lived.facts {
        let once = undisturbed.facts.get(fact).copied().unwrap_or(0);
        if *count > once {
            return Some(Mismatch::new(
                &key,
                place,
                format!("{once} times: {fact}"),
                format!("{count} times"),
            ));
        }
    }
    if let Some((expected, found)) = other_endings(undisturbed, lived) {
        return Some(Mismatch::new(&key, place, expected, found));
    }
    if lived.endings.iter().any(|ended| ended.unknowable) {
        return None;
    }
    let missing = undisturbed
        .facts
        .iter()
        .find(|(fact, count)| lived.facts.get(*fact) != Some(*count));
    if let Some((fact, count)) = missing {
        let is = lived.facts.get(fact).copied().unwrap_or(0);
        return Some(Mismatch::new(
            &key,
            place,
            format!("{count} times: {fact}"),
            format!("{is} times"),
        ));
    }
    None
}

/// Where the run, or one that its events began, ended otherwise: as it was, and as it is.
fn other_endings(undisturbed: &Lived, lived: &Lived) -> Option<(String, String)> {
    let (was, is) = (undisturbed.found.ending, lived.found.ending);
    let unknowable = lived.endings.iter().any(|ended| ended.unknowable);
    if lived.endings.is_empty() || undisturbed.endings.is_empty() {
        return (was != is).then(|| (was.word().to_owned(), is.word().to_owned()));
    }
    for (number, was) in undisturbed.endings.iter().enumerate() {
        let name = |word: &str| match number {
            0 => word.to_owned(),
            _ => format!("`{}` {word}", was.pipeline),
        };
        match lived.endings.get(number) {
            Some(is) if is.unknowable || (is.pipeline == was.pipeline && is.ending == was.ending) => {}
            // What emits stands still where nobody can know, and then begins nothing.
            None if unknowable => {}
            Some(is) if is.pipeline == was.pipeline => {
                return Some((
                    name(was.ending.word()),
                    name(&format!("{}{}", is.ending.word(), is.why)),
                ));
            }
            _ => return Some((name(was.ending.word()), format!("`{}` did not begin", was.pipeline))),
        }
    }
    let more = lived.endings.get(undisturbed.endings.len())?;
    Some((
        format!("{} runs", undisturbed.endings.len()),
        format!("{} runs: `{}` began", lived.endings.len(), more.pipeline),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_repeated_the_ends_are_died_at() {
        let repeated = |count| vec![Commit::Delivered; count];
        let mut commits = repeated(4);
        commits.push(Commit::Begin("orders".into()));
        commits.extend(repeated(6));
        assert!(chosen(&commits, Crash::Never).is_empty());
        assert_eq!(chosen(&commits, Crash::EveryCommit).len(), 11);
        assert_eq!(chosen(&commits, Crash::EachKind), [0, 1, 2, 4, 8, 9, 10]);
        assert_eq!(chosen(&repeated(6), Crash::EachKind), [0, 1, 2, 3, 4, 5]);
    }
}
