//! `dragoman plugin`.

mod call;
pub(crate) mod compiled;
mod inspect;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use clap::{Args, Subcommand};
use dragoman_host::{Host, HostSettings, NoEgress, NoStorage, Plugin as Loaded, apart};

use crate::answer::{Error, Outcome};
use crate::codes::{unread, unwritten};
use crate::site::block_on;

/// Makes, inspects and tries connectors.
#[derive(Debug, Args)]
pub(crate) struct Plugin {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Makes a plugin out of the core module that cargo built for wasm32-unknown-unknown
    Build {
        /// The core module
        module: PathBuf,
        /// The plugin to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Says what a plugin offers and what it can do
    Inspect(inspect::Inspect),
    /// Calls one operation, without any site: no endpoint is bound, nothing is kept
    Call(call::Call),
}

impl Plugin {
    pub(crate) fn run(self) -> Outcome {
        match self.act {
            Act::Build { module, output } => build(&module, &output),
            Act::Inspect(inspect) => block_on(inspect.run()),
            Act::Call(call) => block_on(call.run()),
        }
    }
}

fn build(module: &Path, output: &Path) -> Outcome {
    let bytes = read(module)?;
    let component = dragoman_component::componentize(&bytes).map_err(|e| {
        Error::plain(format!("{}: {e}", module.display()))
            .help("build it with `cargo build --target wasm32-unknown-unknown`")
    })?;
    let imports = dragoman_host::imports::check(&component)
        .map_err(|e| Error::coded(e.code, format!("{}: {}", module.display(), e.message)))?;
    std::fs::write(output, &component).map_err(|e| unwritten(output, e))?;
    println!("{} ({} KB)", output.display(), component.len() / 1024);
    for sentence in imports.sentences() {
        println!("  {sentence}");
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Bytes, Error> {
    apart::read(file).map_err(|e| unread(file, e))
}

/// A host with nothing behind it, and a plugin in it.
async fn load(file: &Path) -> Result<(Arc<Host>, Arc<Loaded>), Error> {
    let plain = |e: dragoman_host::Error| Error::coded(e.code, format!("{}: {}", file.display(), e.message));
    let bytes = read(file)?;
    let cached = |cache| {
        let settings = HostSettings {
            cache,
            ..HostSettings::default()
        };
        Host::new(settings, Arc::new(NoEgress), Arc::new(NoStorage))
    };
    // A cache that cannot be used is no reason to refuse a plugin.
    let host = cached(compiled::cache()).or_else(|_| cached(None)).map_err(plain)?;
    let plugin = host.load(bytes).await.map_err(plain)?;
    Ok((host, plugin))
}
