//! The pipelines of a site, and the editions that runs are pinned to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use dragoman_engine::Boxed;
use dragoman_manifest::{Pipeline, Site, parse_pipeline};
use dragoman_model::digest::canonical;
use dragoman_model::{Diagnostic, Digest, Source, Value};
use dragoman_plan::{Plan, World, runs};
use serde_json::json;

use super::{binding, is_error, read_source};
use crate::error::{NO_FILE, NO_PIPELINE, TWICE};

/// A pipeline with the plugins and the other pipelines it was built with. Its digest is the version that runs are pinned to: the same text with
/// another plugin is another version.
#[derive(Clone)]
pub struct Edition {
    /// The plan; its `version` is the digest of `bytes`.
    pub plan: Arc<Plan>,
    /// What the store keeps: `{ name, text, plugins, runs }`.
    pub bytes: Bytes,
}

impl Edition {
    fn new(mut plan: Plan, name: &str) -> Self {
        let digests = |all: &BTreeMap<String, Digest>| -> BTreeMap<String, String> {
            all.iter()
                .map(|(name, digest)| (name.clone(), digest.to_string()))
                .collect()
        };
        let mut edition = json!({ "name": name, "text": &*plan.text, "plugins": digests(&plan.plugins) });
        // What runs no other pipeline has the version that it always had.
        if !plan.runs.is_empty() {
            edition["runs"] = json!(digests(&plan.runs));
        }
        let bytes = Bytes::from(canonical(&edition));
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
    let site = said;
    let said = read(files, diagnostics);
    binding::point_at_calls(site, said.iter().map(|(pipeline, _)| pipeline), diagnostics);
    // Each pipeline is checked behind those that it runs, whose versions it is pinned to.
    let order = runs::order(said.iter().map(|(pipeline, _)| pipeline));
    let mut found: Vec<Vec<Diagnostic>> = vec![Vec::new(); said.len()];
    let mut world = world.clone();
    let names = said.iter().map(|(pipeline, _)| (pipeline.name.value.clone(), None));
    world.pipelines = names.collect();
    let emitted = said
        .iter()
        .map(|(pipeline, broken)| (pipeline.name.value.clone(), (!broken).then(|| pipeline.emits())));
    world.emitted = emitted.collect();
    for number in order.order {
        let (pipeline, broken) = &said[number];
        let checked = dragoman_plan::check(pipeline, &world);
        found[number] = checked.diagnostics;
        let circular = order.circular.contains(&pipeline.name.value);
        let Some(plan) = checked.plan.filter(|_| !broken && !circular) else {
            continue;
        };
        let edition = Edition::new(plan, &pipeline.source.name);
        let signature = Arc::new(edition.plan.signature());
        world.pipelines.insert(edition.plan.pipeline.clone(), Some(signature));
        editions.insert(edition.plan.pipeline.clone(), edition);
    }
    diagnostics.extend(order.diagnostics);
    diagnostics.extend(found.into_iter().flatten());
    editions
}

/// Reads pipelines; says of each whether its text is broken.
fn read(files: Vec<PathBuf>, diagnostics: &mut Vec<Diagnostic>) -> Vec<(Pipeline, bool)> {
    let mut places = BTreeMap::new();
    let mut pipelines = Vec::new();
    for file in files {
        let source = match read_source(&file) {
            Ok(source) => source,
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                continue;
            }
        };
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
        pipelines.push((pipeline, broken));
    }
    pipelines
}

