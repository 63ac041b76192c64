//! Changed rows as statements: one for each table, with a list for each column.

use dragoman_journal::error::Error;
use dragoman_journal::{Emitted, Keyring, Wait, canonical};
use dragoman_model::Timestamp;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::columns::{number, of_ending, of_once, of_standing};
use crate::flush::Statement;
use crate::rows::{Rows, Run};

/// The values of a statement.
pub(crate) type Values<'a> = Vec<Box<dyn ToSql + Sync + Send + 'a>>;

const NEW_RUNS: &str =
    "INSERT INTO run(id, pipeline, run_key, content, parent, parent_path, parent_index, standing, wake,
    ending, epoch, lease_until, due, entries, began, touched, told, serial, turn, owner, number, place, family)
  SELECT n.*, coalesce(above.place, n.number), coalesce(above.family, n.id)
  FROM (SELECT *, $20::uuid, nextval('beginning') AS number FROM unnest($1::uuid[], $2::text[], $3::text[],
    $4::bytea[], $5::uuid[], $6::text[], $7::bigint[], $8::smallint[], $9::bigint[], $10::smallint[], $11::bigint[],
    $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::text[],
    $19::smallint[]) AS v(id, pipeline, run_key, content, parent)) n LEFT JOIN run above ON above.id = n.parent";
const RUNS: &str = "UPDATE run SET standing = v.standing, wake = v.wake, ending = coalesce(v.ending, run.ending),
    epoch = v.epoch, lease_until = v.lease_until, owner = $12::uuid, due = v.due, entries = v.entries, turn = v.turn,
    touched = coalesce(v.touched, run.touched), told = coalesce(v.told, run.told)
  FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::bigint[], $10::bigint[], $11::smallint[])
    AS v(id, standing, wake, ending, epoch, lease_until, due, entries, touched, told, turn)
  WHERE run.id = v.id";
const OPENED: &str = "INSERT INTO once_key(scope, key, run, path, state, input, input_body, output, reference)
  SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::smallint[], $6::bytea[], $7::text[],
    $8::text[], $9::text[])
  ON CONFLICT(scope, key) DO UPDATE SET run = excluded.run, path = excluded.path, state = excluded.state,
    input = excluded.input, input_body = excluded.input_body, output = excluded.output,
    reference = excluded.reference, opened = excluded.opened";
const SETTLED: &str = "UPDATE once_key SET state = v.state, output = v.output
  FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) AS v(scope, key, state, output)
  WHERE once_key.scope = v.scope AND once_key.key = v.key";
const VOIDED: &str = "INSERT INTO reference(name, voided_by) SELECT * FROM unnest($1::text[], $2::uuid[])
  ON CONFLICT DO NOTHING";
const REFERRED: &str = "INSERT INTO reference_effect(reference, run, path, scope, state, input, output)
  SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::text[])
  ON CONFLICT(reference, run, path) DO UPDATE SET scope = excluded.scope, state = excluded.state,
    input = excluded.input, output = excluded.output, opened = excluded.opened";
const SETTLED_EFFECTS: &str = "UPDATE reference_effect SET state = v.state, output = v.output
  FROM unnest($1::text[], $2::uuid[], $3::text[], $4::smallint[], $5::text[]) AS v(reference, run, path, state, output)
  WHERE reference_effect.reference = v.reference AND reference_effect.run = v.run AND reference_effect.path = v.path";
const ACCOUNTS: &str = "INSERT INTO ledger_account(ledger, account, single, claims)
  SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[], $4::bigint[])
  ON CONFLICT(ledger, account) DO UPDATE SET single = excluded.single, claims = excluded.claims";
const LINES: &str = "INSERT INTO ledger_line(ledger, account, item, unit, most, taken)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
  ON CONFLICT(ledger, account, item) DO UPDATE SET unit = excluded.unit, most = excluded.most, taken = excluded.taken";
const STATES: &str = "INSERT INTO state(connection, key, version, value)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[])
  ON CONFLICT(connection, key) DO UPDATE SET version = excluded.version, value = excluded.value";
const STATES_GONE: &str = "DELETE FROM state s USING unnest($1::text[], $2::text[]) AS v(connection, key)
  WHERE s.connection = v.connection AND s.key = v.key";
const WAITS: &str =
    "INSERT INTO wait(id, run, path, decision, roles, since, due, show, shown, reference, event, event_key)
  SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::text[], $9::bytea[], $10::text[], $11::text[], $12::text[])
  ON CONFLICT(id) DO UPDATE SET run = excluded.run, path = excluded.path, decision = excluded.decision,
    roles = excluded.roles, since = excluded.since, due = excluded.due, show = excluded.show, shown = excluded.shown,
    reference = excluded.reference, event = excluded.event, event_key = excluded.event_key";
