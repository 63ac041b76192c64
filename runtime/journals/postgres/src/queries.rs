//! What readers ask.

use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::{
    AccountLine, AccountSummary, Due, Effect, Emitted, Entry, Header, Keyring, Once, OnceKey, RunFilter, RunSummary,
    Standing, Wait, seal,
};
use dragoman_model::{Digest, DocumentReference, RunId, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::address::Reader;
use crate::columns::{self, get, number};
use crate::failure::at_reading;

pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How many runs a list has where the filter does not say.
const USUAL: usize = 100;

async fn rows(client: &Reader, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Error> {
    let statement = client.session.prepare_cached(sql).await.map_err(|e| at_reading(&e))?;
    client
        .session
        .query(&statement, values)
        .await
        .map_err(|e| at_reading(&e))
}

pub(crate) async fn all<T>(
    client: &Reader,
    sql: &str,
    values: Values<'_>,
    read: impl Fn(&Row) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    rows(client, sql, values).await?.iter().map(read).collect()
}

pub(crate) async fn one<T>(
    client: &Reader,
    sql: &str,
    values: Values<'_>,
    read: impl Fn(&Row) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    rows(client, sql, values).await?.first().map(read).transpose()
}

pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// All entries of a run, in order.
pub(crate) async fn load(client: &Reader, run: RunId) -> Result<Vec<Entry>, Error> {
    let sql = "SELECT e.position, e.header, b.salt, b.encoding, b.bytes FROM entry e LEFT JOIN body b USING(position)
               WHERE e.run = $1 ORDER BY e.seq";
    let found = rows(client, sql, &[&run.0]).await?;
    let mut entries = Vec::with_capacity(found.len());
    for (seq, row) in (0..).zip(&found) {
        entries.push(entry(&client.keyring, run, seq, row)?);
    }
    Ok(entries)
}

fn entry(keyring: &Keyring, run: RunId, seq: u64, row: &Row) -> Result<Entry, Error> {
    let damaged = |what: String| Error::new(CORRUPT, format!("{what}; run `dragoman audit verify`"));
    let header = Header::read(get(row, 1)?)?;
    if header.seq != seq || header.run != run {
        return Err(damaged(format!("entry {seq} of run {run} is missing in the store")));
    }
    let body = match columns::body(keyring, row, 2)? {
        Some((salt, text)) if header.body == Some(seal::digest(&salt, &text)) => Some(seal::value(&text)?),
        Some(_) => {
            return Err(damaged(format!(
                "the body of entry {seq} of run {run} is not what was written"
            )));
        }
        None => None,
    };
    Ok(Entry {
        position: columns::count(row, 0)?,
        header,
        body,
    })
}

const SUMMARY: &str = "SELECT r.id, r.pipeline, r.run_key, r.standing, r.wake, r.ending, r.began, r.touched, r.entries,
    r.parent, b.salt, b.encoding, b.bytes, EXISTS(SELECT 1 FROM wait w WHERE w.run = r.id)
  FROM run r LEFT JOIN entry e ON e.run = r.id AND e.seq = r.told LEFT JOIN body b ON b.position = e.position";

fn summary(keyring: &Keyring, row: &Row) -> Result<RunSummary, Error> {
    let standing = columns::standing(row, 3)?;
    let ending = columns::ending(row, 5)?;
    // The last parking stays on the row; it says nothing any more once somebody has repaired the run.
    let told = match standing {
        Standing::Parked | Standing::Closed => {
            let body = columns::body(keyring, row, 10)?;
            body.map(|(_, text)| seal::value(&text)).transpose()?
        }
        _ => None,
    };
    let failure = dragoman_journal::query::failure(ending, told.as_ref());
    let (note, output) = dragoman_journal::query::told(ending, told);
    Ok(RunSummary {
        run: columns::run(row, 0)?,
        pipeline: get(row, 1)?,
        run_key: get(row, 2)?,
        standing,
        asks: get(row, 13)?,
        ending,
        began: columns::time(row, 6)?,
        touched: columns::time(row, 7)?,
        entries: columns::count(row, 8)?,
        parent: get::<Option<uuid::Uuid>>(row, 9)?.map(RunId),
        note,
        output,
        failure,
    })
}

/// Runs, newest first.
pub(crate) async fn runs(client: &Reader, filter: &RunFilter) -> Result<Vec<RunSummary>, Error> {
    let mut conditions: Vec<String> = Vec::new();
    let mut values: Vec<&(dyn ToSql + Sync)> = Vec::new();
    if !filter.children {
        conditions.push("r.parent IS NULL".into());
    }
    let run = filter.run.map(|run| run.0);
    if let Some(run) = &run {
        values.push(run);
        conditions.push(format!("r.id = ${}", values.len()));
    }
    if let Some(pipeline) = &filter.pipeline {
        values.push(pipeline);
        conditions.push(format!("r.pipeline = ${}", values.len()));
    }
    let overdue = filter.overdue.map(Timestamp::millis);
    if let Some(overdue) = &overdue {
        values.push(overdue);
        conditions.push(format!("r.due <= ${}", values.len()));
    }
    let older_than = filter.older_than.map(|run| run.0);
    if let Some(older_than) = &older_than {
        values.push(older_than);
        conditions.push(format!(
            "r.number < (SELECT number FROM run WHERE id = ${})",
            values.len()
        ));
    }
    if let Some(status) = &filter.status {
        let condition = match status.as_str() {
            "active" => "r.standing = 0",
            "sleeping" => "r.standing = 1",
            "waiting" => "r.standing = 2",
            "parked" => "r.standing = 3",
            "completed" => "r.ending = 0",
            "stopped" => "r.ending = 1",
            "failed" => "r.ending = 2",
            "cancelled" => "r.ending = 3",
            // There is no run of a status that does not exist.
            _ => "false",
        };
        conditions.push(condition.into());
    }
    let most = limit(if filter.limit == 0 { USUAL } else { filter.limit });
    values.push(&most);
    let place = if conditions.is_empty() { "" } else { " WHERE " };
    let conditions = conditions.join(" AND ");
    let sql = format!(
        "{SUMMARY}{place}{conditions} ORDER BY r.number DESC LIMIT ${}",
        values.len()
    );
    all(client, &sql, &values, |row| summary(&client.keyring, row)).await
}

/// Children of a run at a path, by index; `are`: a further condition.
async fn children_that(client: &Reader, are: &str, run: RunId, path: &str) -> Result<Vec<RunSummary>, Error> {
    let sql = format!("{SUMMARY} WHERE r.parent = $1 AND r.parent_path = $2 AND {are} ORDER BY r.parent_index");
    all(client, &sql, &[&run.0, &path], |row| summary(&client.keyring, row)).await
}

/// Children of a run at a path, by index.
pub(crate) async fn children(client: &Reader, run: RunId, path: &str) -> Result<Vec<RunSummary>, Error> {
    children_that(client, "r.parent IS NOT NULL", run, path).await
}

/// Children that have not ended, and those that failed or were given up, by index. The condition is that of the index
/// `run_unfinished`, word for word.
pub(crate) async fn unfinished(client: &Reader, run: RunId, path: &str) -> Result<Vec<RunSummary>, Error> {
    children_that(client, "(r.ending IS NULL OR r.ending > 1)", run, path).await
}

/// Runs whose id begins with these digits, the first two.
pub(crate) async fn beginning(client: &Reader, digits: &str) -> Result<Vec<RunId>, Error> {
    let digits: String = digits.chars().filter(|digit| *digit != '-').collect();
    let whole = |rest: char| {
        let missing = 32_usize.saturating_sub(digits.len());
        format!("{digits}{}", rest.to_string().repeat(missing)).parse::<RunId>()
    };
    let (Ok(least), Ok(most)) = (whole('0'), whole('f')) else {
        return Ok(Vec::new());
    };
    let sql = "SELECT id FROM run WHERE id BETWEEN $1 AND $2 ORDER BY id LIMIT 2";
    all(client, sql, &[&least.0, &most.0], |row| columns::run(row, 0)).await
}

/// Runs that are due and owned by nobody, oldest first. Those that were woken come before all others, and are left out behind
/// a place.
pub(crate) async fn due(
    client: &Reader,
    now: Timestamp,
    behind: Option<(i64, u64)>,
    most: usize,
) -> Result<Vec<Due>, Error> {
    let first = "SELECT id, pipeline, began, due, number FROM (
                   (SELECT id, pipeline, parent IS NULL AS began, due, number FROM run
                    WHERE due <= $1 ORDER BY due, number LIMIT $2)
                   UNION
                   (SELECT r.id, r.pipeline, r.parent IS NULL, 0, r.number FROM woken w JOIN run r ON r.id = w.run
                    WHERE r.lease_until <= $1 AND r.turn <> 1 ORDER BY r.number LIMIT $2)) due
                 ORDER BY due, number LIMIT $2";
    let behind_it = "SELECT id, pipeline, parent IS NULL, due, number FROM run
                     WHERE due <= $1 AND (due, number) > ($3, $4) ORDER BY due, number LIMIT $2";
    let (now, most) = (now.millis(), limit(most));
    let due = |row: &Row| {
        let began: bool = get(row, 2)?;
        Ok(Due {
            run: columns::run(row, 0)?,
            pipeline: if began { Some(get(row, 1)?) } else { None },
            place: (get(row, 3)?, get::<i64>(row, 4)?.unsigned_abs()),
        })
    };
    match behind {
        None => all(client, first, &[&now, &most], due).await,
        Some((since, number)) => all(client, behind_it, &[&now, &most, &since, &columns::number(number)], due).await,
    }
}

/// Runs of a pipeline that a message began, that could be at work at once, and that nobody has; counted to `most`.
pub(crate) async fn ready(client: &Reader, pipeline: &str, most: usize) -> Result<usize, Error> {
    let sql = "SELECT count(*) FROM (
                 SELECT FROM run WHERE due = 0 AND parent IS NULL AND pipeline = $1 LIMIT $2) ready";
    let counted = one(client, sql, &[&pipeline, &limit(most)], |row| get::<i64>(row, 0)).await?;
    Ok(counted.map_or(0, |counted| usize::try_from(counted).unwrap_or(0)))
}

