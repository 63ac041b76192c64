//! People with accounts: who may do what, how they prove who they are, and that it stands in the trail.

use std::io::Write;
use std::process::Stdio;

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use dragoman_support::process::dragoman;
use dragoman_support::{eventually, http};
use serde_json::{Value, json};

const SITE: &str = "
dragoman: 1
site: staffed
listen: 127.0.0.1:0
store: { sqlite: store }
senders: { anybody: { none: true } }
users:
  vera: { roles: [viewer], password: file:vera.hash }
  igor: { roles: [operator], password: file:igor.hash }
  olga: { name: Olga Nowak, roles: [approver], password: file:olga.hash }
  ada: { roles: [administrator], password: file:ada.hash }
  register: { roles: [viewer], token: file:register.token }
";
const TOKEN: &str = "a-token-of-the-register-0001";

const ASK: &str = "
dragoman: 1
pipeline: ask
summary: Asks an officer.
on: [{ id: hook, http: { path: /ask, from: anybody } }]
steps:
  - id: officer
    wait: { decision: ship-or-refuse, answers: [ship, refuse], show: ['a secret of the sender'], roles: [approver] }
output: { by: =steps.officer.by.id, name: '=default(steps.officer.by.name, \"none\")', how: =steps.officer.by.authentication }
";

/// The password of everybody, by name.
fn password(name: &str) -> String {
    format!("{name} has a horse")
}

