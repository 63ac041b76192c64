//! What a site's cases are run on, and where they lie.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dragoman_cases::Bench;
use dragoman_host::CacheSettings;
use dragoman_model::{Diagnostic, Value};

use crate::error::Error;
use crate::runtime::checking_host;
use crate::site::{self, Secrets};

/// A site as its cases see it.
pub struct Trial {
    /// The plans and the surfaces of the plugins.
    pub bench: Arc<Bench>,
    /// The pipelines by name.
    pub pipelines: Vec<String>,
    /// The files of its cases, in order: `cases/*.yaml` beside each pipeline.
    pub cases: Vec<PathBuf>,
    /// Warnings of the site.
    pub warnings: Vec<Diagnostic>,
}

/// Loads a site for its cases: everything is checked as [`crate::check`] does, no store is opened, no secret looked up.
/// `cache`: where compiled plugins are kept that no site keeps yet.
///
/// # Errors
/// All that is wrong with the site; a host that cannot start.
pub async fn trial(site_file: &Path, cache: Option<CacheSettings>) -> Result<Trial, Error> {
    let (said, mut warnings) = site::read(site_file).map_err(Error::Diagnostics)?;
    let host = checking_host(site_file, &said, cache)?;
    let loaded = site::load(site_file, said, &host, Secrets::Name).await;
    let Some(site) = loaded.site else {
        return Err(Error::Diagnostics(loaded.diagnostics));
    };
    warnings.extend(loaded.diagnostics);
    let folder = site.folder.join(&*site.said.pipelines.value);
    let connections = &site.world.connections;
    let surfaces = connections
        .iter()
        .map(|(name, c)| (name.clone(), Arc::clone(&c.surface)))
        .collect();
    let observed = connections
        .iter()
        .filter(|(_, c)| c.observe)
        .map(|(name, _)| name.clone())
        .collect();
    let observe = site.world.observe;
    let events = site.world.events.clone();
    let pipelines = site.editions.keys().cloned().collect();
    let (values, cases) = (site.world.site.clone(), cases(&folder));
    let build = move |values: &Value| {
        // With other values of the site the pipelines are other ones: checked anew, so that a case cannot give a value
        // that the site could not have.
        let mut world = site.world.clone();
        world.site = values.clone();
        // That the whole site observes is applied by the cases, which may say otherwise.
        world.observe = false;
        let mut diagnostics = Vec::new();
        let editions = site::load_pipelines(&folder, &site.said, &world, &mut diagnostics);
        if diagnostics.iter().any(site::is_error) {
            return Err(diagnostics);
        }
        Ok(editions.into_values().map(|edition| edition.plan).collect())
    };
    Ok(Trial {
        bench: Arc::new(Bench {
            surfaces,
            observed,
            observe,
            events,
            values,
            build: Box::new(build),
        }),
        pipelines,
        cases,
        warnings,
    })
}

/// The cases beside the pipelines of a folder.
fn cases(folder: &Path) -> Vec<PathBuf> {
    // Whether the folder can be read was seen when the pipelines were loaded.
    let files = site::find_pipelines(folder).unwrap_or_default();
    let folders: BTreeSet<PathBuf> = files.iter().filter_map(|f| Some(f.parent()?.join("cases"))).collect();
    let mut cases = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut here: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .map(|path| path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path))
            .filter(|path| path.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml"))
            .collect();
        here.sort();
        cases.extend(here);
    }
    cases
}
