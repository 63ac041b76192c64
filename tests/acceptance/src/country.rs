//! The country: partners, site and the command at work.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::time::Duration;

use dragoman_support::authority::{self, Authority};
use dragoman_support::customs::{self, Customs};
use dragoman_support::ecites::{self, Ecites};
use dragoman_support::http::{self, Answer};
use dragoman_support::process::{Finished, Launch, Process, TempSite, dragoman, workspace_root};
use dragoman_support::species::{self, Species};
use dragoman_support::{Access, Error as Failed, eventually};
use serde_json::{Value, json};

use crate::Error;
use crate::messages::Case;

/// The token that every partner and sender of the test country uses.
pub const TOKEN: &str = "test-token";
/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// What sort of country.
#[derive(Debug, Clone)]
pub struct Options {
    /// `released` or `exited`.
    pub endorse_at: String,
    /// A permit system that honours no key and answers no probe.
    pub nasty: bool,
    /// `live` or `observe`.
    pub mode: String,
    /// Where declarations come from: `store`, as they were lodged here, or `customs`, which is asked for them.
    pub declaration_from: String,
    /// The base URL of the importing country's authority; none: the simulator's.
    pub importing: Option<String>,
    /// How long after it was sent a request can still take effect at the permit system; none: as its connector says, which
    /// is a minute. A kill in the middle of an endorsement waits that out.
    pub settle: Option<String>,
    /// Further connections of the site file, indented as they stand there.
    pub connections: String,
    /// A database that keeps the runs, as the site file names it; none: the folder does.
    pub database: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            endorse_at: "exited".into(),
            nasty: false,
            mode: "live".into(),
            declaration_from: "store".into(),
            importing: None,
            settle: None,
            connections: String::new(),
            database: None,
        }
    }
}

/// Starts a worker, and waits until it works.
pub(crate) async fn work(worker: Launch) -> Result<Process, Error> {
    let worker = worker.start()?;
    let begun = worker.line("it works", PATIENCE, |_, line| {
        line.starts_with("dragoman: working for").then_some(())
    });
    begun.await?;
    Ok(worker)
}

/// A country with its partners, and the command serving it (or not).
pub struct Country {
    /// The customs system.
    pub customs: Customs,
    /// The national permit system.
    pub register: Ecites,
    /// The importing country's authority.
    pub partner: Authority,
    /// Species+.
    pub species: Species,
    site: TempSite,
    server: Option<Process>,
    address: String,
}

impl Country {
    /// Starts the partners and writes the site; nothing serves it yet.
    ///
    /// # Errors
    /// A partner cannot be started, or the site not be written.
    pub async fn new(options: &Options) -> Result<Country, Error> {
        let access = Access::Bearer(TOKEN.into());
        let kind = if options.nasty {
            ecites::Options::nasty()
        } else {
            ecites::Options::default()
        };
        let register = Ecites::start(ecites::Options {
            access: access.clone(),
            ..kind
        })
        .await?;
        let partner = Authority::start(authority::Options {
            access: access.clone(),
            ..authority::Options::default()
        })
        .await?;
        let customs = Customs::start(customs::Options {
            access,
            ..customs::Options::default()
        })
        .await?;
        let species = Species::start(species::Options {
            token: TOKEN.into(),
            ..species::Options::default()
        })
        .await?;
        let site = TempSite::new()?;
        let country = Country {
            customs,
            register,
            partner,
            species,
            site,
            server: None,
            address: String::new(),
        };
        country.write_site(options)?;
        warm(&country.site)?;
        Ok(country)
    }

    /// Starts the partners and serves the site.
    ///
    /// # Errors
    /// As [`Country::new`] and [`Country::serve`].
    pub async fn start(options: &Options) -> Result<Country, Error> {
        let mut country = Self::new(options).await?;
        country.serve().await?;
        Ok(country)
    }

