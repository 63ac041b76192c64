//! Reading what somebody wrote.

use std::path::Path;
use std::sync::Arc;

use dragoman_model::{Diagnostic, Source};

use crate::error::NO_FILE;

/// Reads a text.
///
/// # Errors
/// A diagnostic without a place that says which file, why, and what to do.
pub fn read_source(path: &Path) -> Result<Arc<Source>, Box<Diagnostic>> {
    let refuse = |why: String| {
        Box::new(
            Diagnostic::without_place(NO_FILE, format!("{} cannot be read: {why}", path.display()))
                .help("check the path, and that this user may read it"),
        )
    };
    let bytes = std::fs::read(path).map_err(|e| refuse(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8 text".into()))?;
    Ok(Source::new(path.display().to_string(), text))
}
