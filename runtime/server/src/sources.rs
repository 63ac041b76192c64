//! The tasks that bring messages in by themselves: begun and ended as the site changes, so that none is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::{Acceptor, Handle};
use dragoman_transports_amqp::{Queue, States};
use dragoman_transports_files::Folder;
use dragoman_transports_schedule::Schedule;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::schedules;

/// How often folders are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Something that brings messages in. One task serves it for as long as it stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// A folder that is watched.
    Folder(Folder),
    /// A queue that is read.
    Queue(Queue),
    /// A calendar that is kept to.
    Schedule(Schedule),
}

/// A source at work.
struct AtWork {
    source: Source,
    end: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Source {
    /// What two sources have in common of which only one may be at work: the second would take from the first.
    fn place(&self) -> String {
        match self {
            Source::Folder(folder) => format!("folder {}", folder.path.display()),
            Source::Queue(queue) => format!("queue {} {}", queue.broker.name, queue.name),
            Source::Schedule(schedule) => format!("schedule {} {}", schedule.pipeline, schedule.trigger),
        }
    }

    fn begin(self, handle: &Handle, acceptor: &Arc<dyn Acceptor>, queues: &States) -> AtWork {
        let (end, ended) = watch::channel(false);
        let task = match self.clone() {
            Source::Folder(folder) => {
                tokio::spawn(dragoman_transports_files::watch(folder, acceptor.clone(), LOOK, ended))
            }
            Source::Queue(queue) => tokio::spawn(dragoman_transports_amqp::consume(
                queue,
                acceptor.clone(),
                queues.clone(),
                ended,
            )),
            Source::Schedule(schedule) => {
                tokio::spawn(schedules::keep(schedule, handle.clone(), acceptor.clone(), ended))
            }
        };
        AtWork {
            source: self,
            end,
            task,
        }
    }
}

impl AtWork {
    /// Ends it; what it is at is done first.
    async fn end(self) {
        self.end.send_replace(true);
        // One that panicked is at an end as well.
        let _ = self.task.await;
    }
}

/// Keeps those sources at work that are wanted, until told to stop. One that stays as it was goes on undisturbed; one that
/// changed is begun anew when the task before has come to its end. `queues` is told how those stand.
pub(crate) async fn follow(
    mut wanted: watch::Receiver<Vec<Source>>,
    handle: Handle,
    acceptor: Arc<dyn Acceptor>,
    queues: States,
    mut stop: watch::Receiver<bool>,
) {
    let mut at_work: BTreeMap<String, AtWork> = BTreeMap::new();
    loop {
        let sources = wanted.borrow_and_update().clone();
        let left: Vec<String> = at_work
            .iter()
            .filter(|(_, known)| !sources.contains(&known.source))
            .map(|(place, _)| place.clone())
            .collect();
        for place in left {
            if let Some(gone) = at_work.remove(&place) {
                gone.end().await;
            }
        }
        for source in sources {
            let place = source.place();
            at_work
                .entry(place)
                .or_insert_with(|| source.begin(&handle, &acceptor, &queues));
        }
        let ended = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => true,
            changed = wanted.changed() => changed.is_err(),
        };
        if ended {
            break;
        }
    }
    for (_, source) in at_work {
        source.end().await;
    }
}
