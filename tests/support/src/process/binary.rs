//! Where the programs under test are, and building them where they are not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::Error;
use crate::record::locked;

/// The root of the workspace that this was built in.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf()
}

/// The folder of the running profile's programs: that of the running test or bench, else `target/debug`.
#[must_use]
pub fn target_folder() -> PathBuf {
    let own = std::env::current_exe().ok();
    let own = own.as_deref().and_then(Path::parent).map(|folder| {
        // Tests and benches lie in `deps` below it.
        if folder.ends_with("deps") {
            folder.parent().unwrap_or(folder)
        } else {
            folder
        }
    });
    match own {
        Some(folder) if folder.ends_with("debug") || folder.ends_with("release") => folder.to_path_buf(),
        _ => {
            let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
            target.unwrap_or_else(|| workspace_root().join("target")).join("debug")
        }
    }
}

/// The `dragoman` program: the file named by `DRAGOMAN_BIN`, else the running profile's, built where needed.
///
/// # Errors
/// See [`built`].
pub fn dragoman() -> Result<PathBuf, Error> {
    if let Some(path) = std::env::var_os("DRAGOMAN_BIN").map(PathBuf::from) {
        if path.is_file() {
            return Ok(path);
        }
        return Err(Error::NotBuilt {
            path,
            reason: "DRAGOMAN_BIN names no file".to_owned(),
        });
    }
    built("dragoman-cli", "dragoman")
}

static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

/// A program of this workspace in the running profile, brought up to date by cargo once in this process: a test must
/// not pass or fail by yesterday's program.
///
/// # Errors
/// [`Error::NotBuilt`] with what cargo said.
pub fn built(package: &str, name: &str) -> Result<PathBuf, Error> {
    let mut known = locked(&BUILT);
    if let Some(path) = known.get(name) {
        return Ok(path.clone());
    }
    let folder = target_folder();
    let path = folder.join(name);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command
        .current_dir(workspace_root())
        .args(["build", "--quiet", "--package", package, "--bin", name]);
    if folder.ends_with("release") {
        command.arg("--release");
    }
    let failed = |reason: String| Error::NotBuilt {
        path: path.clone(),
        reason,
    };
    let output = command.output().map_err(|error| failed(format!("cargo: {error}")))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    if !path.is_file() {
        return Err(failed("cargo built it, but not there".to_owned()));
    }
    known.insert(name.to_owned(), path.clone());
    Ok(path)
}
