//! A thousand changes of the shipped pipelines: whatever comes of one is said in this project's words, and soon. Here the
//! shapes of their connectors are not known; with them the same is tried in `tests/acceptance`.

use std::fmt::Write as _;
use std::path::Path;

use dragoman_plan::World;

use crate::changes::{Numbers, changed, told_badly};
use crate::world::world;

/// How many changes are tried.
const CHANGES: usize = 1_000;

/// The shipped pipelines, and the one of the tests that has every word.
fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of pipelines")
        .map(|entry| entry.expect("an entry").path().join("pipeline.yaml"))
        .filter(|path| path.exists())
        .collect();
    files.sort();
    let shipped = files.iter().map(|f| std::fs::read_to_string(f).expect("a pipeline"));
    shipped.chain([include_str!("../good.yaml").to_owned()]).collect()
}

/// The world, with the shipped pipelines' connections: their plugins are not there, so what they take is not known.
fn wide_world() -> World {
    let mut world = world();
    for text in seeds() {
        let called = text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").split_once(": "));
        for (_, operation) in called.filter(|(word, _)| matches!(*word, "call" | "read")) {
            if let Some((connection, _)) = operation.split_once('.') {
                world.broken_connections.insert(connection.into());
            }
        }
    }
    world
}

#[test]
fn a_thousand_changes_are_told_in_our_words_and_soon() {
    let (seeds, world) = (seeds(), wide_world());
    let mut numbers = Numbers(20_261_121);
    let mut wrong = String::new();
    let mut told = 0;
    for number in 0..CHANGES {
        let (what, text) = changed(&seeds[number % seeds.len()], &mut numbers);
        let (found, badly) = told_badly(&text, &world);
        told += usize::from(found > 0);
        if let Some(badly) = badly {
            writeln!(wrong, "{what}: {badly}").expect("text takes text");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(told > CHANGES / 2, "only {told} changes of {CHANGES} were seen");
}
