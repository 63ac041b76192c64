//! Where a test's own server is.

use dragoman_journals_postgres::Address;
use dragoman_support::postgres::Postgres;

/// A database of a server.
pub(crate) fn address(server: &Postgres, database: &str, user: &str) -> Address {
    Address {
        host: "127.0.0.1".into(),
        port: server.port(),
        database: database.into(),
        user: user.into(),
        password: None,
        tls: false,
    }
}
