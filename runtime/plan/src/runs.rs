//! Pipelines that run others: what each shows to those that run it, and in which order they are to be checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_expression::Expression;
use dragoman_manifest::{Pipeline, Spanned};
use dragoman_model::{Diagnostic, Digest, Value};
use dragoman_schema::{Marks, Shape};

use crate::{Plan, Template, codes, echoes};

/// Runs another pipeline as a child.
#[derive(Debug, Clone)]
pub struct RunStep {
    /// The pipeline, in the version that the run is pinned to.
    pub called: Arc<Signature>,
    /// How it is begun.
    pub entry: Entry,
    /// Its message.
    pub with: Template,
    /// Its run key; none: by its own `key`, else derived.
    pub key: Option<Expression>,
}

/// A pipeline, as those that run it see it.
#[derive(Debug, Clone)]
pub struct Signature {
    /// Its name.
    pub pipeline: String,
    /// Its version.
    pub version: Digest,
    /// How others begin it; none: they cannot.
    pub entry: Option<Entry>,
    /// The shape of its output.
    pub output: Shape,
    /// What of its output is personal or secret.
    pub marks: Marks,
    /// Its key, over its own message.
    pub key: Option<Expression>,
    /// Its serial, likewise.
    pub serial: Option<Expression>,
    /// Whether it only observes.
    pub observe: bool,
}

/// How a pipeline is begun by another.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its trigger.
    pub trigger: String,
    /// The shape of its message.
    pub shape: Shape,
    /// JSON Schema of its message.
    pub schema: Value,
}

impl Plan {
    /// What others see that run this pipeline, in this version.
    pub fn signature(&self) -> Signature {
        let entry = self.triggers.iter().find_map(|trigger| {
            Some(Entry {
                trigger: trigger.id.clone(),
                shape: trigger.message.clone(),
                schema: trigger.input.clone()?,
            })
        });
        Signature {
            pipeline: self.pipeline.clone(),
            version: self.version,
            entry,
            output: self.gives.clone(),
            marks: self.output.as_ref().map(Template::marks).unwrap_or_default(),
            key: self.key.clone(),
            serial: self.serial.clone(),
            observe: self.observe,
        }
    }
}

/// The pipelines of a site in the order in which they are to be checked.
#[derive(Debug)]
pub struct Order {
    /// Their numbers: each behind all that it runs.
    pub order: Vec<usize>,
    /// The names of those that run each other in a circle, which cannot be.
    pub circular: BTreeSet<String>,
    /// One for each circle, and one for each circle of events that begin each other without end.
    pub diagnostics: Vec<Diagnostic>,
}

/// Puts pipelines in order. One that runs itself is reported when it is checked.
pub fn order<'a>(pipelines: impl IntoIterator<Item = &'a Pipeline>) -> Order {
    let pipelines: Vec<&Pipeline> = pipelines.into_iter().collect();
    let numbers: BTreeMap<&str, usize> = (0..).zip(&pipelines).map(|(n, p)| (p.name.value.as_str(), n)).collect();
    let runs = |number: usize| {
        let called = pipelines[number].runs().into_iter();
        let known = called.filter_map(|name| Some((*numbers.get(name.value.as_str())?, name)));
        known.filter(|(called, _)| *called != number).collect::<Vec<_>>()
    };
    let mut search = Search {
        edges: (0..pipelines.len()).map(runs).collect(),
        state: vec![State::New; pipelines.len()],
        found: Order {
            order: Vec::new(),
            circular: BTreeSet::new(),
            diagnostics: Vec::new(),
        },
    };
    for number in 0..pipelines.len() {
        search.from(number, &pipelines);
    }
    search.found.diagnostics.extend(echoes::circles(&pipelines));
    search.found
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

struct Search<'a> {
    /// For each pipeline those that it runs, and where it says so.
    edges: Vec<Vec<(usize, &'a Spanned<String>)>>,
    state: Vec<State>,
    found: Order,
}

impl Search<'_> {
    /// Depth first, with a stack of its own: a site may have long chains.
    fn from(&mut self, number: usize, pipelines: &[&Pipeline]) {
        if self.state[number] != State::New {
            return;
        }
        self.state[number] = State::Open;
        // Each open pipeline, with how many of those that it runs were looked at.
        let mut open: Vec<(usize, usize)> = vec![(number, 0)];
        while let Some((at, looked)) = open.last_mut() {
            let at = *at;
            let Some((next, _)) = self.edges[at].get(*looked) else {
                self.state[at] = State::Done;
                self.found.order.push(at);
                open.pop();
                continue;
            };
            *looked += 1;
            match self.state[*next] {
                State::New => {
                    self.state[*next] = State::Open;
                    open.push((*next, 0));
                }
                State::Open => {
                    let begins = open.iter().position(|(one, _)| one == next).unwrap_or(0);
                    self.circle(&open[begins..], pipelines);
                }
                State::Done => {}
            }
        }
    }

    /// Reports a circle where it is closed, and names all that are in it.
    fn circle(&mut self, open: &[(usize, usize)], pipelines: &[&Pipeline]) {
        let name = |number: usize| pipelines[number].name.value.as_str();
        let places: Vec<&Spanned<String>> = open.iter().map(|(at, looked)| self.edges[*at][looked - 1].1).collect();
        let (Some(last), Some((first, _))) = (places.last(), open.first()) else {
            return;
        };
        let way: Vec<String> = open.iter().map(|(at, _)| format!("`{}`", name(*at))).collect();
        let message = format!(
            "{} runs `{}` again: a circle has no end",
            way.join(" runs "),
            name(*first)
        );
        let mut diagnostic = Diagnostic::error(codes::CIRCLE, last.span.clone(), message)
            .help("take one of these steps away, or let an event begin the other pipeline");
        for (place, (at, _)) in places.iter().zip(open).take(places.len() - 1) {
            diagnostic = diagnostic.label(place.span.clone(), format!("`{}` runs it here", name(*at)));
        }
        self.found.diagnostics.push(diagnostic);
        let names = open.iter().map(|(at, _)| name(*at).to_owned());
        self.found.circular.extend(names);
    }
}
