//! What a transaction moves for runs that it does not write itself: whose turn has come, who is to look again.

use std::collections::{BTreeSet, HashSet};

use dragoman_journal::Wait;
use dragoman_model::RunId;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::flush::{Statement, Tells};
use crate::rows::{Rows, Run};

/// Gives the turn of serials: to the family that has it, else to the first of those that wait. Whoever asks with this
/// transaction has the run at once; one that waited is due at once, for whoever takes it.
const GRANT: &str = "WITH asked AS (SELECT * FROM unnest($2::uuid[], $3::bigint[]) AS a(id, until)),
  next AS (
    SELECT l.serial, coalesce(
      (SELECT r.family FROM run r WHERE r.serial = l.serial AND r.turn = 2 LIMIT 1),
      (SELECT r.family FROM run r WHERE r.serial = l.serial AND r.turn = 1 ORDER BY r.place LIMIT 1)) AS family
    FROM unnest($1::text[]) AS l(serial))
  UPDATE run SET turn = 2, lease_until = coalesce((SELECT until FROM asked WHERE asked.id = run.id), 0),
    due = coalesce((SELECT until FROM asked WHERE asked.id = run.id), 0)
  FROM next WHERE run.serial = next.serial AND run.family = next.family AND run.turn = 1
  RETURNING run.id";
/// Runs that wait for an event which was emitted.
const EMITTED: &str = "INSERT INTO woken(run) SELECT w.run
  FROM unnest($1::text[], $2::text[]) AS e(name, key) JOIN wait w ON w.event = e.name AND w.event_key = e.key
  RETURNING run";
/// Runs that begin to wait for an event which came since they looked.
const CAME: &str =
    "INSERT INTO woken(run) SELECT w.run FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w(run, name, key)
  WHERE EXISTS(SELECT 1 FROM event e WHERE e.name = w.name AND e.key = w.key) RETURNING run";
/// Parents of runs that have ended: of one that failed, and of the last. One that this process has at work is told here.
const PARENTS: &str = "INSERT INTO woken(run) SELECT DISTINCT p.id
  FROM unnest($1::uuid[]) AS c(id) JOIN run r ON r.id = c.id JOIN run p ON p.id = r.parent
  WHERE p.ending IS NULL AND NOT (p.lease_until > 0 AND p.owner IS NOT DISTINCT FROM $2::uuid)
    AND (r.ending = 2 OR NOT EXISTS(SELECT 1 FROM run s
      WHERE s.parent = r.parent AND s.parent_path = r.parent_path AND s.ending IS NULL))
  RETURNING run";
/// Nobody looks at a run that has ended.
const ENDED: &str = "DELETE FROM woken WHERE run = ANY($1)";

/// What was moved.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    granted: HashSet<RunId>,
    /// Whether something became due that is not at work.
    pub(crate) stirs: bool,
}

impl Moved {
    /// Takes what a statement gave.
    pub(crate) fn told(&mut self, tells: Tells, told: &[Row], rows: &Rows) {
        match tells {
            Tells::Nothing => {}
            Tells::Woken => self.stirs |= !told.is_empty(),
            Tells::Granted => {
                for row in told {
                    let Ok(run) = row.try_get(0).map(RunId) else { continue };
                    self.stirs |= rows.runs.get(&run).is_none_or(|known| !known.asks);
                    self.granted.insert(run);
                }
            }
        }
    }

    /// Runs that asked for their turn and wait for it.
    pub(crate) fn queued(&self, rows: &Rows) -> HashSet<RunId> {
        let asked = rows.asked().map(|(run, _)| run);
        asked.filter(|run| !self.granted.contains(run)).collect()
    }
}

/// The statements; they come behind the lock at the end of the trail.
pub(crate) fn of(rows: &Rows) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let changed = || rows.runs.changed().filter_map(|(id, run)| Some((*id, run?)));
    let ended: Vec<Uuid> = changed()
        .filter(|(_, run)| run.ending.is_some())
        .map(|(id, _)| id.0)
        .collect();
    if !ended.is_empty() {
        statements.push(Statement::new(ENDED, vec![Box::new(ended)]));
    }
    let children: Vec<Uuid> = changed()
        .filter(|(_, run)| run.ending.is_some() && run.is_child)
        .map(|(id, _)| id.0)
        .collect();
    if !children.is_empty() {
        let values = vec![Box::new(children) as _, Box::new(rows.owner) as _];
        statements.push(Statement::telling(PARENTS, values, Tells::Woken));
    }
    statements.extend(events(rows));
    statements.extend(turns(changed()));
    statements
}

fn events(rows: &Rows) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let keyed: Vec<(&str, &str)> = rows
        .events
        .iter()
        .filter_map(|event| Some((&*event.name, event.key.as_deref()?)))
        .collect();
    if !keyed.is_empty() {
        let (names, keys): (Vec<&str>, Vec<&str>) = keyed.into_iter().unzip();
        let values = vec![Box::new(names) as _, Box::new(keys) as _];
        statements.push(Statement::telling(EMITTED, values, Tells::Woken));
    }
    let begun: Vec<&Wait> = rows.waits.changed().filter_map(|(_, wait)| wait?.as_ref()).collect();
    let mut awaited: (Vec<Uuid>, Vec<&str>, Vec<&str>) = Default::default();
    for wait in begun {
        if let Some((name, key)) = wait.event() {
            awaited.0.push(wait.run.0);
            awaited.1.push(name);
            awaited.2.push(key);
        }
    }
    let (runs, names, keys) = awaited;
    if !runs.is_empty() {
        let values = vec![Box::new(runs) as _, Box::new(names) as _, Box::new(keys) as _];
        statements.push(Statement::telling(CAME, values, Tells::Woken));
    }
    statements
}

/// Where runs of a serial ask for their turn, or give it back.
fn turns<'a>(changed: impl Iterator<Item = (RunId, &'a Run)>) -> Option<Statement<'a>> {
    let mut serials: BTreeSet<&str> = BTreeSet::new();
    let (mut ids, mut until) = (Vec::new(), Vec::new());
    for (id, run) in changed {
        let Some(serial) = &run.serial else { continue };
        if run.asks {
            ids.push(id.0);
            until.push(run.row.lease_until);
        }
        if run.asks || run.row.lease_until == 0 {
            serials.insert(serial);
        }
    }
    if serials.is_empty() {
        return None;
    }
    let serials: Vec<&str> = serials.into_iter().collect();
    let values = vec![Box::new(serials) as _, Box::new(ids) as _, Box::new(until) as _];
    Some(Statement::telling(GRANT, values, Tells::Granted))
}
