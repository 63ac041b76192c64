//! From what was said to what it means, with everything that is wrong.

mod block;
mod call;
mod choose;
mod claim;
mod each;
mod expression;
mod handler;
mod header;
mod names;
mod narrow;
mod scope;
mod step;
mod template;
mod wait;

use std::collections::BTreeSet;

use dragoman_expression::Environment;
use dragoman_manifest::Pipeline;
use dragoman_model::{Diagnostic, Severity};

use crate::{Plan, World};

/// A plan and everything that is to be said about the pipeline.
#[derive(Debug, Clone)]
pub struct Checked {
    /// There where no error was found.
    pub plan: Option<Plan>,
    /// Errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

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
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    Checked {
        plan: plan.filter(|_| !failed),
        diagnostics,
    }
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
    captures: Vec<BTreeSet<String>>,
    /// Connections used.
    used: BTreeSet<String>,
}

impl<'a> Checker<'a> {
    fn new(said: &'a Pipeline, world: &'a World) -> Self {
        let mut operations = Environment::new();
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
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