const WAITS_OVER: &str = "DELETE FROM wait WHERE id = ANY($1)";
const DOCUMENTS: &str = "INSERT INTO document(digest, media_type, bytes)
  SELECT * FROM unnest($1::bytea[], $2::text[], $3::bytea[]) ON CONFLICT DO NOTHING";
const DOCUMENT_USES: &str = "INSERT INTO document_use(run, digest) SELECT * FROM unnest($1::uuid[], $2::bytea[])
  ON CONFLICT DO NOTHING";
const VERSIONS: &str = "INSERT INTO version(digest, bytes) SELECT * FROM unnest($1::bytea[], $2::bytea[])
  ON CONFLICT DO NOTHING";
/// What the new ones take the place of, and what is too old.
const EVENTS_PASSED: &str = "DELETE FROM event WHERE delivered AND (at < $3 OR (name, key) IN
  (SELECT * FROM unnest($1::text[], $2::text[])))";
const EVENTS: &str = "INSERT INTO event(name, key, data, run, path, pipeline, at)
  SELECT v.name, v.key, v.data, v.run, v.path, v.pipeline, v.at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bigint[])
    WITH ORDINALITY AS v(name, key, data, run, path, pipeline, at, n) ORDER BY v.n";
/// Whoever takes a run looks at all that has moved before.
const LOOKED: &str = "DELETE FROM woken WHERE run = ANY($1)";
const DELIVERED: &str = "UPDATE event SET delivered = true WHERE number = ANY($1)";
/// Those that no wait can find: without a key, or with a newer one in their place.
const DELIVERED_GONE: &str = "DELETE FROM event e WHERE number = ANY($1) AND (key IS NULL OR EXISTS(
  SELECT 1 FROM event newer WHERE newer.name = e.name AND newer.key = e.key AND newer.number > e.number))";

/// An event is kept for waits for so long, in milliseconds: 90 days.
const KEPT_MS: i64 = 90 * 86_400_000;

/// A statement over columns, and values that are the same for all rows, where there is a row at all.
macro_rules! columns {
    ($statements:ident, $sql:expr, $rows:expr, $($column:expr),+ $(,)?) => {
        columns!($statements, $sql, $rows, $($column),+ ; )
    };
    ($statements:ident, $sql:expr, $rows:expr, $($column:expr),+ ; $($same:expr),*) => {
        if !$rows.is_empty() {
            $statements.push(Statement::new(
                $sql,
                vec![$(Box::new($rows.iter().map($column).collect::<Vec<_>>())),+ $(, Box::new($same))*],
            ));
        }
    };
}

/// The statements of everything that changed but the trail and events.
pub(crate) fn of(rows: &Rows) -> Result<Vec<Statement<'_>>, Error> {
    let mut statements = Vec::new();
    runs(rows, &mut statements);
    business(rows, &mut statements);
    ledger(rows, &mut statements);
    kept(rows, &mut statements)?;
    Ok(statements)
}

fn runs<'a>(rows: &'a Rows, statements: &mut Vec<Statement<'a>>) {
    let changed = rows.runs.changed().filter_map(|(id, run)| Some((id, run?)));
    let (new, old): (Vec<_>, Vec<_>) = changed.partition(|(_, run)| run.new.is_some());
    let new: Vec<_> = new
        .into_iter()
        .filter_map(|(id, run)| Some((id, run, run.new.as_ref()?)))
        .collect();
    columns!(
        statements,
        NEW_RUNS,
        new,
        |(id, ..)| id.0,
        |(_, _, new)| &*new.pipeline,
        |(_, _, new)| &*new.run_key,
        |(_, run, _)| &run.content.0[..],
        |(_, _, new)| new.parent.as_ref().map(|parent| parent.run.0),
        |(_, _, new)| new.parent.as_ref().map(|parent| &*parent.path),
        |(_, _, new)| new.parent.as_ref().map(|parent| number(parent.index)),
        |(_, run, _)| of_standing(run.row.standing).0,
        |(_, run, _)| of_standing(run.row.standing).1,
        |(_, run, _)| run.ending.map(of_ending),
        |(_, run, _)| number(run.row.epoch),
        |(_, run, _)| lent(run).0,
        |(_, run, _)| lent(run).1,
        |(_, run, _)| number(run.row.entries),
        |(_, _, new)| new.began,
        |(_, run, new)| run.touched.unwrap_or(new.began),
        |(_, run, _)| run.told,
        |(_, run, _)| run.serial.as_deref(),
        |(_, run, _)| run.turn as i16
        ; rows.owner
    );
    columns!(
        statements,
        RUNS,
        old,
        |(id, _)| id.0,
        |(_, run)| of_standing(run.row.standing).0,
        |(_, run)| of_standing(run.row.standing).1,
        |(_, run)| run.ending.map(of_ending),
        |(_, run)| number(run.row.epoch),
        |(_, run)| lent(run).0,
        |(_, run)| lent(run).1,
        |(_, run)| number(run.row.entries),
        |(_, run)| run.touched,
        |(_, run)| run.told,
        |(_, run)| run.turn as i16
        ; rows.owner
    );
}

