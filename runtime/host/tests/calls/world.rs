//! A host with the echo guest, a scripted endpoint and a store of its own.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dragoman_engine::runner::{Call, Report, StepRunner};
use dragoman_host::storage::Stored;
use dragoman_host::{
    CacheSettings, Connection, Egress, EgressError, EndpointGrant, EndpointRequest, EndpointResponse, Exchanged, Host,
    HostSettings, Plugin, Runner, Storage,
};
use dragoman_model::{Digest, DocumentReference, RunId, Timestamp, Value};
use serde_json::json;

/// What the endpoint does with the next request.
pub(crate) enum Act {
    /// Answers completely.
    Answer(u16, Value),
    /// Cannot be reached: nothing was sent.
    Unreachable,
    /// Takes the request and cuts the connection.
    Cut,
    /// Takes the request and never answers.
    Hang,
}

/// An endpoint that does what it was told, and keeps what it was sent.
#[derive(Default)]
pub(crate) struct Script {
    acts: Mutex<VecDeque<Act>>,
    requests: Mutex<Vec<EndpointRequest>>,
}

impl Script {
    pub(crate) fn then(&self, act: Act) {
        self.acts.lock().unwrap().push_back(act);
    }

    pub(crate) fn requests(&self) -> Vec<EndpointRequest> {
        self.requests.lock().unwrap().clone()
    }
}

impl Egress for Script {
    fn send(&self, request: EndpointRequest) -> Pin<Box<dyn Future<Output = Exchanged> + Send + '_>> {
        self.requests.lock().unwrap().push(request);
        let act = self.acts.lock().unwrap().pop_front();
        Box::pin(async move {
            match act.expect("the script is at its end") {
                Act::Answer(status, body) => {
                    let headers = vec![("message-id".to_owned(), "m-1".to_owned())];
                    Ok(EndpointResponse {
                        status,
                        headers,
                        body: Bytes::from(body.to_string()),
                    })
                }
                Act::Unreachable => Err(EgressError::not_sent("connect", "nobody listens")),
                Act::Cut => Err(EgressError::sent("cut", "the connection was cut")),
                Act::Hang => std::future::pending().await,
            }
        })
    }
}

/// A store in memory.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) state: Mutex<HashMap<String, (Vec<u8>, u64)>>,
    pub(crate) documents: Mutex<HashMap<Digest, (DocumentReference, Vec<u8>)>>,
    pub(crate) components: Mutex<HashMap<Digest, Vec<u8>>>,
}

impl Storage for Shelf {
    fn state_get(&self, connection: String, key: String) -> Stored<'_, Option<(Vec<u8>, u64)>> {
        let found = self.state.lock().unwrap().get(&format!("{connection}/{key}")).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn state_keys(&self, _: String, _: String, _: Option<String>, _: u32) -> Stored<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn document(&self, digest: Digest) -> Stored<'_, Option<(DocumentReference, Vec<u8>)>> {
        let found = self.documents.lock().unwrap().get(&digest).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn component(&self, digest: Digest) -> Stored<'_, Option<Vec<u8>>> {
        let found = self.components.lock().unwrap().get(&digest).cloned();
        Box::pin(async move { Ok(found) })
    }
}

/// A guest's bytes.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let plugins = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins");
    let file = plugins.join(format!("dragoman-guest-{name}.wasm"));
    std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}: run `cargo xtask plugins`", file.display()))
}

/// The echo guest's bytes.
pub(crate) fn echo() -> Vec<u8> {
    guest("echo")
}

/// Everything together.
pub(crate) struct World {
    pub(crate) runner: Runner,
    pub(crate) script: Arc<Script>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) plugin: Arc<Plugin>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(HostSettings::default(), |_| {}).await
    }

    /// With other settings, and a connection changed from the usual one.
    pub(crate) async fn with(settings: HostSettings, change: impl FnOnce(&mut Connection)) -> Self {
        Self::of("echo", settings, change).await
    }

    /// With another guest.
    pub(crate) async fn of(name: &str, mut settings: HostSettings, change: impl FnOnce(&mut Connection)) -> Self {
        // One cache for all tests: each would compile the guest again otherwise.
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let key = dragoman_security::Keys::open(&target.join("host-keys")).unwrap().cache;
        settings.cache = Some(CacheSettings {
            folder: target.join("host-cache"),
            key,
        });
        let (script, shelf) = (Arc::new(Script::default()), Arc::new(Shelf::default()));
        let host = Host::new(settings, script.clone(), shelf.clone()).unwrap();
        let plugin = host.load(guest(name)).await.unwrap();
        let mut connection = Connection::new(plugin.digest, json!({}));
        connection.endpoints.insert("api".into(), EndpointGrant::default());
        change(&mut connection);
        host.set_connections(BTreeMap::from([("shop".to_owned(), connection)]));
        World {
            runner: Runner::new(host),
            script,
            shelf,
            plugin,
        }
    }

    /// A call as the engine makes it.
    pub(crate) fn request(&self, operation: &str, input: Value) -> Call {
        Call {
            plugin: self.plugin.digest,
            connection: "shop".into(),
            operation: operation.into(),
            input: input.into(),
            documents: BTreeMap::new(),
            unstored: Vec::new(),
            run: RunId::at(Timestamp::from_millis(0), [0; 10]),
            pipeline: "orders".into(),
            step: "lines[0].place".into(),
            attempt: 2,
            key: "key-1".into(),
            deadline: Duration::from_secs(60),
            fence: None,
            dry_run: false,
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
        }
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Report {
        self.runner.call(self.request(operation, input)).await
    }
}
