//! Starting, watching and killing programs, on the partners' own program and the shell.

use std::time::Duration;

use dragoman_support::process::{Launch, Stream, TempSite, built};
use dragoman_support::{Error, eventually, http, until_served};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(20);

fn partners() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_dragoman-partners"))
}

async fn addresses(process: &dragoman_support::process::Process) -> Value {
    let read = |_, line: &str| serde_json::from_str(line).ok();
    process.line("the addresses", SOON, read).await.unwrap()
}

#[tokio::test]
async fn the_partners_serve_until_their_input_is_closed() {
    let mut process = partners().args(["--bearer", "tok", "--nasty"]).start().unwrap();
    let at = addresses(&process).await;
    assert_eq!(at["pid"], process.id());
    let url = |name: &str, path: &str| format!("{}{path}", at[name].as_str().unwrap());
    for name in ["customs", "ecites", "epix", "authority", "species"] {
        until_served(&url(name, "/_control/facts"), SOON).await.unwrap();
    }
    let seed = json!({"permits": [{"number": "P1", "issuing_country": "XA", "items": []}]});
    let seeded = http::send_json("POST", &url("ecites", "/_control/seed"), &[], &seed)
        .await
        .unwrap();
    assert_eq!(seeded.status, 204);
    assert_eq!(http::get(&url("ecites", "/permits/P1")).await.unwrap().status, 401);
    let known = [("authorization", "Bearer tok")];
    let probe = http::request("GET", &url("ecites", "/permits/P1/endorsements/M1"), &known, "")
        .await
        .unwrap();
    assert_eq!(probe.status, 405, "--nasty has no probe");
    process.close_input();
    assert_eq!(process.wait(SOON).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn the_partners_end_on_sigterm_and_refuse_unknown_arguments() {
    let mut process = partners().start().unwrap();
    addresses(&process).await;
    process.terminate().unwrap();
    assert_eq!(process.wait(SOON).await.unwrap().code(), Some(0));
    let finished = partners().args(["--bearer"]).run(SOON).await.unwrap();
    assert_eq!((finished.code, finished.out.as_str()), (Some(2), ""));
    assert!(finished.err.contains("wants a value"), "{}", finished.err);
}

#[tokio::test]
async fn a_killed_program_takes_its_children_along() {
    let script = "sh -c 'echo child $$; exec tail -f /dev/null' & echo 'at 127.0.0.1:4321' >&2; wait";
    let mut process = Launch::new("/bin/sh").args(["-c", script]).start().unwrap();
    assert_eq!(process.address(SOON).await.unwrap(), "http://127.0.0.1:4321");
    let read = |_, line: &str| line.strip_prefix("child ").map(str::to_owned);
    let child = process.line("the child's id", SOON, read).await.unwrap();
    assert!(process.output().contains(&(Stream::Out, format!("child {child}"))));
    let status = process.kill().await.unwrap();
    assert_eq!(status.code(), None, "a signal ended it");
    let gone = async || match std::fs::read_to_string(format!("/proc/{child}/stat")) {
        Err(_) => Ok(()),
        // The adopted child may wait a moment to be reaped.
        Ok(stat) if stat.contains(") Z ") => Ok(()),
        Ok(stat) => Err(stat),
    };
    eventually("the child's end", SOON, gone).await.unwrap();
}

#[tokio::test]
async fn waiting_has_an_end_and_says_what_was_seen_last() {
    let mut asked = 0;
    let error = eventually("the impossible", Duration::from_millis(30), async || {
        asked += 1;
        Err::<(), _>(format!("asked {asked}"))
    })
    .await
    .unwrap_err();
    assert!(
        matches!(&error, Error::Deadline { last, .. } if *last == format!("asked {asked}")),
        "{error}"
    );
    let process = Launch::new("/bin/sh").args(["-c", "echo one; cat"]).start().unwrap();
    let read = |_, line: &str| (line == "two").then_some(());
    let error = process.line("two", Duration::from_millis(200), read).await.unwrap_err();
    assert!(error.to_string().contains("two"), "{error}");
}

#[tokio::test]
async fn a_program_that_ends_without_an_address_is_not_waited_for() {
    let script = "echo 'no such file' >&2; exit 3";
    let mut process = Launch::new("/bin/sh").args(["-c", script]).start().unwrap();
    // Longer than any test may take: only its end can end this.
    let error = process.address(Duration::from_secs(3_600)).await.unwrap_err();
    assert!(matches!(&error, Error::Ended { .. }), "{error}");
    assert!(error.to_string().contains("no such file"), "{error}");
    assert_eq!(process.wait(SOON).await.unwrap().code(), Some(3));
}

#[tokio::test]
async fn programs_are_built_where_the_tests_run() {
    let path = built("dragoman-support", "dragoman-partners").unwrap();
    assert_eq!(path, std::path::Path::new(env!("CARGO_BIN_EXE_dragoman-partners")));
    let error = built("dragoman-support", "no-such-program").unwrap_err();
    assert!(error.to_string().contains("no-such-program"), "{error}");
}

#[tokio::test]
async fn a_site_is_written_and_removed() {
    let site = TempSite::new().unwrap();
    let file = site.site("url: @api@\n", &[("api", "http://127.0.0.1:1")]).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "url: http://127.0.0.1:1\n");
    let other = TempSite::new().unwrap();
    other.write("flows/a/pipeline.yaml", "dragoman: 1\n").unwrap();
    site.copy_all(&other.file("flows"), "pipelines").unwrap();
    assert!(site.file("pipelines/a/pipeline.yaml").is_file() && site.file("plugins").is_dir());
    let folder = site.path().to_path_buf();
    drop(site);
    assert!(!folder.exists());
}