/// Until when somebody has a run, and when it is due. One that asks for its turn is nobody's before that has come.
fn lent(run: &Run) -> (i64, Option<i64>) {
    if run.asks {
        return (0, None);
    }
    (run.row.lease_until, run.row.due)
}

fn business<'a>(rows: &'a Rows, statements: &mut Vec<Statement<'a>>) {
    let onces = rows.onces.changed().filter_map(|(once, key)| Some((once, key?)));
    let (opened, settled): (Vec<_>, Vec<_>) = onces.partition(|(_, key)| key.opened);
    columns!(
        statements,
        OPENED,
        opened,
        |(once, _)| &*once.scope,
        |(once, _)| &*once.key,
        |(_, key)| key.run.0,
        |(_, key)| &*key.path,
        |(_, key)| of_once(&key.state),
        |(_, key)| &key.input.0[..],
        |(_, key)| &*key.input_body,
        |(_, key)| key.output.as_deref(),
        |(_, key)| key.reference.as_deref(),
    );
    columns!(
        statements,
        SETTLED,
        settled,
        |(once, _)| &*once.scope,
        |(once, _)| &*once.key,
        |(_, key)| of_once(&key.state),
        |(_, key)| key.output.as_deref(),
    );
    let voided = rows.references.changed().filter_map(|(name, by)| Some((name, by?)));
    let voided: Vec<_> = voided.collect();
    columns!(statements, VOIDED, voided, |(name, _)| &***name, |(_, by)| by.0);
    let effects = rows.effects.changed().filter_map(|(key, effect)| Some((key, effect?)));
    let (opened, settled): (Vec<_>, Vec<_>) = effects.partition(|(_, effect)| effect.opened);
    columns!(
        statements,
        REFERRED,
        opened,
        |(key, _)| &*key.0,
        |(key, _)| key.1.0,
        |(key, _)| &*key.2,
        |(_, effect)| &*effect.scope,
        |(_, effect)| of_once(&effect.state),
        |(_, effect)| &*effect.input,
        |(_, effect)| effect.output.as_deref(),
    );
    columns!(
        statements,
        SETTLED_EFFECTS,
        settled,
        |(key, _)| &*key.0,
        |(key, _)| key.1.0,
        |(key, _)| &*key.2,
        |(_, effect)| of_once(&effect.state),
        |(_, effect)| effect.output.as_deref(),
    );
}

fn ledger<'a>(rows: &'a Rows, statements: &mut Vec<Statement<'a>>) {
    let accounts = rows
        .accounts
        .changed()
        .filter_map(|(key, account)| Some((key, account?)));
    let accounts: Vec<_> = accounts.collect();
    columns!(
        statements,
        ACCOUNTS,
        accounts,
        |(key, _)| &*key.0,
        |(key, _)| &*key.1,
        |(_, account)| account.single,
        |(_, account)| account.claims,
    );
    let of_account = |(key, account)| {
        let account: &dragoman_journal::decide::Account = account;
        account.lines.iter().map(move |(item, line)| (key, item, line))
    };
    let lines: Vec<(&(String, String), _, _)> = accounts.iter().copied().flat_map(of_account).collect();
    columns!(
        statements,
        LINES,
        lines,
        |(key, ..)| &*key.0,
        |(key, ..)| &*key.1,
        |(_, item, _)| &***item,
        |(.., line)| &*line.unit,
        |(.., line)| line.most.normalize().to_string(),
        |(.., line)| line.taken.normalize().to_string(),
    );
}