    /// The example's site file with this country's addresses and folders.
    fn write_site(&self, options: &Options) -> Result<(), Error> {
        let root = workspace_root();
        let mut text = std::fs::read_to_string(root.join("examples/export/dragoman.yaml"))?;
        let target = std::env::var("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
        let importing = options.importing.clone().unwrap_or_else(|| self.partner.url());
        let own = [
            ("127.0.0.1:7100".to_owned(), "127.0.0.1:0".to_owned()),
            (
                "http://127.0.0.1:7101/, methods: [GET], private: true".to_owned(),
                // The simulated customs system wants to know who asks; a slow one is given up soon.
                format!(
                    "{}/, methods: [GET], private: true, auth: {{ bearer: env:CUSTOMS_TOKEN }}, timeout: 2s",
                    self.customs.url()
                ),
            ),
            (
                "declaration_from: store".to_owned(),
                format!("declaration_from: {}", options.declaration_from),
            ),
            ("http://127.0.0.1:7102/".to_owned(), format!("{}/", self.register.url())),
            ("http://127.0.0.1:7103/".to_owned(), format!("{importing}/")),
            ("http://127.0.0.1:7104/".to_owned(), format!("{}/", self.species.url())),
            (
                "../../pipelines".to_owned(),
                root.join("pipelines").display().to_string(),
            ),
            (
                "../../target/plugins".to_owned(),
                target.join("plugins").display().to_string(),
            ),
            (
                "endorse_at: exited".to_owned(),
                format!("endorse_at: {}", options.endorse_at),
            ),
            (
                "plugin: ecites\n".to_owned(),
                match &options.settle {
                    Some(settle) => format!("plugin: ecites\n    settle: {settle}\n"),
                    None => "plugin: ecites\n".to_owned(),
                },
            ),
            ("mode: live".to_owned(), format!("mode: {}", options.mode)),
            (
                "store: { sqlite: store }".to_owned(),
                match &options.database {
                    Some(url) => {
                        let said = format!("url: \"{url}\", user: dragoman, private: true, folder: store");
                        format!("store: {{ postgres: {{ {said} }} }}")
                    }
                    None => "store: { sqlite: store }".to_owned(),
                },
            ),
            ("every: 1m".to_owned(), "every: 1s".to_owned()),
            (
                "\nsenders:\n".to_owned(),
                format!("{}\nsenders:\n", options.connections),
            ),
        ];
        for (from, to) in own {
            if !text.contains(&from) {
                return Err(format!("the example's site file has no `{from}`").into());
            }
            text = text.replace(&from, &to);
        }
        self.site.write("dragoman.yaml", text)?;
        Ok(())
    }

    /// How many plugins its site file names.
    ///
    /// # Errors
    /// The site file cannot be read.
    pub fn plugins(&self) -> Result<usize, Error> {
        let text = std::fs::read_to_string(self.site.file("dragoman.yaml"))?;
        let names = text.lines().filter_map(|line| line.trim().strip_prefix("plugin: "));
        Ok(names.collect::<BTreeSet<_>>().len())
    }

    /// Leaves the compiled plugins for the next test.
    fn leave_warm(&self) -> Result<(), Error> {
        let warm = warm_folder();
        let entries = |folder: &std::path::Path| std::fs::read_dir(folder).map_or(0, Iterator::count);
        if entries(&self.site.file("store/cache")) <= entries(&warm.join("cache")) {
            return Ok(());
        }
        let fresh = warm.with_extension(std::process::id().to_string());
        for folder in ["cache", "keys"] {
            std::fs::create_dir_all(fresh.join(folder))?;
            for entry in std::fs::read_dir(self.site.file(&format!("store/{folder}")))? {
                let entry = entry?;
                match std::fs::copy(entry.path(), fresh.join(folder).join(entry.file_name())) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
        }
        let old = warm.with_extension(format!("{}.old", std::process::id()));
        // Another test may do the same at this moment: whoever comes second keeps what is there.
        let _ = std::fs::rename(&warm, &old);
        let _ = std::fs::rename(&fresh, &warm);
        for folder in [old, fresh] {
            let _ = std::fs::remove_dir_all(folder);
        }
        Ok(())
    }

    /// The site's folder.
    pub fn folder(&self) -> &std::path::Path {
        self.site.path()
    }

    fn launch(&self, arguments: &[&str]) -> Result<Launch, Error> {
        let mut launch = Launch::new(dragoman()?)
            .args(arguments.iter().copied())
            .folder(self.site.path());
        for name in ["PERMITS_TOKEN", "PARTNER_CH_TOKEN", "SPECIES_TOKEN", "CUSTOMS_TOKEN"] {
            launch = launch.env(name, TOKEN);
        }
        Ok(launch.env("NO_COLOR", "1").env("USER", "tester"))
    }

    /// Serves the site.
    ///
    /// # Errors
    /// The command does not come up.
    pub async fn serve(&mut self) -> Result<(), Error> {
        self.begin()?;
        let server = self.server.as_ref().ok_or("nothing serves")?;
        self.address = server.address(PATIENCE).await?;
        self.leave_warm()
    }

    /// Starts the command and does not wait until it serves.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn begin(&mut self) -> Result<(), Error> {
        self.server = Some(self.launch(&["serve"])?.start()?);
        Ok(())
    }

    /// Starts a process that shares the work, and waits until it does.
    ///
    /// # Errors
    /// It cannot be started, or does not begin.
    pub async fn work(&self) -> Result<Process, Error> {
        work(self.launch(&["worker"])?).await
    }

    /// The address of the command.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The process that serves; none: nothing does.
    pub fn server(&self) -> Option<&Process> {
        self.server.as_ref()
    }

    /// Kills the command at once.
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn kill(&mut self) -> Result<(), Error> {
        if let Some(mut server) = self.server.take() {
            server.kill().await?;
        }
        Ok(())
    }

    /// Stops the command in good order.
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(&mut self) -> Result<(), Error> {
        if let Some(mut server) = self.server.take() {
            server.terminate()?;
            server.wait(PATIENCE).await?;
        }
        Ok(())
    }

    /// Runs the command once, to its end.
    ///
    /// # Errors
    /// It cannot be started or does not end.
    pub async fn dragoman(&self, arguments: &[&str]) -> Result<Finished, Error> {
        Ok(self.launch(arguments)?.run(PATIENCE).await?)
    }

    /// Puts a case's permits into the national permit system.
    ///
    /// # Errors
    /// The seed is refused.
    pub fn issue(&self, case: &Case) -> Result<(), Error> {
        self.register.seed(json!({ "permits": case.register()? }))?;
        Ok(())
    }

    /// Has customs know a case's declaration, for whoever asks for it.
    ///
    /// # Errors
    /// The seed is refused.
    pub fn declare(&self, case: &Case) -> Result<(), Error> {
        let xml = case.declaration()?;
        self.customs.seed(json!({ "declarations": { &case.mrn: xml } }))?;
        Ok(())
    }

    /// Posts a message as customs.
    ///
    /// # Errors
    /// There was no whole answer.
    pub async fn post(&self, path: &str, body: &str) -> Result<Answer, Error> {
        post(&self.address, path, body).await
    }

    /// Lodges a case's declaration and waits until it is kept.
    ///
    /// # Errors
    /// It is refused.
    pub async fn lodge(&self, case: &Case) -> Result<(), Error> {
        let answer = self.post("/customs/declarations", &case.declaration()?).await?;
        if answer.status != 202 {
            return Err(format!("the declaration was answered {}: {}", answer.status, answer.json()).into());
        }
        Ok(())
    }

    /// Sends a notice of a case; the answer's status.
    ///
    /// # Errors
    /// There was no whole answer.
    pub async fn notify(&self, case: &Case, number: &str) -> Result<u16, Error> {
        Ok(self.post("/customs/notices", &case.notice(number)?).await?.status)
    }

    /// Drops a notice of a case into the folder that the pipelines watch, and waits until they have taken it.
    ///
    /// # Errors
    /// It is refused, or not taken in time.
    pub async fn drop_notice(&self, case: &Case, number: &str) -> Result<(), Error> {
        let name = format!("notice-{number}.xml");
        self.site
            .write(&format!("inbox/notices/{name}"), case.notice(number)?)?;
        let refused = self.site.file(&format!("inbox/notices/refused/{name}.why.json"));
        let taken = self.site.file(&format!("inbox/notices/taken/{name}"));
        let moved = eventually(
            "the notice is put away",
            PATIENCE,
            async || match std::fs::read_to_string(&refused) {
                Ok(why) => Ok(Err(why)),
                Err(_) if taken.is_file() => Ok(Ok(())),
                Err(_) => Err("it is still there".to_owned()),
            },
        );
        Ok(moved.await??)
    }

    /// Asks the operator API.
    ///
    /// # Errors
    /// The command does not answer, or refuses.
    pub async fn ask(&self, path: &str) -> Result<Value, Error> {
        let answer = self.get(path, true).await?;
        if answer.status != 200 {
            return Err(format!("{path} was answered {}: {}", answer.status, answer.json()).into());
        }
        Ok(answer.json())
    }

    /// What is answered to a GET of the operator API; `as_operator`: with the token of the administrator of this machine.
    ///
    /// # Errors
    /// Nobody answers.
    pub async fn get(&self, path: &str, as_operator: bool) -> Result<Answer, Error> {
        let file = self.site.file("store/serving.json");
        let serving: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
        let bearer = format!("Bearer {}", serving["token"].as_str().unwrap_or_default());
        let headers = [("authorization", bearer.as_str())];
        let url = format!("{}{path}", self.address);
        Ok(http::request("GET", &url, &headers[..usize::from(as_operator)], "").await?)
    }

    /// All runs, children too.
    ///
    /// # Errors
    /// As [`Country::ask`].
    pub async fn runs(&self) -> Result<Vec<Value>, Error> {
        let found = self.ask("/v1/runs?children=true&limit=100000").await?;
        Ok(found["runs"].as_array().cloned().unwrap_or_default())
    }

    /// How many runs there are of each status, children left out.
    ///
    /// # Errors
    /// As [`Country::ask`].
    pub async fn standing(&self) -> Result<BTreeMap<String, usize>, Error> {
        let mut standing = BTreeMap::new();
        for run in self.runs().await?.iter().filter(|r| r["parent"].is_null()) {
            *standing
                .entry(run["status"].as_str().unwrap_or_default().to_owned())
                .or_default() += 1;
        }
        Ok(standing)
    }

    /// Waits until no run is at work or sleeping: each has ended, waits for a person, or is parked.
    ///
    /// # Errors
    /// They do not come to rest in time; the error says which.
    pub async fn at_rest(&self, patience: Duration) -> Result<Vec<Value>, Error> {
        let rested = eventually("all runs come to rest", patience, async || {
            let runs = self.runs().await.map_err(|e| e.to_string())?;
            let waits = self.waits().await.map_err(|e| e.to_string())?;
            let restless: Vec<String> = runs
                .iter()
                .filter(|r| !rests(r, &runs, &waits))
                .map(|r| format!("{} {} {}", r["pipeline"], r["run"], r["status"]))
                .collect();
            if restless.is_empty() {
                Ok(runs)
            } else {
                Err(format!("{} runs: {:?}", restless.len(), restless.first()))
            }
        });
        match rested.await {
            Ok(runs) => Ok(runs),
            Err(late) => Err(format!("{late}\n{}", self.restless().await?).into()),
        }
    }

    /// What happened to the runs that do not come to rest, an entry a line.
    async fn restless(&self) -> Result<String, Error> {
        let (runs, waits) = (self.runs().await?, self.waits().await?);
        let mut told = String::new();
        for run in runs.iter().filter(|run| !rests(run, &runs, &waits)) {
            let run = self
                .ask(&format!("/v1/runs/{}", run["run"].as_str().unwrap_or_default()))
                .await?;
            for entry in run["timeline"].as_array().into_iter().flatten() {
                told.push_str(&format!("{entry}\n"));
            }
        }
        Ok(told)
    }

    /// What waits for a person.
    ///
    /// # Errors
    /// As [`Country::ask`].
    pub async fn waits(&self) -> Result<Vec<Value>, Error> {
        Ok(self.ask("/v1/waits").await?["waits"]
            .as_array()
            .cloned()
            .unwrap_or_default())
    }

    /// What took effect in the permit system and at the partner, counted by business fact.
    pub fn facts(&self) -> BTreeMap<String, u32> {
        let mut facts = self.register.facts();
        facts.extend(self.partner.facts());
        facts
    }

    /// The facts of one kind (`endorsed`, `used`, `withdrawn`): how many, and the highest count of one.
    pub fn count(&self, kind: &str, last: Option<&str>) -> (usize, u32) {
        let begins = format!("{kind}|");
        let facts = self.facts();
        let mut fitting = facts
            .iter()
            .filter(|(f, _)| f.starts_with(&begins) && last.is_none_or(|l| f.ends_with(&format!("|{l}"))));
        let mut highest = 0;
        let mut number = 0;
        for (_, count) in fitting.by_ref() {
            number += 1;
            highest = highest.max(*count);
        }
        (number, highest)
    }
}

/// Posts a message as customs to the command at this address.
///
/// # Errors
/// There was no whole answer.
pub async fn post(address: &str, path: &str, body: &str) -> Result<Answer, Error> {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/xml")];
    Ok(http::request("POST", &format!("{address}{path}"), &headers, body).await?)
}

/// Whether nothing moves a run any more but a person: it has ended, is parked, waits for an answer, or for an item of its
/// own of which that is true. A run that waits for another one is on its way.
fn rests(run: &Value, runs: &[Value], waits: &[Value]) -> bool {
    match run["status"].as_str().unwrap_or_default() {
        "active" | "sleeping" => false,
        "waiting" => {
            waits.iter().any(|w| w["run"] == run["run"])
                || runs.iter().any(|child| {
                    child["parent"] == run["run"]
                        && ["waiting", "parked"].contains(&child["status"].as_str().unwrap_or_default())
                        && rests(child, runs, waits)
                })
        }
        _ => true,
    }
}

/// Takes over plugins that an earlier test compiled: the cache with the key that vouches for it. A plugin that was built
/// anew since then is compiled again.
pub(crate) fn warm(site: &TempSite) -> Result<(), Error> {
    let warm = warm_folder();
    for folder in ["cache", "keys"] {
        let from = warm.join(folder);
        if from.is_dir() {
            match site.copy_all(&from, &format!("store/{folder}")) {
                // What another test put in its place meanwhile is gone; then the rest is compiled.
                Err(Failed::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
                copied => copied?,
            }
        }
    }
    private(&site.file("store"))
}

fn warm_folder() -> std::path::PathBuf {
    let target = std::env::var("CARGO_TARGET_DIR").map_or(workspace_root().join("target"), Into::into);
    target.join("acceptance-cache")
}

/// Folders and keys that only the owner may enter and read, as the command demands.
fn private(folder: &std::path::Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    if !folder.is_dir() {
        return Ok(());
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            private(&path)?;
        } else {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}
