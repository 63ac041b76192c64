//! The trail of a store as an auditor reads it: one moment of the database, also while others write.
//!
//! An audit asks one thing after the other and waits for each answer, so the connection lives on a thread of its own, with
//! a runtime of its own: whoever audits needs neither.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use dragoman_journal::audit::{
    Claimed, KeptRow, LedgerRow, OnceRow, ReferenceRow, RunRow, StoredBatch, StoredEntry, Trail, WaitRow,
};
use dragoman_journal::error::{CANNOT_OPEN, CORRUPT, Error};
use dragoman_journal::keyring::{MARK, SaltedText};
use dragoman_journal::{Head, Keyring, OnceKey};
use dragoman_model::{Digest, RunId, Timestamp};
use tokio::sync::mpsc as questions;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use crate::address::{Address, Way};
use crate::columns::{self, get, number};
use crate::failure::{at_reading, no_store};
use crate::{heads, keys};

type Values = Vec<Box<dyn ToSql + Sync + Send>>;
type Found = Result<Vec<Row>, Error>;

/// A question to the thread, and where its answer goes.
struct Question {
    sql: &'static str,
    values: Values,
    answer: mpsc::Sender<Found>,
}

/// A store opened to be read from end to end.
pub struct PostgresTrail {
    questions: Option<questions::UnboundedSender<Question>>,
    thread: Option<JoinHandle<()>>,
    keyring: Arc<Keyring>,
}

impl PostgresTrail {
    /// Opens the store in a schema for reading, as it is at this moment. Others go on writing, and what they write from now
    /// on is not seen.
    ///
    /// # Errors
    /// D0701 where there is no store, or the database cannot be reached; D0726 where a key is missing.
    pub fn open(address: &Address, schema: &str, keyring: &Arc<Keyring>) -> Result<Self, Error> {
        let way = Way::to(address, schema)?;
        let (questions, asked) = questions::unbounded_channel();
        let (opening, opened) = mpsc::channel();
        let ring = Arc::clone(keyring);
        let serve = move || serve(&way, &ring, asked, &opening);
        let thread = std::thread::Builder::new()
            .name("journal-audit".into())
            .spawn(serve)
            .map_err(|e| Error::new(CANNOT_OPEN, format!("no thread to read the trail ({e})")))?;
        let trail = PostgresTrail {
            questions: Some(questions),
            thread: Some(thread),
            keyring: Arc::clone(keyring),
        };
        opened.recv().unwrap_or_else(|_| Err(gone()))?;
        Ok(trail)
    }

    /// The end of the chain, not yet signed.
    ///
    /// # Errors
    /// D0704 where the last batch cannot be read.
    pub fn heads(&self) -> Result<Vec<Head>, Error> {
        heads::read(self.ask(heads::LAST, Vec::new())?.first())
    }

    fn ask(&self, sql: &'static str, values: Values) -> Found {
        let (answer, answered) = mpsc::channel();
        let question = Question { sql, values, answer };
        if let Some(questions) = &self.questions {
            questions.send(question).map_err(|_| gone())?;
        }
        answered.recv().unwrap_or_else(|_| Err(gone()))
    }

    fn all<T>(
        &self,
        sql: &'static str,
        values: Values,
        read: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.ask(sql, values)?.iter().map(read).collect()
    }

    /// Salt and text of a body. One that was altered so that it cannot be decrypted is no body, and its digest says so.
    fn body(&self, row: &Row) -> Result<Option<SaltedText>, Error> {
        match columns::body(&self.keyring, row, 4) {
            Err(error) if error.code == CORRUPT => Ok(Some((Vec::new(), get(row, 6)?))),
            body => body,
        }
    }
}

fn gone() -> Error {
    Error::new(CANNOT_OPEN, "the reader of the trail is gone; try again")
}

/// The thread: opens the moment, answers until nobody asks any more.
fn serve(
    way: &Way,
    keyring: &Keyring,
    mut asked: questions::UnboundedReceiver<Question>,
    opening: &mpsc::Sender<Result<(), Error>>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else {
        // Whoever waits sees that the thread is gone.
        return;
    };
    runtime.block_on(async {
        let client = match moment(way, keyring).await {
            Ok(client) => client,
            Err(error) => {
                let _ = opening.send(Err(error));
                return;
            }
        };
        let _ = opening.send(Ok(()));
        while let Some(Question { sql, values, answer }) = asked.recv().await {
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| &**v as &(dyn ToSql + Sync)).collect();
            let found = client.query(sql, &values).await;
            let _ = answer.send(found.map_err(|e| at_reading(&e)));
        }
    });
}

/// A connection at one moment of the store.
async fn moment(way: &Way, keyring: &Keyring) -> Result<Client, Error> {
    let client = way.connect().await?;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;
                 SET LOCAL idle_in_transaction_session_timeout = 0; SELECT count(*) FROM meta";
    client.batch_execute(begin).await.map_err(|e| no_store(&e))?;
    keys::demand(&client, keyring).await?;
    Ok(client)
}

impl Drop for PostgresTrail {
    fn drop(&mut self) {
        self.questions = None;
        if let Some(thread) = self.thread.take() {
            // One that panicked has nothing left to say here.
            let _ = thread.join();
        }
    }
}

impl Trail for PostgresTrail {
    fn batches(&self, after: u64, limit: usize) -> Result<Vec<StoredBatch>, Error> {
        let sql = "SELECT number, text FROM batch WHERE number > $1 ORDER BY number LIMIT $2";
        self.all(
            sql,
            vec![Box::new(number(after)), Box::new(number(limit as u64))],
            |row| {
                Ok(StoredBatch {
                    number: columns::count(row, 0)?,
                    text: get(row, 1)?,
                })
            },
        )
    }

