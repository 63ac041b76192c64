//! The simulated store answers as the real ones do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use dragoman_journal::conformance::{self, Stores};
use dragoman_journal::{Answer, Error, Journal};
use dragoman_simulation::store::{Base, Client};

/// Stores by name: the same name is the same store again.
struct Memory {
    shared: bool,
    known: Mutex<HashMap<String, Base>>,
}

impl Stores for Memory {
    fn open<'a>(&'a self, name: &'a str) -> Answer<'a, Result<Arc<dyn Journal>, Error>> {
        let mut known = self.known.lock().expect("no test panics while it holds the lock");
        let base = known
            .entry(name.to_owned())
            .or_insert_with(|| Base::new(self.shared))
            .clone();
        Box::pin(async move { Ok(Arc::new(Client::direct(base)) as Arc<dyn Journal>) })
    }
}

async fn conforms(shared: bool) {
    let known = Mutex::default();
    let memory = Memory { shared, known };
    conformance::run(&memory).await;
    if !shared {
        conformance::run_alone(&memory).await;
    }
}

#[tokio::test]
async fn alone_it_conforms() {
    conforms(false).await;
}

#[tokio::test]
async fn shared_it_conforms() {
    conforms(true).await;
}
