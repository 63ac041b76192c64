//! The site that a command is about, and asking whoever serves it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use dragoman_journal::{Journal, RunFilter};
use dragoman_model::{Timestamp, Value};
use dragoman_server::{
    Address, Client, Daily, DeadFilter, Desk, Place, Runtime, Stored, Wanted, read_site, says_enough, store_folder,
};
use tokio::time::Instant;

use crate::answer::Error;

/// How long a server that is starting is waited for.
const STARTING: Duration = Duration::from_secs(5);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// The option that most commands have.
#[derive(Debug, Args)]
pub(crate) struct SiteOption {
    /// The site file
    #[arg(long, default_value = "dragoman.yaml", value_name = "FILE")]
    pub(crate) site: PathBuf,
}

/// Whom to ask: the server that runs, or the store itself.
pub(crate) enum Site {
    /// A server is running.
    Served(Client),
    /// Nobody serves: the site was opened here.
    Opened(Box<Runtime>),
}

/// Whom to ask where nothing is done: the server that runs, or what the store holds.
pub(crate) enum Sight {
    /// A server is running.
    Served(Client),
    /// Nobody serves: the store's file is read, beside whoever has it open.
    Stored(Stored),
}

impl SiteOption {
    /// The folder of the site's store.
    pub(crate) fn store(&self) -> Result<PathBuf, Error> {
        let (said, _) = read_site(&self.site).map_err(Error::Diagnostics)?;
        Ok(store_folder(&self.site, &said))
    }

    /// The names of the site's ledgers.
    pub(crate) fn ledgers(&self) -> Result<Vec<String>, Error> {
        let (said, _) = read_site(&self.site).map_err(Error::Diagnostics)?;
        Ok(said.ledgers.into_iter().map(|ledger| ledger.value).collect())
    }

    /// The days of the site.
    pub(crate) fn days(&self) -> Result<Daily, Error> {
        let (said, _) = read_site(&self.site).map_err(Error::Diagnostics)?;
        Daily::of(&said).map_err(|unknown| Error::Diagnostics(vec![*unknown]))
    }

    /// The folder of the site's pipelines.
    pub(crate) fn pipelines(&self) -> Result<PathBuf, Error> {
        let (said, _) = read_site(&self.site).map_err(Error::Diagnostics)?;
        let folder = self.site.parent().unwrap_or(Path::new(""));
        Ok(folder.join(&*said.pipelines.value))
    }

    /// The server that runs; else the site, opened.
    pub(crate) async fn reach(&self) -> Result<Site, Error> {
        if let Some(address) = Address::find(&self.store()?)
            && let Some(client) = Client::connect(address).await
        {
            return Ok(Site::Served(client));
        }
        self.open_or_wait().await
    }

