//! Takes the locks of a transaction and reads its rows, all in one go.

use std::collections::BTreeSet;

use deadpool_postgres::Object;
use dragoman_journal::OnceKey;
use dragoman_journal::decide::{Account, Line, RunRow};
use dragoman_journal::error::{CORRUPT, Error};
use dragoman_model::RunId;
use futures_util::future::join_all;
use rust_decimal::Decimal;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::columns::{self, get};
use crate::failure::{Remedy, Trouble};
use crate::needs::Needs;
use crate::rows::{Effect, Key, Rows, Run};

/// Locks that were taken in this order by everybody are never waited for in a circle.
const LOCK: &str = "SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k";

const RUNS: &str =
    "SELECT id, content, entries, epoch, lease_until, due, standing, wake, serial, turn, parent IS NOT NULL
  FROM run
  WHERE id = ANY($1) ORDER BY id FOR UPDATE";
/// A run that has a key already: only to be named, so nobody waits for its owner.
const KEYS: &str =
    "SELECT r.pipeline, r.run_key, r.id, r.content, r.entries, r.epoch, r.lease_until, r.due, r.standing, r.wake,
    r.serial, r.turn, r.parent IS NOT NULL
  FROM unnest($1::text[], $2::text[]) AS k(pipeline, run_key)
  JOIN run r ON r.pipeline = k.pipeline AND r.root_key = k.run_key";
const ONCES: &str = "SELECT o.scope, o.key, o.run, o.path, o.state, o.input, o.input_body, o.output, o.reference
  FROM unnest($1::text[], $2::text[]) AS k(scope, key) JOIN once_key o ON o.scope = k.scope AND o.key = k.key";
const REFERENCES: &str = "SELECT name, voided_by FROM reference WHERE name = ANY($1)";
const EFFECTS: &str = "SELECT e.reference, e.run, e.path, e.scope, e.state, e.input, e.output
  FROM unnest($1::text[], $2::uuid[], $3::text[]) AS k(reference, run, path)
  JOIN reference_effect e ON e.reference = k.reference AND e.run = k.run AND e.path = k.path";
/// Accounts that are named, and those of claims that are to be given back.
const ACCOUNTS: &str = "SELECT a.ledger, a.account, a.single, a.claims FROM ledger_account a
  WHERE (a.ledger, a.account) IN (SELECT * FROM unnest($1::text[], $2::text[])
    UNION SELECT substr(o.scope, 8), o.input_body::json ->> 'account'
      FROM unnest($3::text[], $4::text[]) AS k(scope, key)
      JOIN once_key o ON o.scope = k.scope AND o.key = k.key WHERE o.scope LIKE 'ledger:%')
  ORDER BY a.ledger, a.account FOR UPDATE";
const LINES: &str = "SELECT l.ledger, l.account, l.item, l.unit, l.most, l.taken
  FROM unnest($1::text[], $2::text[]) AS k(ledger, account)
  JOIN ledger_line l ON l.ledger = k.ledger AND l.account = k.account";
const STATES: &str = "SELECT s.connection, s.key, s.version FROM unnest($1::text[], $2::text[]) AS k(connection, key)
  JOIN state s ON s.connection = k.connection AND s.key = k.key";
const WAITS: &str = "SELECT id FROM wait WHERE id = ANY($1)";
/// The number of the transaction: with it another connection can ask whether it still goes on.
const NUMBER: &str = "SELECT pg_current_xact_id()::text";

/// What is asked at once, with where its rows go.
struct Question<'a> {
    sql: &'static str,
    values: Vec<Box<dyn ToSql + Sync + Send + 'a>>,
    take: fn(&Row, &mut Rows) -> Result<(), Error>,
}

