//! The store: a folder of this machine, or a database that several share.

use dragoman_model::Diagnostic;

use super::address::{host_and_port, named_in};
use super::secret::secret;
use super::{Database, DatabaseAddress, Secret, Store};
use crate::reading::Reading;
use crate::yaml::{Node, NodeKind};
use crate::{Spanned, codes};

const EXAMPLE: &str = "postgresql://db.example/dragoman";
/// The folder where nothing is said.
pub(super) const FOLDER: &str = "data";
/// The schema where nothing is said.
const SCHEMA: &str = "dragoman";
/// The port of PostgreSQL where nothing is said.
const PORT: u16 = 5432;

/// `folder`: where nothing is said of one.
pub(super) fn store(reading: &mut Reading, node: &Node, folder: Spanned<String>) -> Option<Store> {
    let example = "`{ sqlite: data }`, or `{ postgres: { url: postgresql://db.example/dragoman, user: dragoman, password: \
                   env:STORE_PASSWORD } }`";
    let mut fields = reading.fields(node, "the store", example)?;
    let encryption = fields
        .take("encryption")
        .map_or_else(Vec::new, |n| encryption(reading, n));
    let Some(node) = fields.take("postgres") else {
        let sqlite = fields.need(reading, "sqlite", FOLDER);
        let folder = sqlite.and_then(|n| reading.text(n, FOLDER));
        fields.finish(reading);
        return folder.map(|folder| Store {
            folder,
            database: None,
            encryption,
        });
    };
    fields.finish(reading);
    let store = database(reading, node, folder)?;
    Some(Store { encryption, ..store })
}

/// Where keys are; without one nothing would be encrypted, so an empty list is a mistake.
fn encryption(reading: &mut Reading, node: &Node) -> Vec<Secret> {
    let items = reading.list(node, "a list of keys", "`[file:store.key]`");
    if items.is_empty() && matches!(&node.kind, NodeKind::Sequence(_)) {
        let message = "there is no key to encrypt with";
        let help = "name one, for example `[file:store.key]`; `dragoman store key` makes it";
        reading.push(Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), message).help(help));
    }
    items.iter().filter_map(|item| secret(reading, item)).collect()
}

impl Store {
    /// Where it is, in one text: another text is another store.
    pub fn place(&self) -> Spanned<String> {
        let folder = &self.folder.value;
        let (mut place, span) = match &self.database {
            Some(Database { url, schema, .. }) => (format!("{} {schema}, and {folder}", url.value), &url.span),
            None => (folder.clone(), &self.folder.span),
        };
        if !self.encryption.is_empty() {
            let keys: Vec<String> = self.encryption.iter().map(|key| key.place.to_string()).collect();
            place.push_str(&format!(", encrypted with {}", keys.join(", ")));
        }
        Spanned::new(place, span.clone())
    }
}

fn database(reading: &mut Reading, node: &Node, folder: Spanned<String>) -> Option<Store> {
    let example = "`{ url: postgresql://db.example/dragoman, user: dragoman, password: env:STORE_PASSWORD }`";
    let mut fields = reading.fields(node, "the database of the store", example)?;
    let url = fields
        .need(reading, "url", EXAMPLE)
        .and_then(|n| reading.text(n, EXAMPLE));
    let user = fields
        .need(reading, "user", "dragoman")
        .and_then(|n| reading.text(n, "dragoman"));
    let password = fields.take("password").map(|n| secret(reading, n));
    let schema = fields.take("schema").and_then(|n| reading.text(n, SCHEMA));
    // Keys and compiled connectors stay on this machine.
    let said = fields.take("folder").and_then(|n| reading.text(n, FOLDER));
    let private = fields.take("private").and_then(|n| reading.flag(n));
    fields.finish(reading);
    let url = url?;
    let address = address(reading, &url)?;
    let database = Database {
        address,
        url,
        user: user?.value,
        // One that was said and is none was reported.
        password: match password {
            Some(password) => Some(password?),
            None => None,
        },
        schema: schema.map_or_else(|| SCHEMA.to_owned(), |schema| schema.value),
        private: private.is_some_and(|private| private.value),
    };
    Some(Store {
        folder: said.unwrap_or(folder),
        database: Some(database),
        encryption: Vec::new(),
    })
}

/// The parts of a database's URL; reports why it cannot be one.
fn address(reading: &mut Reading, url: &Spanned<String>) -> Option<DatabaseAddress> {
    if named_in(reading, url) {
        return None;
    }
    let address = parts(url);
    if address.is_none() {
        let message = format!("`{}` is not the URL of a PostgreSQL database", url.value);
        let help = format!("write host and database, for example `{EXAMPLE}`");
        reading.push(Diagnostic::error(codes::WRONG_VALUE, url.span.clone(), message).help(help));
    }
    address
}

fn parts(url: &str) -> Option<DatabaseAddress> {
    let rest = url
        .strip_prefix("postgresql://")
        .or_else(|| url.strip_prefix("postgres://"))?;
    let (authority, database) = rest.split_once('/')?;
    let (host, port) = host_and_port(authority)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!database.is_empty() && database.chars().all(fits)).then(|| DatabaseAddress {
        host,
        port: port.unwrap_or(PORT),
        database: database.to_owned(),
    })
}
