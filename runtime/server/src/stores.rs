//! The store that a site file names: opened to be written, to be looked at, and to be audited.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use dragoman_journal::audit::Trail;
use dragoman_journal::error::CANNOT_OPEN;
use dragoman_journal::{Head, Keyring, Records, Store};
use dragoman_journals_postgres::{
    Address as Server, Options as DatabaseOptions, PostgresJournal, PostgresRecords, PostgresTrail,
};
use dragoman_journals_sqlite::{Options as StoreOptions, SqliteJournal, SqliteRecords, SqliteTrail, moved_to};
use dragoman_manifest::Site as Said;
use dragoman_manifest::site::Database;

use crate::error::{Error, ONE_ONLY};
use crate::instance::{Instance, Part};
use crate::site::{self, Secrets, resolve};

/// How often it is looked whether another process of the same folder is gone.
const LOOK: Duration = Duration::from_secs(1);

/// Where a site's runs are, and the keys that they are read with.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where.
    pub at: At,
    /// The keys of the installation.
    pub keyring: Arc<Keyring>,
}

/// A folder, or a database.
#[derive(Debug, Clone)]
pub enum At {
    /// In a file of this folder.
    Folder(PathBuf),
    /// In a database.
    Database {
        /// As the site file names it, for people.
        name: String,
        /// How it is reached.
        server: Server,
        /// The schema in it.
        schema: String,
    },
}

/// The folder of what stays on this machine: keys, compiled connectors, and the store where it is a file.
pub fn store_folder(site_file: &Path, said: &Said) -> PathBuf {
    site::folder_of(site_file).join(&*said.store.folder.value)
}

impl Place {
    /// The place that a site file names. The secrets that it takes are read.
    ///
    /// # Errors
    /// A key or the password of the database is not where the site file says; D0727 where a key is none; D0701 where the store
    /// of a folder was moved.
    pub fn of(site_file: &Path, said: &Said) -> Result<Self, Error> {
        let keyring = keyring(site_file, said)?;
        let Some(database) = &said.store.database else {
            return Place::in_folder(store_folder(site_file, said), keyring);
        };
        let Database { address, schema, .. } = database;
        let mut diagnostics = Vec::new();
        let folder = site::folder_of(site_file);
        let password = database
            .password
            .as_ref()
            .and_then(|password| resolve(&folder, password, Secrets::Resolve, &mut diagnostics));
        if !diagnostics.is_empty() {
            return Err(Error::Diagnostics(diagnostics));
        }
        let at = At::Database {
            name: database.url.value.clone(),
            server: Server {
                host: address.host.clone(),
                port: address.port,
                database: address.database.clone(),
                user: database.user.clone(),
                password: password.map(|password| password.expose().to_vec()),
                tls: !database.private,
            },
            schema: schema.clone(),
        };
        Ok(Place { at, keyring })
    }

    /// A folder, unless what was in it is somewhere else now.
    fn in_folder(folder: PathBuf, keyring: Arc<Keyring>) -> Result<Self, Error> {
        let moved = moved_to(&folder);
        let at = At::Folder(folder);
        let place = Place { at, keyring };
        match moved {
            Some(to) if !place.may_be_there() => {
                let message = format!("the store of {place} was moved to {to}");
                let help = "use the site file that names it: nothing is begun anew here";
                Err(Error::new(CANNOT_OPEN, message, help))
            }
            _ => Ok(place),
        }
    }

    /// Opens it to be written. Where there is none it is made. `folder`: what stays on this machine.
    ///
    /// # Errors
    /// As `SqliteJournal::open` and `PostgresJournal::open`; D0706 where another process serves from the same folder.
    pub(crate) async fn open(&self, folder: &Path, part: Part) -> Result<(Arc<dyn Store>, Option<Instance>), Error> {
        Ok(match &self.at {
            At::Folder(folder) if part == Part::Works => {
                let message = format!(
                    "the runs of this site are in `{}`, which one process has",
                    folder.display()
                );
                let help = "`dragoman serve` does all of its work; to share it, keep the runs in a database: \
                            `store: { postgres: { url: ... } }`";
                return Err(Error::new(ONE_ONLY, message, help));
            }
            At::Folder(folder) => {
                let options = StoreOptions {
                    keyring: Arc::clone(&self.keyring),
                    ..StoreOptions::default()
                };
                (Arc::new(SqliteJournal::open(folder, options)?), None)
            }
            At::Database { server, schema, .. } => {
                let instance = Instance::take(folder, part).await?;
                let options = DatabaseOptions {
                    schema: schema.clone(),
                    owner: Some(instance.id),
                    keyring: Arc::clone(&self.keyring),
                    ..DatabaseOptions::default()
                };
                let journal = Arc::new(PostgresJournal::open(server, options).await?);
                tokio::spawn(look_after(Arc::downgrade(&journal), folder.to_owned()));
                (journal, Some(instance))
            }
        })
    }

