//! Branches side by side: one of several, or all at once.

use super::cards::Card;
use super::piece::Piece;
use super::{Layout, SIDE};
use crate::flow::{Branch, Item, Look};
use crate::picture::{Edge, End, Point, Rect, Way};

/// From a head to the line on which its branches part, and from there to them.
const PART: f64 = 18.0;
/// A branch that would stand nearer to the spine stands on it.
const NEAR_SPINE: f64 = 80.0;
/// A bar reaches so far beyond its outermost branches.
const BEYOND: f64 = 28.0;

/// From a point on the spine to another column, with a turn at a level; straight where it is the same column.
fn bent(from: Point, level: f64, to: Point) -> Vec<Point> {
    if (from.0 - to.0).abs() < 0.5 {
        vec![from, to]
    } else {
        vec![from, (from.0, level), (to.0, level), to]
    }
}

impl Layout {
    /// Branches, and the columns in which they stand; the middle of them all is the spine.
    fn columns(&mut self, branches: &[Branch]) -> Vec<(f64, Piece)> {
        let pieces: Vec<Piece> = branches.iter().map(|b| self.branch(b).0).collect();
        let between = SIDE * f64::from(u32::try_from(pieces.len().saturating_sub(1)).unwrap_or(0));
        let total: f64 = pieces.iter().map(|p| p.left + p.right).sum::<f64>() + between;
        let mut x = match pieces.as_slice() {
            [only] => -only.left,
            _ => -total / 2.0,
        };
        let mut columns = Vec::new();
        for piece in pieces {
            let column = x + piece.left;
            x = column + piece.right + SIDE;
            columns.push((column, piece));
        }
        // A column that all but stands on the spine is put there: its edge then is straight.
        let nearest = columns
            .iter()
            .map(|(c, _)| *c)
            .fold(f64::INFINITY, |a, b| if b.abs() < a.abs() { b } else { a });
        if nearest.abs() < NEAR_SPINE {
            for (column, _) in &mut columns {
                *column -= nearest;
                if column.abs() < 0.5 {
                    *column = 0.0;
                }
            }
        }
        columns
    }

    /// One of several branches.
    pub(super) fn choice(&mut self, item: &Item, branches: &[Branch]) -> (Piece, Rect) {
        let card = Card::of(item);
        let mut piece = self.card(item, &card);
        let head = piece.head.clone();
        piece.exit = None;
        let (level, top) = (card.h + PART, card.h + 2.0 * PART);
        let mut back = Vec::new();
        for (column, mut branch) in self.columns(branches) {
            branch.shift(column, top);
            piece.edges.push(Edge {
                points: bent((0.0, card.h), level, (column, top)),
                from: head.clone(),
                to: branch.head.clone(),
                way: Way::Next,
                arrow: true,
            });
            if let Some((at, end)) = branch.exit.take() {
                back.push((column, at, end));
            }
            piece.absorb(branch);
        }
        if !back.is_empty() {
            let level = piece.height + PART;
            for (column, at, end) in back {
                let mut points = vec![(column, at), (column, level)];
                if column != 0.0 {
                    points.push((0.0, level));
                }
                piece.edges.push(Edge {
                    points,
                    from: end,
                    to: End::default(),
                    way: Way::Next,
                    arrow: false,
                });
            }
            piece.height = level;
            piece.exit = Some((level, End::default()));
        }
        (piece, Rect::new(-card.w / 2.0, 0.0, card.w, card.h))
    }

    /// All branches at once, between two bars.
    pub(super) fn parallel(&mut self, item: &Item, branches: &[Branch]) -> (Piece, Rect) {
        let card = Card::of(item);
        let mut piece = self.card(item, &card);
        let head = piece.head.clone();
        let columns = self.columns(branches);
        let reach = |side: f64| columns.iter().map(|(c, _)| c * side).fold(0.0, f64::max) + BEYOND;
        let (left, right) = (reach(-1.0), reach(1.0));
        let bar = Card::bar(left + right);
        let level = card.h + PART;
        let fork = self.id();
        piece.put(bar.node(fork, item.path.clone(), Look::Choice, "all at once", -left, level));
        let forked = End::of(fork, &item.path);
        piece.edges.push(Edge {
            points: vec![(0.0, card.h), (0.0, level)],
            from: head,
            to: forked.clone(),
            way: Way::Next,
            arrow: false,
        });
        let mut met = Vec::new();
        let all = branches.iter().all(|b| b.block.falls_through());
        for (column, mut branch) in columns {
            branch.shift(column, level + bar.h + PART);
            piece.edges.push(Edge {
                points: vec![(column, level + bar.h), (column, level + bar.h + PART)],
                from: forked.clone(),
                to: branch.head.clone(),
                way: Way::Next,
                arrow: true,
            });
            if let Some((at, end)) = branch.exit.take() {
                met.push((column, at, end));
            }
            piece.absorb(branch);
        }
        let join = self.id();
        let level = piece.height + PART;
        let joined = End::of(join, &item.path);
        piece.put(bar.node(join, item.path.clone(), Look::Choice, "all are done", -left, level));
        for (column, at, end) in met {
            piece.edges.push(Edge {
                points: vec![(column, at), (column, level)],
                from: end,
                to: joined.clone(),
                way: Way::Next,
                arrow: true,
            });
        }
        piece.exit = all.then_some((level + bar.h, joined));
        (piece, Rect::new(-card.w / 2.0, 0.0, card.w, card.h))
    }
}
