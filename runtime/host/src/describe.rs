//! Asking plugins what they offer and whether a configuration suits them; both without any power.

use std::sync::{Arc, PoisonError};

use dragoman_model::{Digest, Issue, Value};
use dragoman_schema::{Surface, Validator};
use serde_json::json;

use crate::descriptor;
use crate::error::{BAD_DESCRIPTOR, CANNOT_DESCRIBE, Error, NOT_GRANTED};
use crate::guest::{Answer, Ask};
use crate::host::{Host, Job, sentence};
use crate::plugin::Plugin;
use crate::settings::Connection;

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
        let named: Vec<[String; 2]> = files
            .iter()
            .map(|(name, bytes)| [name.clone(), Digest::of(bytes).to_string()])
            .collect();
        let id = Digest::of_value(&json!([FORMAT, plugin.digest, config, named]));
        let known = self
            .surfaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let file = format!("{}.surface", id.hex());
        let described = match self
            .cache
            .read(&file)
            .and_then(|body| descriptor::from_file(body.bytes()))
        {
            Some(kept) => kept,
            None => {
                let fresh = self.ask_description(plugin, config, files).await?;
                if let Some(bytes) = descriptor::to_file(&fresh) {
                    self.cache.write(&file, &bytes);
                }
                fresh
            }
        };
        let surface = Arc::new(descriptor::surface(plugin.digest, described)?);
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

    async fn ask_pure(self: &Arc<Self>, plugin: &Arc<Plugin>, ask: Ask) -> Result<Answer, Error> {
        let refuse = |why: &str| Error::new(CANNOT_DESCRIBE, format!("the plugin does not describe itself: {why}"));
        let ran = self.ask(plugin, Job::pure(self.settings.describe), ask).await;
        let ran = ran.map_err(|_| refuse("the host is too busy or stopping"))?;
        ran.answer.map_err(|broken| refuse(&sentence(&broken)))
    }

    /// Checks a connection before it is used: its configuration against the plugin's schema and by the plugin itself,
    /// and that what the plugin asks for is granted. Gives the surface and what is wrong; a plugin may do without an
    /// endpoint that it asks for, so those that are missing are not errors here.
    ///
    /// # Errors
    /// The plugin is not there, cannot describe itself, or wants to see secrets and may not.
    pub async fn check(self: &Arc<Self>, connection: &Connection) -> Result<(Arc<Surface>, Vec<Issue>), Error> {
        let plugin = self.pinned(connection.plugin).await?;
        let surface = self.describe(&plugin, &connection.config, &connection.files).await?;
        check_reveal(&plugin, connection)?;
        let validator = Validator::new(&surface.config_schema).map_err(|e| {
            Error::new(
                BAD_DESCRIPTOR,
                format!("the configuration schema of {} is not valid: {e}", surface.name),
            )
        })?;
        let mut issues: Vec<Issue> = validator
            .check(&connection.config)
            .into_iter()
            .map(|issue| Issue {
                path: issue.path,
                code: format!("schema.{}", issue.code),
                message: issue.message,
            })
            .collect();
        if issues.is_empty() {
            let ask = Ask::CheckConfig {
                config: connection.config.to_string(),
            };
            if let Answer::Checked(found) = self.ask_pure(&plugin, ask).await? {
                issues.extend(found.into_iter().map(|i| Issue {
                    path: i.path,
                    code: i.code,
                    message: i.message,
                }));
            }
        }
        Ok((surface, issues))
    }
}

/// A plugin that can see secrets is used only where the operator said so.
pub(crate) fn check_reveal(plugin: &Plugin, connection: &Connection) -> Result<(), Error> {
    let granted = connection.credentials.values().any(|credential| credential.reveal);
    if plugin.imports.reveals() && !granted {
        return Err(Error::new(
            NOT_GRANTED,
            "the plugin asks to see the values of credentials, and no credential of the connection is granted so; use a \
             plugin that lets the host sign and send with them",
        ));
    }
    Ok(())
}
