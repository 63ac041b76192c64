//! Connections that send nothing whole: neither their number nor their patience keeps others out.

use dragoman_acceptance::Error;
use dragoman_acceptance::country::PATIENCE;
use dragoman_support::eventually;
use dragoman_support::http;
use dragoman_support::process::{Launch, Process, TempSite, dragoman};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::place::{SITE, command, text};

/// A pipeline that takes messages over HTTP and out of a folder.
const TAKES: &str = "
dragoman: 1
pipeline: takes
summary: Takes messages.
on:
  - { id: hook, http: { path: /takes, from: anybody } }
  - { id: drop, files: { folder: inbox, match: '*.json', settle: 0s } }
steps: [{ id: last, sleep: 0s }]
";

/// A pipeline whose sender is answered when somebody has decided.
const HOLDS: &str = "
dragoman: 1
pipeline: holds
summary: Holds its senders.
on: [{ id: hook, http: { path: /holds, from: anybody, reply: replied } }]
steps:
  - id: officer
    wait: { decision: ship-or-refuse, answers: [ship, refuse], show: [this], roles: [approver] }
";

/// The files that the process may have, and the connections that it takes then.
const FILES: usize = 256;
const CONNECTIONS: usize = FILES / 2;

/// Serves a site in a process that may have few files, which it cannot change.
async fn confined(site: &TempSite) -> Result<(Process, String), Error> {
    site.write("dragoman.yaml", SITE)?;
    site.write("pipelines/takes.yaml", TAKES)?;
    site.write("pipelines/holds.yaml", HOLDS)?;
    std::fs::create_dir_all(site.file("inbox"))?;
    let limit = format!("ulimit -n {FILES}; exec \"$0\" serve");
    let server = Launch::new("sh")
        .args(["-c", &limit, text(&dragoman()?)])
        .folder(site.path())
        .env("NO_COLOR", "1")
        .start()?;
    let address = server.address(PATIENCE).await?;
    Ok((server, address))
}

/// Opens so many connections that begin like this and are silent from there on.
async fn silent(address: &str, how_many: usize, beginning: &str) -> Result<Vec<TcpStream>, Error> {
    let address = address.trim_start_matches("http://");
    let mut open = Vec::new();
    for _ in 0..how_many {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(beginning.as_bytes()).await?;
        open.push(stream);
    }
    Ok(open)
}

/// A message over HTTP is taken, the command is answered, and a file is taken.
async fn all_goes_on(site: &TempSite, address: &str, number: usize) -> Result<(), Error> {
    let message = format!(r#"{{ "number": {number} }}"#);
    let headers = [("content-type", "application/json")];
    let answer = http::request("POST", &format!("{address}/takes"), &headers, &message).await?;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let file = number + 1000;
    site.write(&format!("inbox/{file}.json"), format!(r#"{{ "number": {file} }}"#))?;
    let seen = eventually("the run of a file", PATIENCE, async || {
        let said = command(site.path(), &["runs", "list", "--json"])
            .await
            .map_err(|e| e.to_string())?;
        let runs = said.out.matches("\"run\": ").count();
        // Two messages came each time.
        let all = said.code == Some(0) && runs == 2 * number;
        all.then_some(()).ok_or(format!("{}{}", said.out, said.err))
    });
    Ok(seen.await?)
}

#[tokio::test]
async fn silent_connections_keep_nobody_out() -> Result<(), Error> {
    let site = TempSite::new()?;
    let (mut server, address) = confined(&site).await?;
    all_goes_on(&site, &address, 1).await?;
    let beginnings = [
        "",
        "POST /takes HT",
        "POST /takes HTTP/1.1\r\nhost: x\r\n",
        // The headers are whole, the body is not.
        "POST /takes HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
    ];
    for (number, beginning) in beginnings.into_iter().enumerate() {
        let open = silent(&address, 2 * CONNECTIONS, beginning).await?;
        all_goes_on(&site, &address, number + 2).await?;
        drop(open);
    }
    // It stops in order with such connections open.
    let _open = silent(&address, CONNECTIONS, "POST /takes HT").await?;
    server.terminate()?;
    let status = server.wait(PATIENCE).await?;
    assert!(status.success(), "{status}");
    let log: Vec<String> = server.output().into_iter().map(|(_, line)| line).collect();
    let log = log.join("\n");
    assert!(log.contains("those without a whole request make room"), "{log}");
    assert!(!log.contains("Too many open files"), "{log}");
    Ok(())
}

#[tokio::test]
async fn headers_that_do_not_come_close_the_connection() -> Result<(), Error> {
    let site = TempSite::new()?;
    let (_server, address) = confined(&site).await?;
    let mut open = silent(&address, 1, "GET /takes HTTP/1.1\r\nhost").await?;
    let mut idle = silent(&address, 1, "GET /takes HTTP/1.1\r\nhost: x\r\n\r\n").await?;
    for stream in open.iter_mut().chain(&mut idle) {
        let mut said = Vec::new();
        // The server ends it by itself; whether in order or not is nothing to whoever does not send.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn where_all_are_at_work_the_next_is_told_to_come_again() -> Result<(), Error> {
    let site = TempSite::new()?;
    let (_server, address) = confined(&site).await?;
    let mut held = Vec::new();
    let refused = eventually("a connection that finds no room", PATIENCE, async || {
        let number = held.len();
        let body = format!("{{\"number\":{number}}}");
        let length = body.len();
        let whole = format!("POST /holds HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}");
        held.extend(silent(&address, 1, &whole).await.map_err(|e| e.to_string())?);
        let answer = http::request("GET", &format!("{address}/v1/health"), &[], "").await;
        let answer = answer.map_err(|e| e.to_string())?;
        if answer.status == 503 {
            Ok(answer)
        } else {
            Err(format!("{number}: {}", answer.body))
        }
    });
    let refused = refused.await?;
    assert_eq!(refused.headers.get("retry-after").map(String::as_str), Some("1"));
    assert_eq!(refused.json()["code"], "overloaded");
    assert!(
        held.len() >= CONNECTIONS - 1,
        "only {} requests were at work",
        held.len()
    );
    // When they go, there is room again.
    drop(held);
    let seen = eventually("room", PATIENCE, async || {
        let answer = http::request("GET", &format!("{address}/v1/health"), &[], "").await;
        let answer = answer.map_err(|e| e.to_string())?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    Ok(seen.await?)
}
