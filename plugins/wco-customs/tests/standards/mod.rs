//! The shared standards, beside the checkout.

use std::path::{Path, PathBuf};

/// The folder of the WCO standards; none, with a word about it, in a checkout that has none. Under CI it must be there.
pub(crate) fn wco() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("a workspace is around this crate");
    let path = root.join("../shared/standards/wco");
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "needs ../shared/standards/wco");
    println!("skipped: needs ../shared/standards/wco");
    None
}
