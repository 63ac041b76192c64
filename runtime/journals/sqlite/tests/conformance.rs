//! The suite of the trait, on this store.

use std::path::PathBuf;
use std::sync::Arc;

use dragoman_journal::conformance::{self, Stores};
use dragoman_journal::{Answer, Error, Journal, Keyring};
use dragoman_journals_sqlite::{Options, SqliteJournal};

struct Folders(PathBuf, Arc<Keyring>);

impl Stores for Folders {
    fn open<'a>(&'a self, name: &'a str) -> Answer<'a, Result<Arc<dyn Journal>, Error>> {
        let options = Options {
            keyring: Arc::clone(&self.1),
            ..Options::default()
        };
        let opened = SqliteJournal::open(&self.0.join(name), options);
        Box::pin(async { opened.map(|journal| Arc::new(journal) as Arc<dyn Journal>) })
    }
}

#[tokio::test]
async fn it_does_what_the_trait_says() {
    for keys in [&[][..], &[&[b'7'; 64][..]]] {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders(
            folder.path().into(),
            Arc::new(Keyring::new(keys.iter().copied()).unwrap()),
        );
        conformance::run(&folders).await;
        conformance::run_alone(&folders).await;
    }
}