    /// The site, opened. Where another process has the store, it may be a server that is only starting: it is given a
    /// while to answer, or to be gone.
    async fn open_or_wait(&self) -> Result<Site, Error> {
        let end = Instant::now() + STARTING;
        loop {
            match Runtime::open(&self.site).await {
                Ok(runtime) => return Ok(Site::Opened(Box::new(runtime))),
                Err(error) if error.is_locked() && Instant::now() < end => {}
                Err(error) => return Err(error.into()),
            }
            // Of a server that died the address may be there still: it does not answer.
            if let Some(address) = Address::find(&self.store()?)
                && let Some(client) = Client::connect(address).await
            {
                return Ok(Site::Served(client));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The server that runs; else what the store holds. Nothing is made, begun or taken up, and neither secrets nor
    /// plugins nor sound pipelines are needed.
    pub(crate) async fn look(&self) -> Result<Sight, Error> {
        let (said, _) = read_site(&self.site).map_err(Error::Diagnostics)?;
        if let Some(address) = Address::find(&store_folder(&self.site, &said))
            && let Some(client) = Client::connect(address).await
        {
            return Ok(Sight::Served(client));
        }
        Ok(Sight::Stored(Stored::open(&Place::of(&self.site, &said)?).await?))
    }
}

impl Site {
    /// Open waits.
    pub(crate) async fn waits(&self) -> Result<Value, Error> {
        match self {
            Site::Served(client) => Ok(client.get("/v1/waits").await?),
            Site::Opened(runtime) => Ok(desk(runtime).waits().await?),
        }
    }
}

impl Sight {
    /// Runs, newest first.
    pub(crate) async fn runs(&self, filter: RunFilter) -> Result<Value, Error> {
        match self {
            Sight::Served(client) => {
                let mut path = format!("/v1/runs?limit={}&children={}", filter.limit, filter.children);
                for (name, value) in [("pipeline", filter.pipeline), ("status", filter.status)] {
                    if let Some(value) = value {
                        path.push_str(&format!("&{name}={}", encoded(&value)));
                    }
                }
                Ok(client.get(&path).await?)
            }
            Sight::Stored(records) => Ok(records.runs(filter).await??),
        }
    }

    /// Runs that nothing moves on.
    pub(crate) async fn stuck(&self, limit: usize) -> Result<Value, Error> {
        match self {
            Sight::Served(client) => Ok(client.get(&format!("/v1/runs?stuck=true&limit={limit}")).await?),
            Sight::Stored(records) => Ok(records.stuck(limit).await?),
        }
    }

    /// What came of what was taken in a period, and what is missing.
    pub(crate) async fn reconcile(&self, wanted: &Wanted) -> Result<Value, Error> {
        match self {
            Sight::Served(client) => {
                let body = serde_json::to_value(wanted).unwrap_or_default();
                Ok(client.post("/v1/reconciliation", &body).await?)
            }
            Sight::Stored(records) => Ok(records.reconcile(wanted).await?),
        }
    }

    /// Accounts of ledgers.
    pub(crate) async fn ledger(&self, ledger: Option<String>, account: Option<String>) -> Result<Value, Error> {
        match self {
            Sight::Served(client) => {
                let named = [("ledger", &ledger), ("account", &account)];
                let query: Vec<String> = named
                    .iter()
                    .filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_deref()?))))
                    .collect();
                Ok(client.get(&format!("/v1/ledger?{}", query.join("&"))).await?)
            }
            Sight::Stored(records) => Ok(records.ledger(ledger, account).await?),
        }
    }

    /// What was claimed of an account.
    pub(crate) async fn claims(&self, ledger: &str, account: &str) -> Result<Value, Error> {
        match self {
            Sight::Served(client) => {
                let (ledger, account) = (encoded(ledger), encoded(account));
                let path = format!("/v1/ledger/claims?ledger={ledger}&account={account}");
                Ok(client.get(&path).await?)
            }
            Sight::Stored(records) => Ok(records.claims(ledger.to_owned(), account.to_owned()).await?),
        }
    }

    /// Dead letters, oldest first.
    pub(crate) async fn dead(&self, filter: &DeadFilter) -> Result<Value, Error> {
        match self {
            Sight::Served(client) => {
                let mut path = format!("/v1/dead?failed={}&limit={}", filter.failed, filter.limit);
                let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
                for (name, value) in [
                    ("pipeline", filter.pipeline.clone()),
                    ("about", filter.about.clone()),
                    ("partner", filter.partner.clone()),
                    ("failure", filter.failure.clone()),
                    ("since", time(filter.since)),
                    ("until", time(filter.until)),
                ] {
                    if let Some(value) = value {
                        path.push_str(&format!("&{name}={}", encoded(&value)));
                    }
                }
                Ok(client.get(&path).await?)
            }
            Sight::Stored(records) => Ok(records.dead(filter).await?),
        }
    }

    /// A run with its timeline.
    pub(crate) async fn run(&self, run: &str, bodies: bool) -> Result<Value, Error> {
        // A path over HTTP without an id would be another one.
        says_enough(run)?;
        match self {
            Sight::Served(client) => Ok(client
                .get(&format!("/v1/runs/{}?bodies={bodies}", encoded(run)))
                .await?),
            Sight::Stored(records) => Ok(records.run(run, bodies).await??),
        }
    }

    /// Open waits.
    pub(crate) async fn waits(&self) -> Result<Value, Error> {
        match self {
            Sight::Served(client) => Ok(client.get("/v1/waits").await?),
            Sight::Stored(records) => Ok(records.waits().await?),
        }
    }
}

/// The desk of a site that was opened here.
pub(crate) fn desk(runtime: &Runtime) -> Desk {
    let journal: std::sync::Arc<dyn Journal> = runtime.journal.clone();
    Desk::new(journal, runtime.handle())
}

/// A text as a part of a path or query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Runs a future on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = built.map_err(|e| Error::plain(format!("the system gives no threads: {e}")))?;
    runtime.block_on(future)
}
