//! A PostgreSQL server on a loopback port of its own, with its own data.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::Error;
use crate::process::{Launch, Process};

/// How long a server may take to start or to stop: an hour's worth of compilers may be at work beside it.
const PATIENCE: Duration = Duration::from_secs(120);
/// Another program may have taken a port that was free a moment ago.
const TRIES: usize = 3;
/// What a server says that finds processes of an earlier one at its data.
const STILL_THERE: &str = "pre-existing shared memory block";
/// Until it is looked whether they have gone.
const PAUSE: Duration = Duration::from_millis(20);
/// Where distributions put the servers, a folder for each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// Who may run it where this process is root, which it refuses: the package's own user, or any that owns nothing.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A server; killed when dropped.
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    user: Option<(u32, u32)>,
    settings: Vec<String>,
    server: Option<Process>,
}

impl Postgres {
    /// Starts a server with an empty database `dragoman`. None, which is said: there is no PostgreSQL on this machine, and
    /// nobody demands one.
    ///
    /// # Errors
    /// It does not start; or there is none, and the variable `CI` says that all tests must run.
    pub async fn start() -> Result<Option<Self>, Error> {
        Self::with(&[]).await
    }

    /// As [`Postgres::start`], with further settings (`name=value`).
    ///
    /// # Errors
    /// As above.
    pub async fn with(settings: &[&str]) -> Result<Option<Self>, Error> {
        let Some(programs) = programs() else {
            let reason = "install the package postgresql".to_owned();
            if std::env::var_os("CI").is_some() {
                let path = VERSIONS.into();
                return Err(Error::NotBuilt { path, reason });
            }
            println!("skipped: there is no PostgreSQL; {reason}");
            return Ok(None);
        };
        let mut tries = 1;
        loop {
            let mut server = Self::new(programs.clone(), settings).await?;
            match server.resume().await {
                Ok(()) => return Ok(Some(server)),
                Err(Error::Ended { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn new(programs: PathBuf, settings: &[&str]) -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("dragoman-postgres-").tempdir();
        let folder = folder.map_err(|e| Error::io("make a temporary folder", e))?;
        let user = user(folder.path())?;
        if let Some((user, group)) = user {
            let own = chown(folder.path(), Some(user), Some(group));
            own.map_err(|e| Error::io("give a folder to another user", e))?;
        }
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let server = Postgres {
            programs,
            port: free.map_err(|e| Error::io("look for a free port", e))?.port(),
            folder,
            user,
            settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
            server: None,
        };
        let made = server
            .launch("initdb")
            .args(["--no-sync", "--auth", "trust", "--username", "dragoman"])
            .args(["--encoding", "UTF8", "--locale", "C"])
            .args(["--pgdata".into(), server.data()])
            .run(PATIENCE)
            .await?;
        match made.code {
            Some(0) => Ok(server),
            _ => Err(Error::Ended {
                what: "the making of a database".to_owned(),
                last: made.err,
            }),
        }
    }

    /// Its address: a database of that name.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://dragoman@127.0.0.1:{}/{database}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again on what it kept, at the same address, and waits until it serves.
    ///
    /// # Errors
    /// It does not start; all that it wrote is in the error.
    pub async fn resume(&mut self) -> Result<(), Error> {
        self.stop().await?;
        let end = Instant::now() + PATIENCE;
        loop {
            match self.begin().await {
                // What a killed server began needs a moment to see that it is gone.
                Err(Error::Ended { last, .. }) if last.contains(STILL_THERE) && Instant::now() < end => {
                    tokio::time::sleep(PAUSE).await;
                }
                begun => return begun,
            }
        }
    }

    async fn begin(&mut self) -> Result<(), Error> {
        let listen = format!("port={}", self.port);
        let settings = [
            &*listen,
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=300",
            "log_min_messages=log",
        ];
        let settings = settings
            .into_iter()
            .chain(self.settings.iter().map(|setting| &**setting));
        let launch = self.launch("postgres").args(["-D".into(), self.data()]);
        let server = settings
            .fold(launch, |launch, setting| launch.args(["-c", setting]))
            .start()?;
        let ready = |_, line: &str| line.contains("ready to accept connections").then_some(());
        let started = server.line("the start of the database", PATIENCE, ready).await;
        self.server = Some(server);
        started
    }

    /// Runs SQL in a database as its owner, with `psql`; gives what it prints, without heads.
    ///
    /// # Errors
    /// What `psql` says.
    pub async fn sql(&self, database: &str, sql: &str) -> Result<String, Error> {
        let ran = self
            .launch("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"])
            .args(["--dbname", &self.url(database), "--command", sql])
            .run(PATIENCE)
            .await?;
        match ran.code {
            Some(0) => Ok(ran.out.trim().to_owned()),
            _ => Err(Error::Ended {
                what: format!("the answer to `{sql}`"),
                last: ran.err,
            }),
        }
    }

    /// Makes a further database.
    ///
    /// # Errors
    /// There is one of that name already.
    pub async fn make(&self, database: &str) -> Result<(), Error> {
        self.sql("postgres", &format!("CREATE DATABASE {database}"))
            .await
            .map(drop)
    }

    /// Stops it in good order, without waiting for its clients. What it kept stays for [`Postgres::resume`].
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(&mut self) -> Result<(), Error> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        let stopped = self
            .launch("pg_ctl")
            .args(["stop", "--mode", "fast", "--no-wait", "--silent", "--pgdata"])
            .args([self.data()])
            .run(PATIENCE)
            .await?;
        if stopped.code != Some(0) {
            server.kill().await?;
        }
        server.wait(PATIENCE).await.map(drop)
    }

    /// Kills it at once, as a power failure of its machine would, but for what the disk has not taken.
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn kill(&mut self) -> Result<(), Error> {
        match self.server.take() {
            Some(mut server) => server.kill().await.map(drop),
            None => Ok(()),
        }
    }

    fn data(&self) -> std::ffi::OsString {
        self.folder.path().join("data").into()
    }

    fn launch(&self, program: &str) -> Launch {
        let launch = Launch::new(self.programs.join(program)).folder(self.folder.path());
        match self.user {
            Some((user, group)) => launch.user(user, group),
            None => launch,
        }
    }
}

/// The newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).ok()?;
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/postgres").is_file())
        .max_by_key(number)?;
    Some(newest.join("bin"))
}

/// Whom it is run by: none, where this process may run it itself.
fn user(folder: &Path) -> Result<Option<(u32, u32)>, Error> {
    use std::os::unix::fs::MetadataExt;
    let reading = |e| Error::io("look for a user to run a database", e);
    // Whoever made the folder is whoever this process is.
    if std::fs::metadata(folder).map_err(reading)?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").map_err(reading)?;
    let ids = |name: &&str| {
        let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = fields.into_iter().find(|fields| fields.first() == Some(name))?;
        Some((found.get(2)?.parse().ok()?, found.get(3)?.parse().ok()?))
    };
    let found = USERS.iter().find_map(ids);
    found.map(Some).ok_or_else(|| {
        let text = "this is root, and there is neither a user `postgres` nor `nobody`";
        Error::io("look for a user to run a database", std::io::Error::other(text))
    })
}