/// The files of a folder of pipelines, in their order.
///
/// # Errors
/// The folder cannot be read.
pub fn find(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
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

/// What an edition was built with: the digests by the names of connections (`plugins`) or of pipelines (`runs`, which
/// only those have that run others).
fn digests(edition: &Value, member: &str) -> Option<BTreeMap<String, Digest>> {
    let Some(members) = edition.get(member) else {
        return Some(BTreeMap::new());
    };
    let members = members.as_object()?;
    members
        .iter()
        .map(|(name, digest)| Some((name.clone(), digest.as_str()?.parse().ok()?)))
        .collect()
}

/// Builds an edition that the store kept again, with the plugins it was built with. `describe` gives the surface of a
/// connection with an older plugin, `earlier` the plan of a version.
///
/// None: the bytes are no edition, a plugin is gone, or it cannot be built against the site as it is now.
pub(crate) async fn rebuild<'a, F, T, G>(bytes: &[u8], world: &World, describe: F, earlier: G) -> Option<Arc<Plan>>
where
    F: Fn(String, Digest) -> T,
    T: Future<Output = Option<Arc<dragoman_schema::Surface>>>,
    G: Fn(Digest) -> Boxed<'a, Option<Arc<Plan>>>,
{
    let edition: Value = serde_json::from_slice(bytes).ok()?;
    let mut world = built_with(&edition, world, describe, earlier).await?;
    world.trusting = true;
    let (name, pipeline) = said_by(&edition)?;
    let plan = dragoman_plan::check(&pipeline, &world).plan?;
    Some(Edition::new(plan, name).plan)
}

/// Everything that keeps an edition from being accepted as a new one is, against the site as it is now: errors alone. None:
/// as [`rebuild`].
pub(crate) async fn objections<'a, F, T, G>(
    edition: &Value,
    world: &World,
    describe: F,
    earlier: G,
) -> Option<Vec<Diagnostic>>
where
    F: Fn(String, Digest) -> T,
    T: Future<Output = Option<Arc<dragoman_schema::Surface>>>,
    G: Fn(Digest) -> Boxed<'a, Option<Arc<Plan>>>,
{
    let world = built_with(edition, world, describe, earlier).await?;
    let text = edition.get("text")?.as_str()?;
    let (pipeline, mut found) = parse_pipeline(Source::new(edition.get("name")?.as_str()?, text));
    if let Some(pipeline) = pipeline {
        found.extend(dragoman_plan::check(&pipeline, &world).diagnostics);
    }
    found.retain(is_error);
    Some(found)
}

fn said_by(edition: &Value) -> Option<(&str, Pipeline)> {
    let name = edition.get("name")?.as_str()?;
    let (pipeline, _) = parse_pipeline(Source::new(name, edition.get("text")?.as_str()?));
    Some((name, pipeline?))
}

/// The site with the plugins and the other pipelines that an edition was built with.
async fn built_with<'a, F, T, G>(edition: &Value, world: &World, describe: F, earlier: G) -> Option<World>
where
    F: Fn(String, Digest) -> T,
    T: Future<Output = Option<Arc<dragoman_schema::Surface>>>,
    G: Fn(Digest) -> Boxed<'a, Option<Arc<Plan>>>,
{
    let mut world = world.clone();
    for (name, version) in digests(edition, "runs")? {
        let plan = earlier(version).await?;
        world.pipelines.insert(name, Some(Arc::new(plan.signature())));
    }
    for (name, digest) in digests(edition, "plugins")? {
        let surface = describe(name.clone(), digest).await?;
        // The plugin is that of the edition; what the site says of the partner applies at once.
        let said = world.connections.get(&name);
        let connection = dragoman_plan::Connection {
            surface,
            observe: said.is_some_and(|c| c.observe),
            settle_s: said.and_then(|c| c.settle_s),
            personal: said.is_some_and(|c| c.personal),
            place: said.and_then(|c| c.place.clone()),
        };
        world.connections.insert(name, connection);
    }
    Some(world)
}

#[cfg(test)]
mod tests {
    use dragoman_model::OperationEffect;
    use dragoman_schema::{DescribedOperation, Descriptor, Surface};

    use super::*;

