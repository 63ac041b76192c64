//! Plugins that are loaded, kept, refused.

use std::path::Path;
use std::sync::Arc;

use dragoman_engine::runner::StepRunner;
use dragoman_host::{CacheSettings, Connection, Host, HostSettings, NoEgress, NoStorage};
use dragoman_model::OperationEffect;
use dragoman_security::Keys;
use serde_json::json;

use crate::world::{World, echo};

/// A host with a cache folder, and the keys of an installation beside it.
fn host(cache: &Path, keys: &str) -> Arc<Host> {
    let key = Keys::open(&cache.with_file_name(keys)).unwrap().cache;
    let settings = HostSettings {
        cache: Some(CacheSettings {
            folder: cache.to_owned(),
            key,
        }),
        ..HostSettings::default()
    };
    Host::new(settings, Arc::new(NoEgress), Arc::new(NoStorage)).unwrap()
}

fn files(folder: &Path, kind: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|found| found == kind))
        .collect()
}

/// Loads, describes and calls the guest with what the cache folder holds.
async fn works(cache: &Path, keys: &str) {
    let host = host(cache, keys);
    let plugin = host.load(echo()).await.unwrap();
    let surface = host.describe(&plugin, &json!({}), &[]).await.unwrap();
    assert_eq!(surface.name, "echo");
    assert_eq!(
        surface.operations["place"].effect,
        OperationEffect::Once { settle_s: Some(60) }
    );
    assert!(surface.operations["place"].has_probe);
    assert_eq!(
        surface.operations["notify"].effect,
        OperationEffect::Idempotent {
            key_lifetime_s: Some(86_400)
        }
    );
    assert_eq!(surface.endpoints, ["api"]);
}

