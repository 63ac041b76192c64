//! Where everything stands: a pipeline is made of pieces that are laid out by themselves and then put together.
//!
//! A piece has a spine, the vertical line x = 0, on which it is entered at its top and left at its bottom. What stands
//! beside the spine is the piece's own: handlers to the right, the way around a condition to the left. So two pieces
//! one above the other, or side by side, never touch, and no edge of one goes through a node of the other.

mod beside;
mod branches;
mod cards;
mod page;
mod piece;

pub use page::picture;

use crate::flow::{Block, Body, Branch, Head, Item, Look};
use crate::picture::{Edge, End, Frame, Rect, Way};
use cards::Card;
use piece::Piece;

/// From one item to the next.
const GAP: f64 = 34.0;
/// Between things side by side.
const SIDE: f64 = 36.0;
/// Between a frame and what is in it.
const INSIDE: f64 = 24.0;

/// Lays out, and numbers nodes and frames.
#[derive(Default)]
struct Layout {
    next: usize,
    depth: usize,
}

impl Layout {
    fn id(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    /// Items one below the other.
    fn block(&mut self, block: &Block) -> Piece {
        let mut whole = Piece::default();
        let mut y = 0.0;
        for (index, item) in block.items.iter().enumerate() {
            let mut piece = self.item(item);
            if index > 0 {
                y += GAP;
            }
            piece.shift(0.0, y);
            match whole.exit.take() {
                Some((from, end)) => whole.edges.push(Edge {
                    points: vec![(0.0, from), (0.0, y)],
                    from: end,
                    to: piece.head.clone(),
                    way: Way::Next,
                    arrow: true,
                }),
                None if index == 0 => whole.head = piece.head.clone(),
                None => {}
            }
            y = piece.height;
            whole.exit = piece.exit.clone();
            whole.absorb(piece);
        }
        whole.height = y;
        whole
    }

    /// An item with its condition and its handlers.
    fn item(&mut self, item: &Item) -> Piece {
        let ends_here = matches!(item.body, Body::End(_)) && item.handlers.is_empty();
        match &item.guard {
            Some(condition) if ends_here => self.exit_beside(item, condition),
            Some(condition) => {
                let inner = self.handled(item);
                self.way_around(item, condition, inner)
            }
            None => self.handled(item),
        }
    }

    fn handled(&mut self, item: &Item) -> Piece {
        let (piece, main) = self.main(item);
        if item.handlers.is_empty() {
            piece
        } else {
            self.handlers(item, piece, main)
        }
    }

    /// The item itself, and where the handlers begin.
    fn main(&mut self, item: &Item) -> (Piece, Rect) {
        match &item.body {
            Body::Leaf | Body::End(_) => self.leaf(item),
            Body::Choice(branches) => self.choice(item, branches),
            Body::Parallel(branches) => self.parallel(item, branches),
            Body::Frame(block) | Body::Children(block) => self.frame(item, block),
        }
    }

    fn leaf(&mut self, item: &Item) -> (Piece, Rect) {
        let card = Card::of(item);
        let piece = self.card(item, &card);
        let main = Rect::new(-card.w / 2.0, 0.0, card.w, card.h);
        (piece, main)
    }

    /// A card on the spine, left at its bottom unless the run ends there.
    fn card(&mut self, item: &Item, card: &Card) -> Piece {
        let id = self.id();
        let mut piece = Piece::default();
        piece.put(card.node(id, item.path.clone(), item.look, &item.tip, -card.w / 2.0, 0.0));
        piece.head = End::of(id, &item.path);
        if !matches!(item.body, Body::End(_)) {
            piece.exit = Some((card.h, piece.head.clone()));
        }
        piece
    }

    fn frame(&mut self, item: &Item, block: &Block) -> (Piece, Rect) {
        let id = self.id();
        let card = Card::of(item);
        self.depth += 1;
        let mut inner = self.block(block);
        self.depth -= 1;
        let top = card.h + INSIDE;
        inner.shift(0.0, top);
        let left = (inner.left + INSIDE).max(card.w / 2.0);
        let right = (inner.right + INSIDE).max(card.w - left);
        let height = inner.height.max(top) + INSIDE;
        let rect = Rect::new(-left, 0.0, left + right, height);
        let me = End::of(id, &item.path);
        let mut piece = Piece::default();
        piece.frames.push(Frame {
            id,
            path: item.path.clone(),
            look: item.look,
            rect,
            header: Rect::new(-left, 0.0, left + right, card.h),
            texts: card.texts_at(-left, 0.0),
            tip: item.tip.clone(),
            depth: self.depth,
        });
        if !block.items.is_empty() {
            piece.edges.push(Edge {
                points: vec![(0.0, card.h), (0.0, top)],
                from: me.clone(),
                to: inner.head.clone(),
                way: Way::Next,
                arrow: true,
            });
        }
        if let Some((from, end)) = inner.exit.take() {
            piece.edges.push(Edge {
                points: vec![(0.0, from), (0.0, height)],
                from: end,
                to: me.clone(),
                way: Way::Next,
                arrow: false,
            });
        }
        piece.absorb(inner);
        (piece.left, piece.right, piece.height) = (left, right, height);
        piece.head = me.clone();
        piece.exit = Some((height, me));
        (piece, rect)
    }

    /// The head of a branch, and its block below.
    fn branch(&mut self, branch: &Branch) -> (Piece, Rect) {
        let id = self.id();
        let (card, tip) = match &branch.head {
            Head::Condition(text) => (Card::condition(text), text),
            Head::Name(text) => (Card::pill(text), text),
        };
        let mut piece = Piece::default();
        let head = Rect::new(-card.w / 2.0, 0.0, card.w, card.h);
        // A branch was taken where its first step was reached.
        let mut inner = self.block(&branch.block);
        let taken = inner.head.path.clone().unwrap_or_else(|| branch.path.clone());
        piece.put(card.node(id, taken.clone(), Look::Choice, tip, head.x, 0.0));
        let me = End::of(id, &taken);
        piece.head = me.clone();
        if branch.block.items.is_empty() {
            piece.exit = Some((card.h, me));
            return (piece, head);
        }
        let top = card.h + 26.0;
        inner.shift(0.0, top);
        piece.edges.push(Edge {
            points: vec![(0.0, card.h), (0.0, top)],
            from: me,
            to: inner.head.clone(),
            way: Way::Next,
            arrow: true,
        });
        piece.exit = inner.exit.take();
        let height = inner.height;
        piece.absorb(inner);
        piece.height = height;
        (piece, head)
    }
}
