//! The suite of the trait, on this store.

use std::path::PathBuf;
use std::sync::Arc;

use dragoman_journal::conformance::{self, Stores};
use dragoman_journal::{Answer, Error, Journal};
use dragoman_journals_sqlite::{Options, SqliteJournal};

struct Folders(PathBuf);

impl Stores for Folders {
    fn open<'a>(&'a self, name: &'a str) -> Answer<'a, Result<Arc<dyn Journal>, Error>> {
        let opened = SqliteJournal::open(&self.0.join(name), Options::default());
        Box::pin(async { opened.map(|journal| Arc::new(journal) as Arc<dyn Journal>) })
    }
}

#[tokio::test]
async fn it_does_what_the_trait_says() {
    let folder = tempfile::tempdir().unwrap();
    let folders = Folders(folder.path().into());
    conformance::run(&folders).await;
    conformance::run_alone(&folders).await;
}
