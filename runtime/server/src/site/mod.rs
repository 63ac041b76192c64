//! The site: what the site file, the pipelines' folder and the plugins mean together.

mod binding;
mod brokers;
mod connections;
mod files;
mod grants;
mod inputs;
mod pipelines;
mod plainly;
mod senders;
mod settings;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use dragoman_host::Host;
use dragoman_manifest::site::Sender as SaidSender;
use dragoman_manifest::{Site as Said, read_site};
use dragoman_model::{Diagnostic, Digest, Severity};
use dragoman_plan::{World, codes};
use dragoman_transports_amqp::Broker;
use dragoman_transports_http::egress::Endpoint;
use dragoman_transports_http::inbound::Sender;

use crate::error::NOT_BOUND;
use crate::reconciliation::Daily;
pub(crate) use pipelines::objections;

pub use files::read_source;
pub(crate) use inputs::{Inputs, Seen};
pub use pipelines::find as find_pipelines;
pub(crate) use pipelines::load as load_pipelines;
pub(crate) use pipelines::{Edition, rebuild};
pub(crate) use senders::resolve;
pub(crate) use users::{Account, Proof};

/// The folder of a site file: relative paths begin there.
pub(crate) fn folder_of(site_file: &Path) -> PathBuf {
    site_file
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
        .to_path_buf()
}

/// A site that can run.
pub(crate) struct Site {
    /// What the site file says.
    pub said: Said,
    /// The folder of the site file; relative paths begin there.
    pub folder: PathBuf,
    /// The connections, for the host.
    pub connections: BTreeMap<String, dragoman_host::Connection>,
    /// Where their endpoints lead, for the egress: by connection and endpoint.
    pub endpoints: BTreeMap<String, BTreeMap<String, Endpoint>>,
    /// The senders by name.
    pub senders: BTreeMap<String, Arc<Sender>>,
    /// The brokers by the senders that come by them.
    pub brokers: BTreeMap<String, Broker>,
    /// The accounts by name.
    pub users: BTreeMap<String, Account>,
    /// Which days are reconciled, and when.
    pub daily: Daily,
    /// The pipelines by name.
    pub editions: BTreeMap<String, Edition>,
    /// The components by digest, for the store to keep.
    pub components: BTreeMap<Digest, Bytes>,
    /// What pipelines are checked against.
    pub world: World,
}

/// The site, or nothing, and everything that is to be said about it, in the order of the files.
pub(crate) struct Loaded {
    /// There where no error was found.
    pub site: Option<Site>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a site file.
///
/// # Errors
/// All that is wrong with it.
pub fn read(path: &Path) -> Result<(Said, Vec<Diagnostic>), Vec<Diagnostic>> {
    match read_partly(path) {
        (Some(said), diagnostics) if !diagnostics.iter().any(is_error) => Ok((said, diagnostics)),
        (_, diagnostics) => Err(diagnostics),
    }
}

/// The same, with what could be read where something is wrong with it: to check what it names, and never to run it.
pub(crate) fn read_partly(path: &Path) -> (Option<Said>, Vec<Diagnostic>) {
    match read_source(path) {
        Ok(source) => read_site(source),
        Err(diagnostic) => (None, vec![*diagnostic]),
    }
}

/// Whether a diagnostic says that the site has no such thing: where a part of the site file could not be read, that may
/// be because of what is wrong there.
pub(crate) fn may_follow(diagnostic: &Diagnostic) -> bool {
    let names = [
        codes::UNKNOWN_CONNECTION,
        codes::UNKNOWN_LEDGER,
        codes::UNKNOWN_SENDER,
        codes::UNKNOWN_EVENT,
        NOT_BOUND,
    ];
    names.contains(&diagnostic.code)
}

/// Whether secrets are looked up (to run), looked for (to check), or only named (to try cases).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// Look them up; a missing one is an error.
    Resolve,
    /// Say which are not there, as notes: the site may be meant for another machine. None is used.
    Look,
    /// Do neither.
    Name,
}

