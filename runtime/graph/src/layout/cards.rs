//! Nodes with their texts: how large they are, and where in them a text stands.

use crate::flow::{Item, Look};
use crate::picture::{Anchor, Node, Rect, Shape, Text};
use crate::text::{Line, Style, wrap};

/// The room that a mark of a run needs behind the first line.
const MARK: f64 = 26.0;
/// From one handler's edge to the next, at the side of a node.
pub(super) const PORT: f64 = 26.0;
/// From the top of a node to the first handler's edge.
pub(super) const FIRST_PORT: f64 = 18.0;
/// The height of the name of a branch.
pub(super) const PILL: f64 = 24.0;
/// The widest condition.
const CONDITION: f64 = 250.0;

/// A node that has its size, but no place yet.
pub(super) struct Card {
    pub(super) w: f64,
    pub(super) h: f64,
    shape: Shape,
    /// Relative to the upper left corner.
    texts: Vec<Text>,
}

impl Card {
    /// The card of an item.
    pub(super) fn of(item: &Item) -> Card {
        let (shape, side, centred) = match item.look {
            Look::Trigger => (Shape::Flag, 22.0, false),
            Look::Begin | Look::Completed | Look::Stop => (Shape::Stadium, 26.0, true),
            Look::Park => (Shape::Held, 22.0, true),
            Look::Fail => (Shape::Octagon, 24.0, true),
            _ => (Shape::Card, 16.0, false),
        };
        let mut card = Card::with(shape, side, 10.0, centred, &item.lines);
        let ports = f64::from(u32::try_from(item.handlers.len()).unwrap_or(0));
        card.h = card.h.max(2.0 * FIRST_PORT + (ports - 1.0) * PORT);
        card
    }

    /// A condition.
    pub(super) fn condition(text: &str) -> Card {
        let lines = wrap(text, Style::Code, CONDITION, 4);
        Card::with(Shape::Hexagon, 24.0, 9.0, true, &lines)
    }

    /// The name of a branch.
    pub(super) fn pill(text: &str) -> Card {
        let lines = wrap(text, Style::Label, CONDITION, 1);
        let mut card = Card::with(Shape::Pill, 14.0, 4.5, true, &lines);
        card.h = PILL;
        card
    }

    /// A bar on which branches begin or end.
    pub(super) fn bar(w: f64) -> Card {
        Card {
            w,
            h: 6.0,
            shape: Shape::Bar,
            texts: Vec::new(),
        }
    }

    fn with(shape: Shape, side: f64, above: f64, centred: bool, lines: &[Line]) -> Card {
        let widths = lines.iter().enumerate().map(|(index, line)| {
            // The mark stands behind the first line; where lines are centred, on both sides of it.
            let mark = match (index, line.style) {
                (0, Style::Word) if centred => 2.0 * MARK,
                (0, Style::Word) => MARK,
                _ => 0.0,
            };
            line.style.width(&line.text) + mark
        });
        let w = (widths.fold(64.0, f64::max) + 2.0 * side).ceil();
        let mut y = above;
        let mut texts = Vec::new();
        for line in lines {
            let (_, size) = line.style.font();
            let base = y + (line.style.line() + size * 0.7) / 2.0;
            texts.push(Text {
                x: if centred { w / 2.0 } else { side },
                y: base,
                anchor: if centred { Anchor::Middle } else { Anchor::Start },
                style: line.style,
                text: line.text.clone(),
            });
            y += line.style.line();
        }
        Card {
            w,
            h: (y + above).ceil(),
            shape,
            texts,
        }
    }

    /// The same, at least so high; the texts stay in its middle.
    pub(super) fn at_least(mut self, h: f64) -> Card {
        let more = (h - self.h).max(0.0);
        for text in &mut self.texts {
            text.y += more / 2.0;
        }
        self.h += more;
        self
    }

    /// The texts where its upper left corner is at a point.
    pub(super) fn texts_at(&self, x: f64, y: f64) -> Vec<Text> {
        let moved = |text: &Text| Text {
            x: text.x + x,
            y: text.y + y,
            ..text.clone()
        };
        self.texts.iter().map(moved).collect()
    }

    /// The node where its upper left corner is at a point.
    pub(super) fn node(&self, id: usize, path: String, look: Look, tip: &str, x: f64, y: f64) -> Node {
        Node {
            id,
            path,
            look,
            shape: self.shape,
            rect: Rect::new(x, y, self.w, self.h),
            texts: self.texts_at(x, y),
            tip: tip.into(),
        }
    }
}
