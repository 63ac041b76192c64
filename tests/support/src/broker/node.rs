//! A RabbitMQ node on loopback ports of its own, with its own data, cookie, name and port mapper.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::Client;
use crate::Error;
use crate::process::{Launch, Process};

/// Where distributions put the program that starts a node as the user who calls it; the one in the search path insists
/// on a user of its own.
const PROGRAMS: [&str; 2] = [
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/local/lib/rabbitmq/bin/rabbitmq-server",
];
/// How long a node may take to start or to stop: an hour's worth of compilers may be at work beside it.
const PATIENCE: Duration = Duration::from_secs(180);
/// Another program may have taken a port that was free a moment ago.
const TRIES: usize = 3;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A node; killed with all that it started when dropped.
pub struct Broker {
    program: PathBuf,
    folder: TempDir,
    name: String,
    ports: Ports,
    mapper: Option<Process>,
    node: Option<Process>,
}

/// The ports of a node: for clients, for other nodes, and of the mapper that tells nodes of each other.
#[derive(Clone, Copy)]
struct Ports {
    amqp: u16,
    nodes: u16,
    mapper: u16,
}

impl Ports {
    fn free() -> Result<Self, Error> {
        let bind = || TcpListener::bind("127.0.0.1:0").map_err(|e| Error::io("look for a free port", e));
        // All at once, so that they are three.
        let (amqp, nodes, mapper) = (bind()?, bind()?, bind()?);
        let port = |listener: &TcpListener| {
            let address = listener.local_addr();
            address
                .map(|a| a.port())
                .map_err(|e| Error::io("look for a free port", e))
        };
        Ok(Self {
            amqp: port(&amqp)?,
            nodes: port(&nodes)?,
            mapper: port(&mapper)?,
        })
    }
}

impl Broker {
    /// Starts a node. None, which is said: there is no RabbitMQ on this machine, and nobody demands one.
    ///
    /// # Errors
    /// It does not start; or there is none, and the variable `CI` says that all tests must run.
    pub async fn start() -> Result<Option<Self>, Error> {
        let Some(program) = PROGRAMS.into_iter().map(PathBuf::from).find(|p| p.is_file()) else {
            let reason = "install the package rabbitmq-server".to_owned();
            if std::env::var_os("CI").is_some() {
                let path = PROGRAMS[0].into();
                return Err(Error::NotBuilt { path, reason });
            }
            println!("skipped: there is no RabbitMQ; {reason}");
            return Ok(None);
        };
        let mut tries = 1;
        loop {
            let mut broker = Self::new(program.clone())?;
            match broker.resume().await {
                Ok(()) => return Ok(Some(broker)),
                Err(Error::Ended { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn new(program: PathBuf) -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("dragoman-broker-").tempdir();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            program,
            folder: folder.map_err(|e| Error::io("make a temporary folder", e))?,
            name: format!("dragoman-{}-{number}@localhost", std::process::id()),
            ports: Ports::free()?,
            mapper: None,
            node: None,
        })
    }

    /// Its address, without user and password: those are `guest`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://127.0.0.1:{}", self.ports.amqp)
    }

    /// Its port for clients.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.amqp
    }

    /// A client of it.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn client(&self) -> Result<Client, Error> {
        Client::connect(&self.url()).await
    }

    /// Starts it again on what it kept, at the same address, and waits until it serves.
    ///
    /// # Errors
    /// It does not start; all that it wrote is in the error.
    pub async fn resume(&mut self) -> Result<(), Error> {
        self.stop().await?;
        let at = self.folder.path();
        let settings = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\nlog.console = true\nlog.console.level = info\nlog.file = false\n",
            self.ports.amqp
        );
        let file = at.join("node.conf");
        std::fs::write(&file, settings).map_err(|e| Error::io("write the settings of a broker", e))?;
        let mapper = Launch::new("epmd")
            .args(["-port", &self.ports.mapper.to_string(), "-address", "127.0.0.1"])
            .folder(at)
            .start()?;
        self.mapper = Some(mapper);
        let node = self.launch(at, &file).start()?;
        let ready = |_, line: &str| line.contains("Server startup complete").then_some(());
        let started = node.line("the start of the broker", PATIENCE, ready).await;
        self.node = Some(node);
        started
    }

    fn launch(&self, at: &Path, settings: &Path) -> Launch {
        Launch::new(&self.program)
            .folder(at)
            // Its cookie is made there.
            .env("HOME", at)
            .env("RABBITMQ_NODENAME", &self.name)
            .env("RABBITMQ_MNESIA_BASE", at.join("data"))
            .env("RABBITMQ_LOG_BASE", at.join("log"))
            .env("RABBITMQ_CONFIG_FILE", settings)
            // None of the machine's own settings and plugins.
            .env("RABBITMQ_CONF_ENV_FILE", at.join("none.env"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", at.join("none.config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at.join("plugins"))
            .env("RABBITMQ_DIST_PORT", self.ports.nodes.to_string())
            .env("ERL_EPMD_PORT", self.ports.mapper.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            )
    }

    /// Stops it in good order, and its port mapper. What it kept stays for [`Broker::resume`].
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(&mut self) -> Result<(), Error> {
        if let Some(mut node) = self.node.take() {
            node.terminate()?;
            node.wait(PATIENCE).await?;
        }
        self.stop_mapper().await
    }

    /// Kills it at once, as a power failure would.
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn kill(&mut self) -> Result<(), Error> {
        if let Some(mut node) = self.node.take() {
            node.kill().await?;
        }
        self.stop_mapper().await
    }

    async fn stop_mapper(&mut self) -> Result<(), Error> {
        if let Some(mut mapper) = self.mapper.take() {
            mapper.kill().await?;
        }
        Ok(())
    }
}
