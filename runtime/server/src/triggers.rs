//! What the plans of a site listen to: paths of the server, folders, and queues.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::{Acceptor, Boxed, Delivered, Delivery, Handle, Refused};
use dragoman_plan::{Plan, TriggerKind};
use dragoman_transports_amqp::{Broker, Queue, Reader};
use dragoman_transports_files::{Folder, Watcher};
use dragoman_transports_http::inbound::{Route, Routes, Sender};

use crate::plans::Plans;

/// Takes messages with the offer of the moment at which each comes.
pub(crate) struct Front {
    pub(crate) handle: Handle,
    pub(crate) plans: Arc<Plans>,
}

impl Acceptor for Front {
    fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
        let door = self.handle.door(self.plans.offer());
        Box::pin(async move { door.deliver(delivery).await })
    }
}

/// The paths of all pipelines. `acceptor` takes what comes there.
pub(crate) fn routes(
    plans: &[Arc<Plan>],
    senders: &BTreeMap<String, Arc<Sender>>,
    largest: u64,
    acceptor: Arc<dyn Acceptor>,
) -> Routes {
    let mut by_path: BTreeMap<String, Vec<Route>> = BTreeMap::new();
    for plan in plans {
        for trigger in &plan.triggers {
            if let TriggerKind::Http { path, from, .. } = &trigger.kind {
                by_path.entry(path.clone()).or_default().push(Route {
                    pipeline: plan.pipeline.clone(),
                    trigger: trigger.id.clone(),
                    from: from.as_ref().and_then(|name| senders.get(name).cloned()),
                });
            }
        }
    }
    Routes {
        by_path,
        largest: usize::try_from(largest).unwrap_or(usize::MAX),
        acceptor,
    }
}

/// The folders of all pipelines: one for each path, whoever watches it, so that nobody takes a file away from another.
pub(crate) fn folders(plans: &[Arc<Plan>], site: &Path, largest: u64) -> Vec<Folder> {
    let mut watched: BTreeMap<PathBuf, Vec<Watcher>> = BTreeMap::new();
    for plan in plans {
        for trigger in &plan.triggers {
            if let TriggerKind::Files {
                folder,
                matching,
                settle_ms,
            } = &trigger.kind
            {
                watched.entry(site.join(folder)).or_default().push(Watcher {
                    matching: matching.clone(),
                    settle: Duration::from_millis(*settle_ms),
                    pipeline: plan.pipeline.clone(),
                    trigger: trigger.id.clone(),
                });
            }
        }
    }
    let folder = |(path, watchers)| Folder {
        path,
        largest,
        watchers,
    };
    watched.into_iter().map(folder).collect()
}

/// The queues of all pipelines: one for each queue of a broker, whoever reads it, so that nobody takes a message away from
/// another. `brokers`: by sender.
pub(crate) fn queues(plans: &[Arc<Plan>], brokers: &BTreeMap<String, Broker>, largest: u64) -> Vec<Queue> {
    let mut read: BTreeMap<(String, String), Queue> = BTreeMap::new();
    for plan in plans {
        for trigger in &plan.triggers {
            let TriggerKind::Amqp { queue, from } = &trigger.kind else {
                continue;
            };
            // The check has seen that the sender has one.
            let Some(broker) = brokers.get(from) else { continue };
            let place = (broker.name.clone(), queue.clone());
            let known = read.entry(place).or_insert_with(|| Queue {
                broker: broker.clone(),
                name: queue.clone(),
                largest,
                readers: Vec::new(),
            });
            known.readers.push(Reader {
                pipeline: plan.pipeline.clone(),
                trigger: trigger.id.clone(),
                from: from.clone(),
            });
        }
    }
    read.into_values().collect()
}
