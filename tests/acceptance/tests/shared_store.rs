//! The main job on a shared store: the process and its database die in the middle, and what customs let go is endorsed
//! once and told once all the same.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::once::done_once;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::eventually;
use dragoman_support::faults::{Fault, Rule};
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

/// The command with these words; what it printed, where it ended with this code.
async fn said(country: &Country, words: &[&str], code: i32) -> Result<String, Error> {
    let said = country.dragoman(words).await?;
    assert_eq!(said.code, Some(code), "{words:?}: {}{}", said.out, said.err);
    Ok(said.out + &said.err)
}

#[tokio::test]
async fn what_is_paused_by_one_process_is_paused_for_all() -> Result<(), Error> {
    let Some(server) = Postgres::start().await? else {
        return Ok(());
    };
    let mut country = start(&server).await?;
    let worker = country.work().await?;
    let pause = |act| {
        [
            act,
            "--connection",
            "permits",
            "--reason",
            "the register is moved tonight",
        ]
    };
    said(&country, &pause("pause"), 0).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.lodge(&case).await?;
    country.notify(&case, "16").await?;
    // Nobody has called the register, and whoever paused it is gone.
    let held = eventually("a run is held back", PATIENCE, async || {
        for run in country.runs().await.map_err(|e| e.to_string())? {
            let id = run["run"].as_str().unwrap_or_default().to_owned();
            let shown = said(&country, &["runs", "show", &id], 0)
                .await
                .map_err(|e| e.to_string())?;
            if shown.contains("is held back") {
                return Ok(());
            }
        }
        Err("none".to_owned())
    });
    held.await?;
    country.kill().await?;
    assert_eq!(country.count("endorsed", None), (0, 0), "{:?}", country.facts());
    let goes_on = said(&country, &pause("resume"), 0).await?;
    assert!(goes_on.contains("goes on"), "{goes_on}");
    // The worker alone is there, and has heard of it.
    effects(&country, 4).await?;
    country.serve().await?;
    done_once(&country, &[&case]).await?;
    worker.terminate()?;
    Ok(())
}

#[tokio::test]
async fn a_store_is_moved_out_of_its_folder_in_the_middle_of_its_runs() -> Result<(), Error> {
    let Some(server) = Postgres::start().await? else {
        return Ok(());
    };
    server.make("permits").await?;
    let options = Options {
        settle: Some("2s".into()),
        ..Options::default()
    };
    let mut country = Country::new(&options).await?;
    let site = country.folder().join("dragoman.yaml");
    let plain = std::fs::read_to_string(&site)?;
    // What is encrypted is carried as it is.
    let key = dragoman_support::process::Launch::new(dragoman_support::process::dragoman()?).args(["store", "key"]);
    let key_file = country.folder().join("store.key");
    std::fs::write(&key_file, key.run(PATIENCE).await?.out)?;
    std::fs::set_permissions(&key_file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let encryption = "encryption: [file:store.key]";
    let encrypted = format!("store: {{ sqlite: store, {encryption} }}");
    std::fs::write(&site, plain.replace("store: { sqlite: store }", &encrypted))?;
    country.serve().await?;
    let done = Case::with_permits().numbered(1_000);
    country.issue(&done)?;
    country.lodge(&done).await?;
    country.notify(&done, "16").await?;
    country.at_rest(PATIENCE).await?;
    // What is under way: its requests, its turns, its pauses after failures.
    country
        .partner
        .faults()
        .push(Rule::chance("POST /usages", Fault::fail_before(503), 0.5));
    let cases = let_go(&country).await?;
    for case in &cases {
        country.notify(case, "08").await?;
    }
    effects(&country, 6).await?;
    country.kill().await?;

    let shared = country.folder().join("shared.yaml");
    let write = |folder: &str| {
        let url = format!("url: \"postgresql://127.0.0.1:{}/permits\"", server.port());
        let database = format!("postgres: {{ {url}, user: dragoman, private: true, folder: {folder} }}");
        let store = format!("store: {{ {database}, {encryption} }}");
        std::fs::write(&shared, plain.replace("store: { sqlite: store }", &store))
    };
    write("new")?;
    let same = said(&country, &["store", "move", "--to", "dragoman.yaml"], 1).await?;
    assert!(same.contains("D0701") && same.contains("names no database"), "{same}");
    let before: serde_json::Value = serde_json::from_str(&said(&country, &["store", "check", "--json"], 0).await?)?;
    let moved = said(&country, &["store", "move", "--to", "shared.yaml"], 0).await?;
    assert!(
        moved.contains(&format!("move: {} entries, whole", before["entries"])),
        "{moved}"
    );
    let now = said(&country, &["store", "check", "--json", "--site", "shared.yaml"], 0).await?;
    let now: serde_json::Value = serde_json::from_str(&now)?;
    assert_eq!((&now["entries"], &now["runs"]), (&before["entries"], &before["runs"]));

    let key = |folder: &str| std::fs::read(country.folder().join(folder).join("keys/signing.key"));
    assert_eq!(key("new")?, key("store")?, "the heads are signed on");

    // It was interrupted before the file was out of the way: what was carried is known again.
    write("store")?;
    let folder = country.folder().join("store");
    std::fs::rename(folder.join("moved/journal.db"), folder.join("journal.db"))?;
    let refused = said(&country, &["serve"], 1).await?;
    assert!(refused.contains("was moved to"), "{refused}");
    let again = said(&country, &["store", "move", "--to", "shared.yaml", "--json"], 0).await?;
    let again: serde_json::Value = serde_json::from_str(&again)?;
    assert_eq!(
        (&again["rows"], &again["entries"]),
        (&serde_json::Value::Null, &before["entries"])
    );
    // Another store is not mixed with it.
    let mut other = Country::start(&options).await?;
    other.stop().await?;
    std::fs::copy(&shared, other.folder().join("shared.yaml"))?;
    std::fs::copy(&key_file, other.folder().join("store.key"))?;
    let refused = said(&other, &["store", "move", "--to", "shared.yaml"], 1).await?;
    assert!(
        refused.contains("D0701") && refused.contains("holds another store"),
        "{refused}"
    );
    other.serve().await?;
    other.stop().await?;

    // Nothing begins anew where it was.
    for command in [&["store", "move", "--to", "shared.yaml"][..], &["serve"], &["runs"]] {
        let refused = said(&country, command, 1).await?;
        assert!(
            refused.contains("D0701") && refused.contains("was moved to"),
            "{command:?}: {refused}"
        );
    }
    std::fs::rename(&shared, &site)?;
    country.partner.faults().clear();
    country.serve().await?;
    let all: Vec<&Case> = cases.iter().chain([&done]).collect();
    done_once(&country, &all).await?;
    country.stop().await?;
    let audit = said(&country, &["audit", "verify"], 0).await?;
    assert!(audit.contains("outside heads agree"), "{audit}");
    Ok(())
}
