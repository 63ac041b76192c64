//! Where compiled plugins are kept between commands that belong to no site.

use std::env;
use std::path::{Path, PathBuf};

use dragoman_host::CacheSettings;
use dragoman_security::MacKey;

/// The user's own cache, authenticated by a key that only the user can read. None where the system names no folder, or
/// its key cannot be used: then a plugin is compiled each time, which costs seconds and nothing else.
pub(crate) fn cache() -> Option<CacheSettings> {
    let folder = folder(env::var_os("XDG_CACHE_HOME").map(Into::into), env::home_dir())?;
    let key = MacKey::open(&folder.join("keys")).ok()?;
    Some(CacheSettings {
        folder: folder.join("plugins"),
        key,
    })
}

/// The folder by the XDG Base Directory Specification, which takes no relative one.
fn folder(caches: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| Path::is_absolute(path);
    let caches = caches.filter(absolute);
    let caches = caches.or_else(|| Some(home.filter(absolute)?.join(".cache")))?;
    Some(caches.join("dragoman"))
}

#[cfg(test)]
mod tests {
    use super::folder;

    #[test]
    fn the_folder_is_that_of_the_user() {
        let check = |caches: Option<&str>, home: Option<&str>, expected: Option<&str>| {
            let found = folder(caches.map(Into::into), home.map(Into::into));
            assert_eq!(found, expected.map(Into::into), "{caches:?} {home:?}");
        };
        check(Some("/caches"), Some("/home/anna"), Some("/caches/dragoman"));
        check(None, Some("/home/anna"), Some("/home/anna/.cache/dragoman"));
        check(Some("here"), Some("/home/anna"), Some("/home/anna/.cache/dragoman"));
        check(Some(""), None, None);
        check(None, Some(""), None);
    }
}