/// `dragoman user hash`, told a password.
fn hash(password: &str) -> Result<(Option<i32>, String), Error> {
    let mut child = std::process::Command::new(dragoman()?)
        .args(["user", "hash"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no input")?;
    writeln!(input, "{password}")?;
    drop(input);
    let output = child.wait_with_output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

async fn staffed() -> Result<Small, Error> {
    let mut files = vec![
        ("dragoman.yaml".to_owned(), SITE.to_owned()),
        ("pipelines/ask.yaml".to_owned(), ASK.to_owned()),
        ("register.token".to_owned(), TOKEN.to_owned()),
    ];
    for name in ["vera", "igor", "olga", "ada"] {
        let (code, hash) = hash(&password(name))?;
        assert_eq!(code, Some(0), "{hash}");
        files.push((format!("{name}.hash"), hash));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    Small::serve(&files).await
}

/// Somebody's `Authorization` header: a token's (it has no blank), or a person's with their password.
fn proof(who: &str) -> Option<String> {
    match who {
        "" => None,
        "register" => Some(format!("Bearer {TOKEN}")),
        _ => Some(basic(who, &password(who))),
    }
}

/// RFC 7617, and base64 as it is told there.
fn basic(name: &str, password: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("Basic ");
    for three in format!("{name}:{password}").as_bytes().chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// A request of somebody: the status and the body of the answer.
async fn asks(small: &Small, who: &str, request: &str, body: &Value) -> Result<(u16, Value), Error> {
    let (method, path) = request.split_once(' ').unwrap_or_default();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = small.ask(method, path, proof(who).as_deref(), &body).await?;
    Ok((answer.status, answer.json()))
}

/// A message that waits for the officer: the run and the wait.
async fn waiting(small: &Small, message: &str) -> Result<(String, Value), Error> {
    let answer = small.ask("POST", "/ask", None, message).await?;
    let run = answer.json()["runs"][0]["run"].as_str().unwrap_or_default().to_owned();
    let wait = eventually("it waits", PATIENCE, async || {
        let (_, found) = asks(small, "olga", "GET /v1/waits", &Value::Null)
            .await
            .map_err(|e| e.to_string())?;
        let waits = found["waits"].as_array().cloned().unwrap_or_default();
        waits.into_iter().find(|w| w["run"] == *run).ok_or(found.to_string())
    });
    let wait = wait.await?;
    Ok((run, wait))
}

#[tokio::test]
async fn roles_say_who_may_do_what() -> Result<(), Error> {
    let small = staffed().await?;
    let (run, wait) = waiting(&small, "{\"n\":1}").await?;
    assert_eq!(wait["show"], json!(["a secret of the sender"]));
    let id = wait["wait"].as_str().unwrap_or_default();
    let (show, bodies) = (format!("GET /v1/runs/{run}"), format!("GET /v1/runs/{run}?bodies=true"));
    let (resume, answer) = (format!("POST /v1/runs/{run}/resume"), format!("POST /v1/waits/{id}"));
    let (reason, shown) = (
        json!({ "reason": "repaired" }),
        json!({ "answer": { "answer": "ship" }, "shown": wait["shown"] }),
    );
    let unseen = json!({ "answer": { "answer": "ship" } });
    let other = json!({ "answer": { "answer": "ship" }, "shown": format!("sha256:{}", "0".repeat(64)) });
    let none = Value::Null;
    let cases: &[(&str, &str, &Value, u16, &str)] = &[
        ("", "GET /v1/status", &none, 401, "unauthorized"),
        ("", &answer, &shown, 401, "unauthorized"),
        ("register", "GET /v1/status", &none, 200, ""),
        ("register", &answer, &shown, 403, "D0934"),
        ("vera", "GET /v1/runs", &none, 200, ""),
        ("vera", &show, &none, 200, ""),
        ("vera", &bodies, &none, 403, "D0934"),
        ("vera", &resume, &reason, 403, "D0934"),
        ("vera", &answer, &shown, 403, "D0934"),
        ("vera", "POST /v1/reload", &none, 403, "D0934"),
        ("igor", &bodies, &none, 200, ""),
        ("igor", &resume, &reason, 409, "D0502"),
        ("igor", &resume, &none, 400, "body.unreadable"),
        ("igor", &answer, &shown, 403, "D0934"),
        ("olga", &resume, &reason, 403, "D0934"),
        ("olga", "POST /v1/reload", &none, 403, "D0934"),
        ("ada", "POST /v1/reload", &none, 200, ""),
        ("olga", &answer, &unseen, 400, "D0936"),
        ("olga", &answer, &other, 409, "D0504"),
        ("olga", &answer, &shown, 200, ""),
        ("olga", &answer, &shown, 404, "unknown"),
    ];
    for (who, request, body, status, code) in cases {
        let (found, answered) = asks(&small, who, request, body).await?;
        assert_eq!(
            (found, answered["code"].as_str().unwrap_or_default()),
            (*status, *code),
            "{who} {request}: {answered}"
        );
        if *status == 403 {
            assert!(
                answered["detail"].as_str().unwrap_or_default().contains(who),
                "{answered}"
            );
            assert!(answered["needed"][0].is_string(), "{answered}");
        }
    }
    let done = eventually("it has ended", PATIENCE, async || {
        let (_, found) = asks(&small, "igor", &bodies, &none).await.map_err(|e| e.to_string())?;
        (found["run"]["status"] == "completed")
            .then_some(found.clone())
            .ok_or(found.to_string())
    });
    let done = done.await?;
    assert_eq!(
        done["run"]["output"],
        json!({ "by": "olga", "name": "Olga Nowak", "how": "password" })
    );
    let by = |line: &&Value| line["record"]["kind"] == "answer" && line["actor"] == "olga";
    assert_eq!(
        done["timeline"].as_array().into_iter().flatten().filter(by).count(),
        1,
        "{done}"
    );
    let (_, seen) = asks(&small, "vera", &show, &none).await?;
    assert!(seen["run"]["output"].is_null(), "a viewer sees no content: {seen}");
    let audit = small.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}

#[tokio::test]
async fn the_command_asks_who_answers() -> Result<(), Error> {
    let small = staffed().await?;
    let (_, wait) = waiting(&small, "{\"n\":1}").await?;
    let id = wait["wait"].as_str().unwrap_or_default();
    let right = password("olga");
    small.site.write("olga.password", &right)?;
    let cases: &[(&[&str], &str, i32, &str)] = &[
        (&[], "", 1, "error[D0907]"),
        (&["--user", "olga"], "", 1, "DRAGOMAN_PASSWORD"),
        (&["--user", "olga"], "wrong password", 1, "no account `olga`"),
        (&["--user", "vera"], &password("vera"), 1, "needs the role approver"),
        (&["--user", "olga", "--as", "boss"], &right, 2, "cannot be used with"),
        (
            &["--user", "olga", "--password-file", "olga.password"],
            "",
            0,
            "goes on",
        ),
    ];
    for (arguments, password, code, word) in cases {
        let arguments: Vec<&str> = ["waits", "answer", id, "ship"]
            .iter()
            .chain(*arguments)
            .copied()
            .collect();
        let environment = [("DRAGOMAN_PASSWORD", *password)];
        let environment = if password.is_empty() {
            &environment[..0]
        } else {
            &environment[..]
        };
        let said = small.dragoman_with(&arguments, environment).await?;
        let text = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, Some(*code), "{arguments:?}: {text}");
        assert!(text.contains(word), "no `{word}` in {text}");
        assert!(
            *code == 2 || text.contains("- a secret of the sender"),
            "what is answered is shown: {text}"
        );
    }
    let (_, all) = asks(&small, "igor", "GET /v1/runs", &Value::Null).await?;
    let run = all["runs"][0]["run"].as_str().unwrap_or_default();
    let told = small.dragoman(&["runs", "show", run]).await?;
    assert!(told.out.contains("[Olga Nowak (olga)]"), "{}", told.out);
    // The administrator of this machine answers on somebody's authority, and the trail says how that is known.
    let (run, wait) = waiting(&small, "{\"n\":2}").await?;
    let id = wait["wait"].as_str().unwrap_or_default();
    let said = small.dragoman(&["waits", "answer", id, "ship", "--as", "boss"]).await?;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let output = eventually("it has ended", PATIENCE, async || {
        let request = format!("GET /v1/runs/{run}");
        let (_, found) = asks(&small, "igor", &request, &Value::Null)
            .await
            .map_err(|e| e.to_string())?;
        let output = found["run"]["output"].clone();
        (!output.is_null()).then_some(output).ok_or(found.to_string())
    });
    // The name that is only said is no identity: that is the user who serves.
    let output = output.await?;
    assert_eq!(
        (&output["name"], &output["how"]),
        (&json!("none"), &json!("local_token"))
    );
    assert!(output["by"].is_string() && output["by"] != "boss", "{output}");
    Ok(())
}

#[tokio::test]
async fn where_nobody_serves_an_account_is_looked_at_as_a_server_would() -> Result<(), Error> {
    let mut small = staffed().await?;
    let (run, wait) = waiting(&small, "{\"n\":1}").await?;
    let id = wait["wait"].as_str().unwrap_or_default();
    small.server.terminate()?;
    small.server.wait(PATIENCE).await?;
    let answer = ["waits", "answer", id, "ship"];
    let cancel = ["runs", "cancel", &run, "--reason", "a mistake"];
    let resume = ["runs", "resume", &run, "--reason", "mended"];
    let migrate = ["migrate", "ask", "--to", "current", "--reason", "mended"];
    let plan = ["migrate", "ask", "--plan"];
    let cases: &[(&[&str], &str, &str, i32, &str)] = &[
        (&answer, "olga", "wrong password", 1, "error[unauthorized]"),
        (&answer, "nobody", "wrong password", 1, "error[unauthorized]"),
        (&answer, "register", TOKEN, 1, "error[unauthorized]"),
        (&answer, "olga", "", 1, "error[D0907]"),
        (&answer, "vera", &password("vera"), 1, "error[D0934]"),
        (&cancel, "nobody", "wrong password", 1, "error[unauthorized]"),
        (&cancel, "olga", &password("olga"), 1, "error[D0934]"),
        (&resume, "igor", &password("igor"), 1, "error[D0502]"),
        (&migrate, "olga", &password("olga"), 1, "error[D0934]"),
        (&migrate, "igor", "wrong password", 1, "error[unauthorized]"),
        (&plan, "igor", &password("igor"), 0, "0 can move"),
        (&answer, "olga", &password("olga"), 0, "goes on"),
    ];
    for (arguments, user, password, code, word) in cases {
        let arguments = [arguments, &["--user", user][..]].concat();
        let environment = [("DRAGOMAN_PASSWORD", *password)];
        let environment = &environment[..usize::from(!password.is_empty())];
        let said = small.dragoman_with(&arguments, environment).await?;
        let text = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, Some(*code), "{arguments:?}: {text}");
        assert!(text.contains(word), "{arguments:?}: no `{word}` in {text}");
    }
    let told = small.dragoman(&["runs", "show", &run, "--json"]).await?;
    let told: Value = serde_json::from_str(&told.out)?;
    let by = json!({ "by": "olga", "name": "Olga Nowak", "how": "password" });
    assert_eq!(told["run"]["output"], by, "{told:#}");
    Ok(())
}

#[tokio::test]
async fn who_guesses_is_slowed_and_who_is_gone_is_not_let_in() -> Result<(), Error> {
    let small = staffed().await?;
    let status = async |authorization: &str| -> Result<http::Answer, Error> {
        small.ask("GET", "/v1/status", Some(authorization), "").await
    };
    assert_eq!(status(&basic("vera", &password("vera"))).await?.status, 200);
    for guess in [
        basic("olga", "guess"),
        basic("nobody", "guess"),
        "Bearer guess".to_owned(),
    ] {
        let slowed = eventually("guessing is slowed", PATIENCE, async || {
            let answer = status(&guess).await.map_err(|e| e.to_string())?;
            if answer.status == 401 {
                assert!(answer.headers["www-authenticate"].contains("Basic"));
            }
            (answer.status == 429).then_some(answer.clone()).ok_or(answer.body)
        });
        let slowed = slowed.await?;
        assert_eq!(slowed.json()["code"], "D0935");
        assert!(slowed.headers["retry-after"].parse::<u64>()? > 0);
    }
    for known in [
        basic("vera", &password("vera")),
        format!("Bearer {TOKEN}"),
        format!("Bearer {}", small.token()?),
    ] {
        assert_eq!(status(&known).await?.status, 200, "others are let in");
    }
    small.site.write("dragoman.yaml", SITE.replace("  vera:", "  eva:"))?;
    let reload = small.dragoman(&["reload"]).await?;
    assert_eq!(reload.code, Some(0), "{}", reload.err);
    assert_eq!(status(&basic("vera", &password("vera"))).await?.status, 401);
    assert_eq!(status(&basic("eva", &password("vera"))).await?.status, 200);
    // A password in place of its hash, and a token that two have, are found when the site is read.
    small.site.write("igor.hash", "igor has a horse")?;
    small.site.write(
        "dragoman.yaml",
        format!("{SITE}  other: {{ roles: [viewer], token: file:register.token }}\n"),
    )?;
    let reload = small.dragoman(&["reload"]).await?;
    assert_eq!(reload.code, Some(1), "{}", reload.out);
    assert!(
        reload.err.contains("D0932") && reload.err.contains("D0933"),
        "{}",
        reload.err
    );
    assert!(!reload.err.contains("horse"), "no secret is repeated: {}", reload.err);
    let (code, said) = hash("short")?;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("at least 8 characters"), "{said}");
    Ok(())
}
