//! The whole page: heading, triggers, the run from its beginning to its end, legend.

use super::cards::Card;
use super::piece::Piece;
use super::{GAP, Layout, SIDE};
use crate::flow::{Block, Flow, Look};
use crate::picture::{Anchor, Edge, End, Key, Legend, Picture, Rect, Shape, Text, Way};
use crate::text::{Line, Style, wrap};

/// Around everything.
const MARGIN: f64 = 32.0;
/// The narrowest page.
const NARROWEST: f64 = 720.0;
/// A swatch of the legend.
const SWATCH: (f64, f64) = (30.0, 16.0);

/// Lays a pipeline out.
pub fn picture(flow: &Flow) -> Picture {
    let mut layout = Layout::default();
    let mut body = layout.run(flow);
    let width = (body.left + body.right).max(NARROWEST);
    let heading = heading(flow, width);
    let top = heading.last().map_or(MARGIN, |t| t.y) + GAP;
    // The spine stands so that the body is in the middle of the page.
    let spine = MARGIN + body.left + (width - body.left - body.right) / 2.0;
    body.shift(spine, top);
    let (legend, bottom) = legend(&body, MARGIN + width, body.height + GAP);
    Picture {
        width: (width + 2.0 * MARGIN).ceil(),
        height: (bottom + MARGIN).ceil(),
        title: flow.name.clone(),
        summary: flow.summary.clone(),
        nodes: body.nodes,
        frames: body.frames,
        edges: body.edges,
        labels: body.labels,
        heading,
        legend,
    }
}

impl Layout {
    /// From the triggers to the end.
    fn run(&mut self, flow: &Flow) -> Piece {
        let mut whole = self.triggers(flow);
        let mut items = vec![flow.begin.clone()];
        items.extend(flow.steps.items.iter().cloned());
        if flow.steps.falls_through() {
            items.push(flow.completed.clone());
        }
        let mut steps = self.block(&Block { items });
        steps.exit = None;
        let top = whole.height;
        steps.shift(0.0, top);
        // The triggers' edges end at the node in which the run begins.
        for edge in &mut whole.edges {
            edge.to = steps.head.clone();
        }
        whole.absorb(steps);
        whole
    }

    /// The triggers side by side, with their edges to the spine below.
    fn triggers(&mut self, flow: &Flow) -> Piece {
        let mut piece = Piece::default();
        let cards: Vec<Card> = flow.triggers.iter().map(Card::of).collect();
        let tallest = cards.iter().map(|c| c.h).fold(0.0, f64::max);
        let between = SIDE * f64::from(u32::try_from(cards.len().saturating_sub(1)).unwrap_or(0));
        let total = cards.iter().map(|c| c.w).sum::<f64>() + between;
        let bottom = tallest + GAP * 1.4;
        let mut x = -total / 2.0;
        for (item, card) in flow.triggers.iter().zip(cards) {
            let card = card.at_least(tallest);
            let id = self.id();
            let column = x + card.w / 2.0;
            piece.put(card.node(id, item.path.clone(), item.look, &item.tip, x, 0.0));
            let level = tallest + GAP * 0.6;
            let points = if column.abs() < 0.5 {
                vec![(column, tallest), (column, bottom)]
            } else {
                vec![(column, tallest), (column, level), (0.0, level), (0.0, bottom)]
            };
            piece.edges.push(Edge {
                points,
                from: End::of(id, &item.path),
                to: End::default(),
                way: Way::Next,
                arrow: true,
            });
            x += card.w + SIDE;
        }
        piece.height = if flow.triggers.is_empty() { 0.0 } else { bottom };
        piece
    }
}

fn heading(flow: &Flow, width: f64) -> Vec<Text> {
    let mut lines: Vec<Line> = wrap(&flow.name, Style::Title, width, 2);
    lines.extend(wrap(&flow.summary, Style::Summary, width, 4));
    for note in flow.notes.iter().chain(&flow.remarks) {
        lines.extend(wrap(note, Style::Note, width, 2));
    }
    let mut y = MARGIN;
    let mut texts = Vec::new();
    for line in lines {
        y += line.style.line();
        texts.push(Text {
            x: MARGIN,
            y: y - 6.0,
            anchor: Anchor::Start,
            style: line.style,
            text: line.text,
        });
    }
    texts
}

/// What the looks that occur mean, in rows; and where it ends.
fn legend(body: &Piece, right: f64, top: f64) -> (Vec<Legend>, f64) {
    let mut keys: Vec<Key> = Vec::new();
    let mut looks: Vec<(Look, Shape)> = body.nodes.iter().map(|n| (n.look, n.shape)).collect();
    looks.extend(body.frames.iter().map(|f| (f.look, Shape::Card)));
    looks.retain(|(look, shape)| look.meaning().is_some() && !matches!(shape, Shape::Pill | Shape::Bar));
    looks.sort_unstable();
    looks.dedup_by_key(|(look, shape)| (*look, *look == Look::Choice && *shape == Shape::Hexagon));
    keys.extend(looks.into_iter().map(|(look, shape)| Key::Look(look, shape)));
    for way in [Way::Around, Way::Trouble] {
        if body.edges.iter().any(|e| e.way == way) {
            keys.push(Key::Way(way));
        }
    }
    let (mut x, mut y) = (MARGIN, top);
    let mut legend = Vec::new();
    for key in keys {
        let text = key.meaning();
        let width = SWATCH.0 + 8.0 + Style::Note.width(text);
        if x > MARGIN && x + width > right {
            (x, y) = (MARGIN, y + 26.0);
        }
        legend.push(Legend {
            key,
            swatch: Rect::new(x, y, SWATCH.0, SWATCH.1),
            text: Text {
                x: x + SWATCH.0 + 8.0,
                y: y + 12.0,
                anchor: Anchor::Start,
                style: Style::Note,
                text: text.into(),
            },
        });
        x += width + 26.0;
    }
    (legend, y + SWATCH.1)
}
