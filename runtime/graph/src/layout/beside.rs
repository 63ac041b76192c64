//! What stands beside the spine: ends that a condition leads to, the way around a step, handlers.

use super::cards::{Card, FIRST_PORT, PILL, PORT};
use super::piece::Piece;
use super::{GAP, Layout, SIDE};
use crate::flow::{Item, Look};
use crate::picture::{Anchor, Edge, End, Rect, Text, Way};
use crate::text::Style;

/// Where a way around goes back to the spine, below what it goes around.
const BACK: f64 = 16.0;
/// The room for `yes` and `no` at an edge.
const ANSWER: f64 = 44.0;

fn answer(x: f64, y: f64, anchor: Anchor, text: &str) -> Text {
    Text {
        x,
        y,
        anchor,
        style: Style::Label,
        text: text.into(),
    }
}

impl Layout {
    /// A condition on the spine; where it holds, the run ends beside it.
    pub(super) fn exit_beside(&mut self, item: &Item, condition: &str) -> Piece {
        let end = Card::of(item);
        let hexagon = Card::condition(condition).at_least(end.h);
        let half = hexagon.w / 2.0;
        let (middle, end_x) = (hexagon.h / 2.0, half + ANSWER);
        let (asks, ends) = (self.id(), self.id());
        let mut piece = Piece::default();
        let question = format!("?{}", item.path);
        piece.put(hexagon.node(asks, question.clone(), Look::Choice, condition, -half, 0.0));
        piece.put(end.node(
            ends,
            item.path.clone(),
            item.look,
            &item.tip,
            end_x,
            middle - end.h / 2.0,
        ));
        piece.head = End::of(asks, &question);
        piece.edges.push(Edge {
            points: vec![(half, middle), (end_x, middle)],
            from: piece.head.clone(),
            to: End::of(ends, &item.path),
            way: Way::Next,
            arrow: true,
        });
        piece
            .labels
            .push(answer(half + ANSWER / 2.0, middle - 5.0, Anchor::Middle, "yes"));
        piece.labels.push(answer(8.0, hexagon.h + 13.0, Anchor::Start, "no"));
        piece.exit = Some((hexagon.h, piece.head.clone()));
        piece.height = hexagon.h + 16.0;
        piece
    }

    /// A condition above a step, and the way around it.
    pub(super) fn way_around(&mut self, item: &Item, condition: &str, mut inner: Piece) -> Piece {
        let hexagon = Card::condition(condition);
        let half = hexagon.w / 2.0;
        let asks = self.id();
        let mut piece = Piece::default();
        let question = format!("?{}", item.path);
        piece.put(hexagon.node(asks, question.clone(), Look::Choice, condition, -half, 0.0));
        let head = End::of(asks, &question);
        let top = hexagon.h + GAP;
        inner.shift(0.0, top);
        piece.edges.push(Edge {
            points: vec![(0.0, hexagon.h), (0.0, top)],
            from: head.clone(),
            to: inner.head.clone(),
            way: Way::Next,
            arrow: true,
        });
        piece.labels.push(answer(8.0, hexagon.h + 14.0, Anchor::Start, "yes"));
        let out = (inner.left + SIDE * 0.6).max(half + ANSWER);
        let back = inner.height + BACK;
        piece.edges.push(Edge {
            points: vec![
                (-half, hexagon.h / 2.0),
                (-out, hexagon.h / 2.0),
                (-out, back),
                (0.0, back),
            ],
            from: head.clone(),
            to: End::default(),
            way: Way::Around,
            arrow: true,
        });
        piece.labels.push(answer(
            -half - ANSWER / 2.0,
            hexagon.h / 2.0 - 5.0,
            Anchor::Middle,
            "no",
        ));
        piece.meet(inner.exit.take(), back);
        piece.absorb(inner);
        piece.left = piece.left.max(out + 2.0);
        piece.height = back + 4.0;
        piece.head = head;
        piece
    }

    /// Handlers to the right of a step, side by side; what they give comes back to the spine below.
    pub(super) fn handlers(&mut self, item: &Item, mut piece: Piece, main: Rect) -> Piece {
        let from = End {
            node: piece.head.node,
            path: Some(item.path.clone()),
        };
        let count = f64::from(u32::try_from(item.handlers.len()).unwrap_or(0));
        let lowest = main.y + FIRST_PORT + PORT * (count - 1.0);
        let mut x = piece.right + SIDE;
        let mut port = lowest;
        let mut back = Vec::new();
        let mut bottom = piece.height;
        for handler in &item.handlers {
            let (mut branch, head) = self.branch(handler);
            let spine = x + branch.left;
            let points = if port < lowest {
                vec![(main.right(), port), (spine, port), (spine, lowest - PILL / 2.0)]
            } else {
                vec![(main.right(), port), (spine + head.x, port)]
            };
            x = spine + branch.right + SIDE * 0.8;
            branch.shift(spine, lowest - PILL / 2.0);
            piece.edges.push(Edge {
                points,
                from: from.clone(),
                to: branch.head.clone(),
                way: Way::Trouble,
                arrow: true,
            });
            if let Some((at, end)) = branch.exit.take() {
                back.push((spine, at, end));
            }
            bottom = bottom.max(branch.height);
            piece.absorb(branch);
            port -= PORT;
        }
        piece.height = bottom;
        if back.is_empty() {
            return piece;
        }
        let level = bottom + BACK;
        for (spine, at, end) in back {
            piece.edges.push(Edge {
                points: vec![(spine, at), (spine, level), (0.0, level)],
                from: end,
                to: End::default(),
                way: Way::Trouble,
                arrow: true,
            });
        }
        let exit = piece.exit.take();
        piece.meet(exit, level);
        piece.height = level + 4.0;
        piece
    }
}
