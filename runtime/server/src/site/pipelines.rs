//! The pipelines of a site, and the editions that runs are pinned to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dragoman_manifest::{Site, parse_pipeline};
use dragoman_model::digest::canonical;
use dragoman_model::{Diagnostic, Digest, Source, Value};
use dragoman_plan::{Plan, World};
use serde_json::json;

use super::{is_error, read_source};
use crate::error::{NO_FILE, NO_PIPELINE, TWICE};

/// A pipeline with the plugins it was built with. Its digest is the version that runs are pinned to: the same text with
/// another plugin is another version.
#[derive(Clone)]
pub struct Edition {
    /// The plan; its `version` is the digest of `bytes`.
    pub plan: Arc<Plan>,
    /// What the store keeps: `{ name, text, plugins }`.
    pub bytes: Vec<u8>,
}

impl Edition {
    fn new(mut plan: Plan, name: &str) -> Self {
        let plugins: BTreeMap<&String, String> = plan.plugins.iter().map(|(c, d)| (c, d.to_string())).collect();
        let bytes = canonical(&json!({ "name": name, "text": &*plan.text, "plugins": plugins })).into_bytes();
        plan.version = Digest::of(&bytes);
        Edition {
            plan: Arc::new(plan),
            bytes,
        }
    }
}

/// Builds all pipelines of a folder: its YAML files, and `pipeline.yaml` in its subfolders.
pub(crate) fn load(
    folder: &Path,
    said: &Site,
    world: &World,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Edition> {
    let mut editions = BTreeMap::new();
    let mut places = BTreeMap::new();
    let files = match find(folder) {
        Ok(files) => files,
        Err(error) => {
            let message = format!("the pipelines' folder {} cannot be read: {error}", folder.display());
            let diagnostic = Diagnostic::error(NO_FILE, said.pipelines.span.clone(), message);
            diagnostics.push(diagnostic.help("`pipelines:` is a folder below the site file's own"));
            return editions;
        }
    };
    if files.is_empty() {
        let message = format!("there is no pipeline in {}", folder.display());
        let diagnostic = Diagnostic::error(NO_PIPELINE, said.pipelines.span.clone(), message);
        diagnostics.push(diagnostic.help("a pipeline is a file NAME.yaml there, or NAME/pipeline.yaml"));
    }
    for file in files {
        let source = match read_source(&file) {
            Ok(source) => source,
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                continue;
            }
        };
        let name = source.name.clone();
        let (parsed, found) = parse_pipeline(source);
        let broken = found.iter().any(is_error);
        diagnostics.extend(found);
        let Some(pipeline) = parsed else { continue };
        if let Some(first) = places.insert(pipeline.name.value.clone(), pipeline.name.span.clone()) {
            let message = format!("two pipelines are called `{}`", pipeline.name.value);
            diagnostics.push(
                Diagnostic::error(TWICE, pipeline.name.span.clone(), message)
                    .label(first, "the other one")
                    .help("give one of them another name"),
            );
            continue;
        }
        let checked = dragoman_plan::check(&pipeline, world);
        diagnostics.extend(checked.diagnostics);
        if let (Some(plan), false) = (checked.plan, broken) {
            editions.insert(plan.pipeline.clone(), Edition::new(plan, &name));
        }
    }
    editions
}

pub(crate) fn find(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let inner = path.join("pipeline.yaml");
        if path.is_dir() && inner.is_file() {
            files.push(inner);
        } else if path.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Which plugins an edition was built with: connection and digest.
fn plugins(edition: &Value) -> Option<BTreeMap<String, Digest>> {
    let members = edition.get("plugins")?.as_object()?;
    members
        .iter()
        .map(|(name, digest)| Some((name.clone(), digest.as_str()?.parse().ok()?)))
        .collect()
}

/// Builds an edition that the store kept again, with the plugins it was built with. `describe` gives the surface of a
/// connection with an older plugin.
///
/// None: the bytes are no edition, a plugin is gone, or it cannot be built against the site as it is now.
pub(crate) async fn rebuild<F, T>(bytes: &[u8], world: &World, describe: F) -> Option<Arc<Plan>>
where
    F: Fn(String, Digest) -> T,
    T: Future<Output = Option<Arc<dragoman_schema::Surface>>>,
{
    let edition: Value = serde_json::from_slice(bytes).ok()?;
    let mut world = world.clone();
    for (name, digest) in plugins(&edition)? {
        let surface = describe(name.clone(), digest).await?;
        // The plugin is that of the edition; what the site says of the partner applies at once.
        let said = world.connections.get(&name);
        let connection = dragoman_plan::Connection {
            surface,
            observe: said.is_some_and(|c| c.observe),
            settle_s: said.and_then(|c| c.settle_s),
        };
        world.connections.insert(name, connection);
    }
    let name = edition.get("name")?.as_str()?;
    let (pipeline, _) = parse_pipeline(Source::new(name, edition.get("text")?.as_str()?));
    let plan = dragoman_plan::check(&pipeline?, &world).plan?;
    Some(Edition::new(plan, name).plan)
}