/// Begins a transaction, locks and reads what it needs. Gives its number too.
pub(crate) async fn begin(client: &Object, needs: &Needs) -> Result<(Rows, String), Trouble> {
    let mut rows = Rows::default();
    let questions = questions(needs);
    let mut prepared = Vec::with_capacity(questions.len());
    for question in &questions {
        prepared.push(client.prepare_cached(question.sql).await?);
    }
    let (lock, number) = (client.prepare_cached(LOCK).await?, client.prepare_cached(NUMBER).await?);
    let locks: Vec<i64> = needs.locks.iter().copied().collect();
    let answers = async {
        let values: Vec<Vec<&(dyn ToSql + Sync)>> = questions
            .iter()
            .map(|question| {
                question
                    .values
                    .iter()
                    .map(|value| &**value as &(dyn ToSql + Sync))
                    .collect()
            })
            .collect();
        join_all(
            prepared
                .iter()
                .zip(&values)
                .map(|(statement, values)| client.query(statement, values)),
        )
        .await
    };
    let locked = async {
        match locks.is_empty() {
            true => Ok(0),
            false => client.execute(&lock, &[&locks]).await,
        }
    };
    // Sent in this order, in one go; the server does them one after the other.
    let (begun, locked, answers, number) = tokio::join!(
        biased;
        client.batch_execute("BEGIN"),
        locked,
        answers,
        client.query_one(&number, &[]),
    );
    begun?;
    locked?;
    for (question, answer) in questions.iter().zip(answers) {
        for row in answer? {
            // A row that is damaged is nobody's business but of those who need it.
            (question.take)(&row, &mut rows).map_err(|error| Trouble {
                error,
                remedy: Remedy::Apart,
            })?;
        }
    }
    let number: String = get(&number?, 0)?;
    lines(client, &mut rows).await?;
    Ok((rows, number))
}

fn questions(needs: &Needs) -> Vec<Question<'_>> {
    let mut questions = Vec::new();
    let mut ask = |is: bool, sql, values, take| {
        if is {
            questions.push(Question { sql, values, take });
        }
    };
    let keys = pairs(&needs.keys);
    ask(!needs.keys.is_empty(), KEYS, keys, take_key);
    let runs: Vec<uuid::Uuid> = needs.runs.iter().map(|run| run.0).collect();
    ask(!runs.is_empty(), RUNS, vec![Box::new(runs)], take_run);
    let onces = once_pairs(&needs.onces);
    ask(!needs.onces.is_empty(), ONCES, onces, take_once);
    let references: Vec<&str> = needs.references.iter().map(|name| &**name).collect();
    ask(
        !references.is_empty(),
        REFERENCES,
        vec![Box::new(references)],
        take_reference,
    );
    let mut effects: (Vec<&str>, Vec<uuid::Uuid>, Vec<&str>) = Default::default();
    for (reference, run, path) in &needs.effects {
        effects.0.push(reference);
        effects.1.push(run.0);
        effects.2.push(path);
    }
    let (names, of, paths) = effects;
    let values: Vec<Box<dyn ToSql + Sync + Send>> = vec![Box::new(names), Box::new(of), Box::new(paths)];
    ask(!needs.effects.is_empty(), EFFECTS, values, take_effect);
    let mut accounts = pairs(&needs.accounts);
    accounts.extend(once_pairs(&needs.released));
    let any = !(needs.accounts.is_empty() && needs.released.is_empty());
    ask(any, ACCOUNTS, accounts, take_account);
    ask(!needs.states.is_empty(), STATES, pairs(&needs.states), take_state);
    let waits: Vec<&str> = needs.waits.iter().map(|wait| &**wait).collect();
    ask(!waits.is_empty(), WAITS, vec![Box::new(waits)], take_wait);
    questions
}

type Values<'a> = Vec<Box<dyn ToSql + Sync + Send + 'a>>;

fn pairs(set: &BTreeSet<(String, String)>) -> Values<'_> {
    let first: Vec<&str> = set.iter().map(|(first, _)| &**first).collect();
    let second: Vec<&str> = set.iter().map(|(_, second)| &**second).collect();
    vec![Box::new(first), Box::new(second)]
}

fn once_pairs(set: &BTreeSet<OnceKey>) -> Values<'_> {
    let scopes: Vec<&str> = set.iter().map(|once| &*once.scope).collect();
    let keys: Vec<&str> = set.iter().map(|once| &*once.key).collect();
    vec![Box::new(scopes), Box::new(keys)]
}

