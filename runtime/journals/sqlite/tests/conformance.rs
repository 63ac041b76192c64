//! The suite of the trait, on this store.

use std::path::PathBuf;
use std::sync::Arc;

use dragoman_journal::conformance::{self, Stores};
use dragoman_journal::{Error, Journal};
use dragoman_journals_sqlite::{Options, SqliteJournal};

struct Folders(PathBuf);

impl Stores for Folders {
    fn open(&self, name: &str) -> Result<Arc<dyn Journal>, Error> {
        Ok(Arc::new(SqliteJournal::open(&self.0.join(name), Options::default())?))
    }
}

#[tokio::test]
async fn it_does_what_the_trait_says() {
    let folder = tempfile::tempdir().unwrap();
    conformance::run(&Folders(folder.path().into())).await;
}
