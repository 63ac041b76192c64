//! Where the tests find things, and how they start the command and look at what it says.

use std::path::{Path, PathBuf};

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::process::{Finished, Launch, dragoman, target_folder, workspace_root};

/// A site without connections.
pub(crate) const SITE: &str = "
dragoman: 1
site: small
listen: 127.0.0.1:0
store: { sqlite: store }
senders: { anybody: { none: true } }
";

/// A pipeline that asks somebody.
pub(crate) const ASK: &str = "
dragoman: 1
pipeline: ask
summary: Asks somebody.
on: [{ id: hook, http: { path: /ask, from: anybody } }]
steps:
  - id: officer
    wait: { decision: ship-or-refuse, answers: [ship, refuse], show: [this], roles: [approver] }
output: { by: =steps.officer.by.id }
";

/// Starts the command in a folder, without any of the country's secrets, and waits for its end. What it caches is kept
/// with what was built, not with what is the tester's own.
pub(crate) async fn command(folder: &Path, arguments: &[&str]) -> Result<Finished, Error> {
    command_with(&target_folder().join("caches"), folder, arguments).await
}

/// The same with this folder for the user's caches.
pub(crate) async fn command_with(caches: &Path, folder: &Path, arguments: &[&str]) -> Result<Finished, Error> {
    let launch = Launch::new(dragoman()?)
        .args(arguments.iter().copied())
        .folder(folder)
        .env("XDG_CACHE_HOME", caches)
        .env("NO_COLOR", "1");
    Ok(launch.run(PATIENCE).await?)
}

/// The names of the folders in a folder of the project, in their order.
pub(crate) fn folders(of: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(workspace_root().join(of))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// A plugin that `cargo xtask plugins` built.
pub(crate) fn plugin(name: &str) -> PathBuf {
    let target = std::env::var("CARGO_TARGET_DIR").map_or(workspace_root().join("target"), Into::into);
    target.join("plugins").join(format!("{name}.wasm"))
}

/// A file or folder of the shared standards. None: it is not there, which is an error where `CI` is set.
pub(crate) fn standard(name: &str) -> Option<PathBuf> {
    let path = workspace_root().join("../shared/standards").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "needs ../shared/standards/{name}");
    println!("skipped: needs ../shared/standards/{name}");
    None
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// The command refused with one clear error: this exit code and code, these words, something to do, and never a panic or
/// a stack trace.
#[track_caller]
pub(crate) fn refused(finished: &Finished, exit: i32, code: &str, words: &[&str]) {
    let said = format!("{}{}", finished.out, finished.err);
    assert_eq!(finished.code, Some(exit), "{said}");
    assert!(said.contains(code), "no {code} in: {said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
    orderly(&said);
}

/// Nothing in a text looks like a crash.
#[track_caller]
pub(crate) fn orderly(said: &str) {
    for word in ["panicked at", "stack backtrace", "RUST_BACKTRACE", "src/", ".rs:"] {
        assert!(!said.contains(word), "`{word}` in: {said}");
    }
}

/// A country that was served through the main job and is stopped again: its store holds two endorsed permits.
pub(crate) async fn after_the_main_job() -> Result<Country, Error> {
    let case = Case::with_permits();
    let mut country = Country::start(&Options::default()).await?;
    country.issue(&case)?;
    country.lodge(&case).await?;
    for number in ["08", "16"] {
        let status = country.notify(&case, number).await?;
        assert_eq!(status, 202, "notice {number}");
    }
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    country.stop().await?;
    Ok(country)
}

/// Makes a copied store private again, as the command demands of keys and cache.
pub(crate) fn private(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let mode = if path.is_dir() {
            private(&path)?;
            0o700
        } else {
            0o600
        };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Replaces a text in a country's site file.
pub(crate) fn site_with(country: &Country, from: &str, to: &str) -> Result<(), Error> {
    let path = country.folder().join("dragoman.yaml");
    let text = std::fs::read_to_string(&path)?;
    if !text.contains(from) {
        return Err(format!("the site file has no `{from}`").into());
    }
    Ok(std::fs::write(&path, text.replace(from, to))?)
}
