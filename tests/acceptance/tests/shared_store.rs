//! The main job on a shared store: the process and its database die in the middle, and what customs let go is endorsed
//! once and told once all the same.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::once::done_once;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::eventually;
use dragoman_support::postgres::Postgres;

/// How many declarations are on their way.
const CASES: u32 = 12;

#[tokio::test]
async fn a_process_and_a_database_that_die_lose_nothing_and_repeat_nothing() -> Result<(), Error> {
    let Some(mut server) = Postgres::start().await? else {
        return Ok(());
    };
    server.make("permits").await?;
    let options = Options {
        database: Some(format!("postgresql://127.0.0.1:{}/permits", server.port())),
        // Not so long as its connector says, after which the register is asked whether an endorsement took effect.
        settle: Some("2s".into()),
        ..Options::default()
    };
    let mut country = Country::start(&options).await?;
    let cases: Vec<Case> = (0..CASES).map(|number| Case::with_permits().numbered(number)).collect();
    for case in &cases {
        country.issue(case)?;
        country.lodge(case).await?;
    }
    for case in &cases {
        country.notify(case, "16").await?;
    }
    let some = eventually("something is endorsed", PATIENCE, async || {
        match country.facts().len() {
            0 => Err("nothing".to_owned()),
            _ => Ok(()),
        }
    });
    some.await?;
    country.kill().await?;
    country.serve().await?;
    server.kill().await?;
    server.resume().await?;
    country.at_rest(PATIENCE).await?;
    let all: Vec<&Case> = cases.iter().collect();
    done_once(&country, &all).await?;
    // Nobody serves: the database is read by whoever may.
    country.stop().await?;
    let runs = country.dragoman(&["runs", "list", "--status", "completed"]).await?;
    assert_eq!((runs.code, &*runs.err), (Some(0), ""), "{}", runs.out);
    let audit = country.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    assert!(audit.out.contains("outside heads agree"), "{}", audit.out);
    Ok(())
}
