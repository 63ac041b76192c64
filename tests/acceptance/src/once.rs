//! That of each case everything took effect, once, and nothing else did.

use std::collections::BTreeMap;

use crate::country::PATIENCE;
use crate::faults::outbox::{endorsed, used};
use crate::{Case, Country, Error};

/// Waits until no run is at work any more; then each permit of these cases is endorsed once and its use told once,
/// nothing else took effect, nothing waits for a person, and the trail holds.
///
/// # Errors
/// Something took effect that should not, or did not, or more than once; the error says what, and how the runs stand.
pub async fn done_once(country: &Country, cases: &[&Case]) -> Result<(), Error> {
    let runs = country.at_rest(PATIENCE).await?;
    let mut wanted = BTreeMap::new();
    for case in cases {
        for permit in &case.permits {
            wanted.insert(endorsed(case, permit), 1);
            wanted.insert(used(case, permit), 1);
        }
    }
    let facts = country.facts();
    let stuck = |run: &&serde_json::Value| {
        ["parked", "failed", "waiting"]
            .iter()
            .any(|status| run["status"] == *status)
    };
    let story: String = runs
        .iter()
        .filter(stuck)
        .map(|run| format!("{} {} {}\n", run["pipeline"], run["status"], run["note"]))
        .collect();
    if facts != wanted || !story.is_empty() {
        return Err(format!("took effect: {facts:#?}\nwanted: {wanted:#?}\n{story}").into());
    }
    let audit = country.dragoman(&["audit", "verify"]).await?;
    match audit.code {
        Some(0) => Ok(()),
        code => Err(format!("audit verify ended with {code:?}: {}{}", audit.out, audit.err).into()),
    }
}
