//! Where a run stands among the others of a case: whose it is, and by which names a case calls its steps.

use std::cmp::Reverse;

use dragoman_journal::{Entry, Record, without_numbers};
use dragoman_model::RunId;

/// Where a run hangs.
pub(crate) enum Hangs {
    /// It is the run of a message.
    Nowhere,
    /// It is that of an item, or of a pipeline that another runs: the parent.
    Child(RunId),
    /// An event began it: the run that emitted that, and the path of the step.
    Event(RunId, String),
}

impl Hangs {
    /// Where a run hangs, by its first entry.
    pub(crate) fn of(first: &Entry) -> Hangs {
        if let Record::Accepted {
            parent: Some(parent), ..
        } = &first.header.record
        {
            return Hangs::Child(parent.run);
        }
        let attributes = first.body.as_ref().and_then(|body| body.get("attributes"));
        let told = attributes.and_then(|told| {
            let run = told.get("run")?.as_str()?.parse().ok()?;
            Some(Hangs::Event(run, told.get("step")?.as_str()?.to_owned()))
        });
        told.unwrap_or(Hangs::Nowhere)
    }

    /// The run that it hangs at.
    pub(crate) fn run(&self) -> Option<RunId> {
        match self {
            Hangs::Nowhere => None,
            Hangs::Child(run) | Hangs::Event(run, _) => Some(*run),
        }
    }
}

/// Where a run stands among the others.
#[derive(Debug, Clone)]
pub(crate) struct Kin {
    /// The pipelines within which it can be called, the outermost first, each with what stands before its own paths.
    places: Vec<(String, String)>,
    /// Which of them is the pipeline of its family: of the run that a message or an event began.
    family: usize,
    /// What its own paths begin with: `lines[0].` in the run of an item.
    own: String,
    /// The same for the runs of one item in all rounds of a `repeat`.
    sequence: String,
}

impl Kin {
    /// In: a run, its first entry, and the kin of the run that it hangs at. None: it does not begin as a run does.
    pub(crate) fn of(run: RunId, first: &Entry, at: Option<&Kin>) -> Option<Kin> {
        let Record::Accepted { pipeline, parent, .. } = &first.header.record else {
            return None;
        };
        let alone = (pipeline.clone(), String::new());
        let below = |kin: &Kin, path: &str| {
            let places = kin.places.iter();
            let mut all: Vec<_> = places
                .map(|(p, before)| (p.clone(), format!("{before}{path}.")))
                .collect();
            all.push(alone.clone());
            all
        };
        Some(match (parent, Hangs::of(first), at) {
            // A pipeline runs no circle: a child with another pipeline is that of a `run` step, the others are items.
            (Some(parent), _, Some(kin)) if kin.is_of(pipeline) => Kin {
                own: format!("{}[{}].", parent.path, parent.index),
                sequence: format!("{}[{}]", kin.sequence(&parent.path), parent.item),
                ..kin.clone()
            },
            (Some(parent), _, Some(kin)) => Kin {
                places: below(kin, &parent.path),
                family: kin.family,
                own: String::new(),
                sequence: kin.sequence(&parent.path),
            },
            (None, Hangs::Event(_, path), Some(kin)) => {
                let places = below(kin, &format!("{path}.{pipeline}"));
                Kin {
                    family: places.len() - 1,
                    places,
                    own: String::new(),
                    sequence: run.to_string(),
                }
            }
            _ => Kin {
                places: vec![alone],
                family: 0,
                own: String::new(),
                sequence: run.to_string(),
            },
        })
    }

    fn is_of(&self, pipeline: &str) -> bool {
        self.places.last().is_some_and(|(last, _)| last == pipeline)
    }

    /// The pipeline of its family.
    pub(crate) fn pipeline(&self) -> &str {
        &self.places[self.family].0
    }

    /// The path of a step within its family: those of a pipeline that is run stand below the step that runs it.
    pub(crate) fn path(&self, step: &str) -> String {
        format!("{}{step}", self.places[self.family].1)
    }

    /// What a case about a pipeline calls a step: its path, and of another pipeline `PIPELINE.steps.PATH`.
    pub(crate) fn called(&self, about: &str, step: &str) -> String {
        if self.pipeline() == about {
            return self.path(step);
        }
        format!("{}.steps.{}", self.pipeline(), self.path(step))
    }