/// The earliest time after another at which a run becomes due if nobody owns it then.
pub(crate) async fn next_due(client: &Reader, after: Timestamp) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT due FROM run WHERE due > $1 ORDER BY due LIMIT 1";
    one(client, sql, &[&after.millis()], |row| columns::time(row, 0)).await
}

/// What time it is on the server.
pub(crate) async fn time(client: &Reader) -> Result<Timestamp, Error> {
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let time = one(client, sql, &[], |row| columns::time(row, 0)).await?;
    time.ok_or_else(|| Error::new(CORRUPT, "the database does not say what time it is"))
}

/// Open waits, oldest first.
pub(crate) async fn waits(client: &Reader, run: Option<RunId>) -> Result<Vec<Wait>, Error> {
    let sql = "SELECT id, run, path, decision, roles, since, due, show, shown, reference FROM wait
               WHERE $1::uuid IS NULL OR run = $1 ORDER BY since, id";
    all(client, sql, &[&run.map(|run| run.0)], |row| {
        Ok(Wait {
            id: get(row, 0)?,
            run: columns::run(row, 1)?,
            path: get(row, 2)?,
            decision: get(row, 3)?,
            roles: columns::json(row, 4)?,
            since: columns::time(row, 5)?,
            due: get::<Option<i64>>(row, 6)?.map(Timestamp::from_millis),
            show: columns::locked(&client.keyring, row, 7)?,
            shown: columns::digest(row, 8)?,
            reference: get(row, 9)?,
        })
    })
    .await
}

