//! One connection of the site file: its plugin, configuration and grants.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use dragoman_host::{Host, Mode, apart};
use dragoman_manifest::site::Connection as Said;
use dragoman_manifest::{Site, Spanned};
use dragoman_model::{Diagnostic, Digest, nearest};
use dragoman_schema::Surface;
use dragoman_transports_http::egress::Endpoint;
use futures_util::future::join_all;

use super::{Secrets, binding, grants, settings};
use crate::error::{NO_FILE, NO_PLUGIN};

/// What a connection is loaded within.
pub(super) struct Context<'a> {
    pub(super) folder: &'a Path,
    pub(super) said: &'a Site,
    pub(super) host: &'a Arc<Host>,
    pub(super) secrets: Secrets,
}

/// The bytes of plugins, by path.
pub(super) type Components = BTreeMap<PathBuf, Bytes>;

/// A connection that can be used.
pub(super) struct Ready {
    pub(super) connection: dragoman_host::Connection,
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    pub(super) surface: Arc<Surface>,
    pub(super) component: Bytes,
}

/// Reads all plugins at once, and lets the host load them on as many cores as there are, where they are to be called. What
/// is wrong with one is said where its connection is loaded, which finds the others ready. Gives their bytes by path;
/// without those that cannot be read.
pub(super) async fn warm(context: &Context<'_>) -> Components {
    let named = context.said.connections.iter().map(|(_, said)| &*said.plugin.value);
    let paths: BTreeSet<PathBuf> = named
        .map(|text| plugin_path(context.folder, context.said, text))
        .collect();
    let loading = paths.into_iter().map(|path| {
        let host = (context.secrets == Secrets::Resolve).then(|| context.host.clone());
        tokio::spawn(async move {
            let bytes = apart::read(&path).ok()?;
            if let Some(host) = host {
                // Its error comes again, with its place.
                let _ = host.load(bytes.clone()).await;
            }
            Some((path, bytes))
        })
    });
    let loaded = join_all(loading).await;
    loaded.into_iter().filter_map(|task| task.ok().flatten()).collect()
}

/// Loads one; none where something is wrong, which is said.
pub(super) async fn load(
    context: &Context<'_>,
    components: &Components,
    name: &Spanned<String>,
    said: &Said,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Ready> {
    let before = diagnostics.len();
    let component = component(context, components, said, diagnostics)?;
    let granted = granted(context, said, Digest::of(&component), diagnostics);
    // What is only checked is not called: what was found of it before stands without its compiled code.
    let kept = match &granted {
        Some((connection, _)) if context.secrets != Secrets::Resolve => context.host.checked(connection),
        _ => None,
    };
    if kept.is_none()
        && let Err(error) = context.host.load(component.clone()).await
    {
        diagnostics.push(
            Diagnostic::error(error.code, said.plugin.span.clone(), error.message).mark("this plugin cannot be used"),
        );
        return None;
    }
    let (connection, endpoints) = granted?;
    let checked = match kept {
        Some(kept) => Ok(kept),
        None => context.host.check(&connection).await,
    };
    let surface = match checked {
        Ok((surface, issues)) => {
            diagnostics.extend(settings::check(
                context.said,
                name,
                said,
                &connection.config,
                &surface,
                issues,
            ));
            surface
        }
        Err(error) => {
            diagnostics.push(
                Diagnostic::error(error.code, said.plugin.span.clone(), error.message)
                    .label(name.span.clone(), "the connection"),
            );
            return None;
        }
    };
    diagnostics.extend(binding::check(name, said, &surface));
    let failed = diagnostics[before..].iter().any(super::is_error);
    (!failed).then_some(Ready {
        connection,
        endpoints,
        surface,
        component,
    })
}

/// A connection as the site file says, with its grants; none where its configuration cannot be read.
fn granted(
    context: &Context<'_>,
    said: &Said,
    plugin: Digest,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(dragoman_host::Connection, BTreeMap<String, Endpoint>)> {
    let config = config(context, said, diagnostics)?;
    let mut connection = dragoman_host::Connection::new(plugin, config);
    connection.mode = if said.observe || context.said.observe {
        Mode::Observe
    } else {
        Mode::Live
    };
    grants::limits(&said.limits, &mut connection.limits);
    let endpoints = grants::endpoints(context, said, &mut connection, diagnostics);
    grants::credentials(context, said, &mut connection, diagnostics);
    Some((connection, endpoints))
}

/// Where a plugin is: a path, or a name in the folder of plugins.
pub(super) fn plugin_path(folder: &Path, said: &Site, text: &str) -> PathBuf {
    if text.contains('/') || text.ends_with(".wasm") {
        folder.join(text)
    } else {
        folder.join(&*said.plugins.value).join(format!("{text}.wasm"))
    }
}

/// The plugin's bytes: a path, or a name in the folder of plugins.
fn component(
    context: &Context<'_>,
    components: &Components,
    said: &Said,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Bytes> {
    let text = &*said.plugin.value;
    let path = plugin_path(context.folder, context.said, text);
    if let Some(read) = components.get(&path) {
        return Some(read.clone());
    }
    match apart::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            diagnostics.push(
                Diagnostic::error(
                    NO_PLUGIN,
                    said.plugin.span.clone(),
                    format!("there is no plugin `{text}`"),
                )
                .mark(format!("{}: {error}", path.display()))
                .help(instead(&path, text)),
            );
            None
        }
    }
}

/// What to do where there is no plugin of that name: another one of the folder may be meant.
fn instead(path: &Path, text: &str) -> String {
    let folder = path.parent().unwrap_or(path);
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<String> = files
        .filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".wasm")?.to_owned()))
        .collect();
    match nearest(text, names.iter().map(String::as_str)) {
        Some(near) => format!("write `{near}`"),
        None => {
            "put its .wasm file there (`cargo xtask plugins` builds those of the project), or write the path of one \
                 that is elsewhere"
                .into()
        }
    }
}

/// The configuration, from the site file or from the file it names.
fn config(context: &Context<'_>, said: &Said, diagnostics: &mut Vec<Diagnostic>) -> Option<serde_json::Value> {
    let Some(file) = &said.config_file else {
        return Some(said.config.value.clone());
    };
    let path = context.folder.join(&*file.value);
    let read = std::fs::read_to_string(&path).map_err(|e| e.to_string());
    match read.and_then(|text| serde_json::from_str(&text).map_err(|e| format!("it is not JSON: {e}"))) {
        Ok(value) => Some(value),
        Err(why) => {
            let message = format!("the configuration {} cannot be read: {why}", path.display());
            diagnostics.push(Diagnostic::error(NO_FILE, file.span.clone(), message));
            None
        }
    }
}
