//! What runs that have ended have said, erased; and which runs have ended.

use dragoman_journal::Erasure;
use dragoman_journal::error::Error;
use dragoman_model::{RunId, Timestamp};
use uuid::Uuid;

use crate::address::Reader;
use crate::columns;
use crate::flush::Statement;
use crate::queries::{all, limit, one};

/// Holds the documents of these runs: whoever adds a use of one of them holds it too, and is seen by the next statement.
const HOLD: &str =
    "SELECT 1 FROM document WHERE digest IN (SELECT digest FROM document_use WHERE run = ANY($1::uuid[]))
  ORDER BY digest FOR UPDATE";
/// Documents of these runs that no other run keeps.
const DOCUMENTS: &str = "WITH gone AS (DELETE FROM document_use WHERE run = ANY($1::uuid[]) RETURNING digest)
  DELETE FROM document d USING (SELECT DISTINCT digest FROM gone) named WHERE d.digest = named.digest
    AND NOT EXISTS(SELECT 1 FROM document_use u WHERE u.digest = d.digest AND u.run <> ALL($1::uuid[]))";
const BODIES: &str = "DELETE FROM body b USING entry e WHERE e.run = ANY($1::uuid[]) AND b.position = e.position";
const MARK: &str = "UPDATE run SET erased = true WHERE id = ANY($1::uuid[])";
const ONCES: &str = "UPDATE once_key o SET input_body = 'null', output = NULL
  FROM unnest($1::text[], $2::text[], $3::uuid[]) AS v(scope, key, run)
  WHERE o.scope = v.scope AND o.key = v.key AND o.run = v.run";
const EFFECTS: &str = "UPDATE reference_effect t SET input = 'null', output = NULL
  FROM unnest($1::text[], $2::text[], $3::uuid[]) AS v(reference, path, run)
  WHERE t.reference = v.reference AND t.run = v.run AND t.path = v.path";
const EVENTS: &str = "DELETE FROM event t USING unnest($1::text[], $2::text[], $3::uuid[]) AS v(name, key, run)
  WHERE t.name = v.name AND t.key = v.key AND t.run = v.run AND t.delivered";

/// The statements of an erasure.
pub(crate) fn statements(erasure: &Erasure) -> Vec<Statement<'_>> {
    let runs = || -> Vec<Uuid> { erasure.runs.iter().map(|run| run.0).collect() };
    let of_runs = [HOLD, DOCUMENTS, BODIES, MARK]
        .into_iter()
        .map(|sql| Statement::new(sql, vec![Box::new(runs())]));
    let onces = erasure.onces.iter().map(|(once, run)| (&*once.scope, &*once.key, *run));
    let effects = erasure
        .effects
        .iter()
        .map(|(reference, run, path)| (&**reference, &**path, *run));
    let events = erasure.events.iter().map(|(name, key, run)| (&**name, &**key, *run));
    of_runs
        .chain([of(ONCES, onces), of(EFFECTS, effects), of(EVENTS, events)])
        .collect()
}

/// A statement over two names and the run that they are of.
fn of<'a>(sql: &'static str, named: impl Iterator<Item = (&'a str, &'a str, RunId)>) -> Statement<'a> {
    let (mut first, mut second, mut runs): (Vec<&str>, Vec<&str>, Vec<Uuid>) = Default::default();
    for (one, other, run) in named {
        first.push(one);
        second.push(other);
        runs.push(run.0);
    }
    Statement::new(sql, vec![Box::new(first), Box::new(second), Box::new(runs)])
}

/// The conditions are those of the index `run_ended`, word for word.
const NEXT: &str = "SELECT pipeline FROM run
  WHERE standing = 4 AND parent IS NULL AND erased IS NULL AND pipeline > $1 ORDER BY pipeline LIMIT 1";
const ENDED: &str = "SELECT id FROM run
  WHERE standing = 4 AND parent IS NULL AND erased IS NULL AND pipeline = $1 AND touched < $2
    AND ($3::uuid IS NULL OR (touched, number) > (SELECT touched, number FROM run WHERE id = $3))
  ORDER BY touched, number LIMIT $4";

/// The first pipeline behind one of which runs have ended and are not erased.
pub(crate) async fn next_ended(client: &Reader, behind: &str) -> Result<Option<String>, Error> {
    one(client, NEXT, &[&behind], |row| columns::get(row, 0)).await
}

/// Runs of a pipeline that ended before a time and are not erased, behind one.
pub(crate) async fn ended(
    client: &Reader,
    pipeline: &str,
    before: Timestamp,
    behind: Option<RunId>,
    most: usize,
) -> Result<Vec<RunId>, Error> {
    let behind = behind.map(|run| run.0);
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [&pipeline, &before.millis(), &behind, &limit(most)];
    all(client, ENDED, &values, |row| columns::run(row, 0)).await
}