    /// A plugin that gives and takes a name. `marked`: it says of it that it is personal.
    fn surface(marked: bool) -> Arc<Surface> {
        let mut schema =
            json!({ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } });
        if marked {
            schema["properties"]["name"]["x-personal"] = json!(true);
        }
        let nothing = json!({ "type": "object", "properties": {} });
        let operation = |name: &str, effect, input: &Value, output: &Value| DescribedOperation {
            name: name.into(),
            summary: String::new(),
            input_schema: input.to_string(),
            output_schema: output.to_string(),
            effect,
            has_probe: false,
            undo: None,
            documents: Vec::new(),
            codes: Vec::new(),
        };
        let idempotent = OperationEffect::Idempotent { key_lifetime_s: None };
        let descriptor = Descriptor {
            name: "people".into(),
            version: "1.0.0".into(),
            config_schema: "{}".into(),
            operations: vec![
                operation("get", OperationEffect::Read, &nothing, &schema),
                operation(
                    "tell",
                    idempotent,
                    &json!({ "type": "object", "properties": { "name": { "type": "string" } } }),
                    &nothing,
                ),
            ],
            ..Descriptor::default()
        };
        let digest = Digest::of(&[u8::from(marked)]);
        let (surface, _) = Surface::from_descriptor(digest, descriptor).expect("a good descriptor");
        Arc::new(surface)
    }

    fn world() -> World {
        World::default().with_connection("people", surface(true))
    }

    /// An edition with this text behind its head, of the plugin of now or of the one before.
    fn edition(steps: &str, marked: bool) -> Value {
        let head = "dragoman: 1\npipeline: p\non: [{ id: by-hand, manual: {} }]\nsteps:\n";
        let plugin = surface(marked).digest.to_string();
        json!({ "name": "p.yaml", "text": format!("{head}{steps}"), "plugins": { "people": plugin } })
    }

    async fn describe(_: String, digest: Digest) -> Option<Arc<Surface>> {
        [surface(true), surface(false)].into_iter().find(|s| s.digest == digest)
    }

    fn none(_: Digest) -> Boxed<'static, Option<Arc<Plan>>> {
        Box::pin(async { None })
    }

    /// Whether an edition is built again, and why it would not be accepted as a new one.
    async fn judged(edition: &Value) -> (bool, Vec<String>) {
        let bytes = canonical(edition).into_bytes();
        let plan = rebuild(&bytes, &world(), describe, none).await;
        if let Some(plan) = &plan {
            assert_eq!(plan.version, Digest::of(&bytes), "it is the very same version");
        }
        let found = objections(edition, &world(), describe, none).await.unwrap_or_default();
        let told = found.iter().map(|d| {
            let place = d
                .span
                .as_ref()
                .map_or((0, 0), |span| span.source.position(span.range.start));
            format!("{} {}:{}", d.code, place.0, place.1)
        });
        (plan.is_some(), told.collect())
    }

    const SENT: &str =
        "  - { id: who, call: people.get }\n  - call: people.tell\n    with: { name: =steps.who.name }\n";

    #[tokio::test]
    async fn an_edition_is_built_again_although_it_would_be_refused_today() {
        let refused_today = [
            (SENT, "D0426 7:20"),
            ("  - stop: { reason: done }\n  - sleep: 1s\n", "D0415 6:5"),
            ("  - parallel:\n      a: []\n", "D0422 6:7"),
            (
                "  - wait: { decision: a, answers: [b], roles: [clerks] }\n",
                "D0406 5:48",
            ),
        ];
        for (steps, objection) in refused_today {
            let edition = match steps.contains("people") {
                true => edition(steps, true),
                false => {
                    let mut edition = edition(steps, true);
                    edition["plugins"] = json!({});
                    edition
                }
            };
            assert_eq!(judged(&edition).await, (true, vec![objection.to_owned()]), "{steps}");
        }
    }

    #[tokio::test]
    async fn what_is_gone_or_leads_nowhere_is_not_built() {
        let gone = |member: &str, name: &str| {
            let mut edition = edition(SENT, true);
            edition[member] = json!({ name: Digest::of(b"gone") });
            edition
        };
        assert!(!judged(&gone("plugins", "people")).await.0);
        assert!(!judged(&gone("runs", "other")).await.0);
        let (built, found) = judged(&edition("  - call: people.forget\n", true)).await;
        assert_eq!((built, found), (false, vec!["D0402 5:18".to_owned()]));
    }

    #[tokio::test]
    async fn personal_data_are_looked_for_with_the_plugin_of_the_edition() {
        assert_eq!(judged(&edition(SENT, false)).await, (true, Vec::new()));
        assert_eq!(
            judged(&edition(SENT, true)).await,
            (true, vec!["D0426 7:20".to_owned()])
        );
    }
}
