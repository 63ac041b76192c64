//! Puts the pages of `docs/codes` into the command, for `dragoman explain`.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/codes");
    println!("cargo::rerun-if-changed={}", pages.display());
    let mut files: Vec<_> = std::fs::read_dir(&pages)
        .map(|entries| {
            entries
                .filter_map(|e| Some(e.ok()?.path()))
                .filter(|p| p.extension().is_some_and(|e| e == "md"))
                .collect()
        })
        .unwrap_or_default();
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let code = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let path = file.canonicalize().unwrap_or_else(|_| file.clone());
        // Writing to a String cannot fail.
        let _ = writeln!(table, "    ({code:?}, include_str!({:?})),", path.display().to_string());
    }
    table.push(']');
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    if let Err(error) = std::fs::write(Path::new(&out).join("pages.rs"), table) {
        println!("cargo::error=the pages of the codes cannot be written: {error}");
    }
}
