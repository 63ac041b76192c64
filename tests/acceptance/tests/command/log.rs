//! What the log of `serve` says of messages that were refused and of runs that failed or stopped: enough to look, and
//! nothing that a message said.

use dragoman_acceptance::Error;
use dragoman_acceptance::country::PATIENCE;
use dragoman_support::http;
use dragoman_support::process::{Launch, Process, TempSite, dragoman};

use crate::place::orderly;

const SITE: &str = "
dragoman: 1
site: small
listen: 127.0.0.1:0
store: { sqlite: store }
senders: { shop: { bearer: env:TOKEN } }
limits: { message: 1KiB }
";

/// A pipeline that ends with this step.
const PIPELINE: &str = r#"
dragoman: 1
pipeline: @name@
summary: Ends in one way or another.
on:
  - { id: hook, http: { path: /@name@, from: shop } }
  - { id: drop, files: { folder: inbox, match: '@name@*', settle: 0s } }
key: default(trigger.headers["x-number"], "none")
steps:
  - id: last
    @end@
"#;

/// What no log may say: it stands in every message and every reason.
const PRIVATE: &str = "Ada Lovelace";

async fn serve(site: &TempSite) -> Result<Process, Error> {
    site.write("dragoman.yaml", SITE)?;
    for (name, end) in [
        ("parks", "park: { reason: Ada Lovelace is unknown }"),
        ("fails", "fail: { reason: Ada Lovelace is unknown }"),
        ("ends", "sleep: 0s"),
    ] {
        let text = PIPELINE.replace("@name@", name).replace("@end@", end);
        site.write(&format!("pipelines/{name}.yaml"), text)?;
    }
    let server = Launch::new(dragoman()?)
        .args(["serve"])
        .folder(site.path())
        .env("TOKEN", "s3cret-token");
    Ok(server.start()?)
}

/// A line with all of these words.
async fn line(server: &Process, words: &[&str]) -> Result<String, Error> {
    let found = |line: &str| words.iter().all(|word| line.contains(word)).then(|| line.to_owned());
    Ok(server.line(&words.join(" "), PATIENCE, |_, line| found(line)).await?)
}

/// Sends a message with a number, which is its key.
async fn send(address: &str, pipeline: &str, token: &str, number: u32, body: &str) -> Result<http::Answer, Error> {
    let (bearer, number) = (format!("Bearer {token}"), number.to_string());
    let headers = [("authorization", &*bearer), ("x-number", &*number)];
    Ok(http::request("POST", &format!("{address}/{pipeline}"), &headers, body).await?)
}

fn message(more: &str) -> String {
    format!(r#"{{ "name": "{PRIVATE}", "more": "{more}" }}"#)
}

/// All that was logged, after an orderly end.
async fn ended(mut server: Process) -> Result<Vec<String>, Error> {
    server.terminate()?;
    server.wait(PATIENCE).await?;
    let log: Vec<String> = server.output().into_iter().map(|(_, line)| line).collect();
    let whole = log.join("\n");
    orderly(&whole);
    for secret in [PRIVATE, "s3cret"] {
        assert!(!whole.contains(secret), "`{secret}` in {whole}");
    }
    Ok(log)
}

#[tokio::test]
async fn what_is_refused_fails_or_stops_is_a_line_with_what_to_do() -> Result<(), Error> {
    let site = TempSite::new()?;
    let server = serve(&site).await?;
    let address = server.address(PATIENCE).await?;
    let token = "s3cret-token";

    assert_eq!(
        send(&address, "parks", "s3cret-other", 1, &message("")).await?.status,
        401
    );
    line(
        &server,
        &["refused", "401", "D0802", "parks", "from=127.0.0.1:", "`senders:`"],
    )
    .await?;
    assert_eq!(
        send(&address, "parks", token, 1, &message(&"x".repeat(2_000)))
            .await?
            .status,
        413
    );
    line(
        &server,
        &["refused", "413", "D0801", "parks", "127.0.0.1:", "limits: { message: }"],
    )
    .await?;

    let unreadable = send(&address, "parks", token, 9, PRIVATE).await?;
    assert_eq!(unreadable.status, 422, "{}", unreadable.body);
    let show = format!(
        "`dragoman runs show {}`",
        unreadable.json()["run"].as_str().unwrap_or("no run")
    );
    line(
        &server,
        &["refused", "422", "message.json", "parks", "127.0.0.1:", &show],
    )
    .await?;

    let taken = send(&address, "parks", token, 2, &message("")).await?;
    assert_eq!(taken.status, 202, "{}", taken.body);
    let run = taken.json()["runs"][0]["run"].as_str().unwrap_or("no run").to_owned();
    let show = format!("`dragoman runs show {run}`");
    line(
        &server,
        &[
            "repair",
            "parks",
            &format!("run={run}"),
            "step=\"last\"",
            "code=\"park\"",
            &show,
        ],
    )
    .await?;
    assert_eq!(send(&address, "parks", token, 2, &message("other")).await?.status, 409);
    line(
        &server,
        &["refused", "409", "key.conflict", "parks", "127.0.0.1:", &show],
    )
    .await?;

    let failed = send(&address, "fails", token, 3, &message("")).await?;
    let run = failed.json()["runs"][0]["run"].as_str().unwrap_or("no run").to_owned();
    let show = format!("`dragoman runs show {run}`");
    line(
        &server,
        &[
            "a run failed",
            "fails",
            &format!("run={run}"),
            "step=\"last\"",
            "code=\"fail\"",
            &show,
        ],
    )
    .await?;

    site.write("inbox/parks-1.json", PRIVATE)?;
    line(
        &server,
        &[
            "file was refused",
            "message.json",
            "parks",
            "inbox/refused/parks-1.json",
            ".why.json",
        ],
    )
    .await?;
    ended(server).await?;
    Ok(())
}

#[tokio::test]
async fn a_flood_is_ten_lines_and_a_number_and_what_goes_well_is_none() -> Result<(), Error> {
    let site = TempSite::new()?;
    let server = serve(&site).await?;
    let address = server.address(PATIENCE).await?;
    let before = server.output().len();
    for number in 0..14 {
        assert_eq!(
            send(&address, "ends", "s3cret-token", number, &message(""))
                .await?
                .status,
            202
        );
    }
    for number in 0..14 {
        assert_eq!(
            send(&address, "ends", "s3cret-other", number, &message(""))
                .await?
                .status,
            401
        );
    }
    let log = ended(server).await?;
    let said: Vec<&String> = log[before..]
        .iter()
        .filter(|line| !line.contains("stopping: "))
        .collect();
    let (lines, more): (Vec<&&String>, Vec<&&String>) = said.iter().partition(|l| l.contains("a message was refused"));
    assert_eq!((lines.len(), more.len()), (10, 1), "{said:#?}");
    assert!(more[0].contains("and 4 more in 10 s"), "{more:?}");
    Ok(())
}
