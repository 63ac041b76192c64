//! Noticing that somebody has changed the site: by the system's word, and by looking every two seconds.
//!
//! The system's word is only a hint to look at once: file systems over a network give none, and a limit of the system may
//! leave none to be had. What counts is what a look finds.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{mpsc, watch};

use crate::reload::Reloader;

/// It looks at least so often.
const LOOK: Duration = Duration::from_secs(2);
/// Between the system's word and the look: a folder in which something is written all the time must not keep it busy.
const PAUSE: Duration = Duration::from_millis(50);
/// Files must have stayed as they are for so long: an editor writes in several steps, and a copy takes its time.
const SETTLED: Duration = Duration::from_millis(150);
/// A site of which some file changes all the time is looked at after so many tries all the same.
const TRIES: u32 = 40;

/// Reloads the site whenever one of its files has changed, or somebody says `again`, until told to stop.
pub(crate) async fn watch(reloader: Arc<Reloader>, mut again: mpsc::Receiver<()>, mut stop: watch::Receiver<bool>) {
    let (mut events, mut heard) = Events::new();
    let mut open = true;
    loop {
        events.follow(reloader.folders().await);
        let asked = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            order = again.recv(), if open => {
                open = order.is_some();
                open
            }
            _ = heard.recv() => false,
            () = tokio::time::sleep(LOOK) => false,
        };
        if asked {
            // What came of it is in the log and in the status; there is nobody else to tell.
            let _ = reloader.reload("asked to by a signal").await;
            continue;
        }
        tokio::time::sleep(PAUSE).await;
        // What was heard until here is looked at now.
        while heard.try_recv().is_ok() {}
        if reloader.has_changed().await {
            settle(&reloader).await;
            let _ = reloader.reload("its files have changed").await;
        }
    }
}

/// Waits until nothing changes any more.
async fn settle(reloader: &Reloader) {
    let mut before = reloader.look().await;
    for _ in 0..TRIES {
        tokio::time::sleep(SETTLED).await;
        let now = reloader.look().await;
        if now == before {
            return;
        }
        before = now;
    }
}

/// What the system says of folders.
struct Events {
    watcher: Option<RecommendedWatcher>,
    followed: BTreeSet<PathBuf>,
    /// Without a watcher nobody else holds it, and its receiver would be told that nothing can come any more.
    _told: mpsc::Sender<()>,
}

impl Events {
    fn new() -> (Self, mpsc::Receiver<()>) {
        let (told, heard) = mpsc::channel(1);
        let tell = told.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // That files are read is no news; the looks themselves would be heard for ever. An error is a reason to look.
            let read = event.is_ok_and(|e| match e.kind {
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
                kind => kind.is_access(),
            });
            if !read {
                // Where one is waiting to be heard already, it stands for both.
                let _ = tell.try_send(());
            }
        });
        let watcher = watcher.inspect_err(unheard).ok();
        let events = Events {
            watcher,
            followed: BTreeSet::new(),
            _told: told,
        };
        (events, heard)
    }

    /// Listens to these folders and to no others.
    fn follow(&mut self, folders: BTreeSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        for folder in self.followed.difference(&folders) {
            // It may be gone, and its watch with it.
            let _ = watcher.unwatch(folder);
        }
        let mut followed = BTreeSet::new();
        for folder in folders {
            // One that is not there yet is tried again after each look.
            let known = self.followed.contains(&folder);
            if known || folder.is_dir() && watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok() {
                followed.insert(folder);
            }
        }
        self.followed = followed;
    }
}

fn unheard(error: &notify::Error) {
    tracing::warn!(%error, "the system does not say when files change; they are looked at every {} s", LOOK.as_secs());
}
