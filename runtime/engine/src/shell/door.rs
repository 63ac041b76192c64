//! Doors: a message is taken with the plans and values that were offered where it came in.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_model::Value;
use dragoman_plan::Plan;

use super::{Handle, Shell};
use crate::runner::Boxed;
use crate::source::{Acceptor, Delivered, Delivery, Refused};

/// Plans and values that belong together. A message is accepted with those of one offer and never with a mixture of two,
/// also where another one has taken its place meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// The plans by their pipelines' names. Their texts must be kept in the store as versions already.
    pub plans: BTreeMap<String, Arc<Plan>>,
    /// The values of `site.`, copied into every run that begins.
    pub site: Arc<Value>,
}

/// Takes messages with one offer.
#[derive(Clone)]
pub struct Door {
    shell: Arc<Shell>,
    offer: Arc<Offer>,
}

impl Handle {
    /// A door with this offer. [`Handle`] itself takes messages with whatever is current.
    pub fn door(&self, offer: Arc<Offer>) -> Door {
        Door {
            shell: Arc::clone(&self.0),
            offer,
        }
    }
}

impl Acceptor for Door {
    fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
        Box::pin(self.shell.accept(delivery, &self.offer, false, true))
    }
}

impl Shell {
    /// What is offered for a pipeline now.
    pub(super) fn current(&self, pipeline: &str) -> Offer {
        let plan = self.plans.current(pipeline);
        Offer {
            plans: plan.map(|plan| (pipeline.to_owned(), plan)).into_iter().collect(),
            site: self.plans.site(),
        }
    }
}
