//! The main job on a shared store: the process and its database die in the middle, and what customs let go is endorsed
//! once and told once all the same.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::once::done_once;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::eventually;
use dragoman_support::postgres::Postgres;

/// How many declarations are on their way.
const CASES: u32 = 12;

/// A country whose runs are in a database.
async fn start(server: &Postgres) -> Result<Country, Error> {
    server.make("permits").await?;
    let options = Options {
        database: Some(format!("postgresql://127.0.0.1:{}/permits", server.port())),
        // Not so long as its connector says, after which the register is asked whether an endorsement took effect.
        settle: Some("2s".into()),
        ..Options::default()
    };
    Country::start(&options).await
}

/// Customs lets everything go.
async fn let_go(country: &Country) -> Result<Vec<Case>, Error> {
    let cases: Vec<Case> = (0..CASES).map(|number| Case::with_permits().numbered(number)).collect();
    for case in &cases {
        country.issue(case)?;
        country.lodge(case).await?;
    }
    for case in &cases {
        country.notify(case, "16").await?;
    }
    Ok(cases)
}

/// So much took effect.
async fn effects(country: &Country, least: usize) -> Result<(), Error> {
    let some = eventually("something takes effect", PATIENCE, async || {
        match country.facts().len() {
            some if some >= least => Ok(()),
            some => Err(format!("{some} of {least}")),
        }
    });
    Ok(some.await?)
}

#[tokio::test]
async fn others_go_on_where_a_process_is_gone() -> Result<(), Error> {
    let Some(server) = Postgres::start().await? else {
        return Ok(());
    };
    let mut country = start(&server).await?;
    let (mut first, second) = (country.work().await?, country.work().await?);
    let cases = let_go(&country).await?;
    effects(&country, 1).await?;
    // Whoever took the messages does not come back, and then one of the others is gone too.
    country.kill().await?;
    effects(&country, 8).await?;
    first.kill().await?;
    let wanted = cases.iter().map(|case| case.permits.len() * 2).sum();
    effects(&country, wanted).await?;
    country.serve().await?;
    let all: Vec<&Case> = cases.iter().collect();
    done_once(&country, &all).await?;
    second.terminate()?;
    Ok(())
}

#[tokio::test]
async fn a_process_and_a_database_that_die_lose_nothing_and_repeat_nothing() -> Result<(), Error> {
    let Some(mut server) = Postgres::start().await? else {
        return Ok(());
    };
    let mut country = start(&server).await?;
    let cases = let_go(&country).await?;
    effects(&country, 1).await?;
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