    /// The path of a step from the outermost run on, which no other step has.
    pub(crate) fn outermost(&self, step: &str) -> String {
        format!("{}{step}", self.places[0].1)
    }

    /// The same for a step in all rounds of a `repeat`, and another for each item.
    pub(crate) fn sequence(&self, step: &str) -> String {
        let within = step.strip_prefix(&self.own).unwrap_or(step);
        format!("{}/{}", self.sequence, without_numbers(within))
    }

    /// The path of a step with the number of no round in it.
    pub(crate) fn roundless(&self, step: &str) -> String {
        let within = step.strip_prefix(&self.own).unwrap_or(step);
        format!("{}{}", self.own, without_numbers(within).replace("[]", ""))
    }

    /// How well a name of the case fits a step of this run; none: it is that of another.
    pub(crate) fn has(&self, said: &Named, step: &str) -> Option<Fit> {
        let places = self.places.iter().enumerate();
        let fits = places.flat_map(|(depth, (pipeline, before))| {
            let meant = said.readings.iter().filter(move |(named, _)| named == pipeline);
            meant.filter_map(move |(_, path)| {
                let matched = names(path, &format!("{before}{step}"))?;
                Some((matched, Reverse(depth)))
            })
        });
        fits.max()
    }
}

/// How well a name fits a step: exactly before shortened, then from further out before from its own pipeline alone.
pub(crate) type Fit = (Match, Reverse<usize>);

/// How well a path fits another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    /// Without some numbers or arms.
    Shortened,
    /// As it is.
    Exact,
}

/// What a case calls a step.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// Pipelines, and the path in each.
    readings: Vec<(String, String)>,
}

impl Named {
    /// A path of a pipeline.
    pub(crate) fn new(pipeline: &str, path: &str) -> Named {
        Named {
            readings: vec![(pipeline.to_owned(), path.to_owned())],
        }
    }

    /// A path in the pipeline that the case is about, or `PIPELINE.steps.PATH`.
    pub(crate) fn read(about: &str, said: &str) -> Named {
        let mut named = Named::new(about, said);
        if let Some((pipeline, path)) = said.split_once(".steps.") {
            named.readings.push((pipeline.to_owned(), path.to_owned()));
        }
        named
    }
}

/// Whether a path is another one, in which numbers of items and rounds may be left out, and arms.
fn names(said: &str, path: &str) -> Option<Match> {
    if said == path {
        return Some(Match::Exact);
    }
    let mut said = said.split('.').peekable();
    for segment in path.split('.') {
        let bare = segment.split('[').next().unwrap_or(segment);
        match said.peek() {
            Some(next) if *next == segment || *next == bare => drop(said.next()),
            _ if is_arm(segment) => {}
            _ => return None,
        }
    }
    said.next().is_none().then_some(Match::Shortened)
}

fn is_arm(segment: &str) -> bool {
    let number = segment.strip_prefix("arm-");
    number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// A step's path without the numbers of items and rounds, and without the arms it lies in.
pub(crate) fn bare(path: &str) -> String {
    let segments = path.split('.').filter(|segment| !is_arm(segment));
    let bare = segments.map(|segment| segment.split('[').next().unwrap_or(segment));
    bare.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_arms_may_be_left_out_and_nothing_else() {
        for (said, path, matches) in [
            ("lines[0].told", "lines[0].told", Some(Match::Exact)),
            ("lines.told", "lines[0].told", Some(Match::Shortened)),
            ("poll.lines[1].told", "poll[7].lines[1].told", Some(Match::Shortened)),
            ("way.clerk", "way.arm-2.clerk", Some(Match::Shortened)),
            ("way.arm-2.clerk", "way.arm-2.clerk", Some(Match::Exact)),
            ("way.arm-1.clerk", "way.arm-2.clerk", None),
            ("lines[1].told", "lines[0].told", None),
            ("told", "lines[0].told", None),
            ("lines.told.more", "lines[0].told", None),
            ("lines", "lines[0].told", None),
        ] {
            assert_eq!(names(said, path), matches, "{said} for {path}");
        }
    }
}
