//! Whether a connection can be used as it is configured, and what earlier checks of the same found.

use std::sync::Arc;

use dragoman_model::{Digest, Issue};
use dragoman_schema::{Surface, Validator};
use serde_json::json;

use crate::describe;
use crate::error::{BAD_DESCRIPTOR, Error, NOT_GRANTED};
use crate::guest::{Answer, Ask};
use crate::host::Host;
use crate::plugin::Plugin;
use crate::settings::Connection;

/// Kept in the cache with what was found; counted up when its form changes, or what is found wrong.
const FORMAT: u32 = 1;

/// A connection's surface, and what is wrong with its configuration.
pub type Checked = (Arc<Surface>, Vec<Issue>);

impl Host {
    /// Checks a connection before it is used: its configuration against the plugin's schema and by the plugin itself,
    /// and that what the plugin asks for is granted. Gives the surface and what is wrong; a plugin may do without an
    /// endpoint that it asks for, so those that are missing are not errors here.
    ///
    /// # Errors
    /// The plugin is not there, cannot describe itself, or wants to see secrets and may not.
    pub async fn check(self: &Arc<Self>, connection: &Connection) -> Result<Checked, Error> {
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
        let file = kept_as(connection);
        if self.cache.read(&file).is_none()
            && let Ok(bytes) = serde_json::to_vec(&issues)
        {
            self.cache.write(&file, &bytes);
        }
        Ok((surface, issues))
    }

    /// What an earlier [`Host::check`] of the same plugin, settings and grants found, out of the cache folder. Compiled
    /// code is not read for it, which is most of the time that a check of a site takes. None: this version of the
    /// program has not checked it, or the plugin could not be used.
    pub fn checked(&self, connection: &Connection) -> Option<Checked> {
        let issues = self.cache.read(&kept_as(connection))?;
        let issues = serde_json::from_slice(issues.bytes()).ok()?;
        let known = describe::kept_as(connection.plugin, &connection.config, &connection.files);
        let surface = self.described(known, connection.plugin).ok().flatten()?;
        Some((surface, issues))
    }
}

/// The name of the file: of all that the answer depends on.
fn kept_as(connection: &Connection) -> String {
    let described = describe::kept_as(connection.plugin, &connection.config, &connection.files);
    let facts = json!([FORMAT, env!("CARGO_PKG_VERSION"), described, sees_secrets(connection)]);
    format!("{}.checked", Digest::of_value(&facts).hex())
}

fn sees_secrets(connection: &Connection) -> bool {
    connection.credentials.values().any(|credential| credential.reveal)
}

/// A plugin that can see secrets is used only where the operator said so.
pub(crate) fn check_reveal(plugin: &Plugin, connection: &Connection) -> Result<(), Error> {
    if plugin.imports.reveals() && !sees_secrets(connection) {
        return Err(Error::new(
            NOT_GRANTED,
            "the plugin asks to see the values of credentials, and no credential of the connection is granted so; use a \
             plugin that lets the host sign and send with them",
        ));
    }
    Ok(())
}
