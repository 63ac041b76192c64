//! What the layout gives: nodes, frames, edges and labels with their places, in pixels from the upper left corner.

use crate::flow::Look;
use crate::text::Style;

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) w: f64,
    pub(crate) h: f64,
}

impl Rect {
    pub(crate) fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Rect { x, y, w, h }
    }

    pub(crate) fn right(&self) -> f64 {
        self.x + self.w
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub(crate) fn middle(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }
}

/// A point.
pub(crate) type Point = (f64, f64);

/// The outline of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// What is done.
    Card,
    /// A condition.
    Hexagon,
    /// The name of a branch.
    Pill,
    /// The end of a run, and its beginning.
    Stadium,
    /// Stops for a person: bars at its sides, as on a button that pauses.
    Held,
    /// Ends as failed.
    Octagon,
    /// Branches begin or meet here.
    Bar,
    /// A message comes in.
    Flag,
}

/// Where a text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// At its left.
    Start,
    /// In its middle.
    Middle,
}

/// A text at its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) x: f64,
    /// Of the base line.
    pub(crate) y: f64,
    pub(crate) anchor: Anchor,
    pub(crate) style: Style,
    pub(crate) text: String,
}

impl Text {
    /// The room that it takes.
    pub(crate) fn rect(&self) -> Rect {
        let (_, size) = self.style.font();
        let width = self.style.width(&self.text);
        let x = match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - width / 2.0,
        };
        Rect::new(x, self.y - size * 0.8, width, size)
    }
}

/// A thing with an outline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Unique in the picture.
    pub(crate) id: usize,
    /// The path of the step, a condition's with `?` before it.
    pub(crate) path: String,
    pub(crate) look: Look,
    pub(crate) shape: Shape,
    pub(crate) rect: Rect,
    pub(crate) texts: Vec<Text>,
    /// All that is to be said of it.
    pub(crate) tip: String,
}

/// A frame around the steps of a step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// Unique among nodes and frames.
    pub(crate) id: usize,
    pub(crate) path: String,
    pub(crate) look: Look,
    pub(crate) rect: Rect,
    /// The strip with its texts.
    pub(crate) header: Rect,
    pub(crate) texts: Vec<Text>,
    pub(crate) tip: String,
    /// How deep it is nested.
    pub(crate) depth: usize,
}

/// An end of an edge.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct End {
    /// The node or frame; none: it ends on another edge.
    pub(crate) node: Option<usize>,
    /// The path that decides whether a run came there; none: nothing but the edge's other end does.
    pub(crate) path: Option<String>,
}

impl End {
    pub(crate) fn of(node: usize, path: &str) -> Self {
        End {
            node: Some(node),
            path: Some(path.into()),
        }
    }
}

/// Why a run goes along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// One thing after the other.
    Next,
    /// A condition did not hold.
    Around,
    /// Something did not end well.
    Trouble,
}

/// A line of horizontal and vertical pieces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edge {
    pub(crate) points: Vec<Point>,
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) way: Way,
    /// Whether it ends in an arrow.
    pub(crate) arrow: bool,
}

/// What an entry of the legend explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A kind of node.
    Look(Look, Shape),
    /// A kind of edge.
    Way(Way),
}

impl Key {
    /// What it means, in a few words.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Key::Look(Look::Choice, Shape::Hexagon) => "a condition",
            Key::Look(look, _) => look.meaning().unwrap_or_default(),
            Key::Way(Way::Next) => "what comes next",
            Key::Way(Way::Around) => "skipped where the condition does not hold",
            Key::Way(Way::Trouble) => "where it does not end well",
        }
    }
}

/// An entry of the legend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Legend {
    pub(crate) key: Key,
    pub(crate) swatch: Rect,
    pub(crate) text: Text,
}

/// A laid-out pipeline. Its parts are the room's own; [`crate::svg`] draws it, [`crate::faults`] looks for mistakes.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) labels: Vec<Text>,
    /// Title, summary and what stands below them.
    pub(crate) heading: Vec<Text>,
    pub(crate) legend: Vec<Legend>,
}

impl Picture {
    /// Width and height, in pixels.
    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }
}
