//! The guides that show parts of shipped pipelines: what they show is in the files, line for line.

use dragoman_acceptance::Error;
use dragoman_support::process::workspace_root;

use crate::place::folders;

/// Each guide, with the folder of the pipelines that it shows and how many parts it shows at least.
const GUIDES: [(&str, &str, usize); 2] = [
    ("docs/guide/cookbook.md", "examples/cookbook/pipelines", 13),
    ("docs/guide/from-paper.md", "examples/from-paper/pipelines", 6),
];

/// The lines of a text, whatever their indentation: a guide shows a part without what it stands in.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).collect()
}

#[test]
fn what_the_guides_show_is_in_the_pipelines() -> Result<(), Error> {
    for (guide, folder, least) in GUIDES {
        let page = std::fs::read_to_string(workspace_root().join(guide))?;
        let mut files = Vec::new();
        for pipeline in folders(folder)? {
            let path = format!("{folder}/{pipeline}/pipeline.yaml");
            assert!(
                page.contains(&format!("(../../{path})")),
                "{guide} has no link to {path}"
            );
            files.push(std::fs::read_to_string(workspace_root().join(path))?);
        }
        let mut shown = 0;
        for rest in page.split("```yaml\n").skip(1) {
            let part = rest.split("```\n").next().unwrap_or_default();
            let wanted = lines(part);
            let holds = |file: &String| lines(file).windows(wanted.len()).any(|found| found == wanted);
            assert!(files.iter().any(holds), "{guide}: in no pipeline:\n{part}");
            shown += 1;
        }
        assert!(shown >= least, "{guide}: only {shown} parts");
    }
    Ok(())
}

/// The good way and one that goes wrong, and one of them killed wherever it can be: that is what makes a flow one to
/// copy.
#[test]
fn every_flow_has_two_cases_and_one_that_is_killed() -> Result<(), Error> {
    for (_, folder, _) in GUIDES {
        for pipeline in folders(folder)? {
            let (mut cases, mut killed) = (0, 0);
            for case in std::fs::read_dir(workspace_root().join(folder).join(&pipeline).join("cases"))? {
                cases += 1;
                killed += usize::from(std::fs::read_to_string(case?.path())?.contains("\ncrash: every_commit\n"));
            }
            assert!(cases >= 2 && killed >= 1, "{pipeline}: {cases} cases, {killed} killed");
        }
    }
    Ok(())
}
