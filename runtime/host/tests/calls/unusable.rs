//! Hosts that cannot start and plugins that cannot be used: each is refused with its code, before anything runs.

use std::sync::Arc;

use dragoman_engine::runner::StepRunner;
use dragoman_host::{CacheSettings, CallLimits, Connection, Host, HostSettings, NoEgress, NoStorage, Runner};
use dragoman_model::Digest;
use dragoman_security::Keys;
use serde_json::json;
use wasmparser::{Parser, Payload, Validator};

use crate::world::{World, echo, guest};

/// How the hostile guest describes its configuration.
const SAID: &str = r#"{"type":"object","description":"whatever is written will do"}"#;

/// The hostile guest with another text there.
fn saying(text: &str) -> Vec<u8> {
    let mut bytes = guest("hostile");
    let at = bytes.windows(SAID.len()).position(|w| w == SAID.as_bytes());
    let at = at.expect("the guest says it: run `cargo xtask plugins`");
    bytes[at..at + SAID.len()].copy_from_slice(format!("{text:width$}", width = SAID.len()).as_bytes());
    bytes
}

/// How many core modules and types a component defines, which is the index of the next one.
fn defined(component: &[u8]) -> (u8, u32) {
    let mut validator = Validator::new();
    let (mut depth, mut found) = (0, None);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.expect("the guest is a component");
        match &payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) if depth > 0 => depth -= 1,
            Payload::End(_) => {
                let types = validator.types(0).expect("the component is open");
                let modules = u8::try_from(types.module_count()).expect("a guest has few modules");
                found = Some((modules, types.component_type_count()));
            }
            _ => {}
        }
        validator.payload(&payload).expect("the guest is valid");
    }
    found.expect("a component ends")
}

/// A section of a component.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("a short section");
    assert!(length < 0x80, "one byte says its length");
    [&[id, length], content].concat()
}

/// A number as WebAssembly writes it (LEB128).
fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).expect("seven bits"));
    bytes
}

/// The echo guest that makes seventeen instances of an empty module besides: more than a component may.
fn crowded() -> Vec<u8> {
    let mut bytes = echo();
    let (module, _) = defined(&bytes);
    bytes.extend(section(1, b"\0asm\x01\0\0\0"));
    bytes.extend(section(2, &[&[17][..], &[0, module, 0].repeat(17)].concat()));
    bytes
}

/// The echo guest that wants to see the values of credentials.
fn curious() -> Vec<u8> {
    const NAME: &str = "dragoman:connector/credentials-reveal@0.1.0";
    let mut bytes = echo();
    let (_, index) = defined(&bytes);
    // A type: an instance of which nothing is known; and the import of one.
    bytes.extend(section(7, &[1, 0x42, 0]));
    let length = u8::try_from(NAME.len()).expect("a short name");
    let import = [&[1, 0, length], NAME.as_bytes(), &[5], &number(index)].concat();
    bytes.extend(section(10, &import));
    bytes
}

/// The error's code and words, and that it says no more than a person can read.
#[track_caller]
fn check<T>(result: Result<T, dragoman_host::Error>, code: &str, words: &[&str]) {
    let Err(error) = result else {
        panic!("nothing was refused with {code}");
    };
    assert_eq!(error.code.id, code, "{error}");
    for word in words {
        assert!(error.message.contains(word), "no `{word}` in: {error}");
    }
    assert!(error.message.len() < 400, "{error}");
}

fn host(settings: HostSettings) -> Result<Arc<Host>, dragoman_host::Error> {
    Host::new(settings, Arc::new(NoEgress), Arc::new(NoStorage))
}

#[test]
fn a_host_that_cannot_start_says_what_it_lacks() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    // More address space than a processor of today has.
    let all = HostSettings {
        concurrency: 1_000_000,
        ..HostSettings::default()
    };
    check(host(all), "D0601", &["address space", "ulimit -v"]);

    let folder = tempfile::tempdir().unwrap();
    let cache = |below: &str| HostSettings {
        cache: Some(CacheSettings {
            folder: folder.path().join(below),
            key: Keys::open(&folder.path().join("keys")).unwrap().cache,
        }),
        ..HostSettings::default()
    };
    std::fs::write(folder.path().join("occupied"), "a file").unwrap();
    for below in ["occupied", "occupied/cache"] {
        let inside = folder.path().join(below).display().to_string();
        check(host(cache(below)), "D0607", &[&inside, "this user may write"]);
    }
    assert!(host(cache("free")).is_ok());
}

#[tokio::test]
async fn a_component_that_is_no_plugin_or_too_much_is_not_loaded() {
    let host = host(HostSettings::default()).unwrap();
    let cases: [(Vec<u8>, &str, &[&str]); 2] = [
        (
            b"\0asm\x0d\0\x01\0".to_vec(),
            "D0605",
            &[
                "exports no `dragoman:connector/connector`",
                "a component but not a plugin",
            ],
        ),
        (crowded(), "D0606", &["this host", "core module instances"]),
    ];
    for (bytes, code, words) in cases {
        check(host.load(bytes).await, code, words);
    }
    assert!(host.load(echo()).await.is_ok(), "the host goes on");
}

/// Loads a plugin and checks a connection of it.
async fn checked(bytes: Vec<u8>, describe: CallLimits) -> Result<(), dragoman_host::Error> {
    let host = host(HostSettings {
        describe,
        ..HostSettings::default()
    })?;
    let plugin = host.load(bytes).await?;
    host.check(&Connection::new(plugin.digest, json!({}))).await.map(drop)
}

#[tokio::test]
async fn a_plugin_that_says_nothing_or_nonsense_of_itself_is_not_used() {
    let usual = HostSettings::default().describe;
    let starved = CallLimits {
        memory_bytes: 64 << 10,
        ..usual
    };
    let cases: [(Vec<u8>, CallLimits, &str, &[&str]); 6] = [
        (
            saying("this is no JSON"),
            usual,
            "D0608",
            &["does not describe itself", "the description is JSON"],
        ),
        (
            guest("hostile"),
            starved,
            "D0608",
            &["does not describe itself", "memory"],
        ),
        (
            saying(r#"{"type":"txet"}"#),
            usual,
            "D0609",
            &["the configuration", "txet"],
        ),
        (
            saying(r##"{"$ref":"#/$defs/nowhere"}"##),
            usual,
            "D0609",
            &["the configuration schema of hostile", "nowhere"],
        ),
        (curious(), usual, "D0614", &["see the values of credentials"]),
        (curious(), starved, "D0608", &[]),
    ];
    for (bytes, limits, code, words) in cases {
        check(checked(bytes, limits).await, code, words);
    }
    assert_eq!(checked(guest("hostile"), usual).await, Ok(()));
}

#[tokio::test]
async fn a_call_that_cannot_be_made_says_why_and_sends_nothing() {
    let world = World::new().await;
    let host = world.runner.host();
    let curious = host.load(curious()).await.unwrap();
    for (plugin, failure, code, words) in [
        (Digest::of(b"gone"), "plugin.unknown", "D0612", "folder of plugins"),
        (
            curious.digest,
            "plugin.unusable",
            "D0614",
            "see the values of credentials",
        ),
    ] {
        let mut call = world.request("echo", json!({ "text": "x" }));
        call.plugin = plugin;
        let refused = Runner::new(host.clone()).call(call).await.result.expect_err(code);
        assert_eq!(
            (refused.code.as_str(), &refused.detail),
            (failure, &Some(json!({ "code": code })))
        );
        assert!(refused.message.contains(words), "{}", refused.message);
    }
    assert!(world.script.requests().is_empty());
}
