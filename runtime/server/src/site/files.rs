//! Reading what somebody wrote.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use dragoman_manifest::{LONGEST_TEXT, source_of};
use dragoman_model::{Diagnostic, Source};

use crate::error::NO_FILE;

/// Reads a text, and no more of a file than a text may have.
///
/// # Errors
/// A diagnostic that says which file, why, and what to do; with a place where the file is not UTF-8.
pub fn read_source(path: &Path) -> Result<Arc<Source>, Box<Diagnostic>> {
    let refuse = |why: String| {
        Box::new(
            Diagnostic::without_place(NO_FILE, format!("{} cannot be read: {why}", path.display()))
                .help("check the path, and that this user may read it"),
        )
    };
    let most = u64::try_from(LONGEST_TEXT).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|e| refuse(e.to_string()))?;
    source_of(&path.display().to_string(), bytes)
}