#[tokio::test]
async fn a_cache_that_lies_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    works(&cache, "keys").await;
    for kind in ["code", "surface"] {
        let file = files(&cache, kind).remove(0);
        let true_bytes = std::fs::read(&file).unwrap();
        let mut flipped = true_bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x40;
        for lie in [&flipped[..], &true_bytes[..true_bytes.len() - 1], b""] {
            std::fs::write(&file, lie).unwrap();
            works(&cache, "keys").await;
            // It was recognised, and made again as it was.
            assert_eq!(std::fs::read(&file).unwrap().len(), true_bytes.len(), "{kind}");
        }
    }
    // Another installation's cache is worth nothing.
    works(&cache, "other").await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_cache_folder_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("a/b");
    let _host = host(&cache, "keys");
    assert_eq!(std::fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn what_is_no_plugin_is_refused_with_a_code() {
    let host = Host::new(HostSettings::default(), Arc::new(NoEgress), Arc::new(NoStorage)).unwrap();
    let mut cut = echo();
    cut.truncate(cut.len() / 2);
    for (bytes, code) in [
        (b"garbage".to_vec(), "D0602"),
        (b"\0asm\x01\0\0\0".to_vec(), "D0602"),
        (cut, "D0602"),
    ] {
        let error = host.load(bytes).await.unwrap_err();
        assert_eq!(error.code.id, code, "{error}");
    }
    let small = HostSettings {
        plugin_bytes: 1_000,
        ..HostSettings::default()
    };
    let small = Host::new(small, Arc::new(NoEgress), Arc::new(NoStorage)).unwrap();
    assert_eq!(small.load(echo()).await.unwrap_err().code.id, "D0611");
}

/// The guest with every mention of one text replaced by another of the same length.
fn altered(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = echo();
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, w)| *w == from.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[tokio::test]
async fn another_version_or_a_foreign_import_is_named() {
    let host = Host::new(HostSettings::default(), Arc::new(NoEgress), Arc::new(NoStorage)).unwrap();
    let newer = host.load(altered("@0.1.0", "@0.3.0")).await.unwrap_err();
    assert_eq!(newer.code.id, "D0604");
    assert!(
        newer
            .message
            .starts_with("this plugin needs dragoman:connector 0.3, this host has 0.1"),
        "{newer}"
    );
    let foreign = host
        .load(altered("dragoman:connector/state@", "wasixxxxx:filesyst/types@"))
        .await
        .unwrap_err();
    assert_eq!(foreign.code.id, "D0603");
    assert!(foreign.message.contains("which this host never gives"), "{foreign}");
}

#[tokio::test]
async fn what_a_plugin_may_do_is_a_list_one_can_read() {
    let world = World::new().await;
    let sentences = world.plugin.imports.sentences().join("; ");
    assert!(
        sentences.contains("sends requests to the endpoints that the operator grants by name"),
        "{sentences}"
    );
    assert!(!world.plugin.imports.reveals());
    assert!(
        world
            .plugin
            .imports
            .exports
            .iter()
            .any(|name| name.starts_with("dragoman:connector/connector"))
    );
}

#[tokio::test]
async fn a_connection_is_checked_by_schema_and_by_the_plugin() {
    let world = World::new().await;
    let host = world.runner.host();
    let check = async |config, expected: &[&str]| {
        let (_, issues) = host.check(&Connection::new(world.plugin.digest, config)).await.unwrap();
        assert_eq!(
            issues.iter().map(|issue| issue.code.as_str()).collect::<Vec<_>>(),
            expected
        );
    };
    check(json!({}), &[]).await;
    check(json!({"greeting": 1}), &["schema.type"]).await;
    check(
        json!({"greeting": "a greeting of more than twenty letters"}),
        &["greeting.long"],
    )
    .await;
}

#[tokio::test]
async fn what_a_check_found_is_found_again_without_the_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let first = host(&cache, "keys");
    let plugin = first.load(echo()).await.unwrap();
    let long = "a greeting of more than twenty letters";
    for config in [json!({}), json!({"greeting": 1}), json!({"greeting": long})] {
        let connection = Connection::new(plugin.digest, config);
        assert!(first.checked(&connection).is_none(), "nobody has asked yet");
        let (surface, issues) = first.check(&connection).await.unwrap();

        let again = host(&cache, "keys");
        let (kept, found) = again.checked(&connection).unwrap();
        assert_eq!((&kept.name, kept.digest, found), (&surface.name, plugin.digest, issues));
        assert!(again.plugin(plugin.digest).is_none(), "no code was read");
        // Another installation does not believe it.
        assert!(host(&cache, "other").checked(&connection).is_none());
    }
    let empty = Connection::new(plugin.digest, json!({}));
    for file in files(&cache, "checked") {
        std::fs::write(file, "[]").unwrap();
    }
    assert!(
        host(&cache, "keys").checked(&empty).is_none(),
        "what does not prove itself"
    );
    let again = host(&cache, "keys");
    again.load(echo()).await.unwrap();
    again.check(&empty).await.unwrap();
    assert!(again.checked(&empty).is_some(), "it was made again");
    let mut other = empty.clone();
    other.files.push(("codes".into(), b"X".to_vec()));
    assert!(again.checked(&other).is_none(), "another connection");
}

#[tokio::test]
async fn a_run_keeps_the_plugin_it_began_with() {
    let world = World::new().await;
    // The connection moves on to another plugin; the run's own is in the store.
    let host = Host::new(HostSettings::default(), Arc::new(NoEgress), world.shelf.clone()).unwrap();
    world
        .shelf
        .components
        .lock()
        .unwrap()
        .insert(world.plugin.digest, echo());
    let newer = Connection::new(dragoman_model::Digest::of(b"newer"), json!({}));
    host.set_connections([("shop".to_owned(), newer)].into());
    let runner = dragoman_host::Runner::new(host);
    let report = runner.call(world.request("echo", json!({"text": "x"}))).await;
    assert_eq!(report.result.unwrap().payload["text"], "x");
}

#[tokio::test]
async fn settings_change_with_what_an_answer_depends_on() {
    let world = World::new().await;
    let host = world.runner.host();
    let digest = |change: &dyn Fn(&mut Connection)| {
        let mut connection = Connection::new(world.plugin.digest, json!({"greeting": "a"}));
        change(&mut connection);
        host.set_connections([("shop".to_owned(), connection)].into());
        world.runner.settings("shop").unwrap()
    };
    let first = digest(&|_| {});
    assert_eq!(digest(&|_| {}), first);
    assert_ne!(digest(&|c| c.config = json!({"greeting": "b"})), first);
    assert_ne!(
        digest(&|c| drop(c.endpoints.insert("api".into(), Default::default()))),
        first
    );
    assert_eq!(digest(&|c| c.limits.cpu_ms = 1), first);
    assert_eq!(world.runner.settings("other"), None);
}
