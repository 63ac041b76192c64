//! A site in a temporary folder: `dragoman.yaml`, `pipelines/`, `plugins/`, and whatever else a test writes.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Error;

/// A temporary site, removed when dropped.
pub struct TempSite {
    folder: TempDir,
}

impl TempSite {
    /// An empty site with the folders `pipelines` and `plugins`.
    ///
    /// # Errors
    /// The folders could not be made.
    pub fn new() -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix("dragoman-site-")
            .tempdir()
            .map_err(|source| Error::io("make a temporary folder", source))?;
        let site = Self { folder };
        for name in ["pipelines", "plugins"] {
            make_folder(&site.path().join(name))?;
        }
        Ok(site)
    }

    /// Its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file or folder in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, making the folders above it; answers its path.
    ///
    /// # Errors
    /// It could not be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf, Error> {
        let path = self.file(name);
        if let Some(above) = path.parent() {
            make_folder(above)?;
        }
        fs::write(&path, content).map_err(|source| Error::io(format!("write {}", path.display()), source))?;
        Ok(path)
    }

    /// Writes `dragoman.yaml` from a template in which each `@name@` is replaced by that name's value.
    ///
    /// # Errors
    /// [`Error::Template`] where a name is left over; or the file could not be written.
    pub fn site(&self, template: &str, values: &[(&str, &str)]) -> Result<PathBuf, Error> {
        self.write("dragoman.yaml", fill(template, values)?)
    }

    /// Copies a file into a folder of the site (`""` for the site itself), keeping its name; answers the new path.
    ///
    /// # Errors
    /// It could not be copied.
    pub fn copy(&self, from: &Path, into: &str) -> Result<PathBuf, Error> {
        let what = || format!("copy {}", from.display());
        let name = from
            .file_name()
            .ok_or_else(|| Error::io(what(), std::io::Error::other("it has no name")))?;
        let folder = self.file(into);
        make_folder(&folder)?;
        let to = folder.join(name);
        fs::copy(from, &to).map_err(|source| Error::io(what(), source))?;
        Ok(to)
    }

    /// Copies every file below a folder into a folder of the site, keeping the structure.
    ///
    /// # Errors
    /// A file could not be read or copied.
    pub fn copy_all(&self, from: &Path, into: &str) -> Result<(), Error> {
        let entries = fs::read_dir(from).map_err(|source| Error::io(format!("read {}", from.display()), source))?;
        for entry in entries {
            let path = entry.map_err(|source| Error::io("read a folder", source))?.path();
            if path.is_dir() {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.copy_all(&path, &format!("{into}/{name}"))?;
            } else {
                self.copy(&path, into)?;
            }
        }
        Ok(())
    }
}

fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::io(format!("make {}", path.display()), source))
}

/// Replaces each `@name@` by its value. Neither `{{` nor `${` would do as marks: the language gives them a meaning.
fn fill(template: &str, values: &[(&str, &str)]) -> Result<String, Error> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('@') {
        let after = &rest[at + 1..];
        let name: &str = after.split('@').next().unwrap_or_default();
        let is_name = after.len() > name.len()
            && !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        filled.push_str(&rest[..at]);
        if is_name {
            let value = values.iter().find(|(known, _)| *known == name);
            let (_, value) = value.ok_or_else(|| Error::Template(name.to_owned()))?;
            filled.push_str(value);
            rest = &after[name.len() + 1..];
        } else {
            filled.push('@');
            rest = after;
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::fill;

    fn check(template: &str, expected: Result<&str, &str>) {
        let values = [("a", "1"), ("b-c", "2")];
        let found = fill(template, &values).map_err(|error| error.to_string());
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn names_are_replaced() {
        check("x: @a@/@b-c@\n", Ok("x: 1/2\n"));
        check(
            "mail: me@example.org, you@example.org",
            Ok("mail: me@example.org, you@example.org"),
        );
        check("@@ @", Ok("@@ @"));
        check("@c@", Err("@c@"));
    }
}