fn kept<'a>(rows: &'a Rows, statements: &mut Vec<Statement<'a>>) -> Result<(), Error> {
    let (written, gone): (Vec<_>, Vec<_>) = rows.states.changed().partition(|(_, state)| state.is_some());
    let written: Vec<_> = written
        .into_iter()
        .filter_map(|(key, state)| Some((key, state?)))
        .collect();
    columns!(
        statements,
        STATES,
        written,
        |(key, _)| &*key.0,
        |(key, _)| &*key.1,
        |(_, state)| number(state.0),
        |(_, state)| &*state.1,
    );
    columns!(statements, STATES_GONE, gone, |(key, _)| &*key.0, |(key, _)| &*key.1);
    let over: Vec<&str> = rows
        .waits
        .changed()
        .filter(|(_, wait)| wait.is_none())
        .map(|(id, _)| &**id)
        .collect();
    if !over.is_empty() {
        statements.push(Statement::new(WAITS_OVER, vec![Box::new(over)]));
    }
    let begun: Vec<&Wait> = rows.waits.changed().filter_map(|(_, wait)| wait?.as_ref()).collect();
    waits(&rows.keyring, &begun, statements)?;
    columns!(
        statements,
        DOCUMENTS,
        rows.documents,
        |(_, document, _)| &document.digest.0[..],
        |(_, document, _)| &*document.media_type,
        |(.., bytes)| &**bytes,
    );
    columns!(statements, DOCUMENT_USES, rows.documents, |(run, ..)| run.0, |(
        _,
        document,
        _,
    )| {
        &document.digest.0[..]
    },);
    columns!(
        statements,
        VERSIONS,
        rows.versions,
        |(digest, _)| &digest.0[..],
        |(_, bytes)| &**bytes,
    );
    if !rows.taken.is_empty() {
        let taken: Vec<Uuid> = rows.taken.iter().map(|run| run.0).collect();
        statements.push(Statement::new(LOOKED, vec![Box::new(taken)]));
    }
    if !rows.delivered.is_empty() {
        let numbers = || -> Values<'a> { vec![Box::new(&rows.delivered)] };
        statements.push(Statement::new(DELIVERED, numbers()));
        statements.push(Statement::new(DELIVERED_GONE, numbers()));
    }
    Ok(())
}

fn waits<'a>(keyring: &Keyring, begun: &[&'a Wait], statements: &mut Vec<Statement<'a>>) -> Result<(), Error> {
    let mut told = Vec::with_capacity(begun.len());
    for wait in begun {
        let show = canonical::text(&wait.show)?;
        // What a wait for an event shows is in its other columns.
        let show = match wait.event() {
            Some(_) => show,
            None => keyring.lock_text(show)?,
        };
        told.push((*wait, canonical::text(&wait.roles)?, show));
    }
    columns!(
        statements,
        WAITS,
        told,
        |(wait, ..)| &*wait.id,
        |(wait, ..)| wait.run.0,
        |(wait, ..)| &*wait.path,
        |(wait, ..)| &*wait.decision,
        |(_, roles, _)| roles.clone(),
        |(wait, ..)| wait.since.millis(),
        |(wait, ..)| wait.due.map(Timestamp::millis),
        |(.., show)| show.clone(),
        |(wait, ..)| &wait.shown.0[..],
        |(wait, ..)| wait.reference.as_deref(),
        |(wait, ..)| wait.event().map(|(name, _)| name),
        |(wait, ..)| wait.event().map(|(_, key)| key),
    );
    Ok(())
}

/// The statements of events that are emitted.
pub(crate) fn events(rows: &Rows) -> Result<Vec<Statement<'_>>, Error> {
    let mut statements = Vec::new();
    let Some(last) = rows.events.last() else {
        return Ok(statements);
    };
    let keyed = || rows.events.iter().filter(|event| event.key.is_some());
    let names: Vec<&str> = keyed().map(|event| &*event.name).collect();
    let keys: Vec<Option<&str>> = keyed().map(|event| event.key.as_deref()).collect();
    let oldest = last.at.plus_millis(-KEPT_MS).millis();
    statements.push(Statement::new(
        EVENTS_PASSED,
        vec![Box::new(names), Box::new(keys), Box::new(oldest)],
    ));
    let told: Result<Vec<(&Emitted, String)>, Error> = rows
        .events
        .iter()
        .map(|event| Ok((event, rows.keyring.lock_text(canonical::text(&event.data)?)?)))
        .collect();
    let told = told?;
    let column = |read: fn(&Emitted) -> &str| -> Vec<&str> { rows.events.iter().map(read).collect() };
    let all: Vec<Option<&str>> = rows.events.iter().map(|event| event.key.as_deref()).collect();
    let runs: Vec<Uuid> = rows.events.iter().map(|event| event.run.0).collect();
    let times: Vec<i64> = rows.events.iter().map(|event| event.at.millis()).collect();
    let data: Vec<String> = told.into_iter().map(|(_, data)| data).collect();
    statements.push(Statement::new(
        EVENTS,
        vec![
            Box::new(column(|event| &event.name)),
            Box::new(all),
            Box::new(data),
            Box::new(runs),
            Box::new(column(|event| &event.path)),
            Box::new(column(|event| &event.pipeline)),
            Box::new(times),
        ],
    ));
    Ok(statements)
}
