//! Secrets, and where they come from.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, NO_SECRET};

/// Bytes that are never printed, and are overwritten when they are no longer needed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes bytes as a secret.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Secret(bytes.into())
    }

    /// The bytes; whoever calls this answers for where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as a text; none where they are not UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without this the compiler may leave the writes out, since nobody reads the bytes any more.
        std::hint::black_box(&self.0);
    }
}

/// Where a secret comes from, as the site file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// `env:NAME`: a variable of the environment.
    Environment(String),
    /// `file:PATH`: a file, relative to the folder of the site file. One line end at its end does not count.
    File(PathBuf),
    /// `credential:NAME`: a credential of the systemd unit (`LoadCredential=`), from `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

impl SecretSource {
    /// Reads the secret; relative paths are below `base`.
    ///
    /// # Errors
    /// D0972 where there is none, or it is empty.
    pub fn resolve(&self, base: &Path) -> Result<Secret, Error> {
        self.resolve_in(base, |name| std::env::var_os(name))
    }

    fn resolve_in(&self, base: &Path, environment: impl Fn(&str) -> Option<OsString>) -> Result<Secret, Error> {
        let bytes = match self {
            SecretSource::Environment(name) => environment(name)
                .map(OsString::into_encoded_bytes)
                .ok_or_else(|| missing(self, "the variable is not set"))?,
            SecretSource::File(path) => read(self, &base.join(path))?,
            SecretSource::Credential(name) => {
                let folder = environment("CREDENTIALS_DIRECTORY")
                    .ok_or_else(|| missing(self, "$CREDENTIALS_DIRECTORY is not set: no credential was loaded"))?;
                read(self, &Path::new(&folder).join(name))?
            }
        };
        if bytes.is_empty() {
            return Err(missing(self, "it is empty"));
        }
        Ok(Secret(bytes))
    }
}

fn missing(source: &SecretSource, why: &str) -> Error {
    Error::new(NO_SECRET, format!("the secret `{source}` cannot be read: {why}"))
}

fn read(source: &SecretSource, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = std::fs::read(path).map_err(|e| missing(source, &e.to_string()))?;
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
    }
    Ok(bytes)
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Environment(name) => write!(f, "env:{name}"),
            SecretSource::File(path) => write!(f, "file:{}", path.display()),
            SecretSource::Credential(name) => write!(f, "credential:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_where_its_reference_says() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "s3cret\r\n").unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        let credentials = folder.path().as_os_str().to_owned();
        let environment = |name: &str| match name {
            "TOKEN" => Some("from env".into()),
            "CREDENTIALS_DIRECTORY" => Some(credentials.clone()),
            _ => None,
        };
        let variable = |name: &str| SecretSource::Environment(name.into());
        let file = |path: &str| SecretSource::File(path.into());
        for (source, expected) in [
            (variable("TOKEN"), Ok("from env")),
            (file("token"), Ok("s3cret")),
            (SecretSource::Credential("token".into()), Ok("s3cret")),
            (
                variable("NONE"),
                Err("D0972: the secret `env:NONE` cannot be read: the variable is not set"),
            ),
            (
                file("empty"),
                Err("D0972: the secret `file:empty` cannot be read: it is empty"),
            ),
            (
                file("none"),
                Err("D0972: the secret `file:none` cannot be read: No such file"),
            ),
            (
                SecretSource::Credential("none".into()),
                Err("D0972: the secret `credential:none` cannot be read: No such file"),
            ),
        ] {
            let found = source.resolve_in(folder.path(), environment);
            let found = found.as_ref().map(|secret| secret.expose_text().unwrap());
            match (found, expected) {
                (Ok(found), expected) => assert_eq!(Ok(found), expected),
                (Err(error), expected) => {
                    let said = format!("{}: {error}", error.code);
                    assert!(said.starts_with(expected.unwrap_err()), "{said}");
                }
            }
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("s3cret");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
    }
}
