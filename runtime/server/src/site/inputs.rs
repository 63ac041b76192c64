//! The files that a site is made of, and whether any of them has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use dragoman_manifest::Site as Said;
use dragoman_manifest::site::{Auth, Connection, Proof, Secret, SecretPlace, Sender};

use super::connections::plugin_path;
use super::{folder_of, pipelines};

/// What a site is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// Files that are named: the site file, plugins, configurations, secrets.
    files: BTreeSet<PathBuf>,
    /// The folder of the pipelines.
    pipelines: Option<PathBuf>,
}

/// How the files of a site were found: when each was written and how long it is; none: it was not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen(BTreeMap<PathBuf, Option<(SystemTime, u64)>>);

impl Inputs {
    /// The site file alone: all that is known of a site that cannot be read.
    pub(crate) fn of_file(site_file: &Path) -> Self {
        Inputs {
            files: BTreeSet::from([site_file.to_path_buf()]),
            pipelines: None,
        }
    }

    /// Everything that a site file names.
    pub(crate) fn of(site_file: &Path, said: &Said) -> Self {
        let folder = folder_of(site_file);
        let mut inputs = Self::of_file(site_file);
        inputs.pipelines = Some(folder.join(&*said.pipelines.value));
        let mut secrets: Vec<&Secret> = Vec::new();
        for (_, connection) in &said.connections {
            inputs
                .files
                .insert(plugin_path(&folder, said, &connection.plugin.value));
            if let Some(file) = &connection.config_file {
                inputs.files.insert(folder.join(&*file.value));
            }
            secrets.extend(secrets_of(connection));
        }
        for (_, sender) in &said.senders {
            match sender {
                Sender::Bearer(secret) | Sender::Hmac { secret, .. } => secrets.push(secret),
                Sender::Broker(_) | Sender::Unauthenticated => {}
            }
        }
        secrets.extend(said.brokers.iter().map(|(_, broker)| &broker.password));
        secrets.extend(
            said.store
                .database
                .iter()
                .filter_map(|database| database.password.as_ref()),
        );
        secrets.extend(&said.store.encryption);
        secrets.extend(said.users.iter().map(|(_, user)| match &user.proof {
            Proof::Password(secret) | Proof::Token(secret) => secret,
        }));
        for secret in secrets {
            if let SecretPlace::File(path) = &secret.place {
                inputs.files.insert(folder.join(path));
            }
        }
        inputs
    }

    /// The folders in which these files lie: where news of them is to be had.
    pub(crate) fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders: BTreeSet<PathBuf> = self.files.iter().map(|file| folder_of(file)).collect();
        if let Some(pipelines) = &self.pipelines {
            folders.insert(pipelines.clone());
            folders.extend(below(pipelines).iter().map(|file| folder_of(file)));
        }
        folders
    }

    /// Looks at all of them.
    pub(crate) fn look(&self) -> Seen {
        let found = self.pipelines.as_deref().map(below).unwrap_or_default();
        let look = |file: &PathBuf| {
            let meta = std::fs::metadata(file).ok();
            let state = meta.and_then(|m| Some((m.modified().ok()?, m.len())));
            (file.clone(), state)
        };
        Seen(self.files.iter().chain(&found).map(look).collect())
    }
}

impl Seen {
    /// Both together; where both know a file, as it was found first.
    pub(crate) fn and_then(mut self, later: Seen) -> Seen {
        for (file, state) in later.0 {
            self.0.entry(file).or_insert(state);
        }
        self
    }
}

/// The pipelines' files; a folder that cannot be read has none, which the checker says.
fn below(folder: &Path) -> Vec<PathBuf> {
    pipelines::find(folder).unwrap_or_default()
}

fn secrets_of(connection: &Connection) -> impl Iterator<Item = &Secret> {
    let auth = connection
        .endpoints
        .iter()
        .filter_map(|(_, endpoint)| match &endpoint.auth {
            Some(Auth::Bearer(secret) | Auth::Basic { password: secret, .. } | Auth::Header { value: secret, .. }) => {
                Some(secret)
            }
            None => None,
        });
    let parts = connection
        .credentials
        .iter()
        .flat_map(|(_, credential)| &credential.parts);
    auth.chain(parts.map(|(_, secret)| secret))
}

#[cfg(test)]
mod tests {
    use dragoman_model::Source;

    use super::*;

    const SITE: &str = "dragoman: 1\nsite: a\nplugins: plugins\npipelines: flows\n\
        connections: { shop: { plugin: echo, config_file: shop.json, endpoints: { api: { url: \"http://a/\", auth: { bearer: file:keys/token } } } } }\n\
        senders: { partner: { bearer: env:TOKEN } }\n";

    /// Does something in a site's folder: whether it is seen.
    fn check(act: impl Fn(&Path), seen: bool) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for below in ["flows/b", "plugins", "keys"] {
            std::fs::create_dir_all(folder.join(below)).unwrap();
        }
        for file in ["dragoman.yaml", "flows/a.yaml", "plugins/echo.wasm", "keys/token"] {
            std::fs::write(folder.join(file), "text").unwrap();
        }
        let (said, _) = dragoman_manifest::parse_site(Source::new("dragoman.yaml", SITE));
        let inputs = Inputs::of(&folder.join("dragoman.yaml"), &said.unwrap());
        let before = inputs.look();
        act(folder);
        assert_eq!(inputs.look() != before, seen);
    }

    fn write(file: &'static str, text: &'static str) -> impl Fn(&Path) {
        move |folder| std::fs::write(folder.join(file), text).unwrap()
    }

    #[test]
    fn what_a_site_is_made_of_is_seen_and_nothing_else() {
        for file in ["dragoman.yaml", "flows/a.yaml", "plugins/echo.wasm", "keys/token"] {
            check(write(file, "longer text"), true);
        }
        check(write("shop.json", "{}"), true);
        check(write("flows/b/pipeline.yaml", "text"), true);
        check(write("flows/b/case.yaml", "text"), false);
        check(write("flows/notes.md", "text"), false);
        check(write("plugins/other.wasm", "text"), false);
        check(
            |folder| std::fs::remove_file(folder.join("flows/a.yaml")).unwrap(),
            true,
        );
        check(|_| {}, false);
    }
}
