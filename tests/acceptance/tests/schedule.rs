//! A pipeline that begins by the clock, in a site that is served.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use dragoman_support::eventually;
use serde_json::Value;

const SITE: &str = "
dragoman: 1
site: punctual
listen: 127.0.0.1:0
store: { sqlite: store }
connections: { echo: { plugin: echo } }
";

const FLOW: &str = "
dragoman: 1
pipeline: flow
summary: Begins every two seconds.
on:
  - { id: often, schedule: { every: 2s } }
steps:
  - { id: told, call: echo.tell, with: { text: =trigger.due } }
output: { due: =trigger.due, said: =steps.told.text }
";

/// The runs that have completed, oldest first.
async fn completed(small: &Small, at_least: usize) -> Result<Vec<Value>, Error> {
    let seen = eventually("runs have begun by the clock", PATIENCE, async || {
        let listed = small
            .dragoman(&["runs", "list", "--status", "completed", "--json"])
            .await
            .map_err(|e| e.to_string())?;
        let found: Value = serde_json::from_str(&listed.out).map_err(|e| e.to_string())?;
        let mut runs = found["runs"].as_array().cloned().unwrap_or_default();
        runs.reverse();
        if runs.len() >= at_least {
            Ok(runs)
        } else {
            Err(listed.out)
        }
    });
    Ok(seen.await?)
}

#[tokio::test]
async fn each_due_time_begins_one_run() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/flow.yaml", FLOW)]).await?;
    let runs = completed(&small, 3).await?;
    let mut before = String::new();
    for run in &runs {
        let due = run["output"]["due"].as_str().unwrap_or_default();
        assert_eq!(run["key"], due, "the due time is the key: {run}");
        assert_eq!(run["output"]["said"], due, "{run}");
        let seconds = due.get(17..19).and_then(|s| s.parse::<u32>().ok());
        assert!(
            seconds.is_some_and(|s| s.is_multiple_of(2)),
            "due at the full two seconds: {due}"
        );
        assert!(due > before.as_str(), "each due time once, in order: {before}, {due}");
        // It never begins before it is due, and the first one not before the server was there.
        assert!(run["began"].as_str().unwrap_or_default() >= due, "{run}");
        before = due.to_owned();
    }
    let audit = small.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}
