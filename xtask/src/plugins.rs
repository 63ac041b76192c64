//! `cargo xtask plugins`: every connector and every test guest, as components in `target/plugins/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::setup;
use crate::shell::{cargo, root, run, step, target};

/// Where connectors and the guests of the tests live.
const FOLDERS: [&str; 2] = ["plugins", "tests/guests"];

/// Memory that a connector has from the start, beyond its stack and data, in bytes. A call that fits in it never asks
/// for more: an instance's memory that grew must be taken back page by page before the next call, on every core.
const INITIAL_HEAP: usize = 1 << 20;

/// Builds those that are named, or all of them; gives their files.
pub(crate) fn build(only: &[String]) -> Result<Vec<PathBuf>> {
    setup::target()?;
    let mut packages = packages()?;
    packages.retain(|p| only.is_empty() || only.contains(p));
    step(&format!("building {} plugins", packages.len()));
    let mut command = cargo();
    command.args(["build", "--profile", "plugin", "--target", setup::TARGET]);
    command.env("RUSTFLAGS", flags());
    for package in &packages {
        command.args(["--package", package]);
    }
    run(&mut command)?;
    let out = target().join("plugins");
    std::fs::create_dir_all(&out)?;
    packages.iter().map(|package| componentize(package, &out)).collect()
}

/// Paths of this machine stay out of the components, so that the same source gives the same digest everywhere.
fn flags() -> String {
    let home =
        std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{}/.cargo", std::env::var("HOME").unwrap_or_default()));
    format!(
        "--remap-path-prefix={home}=/cargo --remap-path-prefix={}=/dragoman -C link-arg=--initial-heap={INITIAL_HEAP}",
        root().display()
    )
}

/// The packages that are plugins, by name.
fn packages() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = std::fs::read_dir(root().join(folder)) else {
            continue;
        };
        for entry in entries {
            let manifest = entry?.path().join("Cargo.toml");
            let Ok(text) = std::fs::read_to_string(&manifest) else {
                continue;
            };
            let name = text
                .lines()
                .find_map(|l| l.strip_prefix("name = \"")?.strip_suffix('"'))
                .with_context(|| format!("{} has no name", manifest.display()))?;
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Makes a component; leaves the file alone where nothing changed, so that caches stay valid.
fn componentize(package: &str, out: &Path) -> Result<PathBuf> {
    let module = target()
        .join(setup::TARGET)
        .join("plugin")
        .join(format!("{}.wasm", package.replace('-', "_")));
    let bytes = std::fs::read(&module).with_context(|| format!("{} was not built", module.display()))?;
    let component = dragoman_component::componentize(&bytes).with_context(|| package.to_owned())?;
    let file = out.join(format!("{package}.wasm"));
    if std::fs::read(&file).ok().as_deref() != Some(&component) {
        let temporary = out.join(format!(".{package}.{}", std::process::id()));
        std::fs::write(&temporary, &component)?;
        std::fs::rename(&temporary, &file)?;
    }
    Ok(file)
}

pub(crate) fn task(only: &[String]) -> Result<()> {
    for file in build(only)? {
        let size = std::fs::metadata(&file)?.len();
        println!(
            "{:>8} KB  {}",
            size / 1024,
            file.strip_prefix(root()).unwrap_or(&file).display()
        );
    }
    Ok(())
}