/// A business key.
pub(crate) async fn once(client: &Reader, once: OnceKey) -> Result<Option<Once>, Error> {
    let sql = "SELECT run, path, state, input, input_body, output FROM once_key WHERE scope = $1 AND key = $2";
    one(client, sql, &[&once.scope, &once.key], |row| {
        read_once(&client.keyring, row, once.clone())
    })
    .await
}

fn read_once(keyring: &Keyring, row: &Row, once: OnceKey) -> Result<Once, Error> {
    Ok(Once {
        once,
        run: columns::run(row, 0)?,
        path: get(row, 1)?,
        state: columns::once(row, 2)?,
        input: columns::digest(row, 3)?,
        input_body: columns::locked(keyring, row, 4)?,
        output: columns::optional_locked(keyring, row, 5)?,
    })
}

/// Accounts by ledger and name; all, or those of a ledger, or one.
pub(crate) async fn accounts(
    client: &Reader,
    ledger: Option<&str>,
    account: Option<&str>,
) -> Result<Vec<AccountSummary>, Error> {
    let sql = "SELECT a.ledger, a.account, a.single, a.claims, l.item, l.unit, l.most, l.taken
               FROM ledger_account a LEFT JOIN ledger_line l ON l.ledger = a.ledger AND l.account = a.account
               WHERE ($1::text IS NULL OR a.ledger = $1) AND ($2::text IS NULL OR a.account = $2)
               ORDER BY a.ledger, a.account, l.item";
    let mut found: Vec<AccountSummary> = Vec::new();
    for row in rows(client, sql, &[&ledger, &account]).await? {
        let (ledger, account): (String, String) = (get(&row, 0)?, get(&row, 1)?);
        let same = |last: &&mut AccountSummary| last.ledger == ledger && last.account == account;
        let line = match get::<Option<String>>(&row, 4)? {
            Some(item) => Some(AccountLine {
                item,
                unit: get(&row, 5)?,
                most: get(&row, 6)?,
                taken: get(&row, 7)?,
            }),
            None => None,
        };
        match found.last_mut().filter(same) {
            Some(last) => last.lines.extend(line),
            None => found.push(AccountSummary {
                ledger,
                account,
                single: get(&row, 2)?,
                claims: columns::count(&row, 3)?,
                lines: line.into_iter().collect(),
            }),
        }
    }
    Ok(found)
}

