//! Asking plugins what they offer, without any power.

use std::sync::{Arc, PoisonError};

use dragoman_model::{Digest, Value};
use dragoman_schema::Surface;
use serde_json::json;

use crate::descriptor;
use crate::error::{CANNOT_DESCRIBE, Error};
use crate::guest::{Answer, Ask};
use crate::host::{Host, Job, sentence};
use crate::plugin::Plugin;

/// Kept in the cache with each description; counted up when its form changes.
const FORMAT: u32 = 1;

impl Host {
    /// What a plugin offers, given its configuration and files. Asked once: afterwards it is kept in memory and in the
    /// cache folder, under the digest of all three.
    ///
    /// # Errors
    /// It fails, traps, or describes what cannot be.
    pub async fn describe(
        self: &Arc<Self>,
        plugin: &Arc<Plugin>,
        config: &Value,
        files: &[(String, Vec<u8>)],
    ) -> Result<Arc<Surface>, Error> {
        let id = kept_as(plugin.digest, config, files);
        if let Some(known) = self.described(id, plugin.digest)? {
            return Ok(known);
        }
        let fresh = self.ask_description(plugin, config, files).await?;
        if let Some(bytes) = descriptor::to_file(&fresh) {
            self.cache.write(&format!("{}.surface", id.hex()), &bytes);
        }
        self.remember(id, plugin.digest, fresh)
    }

    /// A description that is in memory or in the cache folder.
    pub(crate) fn described(&self, id: Digest, plugin: Digest) -> Result<Option<Arc<Surface>>, Error> {
        let known = self.surfaces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&id) {
            return Ok(Some(known.clone()));
        }
        drop(known);
        let kept = self.cache.read(&format!("{}.surface", id.hex()));
        match kept.and_then(|body| descriptor::from_file(body.bytes())) {
            Some(kept) => self.remember(id, plugin, kept).map(Some),
            None => Ok(None),
        }
    }

    fn remember(
        &self,
        id: Digest,
        plugin: Digest,
        described: dragoman_schema::surface::Descriptor,
    ) -> Result<Arc<Surface>, Error> {
        let surface = Arc::new(descriptor::surface(plugin, described)?);
        self.surfaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, surface.clone());
        Ok(surface)
    }

    /// What an older plugin offers over a connection as it is configured now: for runs that are pinned to it. None: there
    /// is no such connection any more, the plugin is gone, or it fails to describe itself.
    pub async fn surface_of(self: &Arc<Self>, connection: &str, plugin: Digest) -> Option<Arc<Surface>> {
        let bound = self.bound(connection)?;
        let plugin = self.pinned(plugin).await.ok()?;
        let described = self.describe(&plugin, &bound.connection.config, &bound.connection.files);
        described.await.ok()
    }

    async fn ask_description(
        self: &Arc<Self>,
        plugin: &Arc<Plugin>,
        config: &Value,
        files: &[(String, Vec<u8>)],
    ) -> Result<dragoman_schema::surface::Descriptor, Error> {
        let ask = Ask::Describe {
            config: config.to_string(),
            files: files.to_vec(),
        };
        match self.ask_pure(plugin, ask).await? {
            Answer::Described(Ok(wire)) => descriptor::from_wire(wire),
            Answer::Described(Err(failure)) => {
                let message = format!(
                    "the plugin does not describe itself: {} ({})",
                    failure.message, failure.code
                );
                Err(Error::new(CANNOT_DESCRIBE, message))
            }
            _ => Err(Error::new(CANNOT_DESCRIBE, "the plugin answered another question")),
        }
    }

    pub(crate) async fn ask_pure(self: &Arc<Self>, plugin: &Arc<Plugin>, ask: Ask) -> Result<Answer, Error> {
        let refuse = |why: &str| Error::new(CANNOT_DESCRIBE, format!("the plugin does not describe itself: {why}"));
        let ran = self.ask(plugin, Job::pure(self.settings.describe), ask).await;
        let ran = ran.map_err(|_| refuse("the host is too busy or stopping"))?;
        ran.answer.map_err(|broken| refuse(&sentence(&broken)))
    }
}

/// The name of a description: of the plugin, its configuration and its files.
pub(crate) fn kept_as(plugin: Digest, config: &Value, files: &[(String, Vec<u8>)]) -> Digest {
    let named: Vec<[String; 2]> = files
        .iter()
        .map(|(name, bytes)| [name.clone(), Digest::of(bytes).to_string()])
        .collect();
    Digest::of_value(&json!([FORMAT, plugin, config, named]))
}