    fn entries(&self, after: u64, limit: usize) -> Result<Vec<StoredEntry>, Error> {
        let sql = "SELECT e.position, e.run, e.seq, e.header, b.salt, b.encoding, b.bytes
                   FROM entry e LEFT JOIN body b USING(position)
                   WHERE e.position > $1 ORDER BY e.position LIMIT $2";
        self.all(
            sql,
            vec![Box::new(number(after)), Box::new(number(limit as u64))],
            |row| {
                Ok(StoredEntry {
                    position: columns::count(row, 0)?,
                    run: columns::run(row, 1)?,
                    seq: columns::count(row, 2)?,
                    header: get(row, 3)?,
                    body: self.body(row)?,
                })
            },
        )
    }

    fn runs(&self) -> Result<Vec<RunRow>, Error> {
        let sql = "SELECT id, pipeline, run_key, parent, standing, wake, ending, began, touched, entries, content
                   FROM run ORDER BY number";
        self.all(sql, Vec::new(), |row| {
            Ok(RunRow {
                run: columns::run(row, 0)?,
                pipeline: get(row, 1)?,
                run_key: get(row, 2)?,
                parent: get::<Option<uuid::Uuid>>(row, 3)?.map(RunId),
                standing: columns::standing(row, 4)?,
                ending: columns::ending(row, 6)?,
                began: columns::time(row, 7)?,
                touched: columns::time(row, 8)?,
                entries: columns::count(row, 9)?,
                content: columns::digest(row, 10)?,
            })
        })
    }

    fn once_keys(&self) -> Result<Vec<OnceRow>, Error> {
        let sql = "SELECT scope, key, run, path, state, input, input_body, output FROM once_key ORDER BY scope, key";
        self.all(sql, Vec::new(), |row| {
            let once = OnceKey {
                scope: get(row, 0)?,
                key: get(row, 1)?,
            };
            let output: Option<&str> = get(row, 7)?;
            let output = output.map(|text| self.keyring.unlock_text(text)).transpose()?;
            let is_claim = once.is_claim();
            let body = columns::locked(&self.keyring, row, 6)?;
            Ok(OnceRow {
                claim: is_claim.then(|| Claimed::of(&body)).flatten(),
                once,
                run: columns::run(row, 2)?,
                path: get(row, 3)?,
                state: columns::once(row, 4)?,
                input: columns::digest(row, 5)?,
                output: output.map(|text| Digest::of(text.as_bytes())),
            })
        })
    }

    fn ledger(&self) -> Result<Vec<LedgerRow>, Error> {
        let sql = "SELECT ledger, account, NULL::text, claims::text, NULL::text FROM ledger_account
                   UNION ALL SELECT ledger, account, item, taken, unit FROM ledger_line
                   ORDER BY 1, 2, 3 NULLS FIRST";
        self.all(sql, Vec::new(), |row| {
            Ok(LedgerRow {
                ledger: get(row, 0)?,
                account: get(row, 1)?,
                item: get(row, 2)?,
                taken: get(row, 3)?,
                unit: get(row, 4)?,
            })
        })
    }

    fn voided(&self) -> Result<Vec<(String, RunId)>, Error> {
        let sql = "SELECT name, voided_by FROM reference ORDER BY name";
        self.all(sql, Vec::new(), |row| Ok((get(row, 0)?, columns::run(row, 1)?)))
    }

    fn references(&self) -> Result<Vec<ReferenceRow>, Error> {
        let sql = "SELECT reference, run, path FROM reference_effect ORDER BY opened";
        self.all(sql, Vec::new(), |row| {
            Ok(ReferenceRow {
                reference: get(row, 0)?,
                run: columns::run(row, 1)?,
                path: get(row, 2)?,
            })
        })
    }

    fn waits(&self) -> Result<Vec<WaitRow>, Error> {
        let sql = "SELECT id, run, path, decision, roles, due, show, shown, reference FROM wait ORDER BY since, id";
        self.all(sql, Vec::new(), |row| {
            Ok(WaitRow {
                id: get(row, 0)?,
                run: columns::run(row, 1)?,
                path: get(row, 2)?,
                decision: get(row, 3)?,
                roles: columns::json(row, 4)?,
                due: get::<Option<i64>>(row, 5)?.map(Timestamp::from_millis),
                show: Digest::of_value(&columns::locked(&self.keyring, row, 6)?),
                shown: columns::digest(row, 7)?,
                reference: get(row, 8)?,
            })
        })
    }

    fn documents(&self) -> Result<Vec<KeptRow>, Error> {
        // The database digests them itself, so that they need not come here.
        let sql = "SELECT digest, sha256(bytes), CASE WHEN encode(substr(bytes, 1, 13), 'hex') = $1 THEN bytes END
                   FROM document ORDER BY number";
        let mark: String = MARK.iter().map(|byte| format!("{byte:02x}")).collect();
        self.all(sql, vec![Box::new(mark)], |row| match get::<Option<&[u8]>>(row, 2)? {
            // One that was altered is found by the digest of what is there.
            Some(locked) => Ok(KeptRow {
                digest: columns::digest(row, 0)?,
                found: Digest::of(&self.keyring.unlock(locked).unwrap_or_default()),
            }),
            None => kept(row),
        })
    }

    fn versions(&self) -> Result<Vec<KeptRow>, Error> {
        self.all(
            "SELECT digest, sha256(bytes) FROM version ORDER BY number",
            Vec::new(),
            kept,
        )
    }
}

fn kept(row: &Row) -> Result<KeptRow, Error> {
    Ok(KeptRow {
        digest: columns::digest(row, 0)?,
        found: columns::digest(row, 1)?,
    })
}
