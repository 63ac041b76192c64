//! From what was said to what it means, with everything that is wrong.

mod answer_schema;
mod block;
mod call;
mod choose;
mod claim;
mod each;
mod events;
mod expression;
mod group;
mod handler;
mod header;
mod limits;
mod literal;
mod names;
mod narrow;
mod privacy;
mod repeat;
mod run;
mod schedule;
mod scope;
mod step;
mod template;
mod wait;

pub use schedule::unknown_zone;

pub(crate) use answer_schema::{place_in, schema_shape};
pub(crate) use names::unknown_name;

use std::collections::{BTreeMap, BTreeSet};

use dragoman_expression::Environment;
use dragoman_manifest::Pipeline;
use dragoman_model::{Code, Diagnostic, Digest, Severity, Span};

use crate::{Plan, World, codes};

/// A plan and everything that is to be said about the pipeline.
#[derive(Debug, Clone)]
pub struct Checked {
    /// There where no error was found.
    pub plan: Option<Plan>,
    /// Errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// What keeps a plan from being carried out although all of its parts can be made: two steps would have one path in the
/// journal, or a step would have no way to go on. An edition that was accepted before is refused for nothing else: see
/// [`World::trusting`].
const UNSOUND: [Code; 4] = [codes::DUPLICATE_ID, codes::FALLS_THROUGH, codes::ON_A_READ, codes::UNDO];

/// Builds the plan of a pipeline, or says all that is wrong with it.
///
/// In: what was said, and the world it is said in. Out: the plan where there is no error, and all diagnostics in the
/// order of the text. What follows only from another mistake is not reported.
pub fn check(pipeline: &Pipeline, world: &World) -> Checked {
    let mut checker = Checker::new(pipeline, world);
    let plan = checker.pipeline();
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.range.start));
    diagnostics.dedup();
    let diagnostics = folded(diagnostics);
    let stops = |d: &Diagnostic| !world.trusting || UNSOUND.contains(&d.code);
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error && stops(d));
    // What only might be better comes when nothing is wrong any more.
    let diagnostics = match failed {
        true => diagnostics
            .into_iter()
            .filter(|d| d.severity != Severity::Note)
            .collect(),
        false => diagnostics,
    };
    Checked {
        plan: plan.filter(|_| !failed),
        diagnostics,
    }
}

/// The same thing said of more than three places is one mistake (a step whose id is misspelt): it is said once, and the
/// other places are named.
fn folded(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    const PLACES: usize = 3;
    // So many other places are named.
    const LINES: usize = 20;
    let same = |a: &Diagnostic, b: &Diagnostic| a.code == b.code && a.message == b.message;
    let mut folded: Vec<(Diagnostic, Vec<usize>)> = Vec::new();
    for diagnostic in diagnostics {
        let line = diagnostic
            .span
            .as_ref()
            .map_or(0, |s| s.source.position(s.range.start).0);
        let before = folded.iter().filter(|(d, _)| same(d, &diagnostic)).count();
        match folded.iter_mut().find(|(d, _)| same(d, &diagnostic)) {
            Some((_, lines)) if before >= PLACES => lines.push(line),
            _ => folded.push((diagnostic, Vec::new())),
        }
    }
    let told = |(diagnostic, lines): (Diagnostic, Vec<usize>)| match lines.as_slice() {
        [] => diagnostic,
        lines => {
            let named: Vec<String> = lines.iter().take(LINES).map(usize::to_string).collect();
            let more = match lines.len() - named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            diagnostic.help(format!("the same in line {}{more}", named.join(", ")))
        }
    };
    folded.into_iter().map(told).collect()
}

/// Builds the plan of a pipeline.
///
/// # Errors
/// All diagnostics, where at least one is an error.
pub fn build(pipeline: &Pipeline, world: &World) -> Result<Plan, Vec<Diagnostic>> {
    let checked = check(pipeline, world);
    checked.plan.ok_or(checked.diagnostics)
}

/// What is carried through the check of one pipeline.
struct Checker<'a> {
    said: &'a Pipeline,
    world: &'a World,
    /// The operations, for casts; no names.
    operations: Environment,
    diagnostics: Vec<Diagnostic>,
    /// For each `each` around the place being checked: the steps outside it that were used.
    captures: Vec<BTreeSet<Vec<String>>>,
    /// Connections used.
    used: BTreeSet<String>,
    /// Pipelines that are run, with their versions.
    runs: BTreeMap<String, Digest>,
    /// How many `repeat` steps are around the place being checked.
    repeats: usize,
    /// Whether an expression of the round being checked speaks of the round before.
    looks_back: bool,
    /// A trigger of which nothing is known what it brings, where that is known of another: what is to be said, once, where
    /// an expression reads the message.
    unread: Option<Diagnostic>,
    /// Where quantities got units that did not go together with others, which was reported.
    units_told: Vec<Span>,
}

impl<'a> Checker<'a> {
    fn new(said: &'a Pipeline, world: &'a World) -> Self {
        let mut operations = Environment::new().trusting(world.trusting);
        for (name, connection) in &world.connections {
            operations.add_connection(name, &connection.surface);
        }
        Checker {
            said,
            world,
            operations,
            diagnostics: Vec::new(),
            captures: Vec::new(),
            used: BTreeSet::new(),
            runs: BTreeMap::new(),
            repeats: 0,
            looks_back: false,
            unread: None,
            units_told: Vec::new(),
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
