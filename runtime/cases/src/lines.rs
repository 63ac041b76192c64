//! Which of the answers that a case lists is the next: each in its turn, and the last one for all that follow.

use std::collections::{BTreeSet, HashMap};

use dragoman_model::RunId;

use crate::prepared::{Given, Line};

/// An attempt of a call, whatever life of the process makes it.
pub(crate) type Attempt = (RunId, String, String, u32);

/// What was answered so far; it outlives the process that is killed.
///
/// A list goes on over the rounds of a `repeat` and over the attempts in each, and begins anew for each item of an
/// `each`, since nobody can say which of them asks first.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The numbers of the lines that were used, by the list and the sequence of steps that it answers.
    used: HashMap<(usize, String), BTreeSet<usize>>,
    /// An attempt that is made once more, because the process died before its answer was durable, has the same answer.
    given: HashMap<Attempt, usize>,
}

impl Lines {
    /// The next of the lines, by its number in its list; the last one where all were used.
    fn next(&mut self, list: usize, sequence: &str, lines: &[(usize, &Line)]) -> Option<usize> {
        let used = self.used.entry((list, sequence.to_owned())).or_default();
        let fresh = lines.iter().find(|(number, _)| !used.contains(number));
        let (number, _) = fresh.or(lines.last())?;
        used.insert(*number);
        Some(*number)
    }

    /// What an attempt is answered.
    pub(crate) fn answer<'l>(
        &mut self,
        list: usize,
        sequence: &str,
        attempt: Attempt,
        lines: &[(usize, &'l Line)],
    ) -> Option<&'l Given> {
        let calls = of(lines, |given| {
            matches!(given, Given::Output(_) | Given::Failure(..) | Given::Joined(_))
        });
        let number = match self.given.get(&attempt) {
            Some(known) => *known,
            None => self.next(list, sequence, &calls)?,
        };
        self.given.insert(attempt, number);
        let (_, line) = calls.iter().find(|(at, _)| *at == number)?;
        Some(&line.gives)
    }

    /// What is found where it is asked whether a call took effect.
    pub(crate) fn probe<'l>(&mut self, list: usize, sequence: &str, lines: &[(usize, &'l Line)]) -> Option<&'l Given> {
        let probes = of(lines, is_probe);
        let number = self.next(list, sequence, &probes)?;
        let (_, line) = probes.iter().find(|(at, _)| *at == number)?;
        Some(&line.gives)
    }

    /// What will be found in the end where it is asked: the case has decided by then.
    pub(crate) fn decided<'l>(&self, list: usize, sequence: &str, lines: &[(usize, &'l Line)]) -> Option<&'l Given> {
        let probes = of(lines, |given| is_probe(given) && !matches!(given, Given::Pending));
        let used = self.used.get(&(list, sequence.to_owned()));
        let fresh = probes.iter().find(|(at, _)| used.is_none_or(|used| !used.contains(at)));
        fresh.or(probes.last()).map(|(_, line)| &line.gives)
    }
}

fn is_probe(given: &Given) -> bool {
    matches!(given, Given::Applied(_) | Given::Absent | Given::Pending)
}

fn of<'l>(lines: &[(usize, &'l Line)], is: impl Fn(&Given) -> bool) -> Vec<(usize, &'l Line)> {
    lines.iter().copied().filter(|(_, line)| is(&line.gives)).collect()
}
