//! Where the database is, and how it is reached: over TLS, or in a network of one's own without.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use dragoman_journal::Keyring;
use dragoman_journal::error::{CANNOT_OPEN, Error};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::failure;

/// A database, and the user who comes to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The user.
    pub user: String,
    /// The user's password; none: the server asks for none.
    pub password: Option<Vec<u8>>,
    /// Whether the connection is encrypted, and the server's certificate judged as the system judges.
    pub tls: bool,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port, database) = (&self.host, self.port, &self.database);
        write!(f, "{}@{host}:{port}/{database}", self.user)
    }
}

/// How sessions are begun.
#[derive(Clone)]
pub(crate) struct Way {
    config: Config,
    schema: String,
    tls: Option<MakeRustlsConnect>,
}

impl Way {
    /// To a schema of a database.
    ///
    /// # Errors
    /// D0701 where the schema has no name that can be, or the system has no judge of certificates.
    pub(crate) fn to(address: &Address, schema: &str) -> Result<Self, Error> {
        let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        let fits = !schema.is_empty() && schema.len() <= 63 && !schema.starts_with(|c: char| c.is_ascii_digit());
        if !fits || !schema.chars().all(letters) {
            let text = format!("`{schema}` is no name of a schema: write small letters, digits and `_`");
            return Err(Error::new(CANNOT_OPEN, text));
        }
        let mut config = Config::new();
        config.host(&address.host).port(address.port);
        config.dbname(&address.database).user(&address.user);
        if let Some(password) = &address.password {
            config.password(password);
        }
        config.options(session(schema, "")).application_name("dragoman");
        config.connect_timeout(Duration::from_secs(5));
        // A server that has gone without a word is noticed by its silence.
        config.keepalives_idle(Duration::from_secs(10));
        config.tcp_user_timeout(Duration::from_secs(20));
        let tls = if address.tls { Some(judge()?) } else { None };
        config.ssl_mode(if address.tls {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        let schema = schema.to_owned();
        Ok(Way { config, schema, tls })
    }

    /// The same for those who find their rows by keys. A plan that was made while the tables were empty would read them whole
    /// as they grow, until the server looks at them again, or have several processes read a few rows; `once`: their statements are the same each time, and planned once.
    pub(crate) fn by_keys(&self, once: bool) -> Self {
        let mut way = self.clone();
        let mut plans = " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
                         -c max_parallel_workers_per_gather=0"
            .to_owned();
        if once {
            plans.push_str(" -c plan_cache_mode=force_generic_plan");
        }
        way.config.options(session(&way.schema, &plans));
        way
    }

    /// A pool of sessions.
    ///
    /// # Errors
    /// D0701 where there can be none.
    pub(crate) fn pool(&self, size: usize) -> Result<Pool, Error> {
        let recycling_method = RecyclingMethod::Fast;
        let (config, settings) = (self.config.clone(), ManagerConfig { recycling_method });
        let manager = match &self.tls {
            Some(tls) => Manager::from_config(config, tls.clone(), settings),
            None => Manager::from_config(config, NoTls, settings),
        };
        let built = Pool::builder(manager).max_size(size.max(1)).build();
        built.map_err(|e| Error::new(CANNOT_OPEN, format!("no pool of connections ({e})")))
    }

    /// One session, which ends with the client.
    ///
    /// # Errors
    /// D0701 where the database cannot be reached.
    pub(crate) async fn connect(&self) -> Result<Client, Error> {
        let broke = |error| tracing::debug!(%error, "a connection to the database broke");
        match &self.tls {
            Some(tls) => {
                let connected = self.config.connect(tls.clone()).await;
                let (client, connection) = connected.map_err(|e| failure::at_opening(&e))?;
                tokio::spawn(async move { connection.await.unwrap_or_else(broke) });
                Ok(client)
            }
            None => {
                let connected = self.config.connect(NoTls).await;
                let (client, connection) = connected.map_err(|e| failure::at_opening(&e))?;
                tokio::spawn(async move { connection.await.unwrap_or_else(broke) });
                Ok(client)
            }
        }
    }
}

/// Judges certificates as requests over HTTP have them judged.
fn judge() -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|e| {
            Error::new(
                CANNOT_OPEN,
                format!("no certificate can be judged on this system ({e})"),
            )
        })?;
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// A session to read with, and the keys for what it reads.
pub(crate) struct Reader {
    pub(crate) session: Object,
    pub(crate) keyring: Arc<Keyring>,
}

/// A session of a pool.
///
/// # Errors
/// D0701 where the database cannot be reached.
pub(crate) async fn session_of(pool: &Pool) -> Result<Object, Error> {
    pool.get().await.map_err(|error| match error {
        deadpool_postgres::PoolError::Backend(error) => failure::at_opening(&error),
        other => failure::at_connecting(&other).error,
    })
}

/// Session settings that do not depend on how the server is set up: a commit is durable before it is answered, and nobody
/// holds a lock for long, whatever happens to this process.
fn session(schema: &str, plans: &str) -> String {
    format!(
        "-c search_path={schema} -c synchronous_commit=on -c default_transaction_isolation=read\\ committed \
         -c default_transaction_read_only=off -c lock_timeout=10s -c statement_timeout=60s \
         -c idle_in_transaction_session_timeout=5s -c client_min_messages=warning -c jit=off -c TimeZone=UTC{plans}"
    )
}
