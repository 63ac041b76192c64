//! Compiled plugins and descriptions, kept between starts.
//!
//! A file is a 32-byte HMAC-SHA256 over its name and body, and the body. What does not prove itself is as good as
//! absent: it is made again. Files are written aside and renamed, so that a reader sees all of one or nothing.
#![allow(unsafe_code)]

use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use dragoman_model::Digest;
use dragoman_security::MacKey;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::apart;
use crate::error::{CACHE, CANNOT_COMPILE, Error};
use crate::imports;
use crate::settings::CacheSettings;

const TAG: usize = 32;

/// A folder of authenticated files; without a folder nothing is kept.
#[derive(Debug)]
pub(crate) struct Cache {
    kept: Option<CacheSettings>,
    written: AtomicU64,
    compiling: Mutex<()>,
}

impl Cache {
    /// Opens the folder, made with access for its owner only.
    pub(crate) fn open(kept: Option<CacheSettings>) -> Result<Self, Error> {
        if let Some(CacheSettings { folder, .. }) = &kept {
            make_folder(folder).map_err(|e| {
                Error::new(
                    CACHE,
                    format!(
                        "the cache folder {} cannot be made: {e}; give it a place that this user may write",
                        folder.display()
                    ),
                )
            })?;
        }
        Ok(Cache {
            kept,
            written: AtomicU64::new(0),
            compiling: Mutex::new(()),
        })
    }

    /// Reads a file that proves itself; none where it is absent or altered. The tag is over the name as well, so that one
    /// file cannot stand in for another. What was read is megabytes: it is neither copied nor moved.
    pub(crate) fn read(&self, name: &str) -> Option<Body> {
        let CacheSettings { folder, key } = self.kept.as_ref()?;
        let bytes = apart::read(&folder.join(name)).ok()?;
        let (tag, body) = bytes.split_at_checked(TAG)?;
        if !key.verify(&[name.as_bytes(), &[0], body], tag) {
            tracing::warn!(target: "dragoman::host", "the cached file {name} does not prove itself; it is made again");
            return None;
        }
        Some(Body(bytes))
    }

    /// Writes a file. A cache that cannot be written costs time at the next start and nothing else, so it is only told.
    pub(crate) fn write(&self, name: &str, body: &[u8]) {
        let Some(CacheSettings { folder, key }) = &self.kept else {
            return;
        };
        if let Err(e) = self.try_write(folder, key, name, body) {
            tracing::warn!(target: "dragoman::host", "{}: the cached file {name} cannot be written: {e}", CACHE.id);
        }
    }

    fn try_write(&self, folder: &Path, key: &MacKey, name: &str, body: &[u8]) -> io::Result<()> {
        let tag = key.tag(&[name.as_bytes(), &[0], body]);
        let mut content = Vec::with_capacity(TAG + body.len());
        content.extend_from_slice(&tag);
        content.extend_from_slice(body);
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let aside = folder.join(format!(".{name}.{}.{number}", std::process::id()));
        fs::write(&aside, content)?;
        fs::rename(&aside, folder.join(name)).inspect_err(|_| {
            let _ = fs::remove_file(&aside);
        })
    }

    /// The component of these bytes: out of the cache, else validated, compiled (one at a time, since a compiler uses all
    /// cores) and put there. Takes seconds: not for an executor.
    pub(crate) fn component(&self, engine: &Engine, digest: Digest, wasm: &[u8]) -> Result<Component, Error> {
        let mut hasher = std::collections::hash_map::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let name = format!("{}-{:016x}.code", digest.hex(), hasher.finish());
        if let Some(component) = self.read(&name).and_then(|body| deserialize(engine, body.bytes()).ok()) {
            return Ok(component);
        }
        imports::validate(wasm)?;
        let _turn = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(component) = self.read(&name).and_then(|body| deserialize(engine, body.bytes()).ok()) {
            return Ok(component);
        }
        let body = engine.precompile_component(wasm).map_err(|e| unusable(&e))?;
        self.write(&name, &body);
        deserialize(engine, &body).map_err(|e| unusable(&e))
    }
}

/// Only now does the engine say what is more than an instance may have.
fn unusable(why: &wasmtime::Error) -> Error {
    let message = format!("this host cannot run the plugin: {why:#}; build it again with a current SDK");
    Error::new(CANNOT_COMPILE, message)
}

/// What a file holds behind its tag.
pub(crate) struct Body(Bytes);

impl Body {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.get(TAG..).unwrap_or_default()
    }
}

fn deserialize(engine: &Engine, body: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `Component::deserialize` executes what it is given, so the bytes must be those that
    // `Engine::precompile_component` gave. Both callers have such bytes: one has just been given them, and the other
    // read them with a tag that only this installation's key makes, over the file's name (the digest of the plugin and
    // the engine's compatibility hash) and all of the bytes. The same buffer is verified and executed: nothing is
    // opened a second time, and nothing is mapped from a file that somebody could change later. A file of another
    // version or configuration of wasmtime is refused by wasmtime itself, and then compiled again.
    let component = unsafe { Component::deserialize(engine, body)? };
    component.initialize_copy_on_write_image()?;
    Ok(component)
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_prove_itself_is_as_good_as_absent() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("cache");
        let open = |keys: &str| {
            let key = dragoman_security::Keys::open(&folder.path().join(keys)).unwrap().cache;
            Cache::open(Some(CacheSettings {
                folder: inside.clone(),
                key,
            }))
            .unwrap()
        };
        let cache = open("keys");
        let check = |cache: &Cache, name: &str, expected: Option<&[u8]>| {
            let found = cache.read(name);
            assert_eq!(found.as_ref().map(Body::bytes), expected, "{name}");
        };
        cache.write("one", b"body");
        check(&cache, "one", Some(b"body"));
        check(&open("other"), "one", None);
        fs::copy(inside.join("one"), inside.join("two")).unwrap();
        check(&cache, "two", None);
        let mut flipped = fs::read(inside.join("one")).unwrap();
        *flipped.last_mut().unwrap() ^= 1;
        fs::write(inside.join("one"), &flipped).unwrap();
        check(&cache, "one", None);
        fs::write(inside.join("one"), &flipped[..20]).unwrap();
        check(&cache, "one", None);
        cache.write("one", b"again");
        check(&cache, "one", Some(b"again"));
        assert_eq!(fs::read_dir(&inside).unwrap().count(), 2);
    }
}