/// What was claimed of an account, in the order in which it was claimed.
pub(crate) async fn claims(client: &Reader, ledger: &str, account: &str) -> Result<Vec<Once>, Error> {
    let scope = format!("ledger:{ledger}");
    let sql = "SELECT run, path, state, input, input_body, output, key FROM once_key
               WHERE scope = $1 AND input_body::json ->> 'account' = $2 ORDER BY opened";
    all(client, sql, &[&scope, &account], |row| {
        let once = OnceKey {
            scope: scope.clone(),
            key: get(row, 6)?,
        };
        read_once(&client.keyring, row, once)
    })
    .await
}

/// Runs with an open wait under a reference.
pub(crate) async fn waiting_under(client: &Reader, reference: &str) -> Result<Vec<RunId>, Error> {
    let sql = "SELECT DISTINCT run FROM wait WHERE reference = $1 ORDER BY run";
    all(client, sql, &[&reference], |row| columns::run(row, 0)).await
}

/// What was done, or is open, under a reference, in the order in which it was opened.
pub(crate) async fn effects(client: &Reader, reference: &str) -> Result<Vec<Effect>, Error> {
    let sql = "SELECT run, path, scope, key, state, input_body, output, opened FROM once_key WHERE reference = $1
               UNION ALL
               SELECT run, path, scope, NULL, state, input, output, opened FROM reference_effect
               WHERE reference = $1 ORDER BY 8";
    all(client, sql, &[&reference], |row| {
        Ok(Effect {
            run: columns::run(row, 0)?,
            path: get(row, 1)?,
            scope: get(row, 2)?,
            key: get(row, 3)?,
            state: columns::once(row, 4)?,
            input: columns::locked(&client.keyring, row, 5)?,
            output: columns::optional_locked(&client.keyring, row, 6)?,
        })
    })
    .await
}

