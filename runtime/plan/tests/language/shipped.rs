//! The pipelines that are shipped are read without a mistake; their check against plugins is a test of theirs.

use std::path::Path;

use dragoman_manifest::parse_pipeline;
use dragoman_model::Source;

#[test]
fn the_shipped_pipelines_are_well_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of pipelines") {
        let path = entry.expect("an entry").path().join("pipeline.yaml");
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let (pipeline, diagnostics) = parse_pipeline(Source::new(path.display().to_string(), text));
        let rendered: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
        assert!(rendered.is_empty() && pipeline.is_some(), "{}", rendered.join("\n\n"));
        read += 1;
    }
    assert!(read >= 3, "only {read} pipelines were found");
}