fn run_row(row: &Row, at: usize) -> Result<Run, Error> {
    Ok(Run {
        content: columns::digest(row, at)?,
        row: RunRow {
            entries: columns::count(row, at + 1)?,
            epoch: columns::count(row, at + 2)?,
            lease_until: get(row, at + 3)?,
            due: get(row, at + 4)?,
            standing: columns::standing(row, at + 5)?,
        },
        ending: None,
        touched: None,
        told: None,
        serial: get(row, at + 7)?,
        turn: columns::turn(row, at + 8)?,
        asks: false,
        is_child: get(row, at + 9)?,
        new: None,
    })
}

fn take_run(row: &Row, rows: &mut Rows) -> Result<(), Error> {
    rows.runs.found(columns::run(row, 0)?, run_row(row, 1)?);
    Ok(())
}

fn take_key(row: &Row, rows: &mut Rows) -> Result<(), Error> {
    let run: RunId = columns::run(row, 2)?;
    rows.keys.found((get(row, 0)?, get(row, 1)?), run);
    // One that is locked is read behind this, and takes its place.
    rows.runs.found(run, run_row(row, 3)?);
    Ok(())
}

fn take_once(row: &Row, rows: &mut Rows) -> Result<(), Error> {
    let once = OnceKey {
        scope: get(row, 0)?,
        key: get(row, 1)?,
    };
    let key = Key {
        run: columns::run(row, 2)?,
        path: get(row, 3)?,
        state: columns::once(row, 4)?,
        input: columns::digest(row, 5)?,
        input_body: get(row, 6)?,
        output: get(row, 7)?,
        reference: get(row, 8)?,
        opened: false,
    };
    rows.onces.found(once, key);
    Ok(())
}

fn take_reference(row: &Row, rows: &mut Rows) -> Result<(), Error> {
    rows.references.found(get(row, 0)?, columns::run(row, 1)?);
    Ok(())
}

fn take_effect(row: &Row, rows: &mut Rows) -> Result<(), Error> {
    let effect = Effect {
        scope: get(row, 3)?,
        state: columns::once(row, 4)?,
        input: get(row, 5)?,
        output: get(row, 6)?,
        opened: false,
    };
    rows.effects
        .found((get(row, 0)?, columns::run(row, 1)?, get(row, 2)?), effect);
    Ok(())
}

fn take_account(row: &Row, rows: &mut Rows) -> Result<(), Error> {
    let account = Account {
        single: get(row, 2)?,
        claims: get(row, 3)?,
        ..Account::default()
    };
    rows.accounts.found((get(row, 0)?, get(row, 1)?), account);
    Ok(())
}

fn take_state(row: &Row, rows: &mut Rows) -> Result<(), Error> {
    let version = columns::count(row, 2)?;
    rows.states.found((get(row, 0)?, get(row, 1)?), (version, Vec::new()));
    Ok(())
}

fn take_wait(row: &Row, rows: &mut Rows) -> Result<(), Error> {
    rows.waits.found(get(row, 0)?, None);
    Ok(())
}

/// The items of the accounts that are locked now.
async fn lines(client: &Object, rows: &mut Rows) -> Result<(), Trouble> {
    let accounts: BTreeSet<(String, String)> = rows.accounts.keys().cloned().collect();
    if accounts.is_empty() {
        return Ok(());
    }
    let statement = client.prepare_cached(LINES).await?;
    let values = pairs(&accounts);
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
    for row in client.query(&statement, &values).await? {
        let key: (String, String) = (get(&row, 0)?, get(&row, 1)?);
        let item: String = get(&row, 2)?;
        let decimal = |column: usize| -> Result<Decimal, Error> {
            get::<&str>(&row, column)?.parse().map_err(|_| {
                let text = format!("item `{item}` of `{}` in ledger `{}` is damaged", key.1, key.0);
                Error::new(CORRUPT, text)
            })
        };
        let line = Line {
            unit: get(&row, 3)?,
            most: decimal(4)?,
            taken: decimal(5)?,
        };
        rows.accounts.amend(&key, |account| {
            account.lines.insert(item, line);
        });
    }
    Ok(())
}
