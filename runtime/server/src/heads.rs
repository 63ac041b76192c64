//! The signed heads of the trail, written to a place outside of the store.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dragoman_journal::audit::{TRAIL_REWRITTEN, TRAIL_SHORTER, Trail};
use dragoman_journal::{Head, Store};
use dragoman_manifest::Site;
use dragoman_model::Digest;
use dragoman_security::Keys;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use crate::error::Error;
use crate::stores::Place;

/// Where the heads are written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outside {
    /// The file, appended to.
    pub(crate) file: PathBuf,
    /// How often.
    pub(crate) every: Duration,
}

impl Outside {
    /// As the site file says it; none: nowhere.
    pub(crate) fn of(said: &Site, folder: &Path) -> Option<Self> {
        said.heads.as_ref().map(|heads| Outside {
            file: folder.join(&*heads.file.value),
            every: Duration::from_millis(heads.every_ms),
        })
    }
}

/// Refuses a store whose trail is not the one that the heads of the site are of. One that would be made anew beside them
/// would hide that the trail is gone; one from before, or that went another way since, would do again what was done.
///
/// # Errors
/// D0720 where the trail is gone or shorter, D0721 where it is another one.
pub(crate) fn refuse_without_trail(said: &Site, folder: &Path, store: &Place) -> Result<(), Error> {
    let Some(outside) = Outside::of(said, folder) else {
        return Ok(());
    };
    if !store.may_be_there() {
        return if knows_of_a_trail(&outside.file) {
            Err(gone(store, &outside.file))
        } else {
            Ok(())
        };
    }
    // The heads first: where a server is at work, the trail may be ahead of them, and never behind.
    let heads = last_heads(&outside.file);
    // A store that cannot be read is for whoever opens it to tell.
    let Ok(trail) = store.trail() else {
        return Ok(());
    };
    let writer = trail.heads()?.pop();
    let newest = heads
        .into_iter()
        .rev()
        .find(|head| writer.as_ref().is_some_and(|own| own.writer == head.writer));
    match newest.filter(|head| head.number > 0) {
        Some(head) => compare(trail.trail(), &head, store, &outside.file),
        None => Ok(()),
    }
}

/// Whether the trail has the batch that a head names.
fn compare(trail: &dyn Trail, head: &Head, store: &Place, file: &Path) -> Result<(), Error> {
    let found = trail.batches(head.number - 1, 1)?.into_iter().next();
    let file = file.display();
    let help = "go back to a newer backup, or look whether `store:` in the site file is right; where this store is meant to \
                go on, move the file of heads to where it is kept, and write down why and what was lost: \
                `dragoman audit verify --heads FILE` tells the two apart";
    let (code, message) = match found {
        Some(batch) if batch.number == head.number && Digest::of(batch.text.as_bytes()) == head.batch => return Ok(()),
        Some(_) => (
            TRAIL_REWRITTEN,
            format!(
                "the trail in {store} is not the one of {file}: its batch {} is not the one that the head of {} names",
                head.number, head.at
            ),
        ),
        None => (
            TRAIL_SHORTER,
            format!(
                "the trail in {store} is older than the heads in {file}: the head of {} knows batch {} and {} entries",
                head.at, head.number, head.entries
            ),
        ),
    };
    Err(Error::new(code, message, help))
}

/// So much of the end of a file of heads is read: some hundred heads.
const END: u64 = 64 * 1024;

/// The last heads of a file, in their order; lines that are none are passed over, as one that was cut off with the server.
///
/// Their signatures are not looked at: one that was forged can refuse a store here, and let none in.
pub(crate) fn last_heads(file: &Path) -> Vec<Head> {
    let end = || {
        let mut file = std::fs::File::open(file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    // No file is no head; one that cannot be read is told when heads are written.
    let text = end().unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// Whether a file of heads has any line.
pub fn knows_of_a_trail(file: &Path) -> bool {
    let text = std::fs::read(file).unwrap_or_default();
    text.iter().any(|byte| !byte.is_ascii_whitespace())
}

/// The trail that a file of heads knows of is gone with its store.
pub fn gone(store: &Place, file: &Path) -> Error {
    let message = format!(
        "the trail is gone: {} has heads of it, and there is no store in {store}",
        file.display()
    );
    let help = "look whether `store:` in the site file is right, and go back to a backup; where a new trail is meant to \
                begin, move the file of heads to where it is kept, and write down why";
    Error::new(TRAIL_SHORTER, message, help)
}

/// Writes the heads to where they are wanted, until told to stop; the last ones are written then.
pub(crate) async fn follow(
    journal: Arc<dyn Store>,
    keys: Arc<Keys>,
    mut wanted: watch::Receiver<Option<Outside>>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let outside = wanted.borrow_and_update().clone();
        let (end, ended) = watch::channel(false);
        let begin = |Outside { file, every }| tokio::spawn(write(journal.clone(), keys.clone(), file, every, ended));
        let writing = outside.map(begin);
        let stopped = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => true,
            changed = wanted.changed() => changed.is_err(),
        };
        end.send_replace(true);
        if let Some(writing) = writing {
            // One that panicked writes no more either.
            let _ = writing.await;
        }
        if stopped {
            return;
        }
    }
}

/// Writes the signed heads to a file, one JSON line each, whenever there is something new, until told to stop; then once more.
async fn write(
    journal: Arc<dyn Store>,
    keys: Arc<Keys>,
    file: PathBuf,
    every: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let mut last = 0;
    loop {
        let stopped = tokio::select! {
            () = tokio::time::sleep(every) => false,
            _ = stop.changed() => true,
        };
        match append(&*journal, &keys, &file, last).await {
            Ok(number) => last = number,
            Err(error) => {
                tracing::error!(file = %file.display(), error, "the heads of the trail cannot be written outside")
            }
        }
        if stopped {
            return;
        }
    }
}

async fn append(journal: &dyn Store, keys: &Keys, file: &Path, last: u64) -> Result<u64, String> {
    let mut newest = last;
    let mut text = String::new();
    for head in journal.heads().await.map_err(|e| e.to_string())? {
        if head.number > last {
            newest = newest.max(head.number);
            let signed = sign(head, keys)?;
            text.push_str(&serde_json::to_string(&signed).map_err(|e| e.to_string())?);
            text.push('\n');
        }
    }
    if text.is_empty() {
        return Ok(last);
    }
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(|e| e.to_string())?;
    }
    let opened = tokio::fs::OpenOptions::new().create(true).append(true).open(file).await;
    let mut opened = opened.map_err(|e| e.to_string())?;
    opened.write_all(text.as_bytes()).await.map_err(|e| e.to_string())?;
    opened.sync_all().await.map_err(|e| e.to_string())?;
    Ok(newest)
}

pub(crate) fn sign(mut head: Head, keys: &Keys) -> Result<Head, String> {
    head.key = keys.signing.public().id();
    let signature = keys.signing.sign_head(&head.signed_text().map_err(|e| e.to_string())?);
    head.signature = signature.signature;
    Ok(head)
}
