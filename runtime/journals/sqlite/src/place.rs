//! Whether the file that is written still stands where the store was opened.
//!
//! A file that was removed or moved away takes writes and syncs as before; what they bring is gone with the process. So
//! the writer looks before it says that something is durable. It costs one look at the folder's table for a commit.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use dragoman_journal::error::{CANNOT_OPEN, Error};

use crate::failure;

/// Why the store has stopped; empty while it serves.
pub(crate) type Stopped = Arc<OnceLock<Error>>;

/// The file of a store, as it was when it was opened.
pub(crate) struct Place {
    path: PathBuf,
    identity: Identity,
}

impl Place {
    /// Remembers which file stands there.
    ///
    /// # Errors
    /// D0701 where it cannot be looked at.
    pub(crate) fn of(path: &Path) -> Result<Self, Error> {
        let identity = identity(path).map_err(|e| {
            let message = format!("the file `{}` cannot be looked at ({e})", path.display());
            Error::new(CANNOT_OPEN, message)
        })?;
        Ok(Place {
            path: path.to_owned(),
            identity,
        })
    }

    /// Why nothing may be called durable any more; none: the file stands where it stood.
    pub(crate) fn refusal(&self) -> Option<Error> {
        match identity(&self.path) {
            Ok(identity) if identity == self.identity => None,
            Ok(_) => Some(failure::displaced(&self.path, "another file stands there now")),
            Err(e) => Some(failure::displaced(&self.path, &e.to_string())),
        }
    }
}

/// Device and number of the file.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> std::io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// Other systems do not let a file be removed that is open.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(path: &Path) -> std::io::Result<Identity> {
    std::fs::metadata(path).map(|_| ())
}
