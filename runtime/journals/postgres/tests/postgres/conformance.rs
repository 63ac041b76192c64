//! The suite of the trait, on this store.

use std::sync::Arc;

use dragoman_journal::conformance::{self, Stores};
use dragoman_journal::{Answer, Error, Journal, Keyring};
use dragoman_journals_postgres::{Options, PostgresJournal};
use dragoman_support::postgres::Postgres;

use crate::server::address;

/// A schema for each store.
struct Schemas(Postgres, Arc<Keyring>);

impl Stores for Schemas {
    fn open<'a>(&'a self, name: &'a str) -> Answer<'a, Result<Arc<dyn Journal>, Error>> {
        let options = Options {
            schema: format!("{}_{}", name.replace('-', "_"), self.1.ids().count()),
            keyring: Arc::clone(&self.1),
            ..Options::default()
        };
        let address = address(&self.0, "postgres", "dragoman");
        Box::pin(async move {
            let journal = PostgresJournal::open(&address, options).await?;
            Ok(Arc::new(journal) as Arc<dyn Journal>)
        })
    }
}

#[tokio::test]
async fn it_does_what_the_trait_says() {
    let Some(server) = Postgres::start().await.unwrap() else {
        return;
    };
    let mut schemas = Schemas(server, Arc::default());
    conformance::run(&schemas).await;
    schemas.1 = Arc::new(Keyring::new([&[b'7'; 64][..]]).unwrap());
    conformance::run(&schemas).await;
}
