//! Secrets, and where they come from.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{BAD_REFERENCE, Error, NO_SECRET};

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
    /// Reads a reference.
    ///
    /// # Errors
    /// D0973 where it is none. The message does not repeat the text: somebody may have written the secret itself.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = || {
            Error::new(
                BAD_REFERENCE,
                "a secret is written as `env:NAME`, `file:PATH` or `credential:NAME`, not as its value",
            )
        };
        let (kind, name) = text.split_once(':').ok_or_else(refuse)?;
        if name.is_empty() {
            return Err(refuse());
        }
        match kind {
            "env" if !name.contains('=') => Ok(SecretSource::Environment(name.into())),
            "file" => Ok(SecretSource::File(name.into())),
            "credential" if !name.contains('/') && name != ".." && name != "." => {
                Ok(SecretSource::Credential(name.into()))
            }
            _ => Err(refuse()),
        }
    }

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
        let resolve = |text: &str| {
            let environment = |name: &str| match name {
                "TOKEN" => Some("from env".into()),
                "CREDENTIALS_DIRECTORY" => Some(credentials.clone()),
                _ => None,
            };
            SecretSource::parse(text)?.resolve_in(folder.path(), environment)
        };
        let cases = [
            ("env:TOKEN", Ok("from env")),
            ("file:token", Ok("s3cret")),
            ("credential:token", Ok("s3cret")),
            ("env:NONE", Err(NO_SECRET)),
            ("file:none", Err(NO_SECRET)),
            ("file:empty", Err(NO_SECRET)),
            ("credential:../token", Err(BAD_REFERENCE)),
            ("s3cret", Err(BAD_REFERENCE)),
            ("env:", Err(BAD_REFERENCE)),
            ("vault:x", Err(BAD_REFERENCE)),
        ];
        for (text, expected) in cases {
            let found = resolve(text);
            let brief = found.as_ref().map(|s| s.expose_text().unwrap()).map_err(|e| e.code);
            assert_eq!(brief, expected, "{text}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("s3cret");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert!(!SecretSource::parse("s3cret").unwrap_err().message.contains("s3cret"));
    }
}
