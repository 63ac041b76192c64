//! A piece of the picture, around its own spine.

use crate::picture::{Edge, End, Frame, Node, Text, Way};

/// A piece: entered at (0, 0), left at (0, `exit`), with nothing beyond its bounds.
#[derive(Debug, Clone, Default)]
pub(super) struct Piece {
    pub(super) nodes: Vec<Node>,
    pub(super) frames: Vec<Frame>,
    pub(super) edges: Vec<Edge>,
    pub(super) labels: Vec<Text>,
    /// How far it reaches to the left of the spine.
    pub(super) left: f64,
    /// How far it reaches to the right.
    pub(super) right: f64,
    /// How far it reaches down.
    pub(super) height: f64,
    /// What it is entered through.
    pub(super) head: End,
    /// Where the edge to what follows begins, on the spine; none: it is not left.
    pub(super) exit: Option<(f64, End)>,
}

impl Piece {
    /// Moves everything; its height and exit then count from the new origin.
    pub(super) fn shift(&mut self, dx: f64, dy: f64) {
        for node in &mut self.nodes {
            node.rect.x += dx;
            node.rect.y += dy;
            shift_texts(&mut node.texts, dx, dy);
        }
        for frame in &mut self.frames {
            frame.rect.x += dx;
            frame.rect.y += dy;
            frame.header.x += dx;
            frame.header.y += dy;
            shift_texts(&mut frame.texts, dx, dy);
        }
        for point in self.edges.iter_mut().flat_map(|e| &mut e.points) {
            point.0 += dx;
            point.1 += dy;
        }
        shift_texts(&mut self.labels, dx, dy);
        self.left -= dx;
        self.right += dx;
        self.height += dy;
        if let Some((at, _)) = &mut self.exit {
            *at += dy;
        }
    }

    /// Takes the parts of another piece; head and exit are left to whoever puts them together.
    pub(super) fn absorb(&mut self, other: Piece) {
        self.nodes.extend(other.nodes);
        self.frames.extend(other.frames);
        self.edges.extend(other.edges);
        self.labels.extend(other.labels);
        self.left = self.left.max(other.left);
        self.right = self.right.max(other.right);
        self.height = self.height.max(other.height);
    }

    /// Goes on from a level at which edges from the side meet the spine: what comes down the spine ends there as well, so
    /// that each part of the way can be drawn as taken or not.
    pub(super) fn meet(&mut self, exit: Option<(f64, End)>, level: f64) {
        if let Some((from, end)) = exit {
            self.edges.push(Edge {
                points: vec![(0.0, from), (0.0, level)],
                from: end,
                to: End::default(),
                way: Way::Next,
                arrow: false,
            });
        }
        self.exit = Some((level, End::default()));
    }

    /// Adds a node.
    pub(super) fn put(&mut self, node: Node) {
        self.left = self.left.max(-node.rect.x);
        self.right = self.right.max(node.rect.right());
        self.height = self.height.max(node.rect.bottom());
        self.nodes.push(node);
    }
}

fn shift_texts(texts: &mut [Text], dx: f64, dy: f64) {
    for text in texts {
        text.x += dx;
        text.y += dy;
    }
}
