//! What is in the file of a store whose content is encrypted: to a key, and to none.

use std::path::Path;
use std::sync::Arc;

use dragoman_journal::Keyring;
use dragoman_journal::conformance::secret;
use dragoman_journals_sqlite::{Options, SqliteJournal, SqliteRecords, SqliteTrail, Unused};

const WORD: &str = "Rhinoceros-17";
const OLD: &[u8] = &[b'1'; 64];
const NEW: &[u8] = &[b'2'; 64];

fn ring(keys: &[&[u8]]) -> Arc<Keyring> {
    Arc::new(Keyring::new(keys.iter().copied()).unwrap())
}

fn open(folder: &Path, keyring: &Arc<Keyring>) -> Result<SqliteJournal, dragoman_journal::Error> {
    let options = Options {
        keyring: Arc::clone(keyring),
        ..Options::default()
    };
    SqliteJournal::open(folder, options)
}

/// How often the word stands in the files of a store, plain or in base64.
fn found(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let count = |path: std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(WORD.len()).filter(|at| *at == WORD.as_bytes()).count()
    };
    files.filter(|path| path.is_file()).map(count).sum()
}

fn is_whole(folder: &Path, keyring: &Arc<Keyring>) {
    let trail = SqliteTrail::open(folder, keyring).unwrap();
    let report = trail.verify(&[]).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
}

#[tokio::test]
async fn nobody_without_the_key_finds_a_word_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (old, both, new) = (ring(&[OLD]), ring(&[NEW, OLD]), ring(&[NEW]));
    secret::tell(&open(folder.path(), &old).unwrap(), WORD).await;
    assert_eq!(found(folder.path()), 0);
    is_whole(folder.path(), &old);
    for keys in [&new, &Arc::default()] {
        let refused = [
            open(folder.path(), keys).map(drop),
            SqliteRecords::open(folder.path(), keys).map(drop),
            SqliteTrail::open(folder.path(), keys).map(drop),
            Unused::take(folder.path()).unwrap().encrypt(keys).map(drop),
        ];
        assert_eq!(refused.map(|refused| refused.unwrap_err().code.id), ["D0726"; 4]);
    }
    // Both are needed as long as something is encrypted with the old one, and not a day longer.
    secret::hear(&open(folder.path(), &both).unwrap(), WORD).await;
    assert!(open(folder.path(), &old).is_err() && open(folder.path(), &new).is_err());
    Unused::take(folder.path()).unwrap().encrypt(&both).unwrap();
    secret::hear(&open(folder.path(), &new).unwrap(), WORD).await;
    is_whole(folder.path(), &new);
    assert_eq!(found(folder.path()), 0);
}

#[tokio::test]
async fn a_plain_store_is_encrypted_to_its_last_page() {
    let folder = tempfile::tempdir().unwrap();
    secret::tell(&open(folder.path(), &Arc::default()).unwrap(), WORD).await;
    assert!(found(folder.path()) >= 10, "this is how it is found");
    let keys = ring(&[NEW]);
    // What is there stays as it was; what comes is encrypted.
    secret::hear(&open(folder.path(), &keys).unwrap(), WORD).await;
    Unused::take(folder.path()).unwrap().encrypt(&keys).unwrap();
    assert_eq!(found(folder.path()), 0);
    is_whole(folder.path(), &keys);
    secret::hear(&open(folder.path(), &keys).unwrap(), WORD).await;
}
