//! `cargo xtask setup`: the wasm target, and the programs that tests need.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

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

/// A program of the system that tests need.
struct Tool {
    name: &'static str,
    package: &'static str,
    is_there: fn() -> bool,
    /// What is left out without it.
    without: &'static str,
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "xmllint",
        package: "libxml2-utils",
        is_there: || exists("xmllint", "--version"),
        without: "the tests that validate against schemas are skipped without it",
    },
    Tool {
        name: "RabbitMQ",
        package: "rabbitmq-server",
        is_there: || Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server").is_file(),
        without: "the tests that read queues of a broker are skipped without it",
    },
    Tool {
        name: "PostgreSQL",
        package: "postgresql",
        is_there: postgres_is_there,
        without: "the tests of the shared store are skipped without it",
    },
];

/// Whether a server of any version is where the system's packages put them.
fn postgres_is_there() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    versions
        .flatten()
        .any(|version| version.path().join("bin/postgres").is_file())
}

/// Installs what the tests need: `xmllint` to compare with, RabbitMQ and PostgreSQL, of which each
/// test starts a server of its own.
/// Without the right to install packages it says what is missing.
pub(crate) fn tools() -> Result<()> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !(tool.is_there)()).collect();
    let mut updated = false;
    for tool in missing {
        step(&format!("installing {} (package {})", tool.name, tool.package));
        let installed = if updated { Ok(()) } else { apt(&["update", "-qq"]) };
        updated |= installed.is_ok();
        let installed = installed.and_then(|()| install(tool.package));
        if installed.is_ok() && (tool.is_there)() {
            continue;
        }
        let what = format!("{} is missing: install the package {}", tool.name, tool.package);
        if std::env::var_os("CI").is_some() {
            bail!("{what}");
        }
        step(&format!("{what}; {}", tool.without));
    }
    Ok(())
}

/// Installs a package, and leaves nothing running that it brings: what it would start at once, and at each start of the
/// machine, is somebody's to decide, and takes ports and memory. A service that runs already is left alone.
fn install(package: &str) -> Result<()> {
    let denied = Denied::new();
    apt(&["install", "-y", "-qq", "--no-install-recommends", package])?;
    drop(denied);
    // Where there is no systemd, nothing starts it.
    let disabled = Command::new("systemctl")
        .args(["disable", "--quiet", package])
        .stderr(Stdio::null())
        .status();
    drop(disabled);
    Ok(())
}

fn apt(arguments: &[&str]) -> Result<()> {
    run(Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::from(std::io::stderr())))
}

/// While it lives, packages that are installed start no service: the system asks this file, and is told no.
struct Denied(Option<&'static Path>);

const POLICY: &str = "/usr/sbin/policy-rc.d";
/// The answer that means "forbidden".
const NO: &str = "#!/bin/sh\nexit 101\n";

impl Denied {
    fn new() -> Self {
        let file = Path::new(POLICY);
        // Somebody has a policy of their own; or this user may not have one, and may install nothing either.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o755).open(file);
        let written = made.and_then(|mut file| file.write_all(NO.as_bytes()));
        Denied(written.is_ok().then_some(file))
    }
}

impl Drop for Denied {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            // Left there it would keep every service of this machine from being started by its package.
            if let Err(error) = std::fs::remove_file(file) {
                step(&format!("{} is left there, take it away: {error}", file.display()));
            }
        }
    }
}
