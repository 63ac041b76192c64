//! A plugin that is loaded: checked, compiled and linked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use dragoman_model::Digest;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::cache::Cache;
use crate::error::{CANNOT_COMPILE, Error, FOREIGN_IMPORT, TOO_LARGE};
use crate::imports::{self, Imports};
use crate::session::Session;
use crate::v0_1;

/// A plugin, ready to be instantiated.
pub struct Plugin {
    /// Of its bytes.
    pub digest: Digest,
    /// Of its bytes.
    pub size: usize,
    /// What it asks for.
    pub imports: Imports,
    pub(crate) pre: v0_1::Pre<Session>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("digest", &self.digest)
            .field("imports", &self.imports)
            .finish_non_exhaustive()
    }
}

/// The linkers, built once: one for plugins that see no secrets, one for those that may.
pub(crate) struct Linkers {
    plain: Linker<Session>,
    privileged: Linker<Session>,
}

impl Linkers {
    pub(crate) fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let (mut plain, mut privileged) = (Linker::new(engine), Linker::new(engine));
        v0_1::link(&mut plain, false)?;
        v0_1::link(&mut privileged, true)?;
        Ok(Linkers { plain, privileged })
    }
}

/// Checks, compiles and links; `digest` is that of the bytes. Takes from milliseconds (out of the cache) to seconds: not for an executor's thread.
pub(crate) fn load(
    engine: &Engine,
    linkers: &Linkers,
    cache: &Cache,
    limit: usize,
    digest: Digest,
    bytes: &[u8],
) -> Result<Arc<Plugin>, Error> {
    if bytes.len() > limit {
        let message = format!("the plugin has {} bytes, this host takes {limit}", bytes.len());
        return Err(Error::new(TOO_LARGE, message));
    }
    // Compilers have panicked on bytes that validated, so a panic is one plugin's trouble and not the process's.
    let loaded = catch_unwind(AssertUnwindSafe(|| {
        let imports = imports::read(bytes)?;
        let component = cache.component(engine, digest, bytes)?;
        let linker = if imports.reveals() {
            &linkers.privileged
        } else {
            &linkers.plain
        };
        let does_not_fit = |e: wasmtime::Error| {
            let message = format!(
                "the plugin does not fit version {} of the contract: {e:#}",
                imports.contract
            );
            Error::new(FOREIGN_IMPORT, message)
        };
        let pre = linker
            .instantiate_pre(&component)
            .and_then(v0_1::Pre::new)
            .map_err(does_not_fit)?;
        Ok(Arc::new(Plugin {
            digest,
            size: bytes.len(),
            imports,
            pre,
        }))
    }));
    loaded.unwrap_or_else(|_| {
        Err(Error::new(
            CANNOT_COMPILE,
            "the plugin makes the compiler fail; report it with the file",
        ))
    })
}