/// The connections of a site that can be used, in the forms that host, egress and store need.
#[derive(Default)]
struct Connected {
    connections: BTreeMap<String, dragoman_host::Connection>,
    endpoints: BTreeMap<String, BTreeMap<String, Endpoint>>,
    components: BTreeMap<Digest, Bytes>,
}

/// Loads everything that a site file names: plugins, their surfaces, senders, pipelines. All that is wrong is said at once.
pub(crate) async fn load(path: &Path, said: Said, host: &Arc<Host>, secrets: Secrets) -> Loaded {
    let folder = folder_of(path);
    let mut diagnostics = Vec::new();
    let mut world = World {
        ledgers: said.ledgers.iter().map(|l| l.value.clone()).collect(),
        senders: said.senders.iter().map(|(name, _)| name.value.clone()).collect(),
        broker_senders: by_broker(&said),
        personal_senders: said.personal_senders.iter().cloned().collect(),
        places: said
            .senders
            .iter()
            .map(|(name, _)| (name.value.clone(), name.span.clone()))
            .collect(),
        site: said.values.clone(),
        observe: said.observe,
        ..World::default()
    };
    let context = connections::Context {
        folder: &folder,
        said: &said,
        host,
        secrets,
    };
    let connected = connect(&context, &mut world, &mut diagnostics).await;
    let senders = senders::load(&folder, &said, secrets, &mut diagnostics);
    let brokers = brokers::load(&folder, &said, secrets, &mut diagnostics);
    let (events, found) = dragoman_plan::site_events(&said, &world);
    world.events = events;
    world.event_marks = dragoman_plan::event_marks(&said, &world);
    diagnostics.extend(found);
    let daily = Daily::of(&said).map_err(|unknown| diagnostics.push(*unknown)).ok();
    let users = users::load(&folder, &said, secrets, &mut diagnostics);
    let editions = pipelines::load(&folder.join(&*said.pipelines.value), &said, &world, &mut diagnostics);
    // Of several causes the first is shown first; two connections to one plugin say the same thing once.
    let mut seen = BTreeSet::new();
    diagnostics.retain(|d| {
        seen.insert((
            d.code.id,
            d.message.clone(),
            d.span.as_ref().map(dragoman_model::Span::place),
        ))
    });
    let failed = diagnostics.iter().any(is_error);
    let site = daily.filter(|_| !failed).map(|daily| Site {
        said,
        folder,
        connections: connected.connections,
        endpoints: connected.endpoints,
        senders,
        brokers,
        users,
        daily,
        editions,
        components: connected.components,
        world,
    });
    Loaded { site, diagnostics }
}

/// Loads the connections, and tells the world of them: pipelines are checked against those that can be used, and say
/// nothing more about those that cannot.
async fn connect(
    context: &connections::Context<'_>,
    world: &mut World,
    diagnostics: &mut Vec<Diagnostic>,
) -> Connected {
    let mut connected = Connected::default();
    let components = connections::warm(context).await;
    for (name, connection) in &context.said.connections {
        let Some(ready) = connections::load(context, &components, name, connection, diagnostics).await else {
            world.broken_connections.insert(name.value.clone());
            continue;
        };
        let place = connection
            .personal
            .as_ref()
            .map_or(&name.span, |said| &said.span)
            .clone();
        let name = name.value.clone();
        world.connections.insert(
            name.clone(),
            dragoman_plan::Connection {
                surface: ready.surface,
                observe: connection.observe || context.said.observe,
                // A part of a second counts as a whole one: too early is worse than too late.
                settle_s: connection.settle_ms.map(|ms| ms.div_ceil(1_000)),
                personal: connection.personal.as_ref().is_some_and(|said| said.value),
                place: Some(place),
            },
        );
        let digest = ready.connection.plugin;
        connected.components.insert(digest, ready.component);
        connected.endpoints.insert(name.clone(), ready.endpoints);
        connected.connections.insert(name, ready.connection);
    }
    connected
}

/// The senders that come by a broker.
fn by_broker(said: &Said) -> BTreeSet<String> {
    let senders = said.senders.iter();
    let by_broker = senders.filter(|(_, sender)| matches!(sender, SaidSender::Broker(_)));
    by_broker.map(|(name, _)| name.value.clone()).collect()
}

pub(crate) fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}