    /// Opens it to be looked at: no lock is taken, nothing is made.
    ///
    /// # Errors
    /// D0701 where there is none, D0704 where it is damaged, D0705 where a newer version wrote it.
    pub async fn records(&self) -> Result<Box<dyn Records>, Error> {
        match &self.at {
            At::Folder(folder) if !self.may_be_there() => {
                let message = format!("there is no store in {}", folder.display());
                let help = "nothing has run here yet; `dragoman serve` and `dragoman run` make the store. If something \
                            has, look whether `store:` in the site file is right";
                Err(Error::new(CANNOT_OPEN, message, help))
            }
            At::Folder(folder) => Ok(Box::new(SqliteRecords::open(folder, &self.keyring)?)),
            At::Database { server, schema, .. } => {
                let records = PostgresRecords::open(server, schema, &self.keyring).await?;
                Ok(Box::new(records))
            }
        }
    }

    /// Opens its trail, as it is at this moment.
    ///
    /// # Errors
    /// As [`Place::records`].
    pub fn trail(&self) -> Result<OpenTrail, Error> {
        Ok(match &self.at {
            At::Folder(folder) => OpenTrail::File(SqliteTrail::open(folder, &self.keyring)?),
            At::Database { server, schema, .. } => {
                OpenTrail::Database(PostgresTrail::open(server, schema, &self.keyring)?)
            }
        })
    }

    /// False where there is certainly none: whether a database has one is known when it is asked.
    pub fn may_be_there(&self) -> bool {
        match &self.at {
            At::Folder(folder) => is_in(folder),
            At::Database { .. } => true,
        }
    }
}

/// Whether a folder has the file of a store.
pub(crate) fn is_in(folder: &Path) -> bool {
    folder.join("journal.db").exists()
}

/// The keys that a site file names.
fn keyring(site_file: &Path, said: &Said) -> Result<Arc<Keyring>, Error> {
    let folder = site::folder_of(site_file);
    let mut diagnostics = Vec::new();
    let named = said.store.encryption.iter();
    let keys: Vec<_> = named
        .filter_map(|key| resolve(&folder, key, Secrets::Resolve, &mut diagnostics))
        .collect();
    if !diagnostics.is_empty() {
        return Err(Error::Diagnostics(diagnostics));
    }
    Ok(Arc::new(Keyring::new(keys.iter().map(|key| key.expose()))?))
}

/// Gives back what processes of this folder had that are gone, for as long as the store is used: nobody need wait for the end
/// of their leases.
async fn look_after(journal: Weak<PostgresJournal>, folder: PathBuf) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(journal) = journal.upgrade() else { return };
        let gone = match Instance::gone(&folder) {
            Ok(gone) => gone,
            Err(error) => {
                tracing::debug!(%error, "it cannot be seen which processes are gone");
                continue;
            }
        };
        for gone in gone {
            match journal.give_back(gone.id).await {
                Ok(0) => {}
                Ok(runs) => tracing::info!(runs, "a process of this folder is gone; its runs are free"),
                Err(error) => tracing::debug!(%error, "the runs of a process that is gone could not be freed"),
            }
        }
    }
}

/// As people know it.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.at {
            At::Folder(folder) => folder.display().fmt(f),
            At::Database { name, .. } => name.fmt(f),
        }
    }
}

/// The trail of a store of either kind.
pub enum OpenTrail {
    /// Of one in a folder.
    File(SqliteTrail),
    /// Of one in a database.
    Database(PostgresTrail),
}

impl OpenTrail {
    /// The trail itself.
    pub fn trail(&self) -> &dyn Trail {
        match self {
            OpenTrail::File(trail) => trail,
            OpenTrail::Database(trail) => trail,
        }
    }

    /// The end of each chain, not yet signed.
    ///
    /// # Errors
    /// D0704 where the last batch cannot be read.
    pub fn heads(&self) -> Result<Vec<Head>, Error> {
        Ok(match self {
            OpenTrail::File(trail) => trail.heads()?,
            OpenTrail::Database(trail) => trail.heads()?,
        })
    }

    /// What is damaged of the file, where it is one; a database watches over its own.
    ///
    /// # Errors
    /// Where the file cannot be read at all.
    pub fn damage(&self) -> Result<Vec<String>, Error> {
        match self {
            OpenTrail::File(trail) => Ok(trail.check_file()?),
            OpenTrail::Database(_) => Ok(Vec::new()),
        }
    }
}
