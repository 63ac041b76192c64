//! `cargo xtask setup`: the wasm target, and the tools that tests compare with.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{exists, run, step};

/// The target that connectors are built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

pub(crate) fn task() -> Result<()> {
    target()?;
    tools()
}

/// Adds the wasm target where it is missing.
pub(crate) fn target() -> Result<()> {
    let listed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    if let Ok(output) = &listed
        && String::from_utf8_lossy(&output.stdout)
            .lines()
            .any(|l| l.trim() == TARGET)
    {
        return Ok(());
    }
    step(&format!("adding the target {TARGET}"));
    run(Command::new("rustup").args(["target", "add", TARGET]))
}

/// Installs what the tests compare with: `xmllint`. Without the right to install packages it says what is missing.
pub(crate) fn tools() -> Result<()> {
    if exists("xmllint", "--version") {
        return Ok(());
    }
    step("installing xmllint (package libxml2-utils)");
    let apt = |arguments: &[&str]| {
        run(Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(std::io::stderr()))
    };
    let installed = apt(&["update", "-qq"])
        .and_then(|()| apt(&["install", "-y", "-qq", "--no-install-recommends", "libxml2-utils"]));
    match installed {
        Ok(()) if exists("xmllint", "--version") => Ok(()),
        _ if std::env::var_os("CI").is_some() => {
            bail!("xmllint is missing and cannot be installed: install the package libxml2-utils")
        }
        _ => {
            step(
                "xmllint is missing: install the package libxml2-utils; the tests that validate against schemas are skipped without it",
            );
            Ok(())
        }
    }
}