const EVENT: &str = "SELECT number, name, key, data, run, path, pipeline, at FROM event";

fn event(keyring: &Keyring, row: &Row) -> Result<(u64, Emitted), Error> {
    let event = Emitted {
        name: get(row, 1)?,
        key: get(row, 2)?,
        data: columns::locked(keyring, row, 3)?,
        run: columns::run(row, 4)?,
        path: get(row, 5)?,
        pipeline: get(row, 6)?,
        at: columns::time(row, 7)?,
    };
    Ok((columns::count(row, 0)?, event))
}

/// The newest event of a name and key that came at a time or later, and after another one.
pub(crate) async fn newest_event(
    client: &Reader,
    name: &str,
    key: &str,
    since: Timestamp,
    after: u64,
) -> Result<Option<(u64, Emitted)>, Error> {
    let sql = format!("{EVENT} WHERE name = $1 AND key = $2 AND number > $4 AND at >= $3 ORDER BY number DESC LIMIT 1");
    one(client, &sql, &[&name, &key, &since.millis(), &number(after)], |row| {
        event(&client.keyring, row)
    })
    .await
}

/// Events that were not delivered, after a number, oldest first.
pub(crate) async fn undelivered(client: &Reader, after: u64, most: usize) -> Result<Vec<(u64, Emitted)>, Error> {
    let sql = format!("{EVENT} WHERE NOT delivered AND number > $1 ORDER BY number LIMIT $2");
    all(client, &sql, &[&number(after), &limit(most)], |row| {
        event(&client.keyring, row)
    })
    .await
}

/// A connection's state: value and version.
pub(crate) async fn state_get(client: &Reader, of: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, Error> {
    let sql = "SELECT value, version FROM state WHERE connection = $1 AND key = $2";
    one(client, sql, &[&of, &key], |row| {
        let value = client.keyring.unlock(get(row, 0)?)?.into_owned();
        Ok((value, columns::count(row, 1)?))
    })
    .await
}

/// Keys of a connection's state under a prefix, in order, after a key.
pub(crate) async fn state_keys(
    client: &Reader,
    of: &str,
    prefix: &str,
    after: Option<&str>,
    most: u32,
) -> Result<Vec<String>, Error> {
    // Keys compare as bytes, so those with a prefix lie together, from the prefix on.
    let sql = "SELECT key FROM state WHERE connection = $1 AND key >= $2 AND ($3::text IS NULL OR key > $3)
               AND starts_with(key, $2) ORDER BY key LIMIT $4";
    all(client, sql, &[&of, &prefix, &after, &i64::from(most)], |row| {
        get(row, 0)
    })
    .await
}

/// A document.
pub(crate) async fn document(client: &Reader, digest: Digest) -> Result<Option<(DocumentReference, Vec<u8>)>, Error> {
    let sql = "SELECT media_type, bytes FROM document WHERE digest = $1";
    one(client, sql, &[&&digest.0[..]], |row| {
        let bytes = client.keyring.unlock(get(row, 1)?)?.into_owned();
        let reference = DocumentReference {
            digest,
            media_type: get(row, 0)?,
            size: bytes.len() as u64,
        };
        Ok((reference, bytes))
    })
    .await
}

/// A pinned version.
pub(crate) async fn version(client: &Reader, digest: Digest) -> Result<Option<Vec<u8>>, Error> {
    let sql = "SELECT bytes FROM version WHERE digest = $1";
    one(client, sql, &[&&digest.0[..]], |row| get(row, 0)).await
}
