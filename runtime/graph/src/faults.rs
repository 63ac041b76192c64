//! Looks for what would make a picture unreadable; the tests demand that there is nothing.

use crate::picture::{Edge, Picture, Point, Rect};

/// Within so much, places are the same.
const NEAR: f64 = 0.5;

/// What is wrong with the geometry of a picture, a sentence each; empty where it can be read.
///
/// In: a picture. Looked for: nodes, labels and texts that overlap or lie outside; texts that leave their node; edges that
/// are not made of horizontal and vertical pieces, go through a node, a frame's border or a text, cross each other, or
/// end nowhere.
pub fn faults(picture: &Picture) -> Vec<String> {
    let look = Look::at(picture);
    let mut faults = Vec::new();
    look.overlaps(&mut faults);
    look.texts(&mut faults);
    look.frames(&mut faults);
    look.edges(&mut faults);
    look.crossings(&mut faults);
    faults
}

/// Something that takes room.
struct Solid {
    what: String,
    rect: Rect,
}

type Segment = (Point, Point);

struct Look<'a> {
    picture: &'a Picture,
    /// Nodes, headers of frames, and everything that is written outside of nodes.
    solids: Vec<Solid>,
    segments: Vec<(usize, Segment)>,
}

impl<'a> Look<'a> {
    fn at(picture: &'a Picture) -> Self {
        let mut solids = Vec::new();
        let mut solid = |what: String, rect| solids.push(Solid { what, rect });
        for node in &picture.nodes {
            solid(format!("node {} {}", node.id, node.path), node.rect);
        }
        for frame in &picture.frames {
            solid(format!("header of {}", frame.path), frame.header);
        }
        for text in picture.labels.iter().chain(&picture.heading) {
            solid(format!("text `{}`", text.text), text.rect());
        }
        for entry in &picture.legend {
            solid(format!("swatch of `{}`", entry.text.text), entry.swatch);
            solid(format!("legend `{}`", entry.text.text), entry.text.rect());
        }
        let segments = picture.edges.iter().enumerate();
        let segments = segments.flat_map(|(index, edge)| segments_of(edge).map(move |s| (index, s)));
        Look {
            picture,
            solids,
            segments: segments.collect(),
        }
    }

    fn overlaps(&self, faults: &mut Vec<String>) {
        let page = Rect::new(0.0, 0.0, self.picture.width, self.picture.height);
        for (index, one) in self.solids.iter().enumerate() {
            if !within(&one.rect, &page) {
                faults.push(format!("{} lies outside of the page", one.what));
            }
            for other in &self.solids[index + 1..] {
                if overlap(&one.rect, &other.rect) {
                    faults.push(format!("{} and {} overlap", one.what, other.what));
                }
            }
        }
    }

    fn texts(&self, faults: &mut Vec<String>) {
        let nodes = self.picture.nodes.iter().map(|n| (&n.texts, n.rect));
        let headers = self.picture.frames.iter().map(|f| (&f.texts, f.header));
        for (texts, rect) in nodes.chain(headers) {
            for (index, text) in texts.iter().enumerate() {
                if !within(&text.rect(), &rect) {
                    faults.push(format!("`{}` leaves its node", text.text));
                }
                if texts[index + 1..]
                    .iter()
                    .any(|other| overlap(&text.rect(), &other.rect()))
                {
                    faults.push(format!("`{}` is written over another text", text.text));
                }
            }
        }
    }

    fn frames(&self, faults: &mut Vec<String>) {
        for frame in &self.picture.frames {
            let nodes = self.picture.nodes.iter().map(|n| (format!("node {}", n.id), n.rect));
            let others = self.picture.frames.iter().filter(|f| f.id != frame.id);
            for (what, rect) in nodes.chain(others.map(|f| (format!("frame {}", f.id), f.rect))) {
                let around = within(&frame.rect, &rect);
                if overlap(&frame.rect, &rect) && !within(&rect, &frame.rect) && !around {
                    faults.push(format!("{what} stands on the border of frame {}", frame.path));
                }
            }
            for (index, edge) in self.picture.edges.iter().enumerate() {
                let inside = edge.points.iter().all(|p| holds(&frame.rect, *p));
                let outside = segments_of(edge).all(|s| !passes(s, &frame.rect));
                if !inside && !outside {
                    faults.push(format!("edge {index} crosses the border of frame {}", frame.path));
                }
            }
        }
    }

    fn edges(&self, faults: &mut Vec<String>) {
        for (index, segment) in &self.segments {
            let ((ax, ay), (bx, by)) = *segment;
            if (ax - bx).abs() > 0.01 && (ay - by).abs() > 0.01 {
                faults.push(format!("edge {index} is not at a right angle"));
            }
            for solid in &self.solids {
                if passes(*segment, &solid.rect) {
                    faults.push(format!("edge {index} goes through {}", solid.what));
                }
            }
        }
        for (index, edge) in self.picture.edges.iter().enumerate() {
            let ends = [
                (edge.points.first(), edge.from.node),
                (edge.points.last(), edge.to.node),
            ];
            for (point, node) in ends {
                let Some(point) = point else {
                    faults.push(format!("edge {index} has no points"));
                    continue;
                };
                let fits = match node {
                    Some(id) => self.rects_of(id).any(|rect| on_border(&rect, *point)),
                    None => self.segments.iter().any(|(other, s)| *other != index && on(*s, *point)),
                };
                if !fits {
                    faults.push(format!("edge {index} ends nowhere, at {point:?}"));
                }
            }
        }
    }

    fn rects_of(&self, id: usize) -> impl Iterator<Item = Rect> {
        let nodes = self.picture.nodes.iter().filter(move |n| n.id == id).map(|n| n.rect);
        let frames = self.picture.frames.iter().filter(move |f| f.id == id);
        nodes.chain(frames.flat_map(|f| [f.rect, f.header]))
    }

    /// Edges may meet, and part after they began together; they do not cross, and do not lie on each other.
    fn crossings(&self, faults: &mut Vec<String>) {
        for (index, (one, s)) in self.segments.iter().enumerate() {
            for (other, t) in &self.segments[index + 1..] {
                if one == other {
                    continue;
                }
                if cross(*s, *t) {
                    faults.push(format!("edges {one} and {other} cross at {s:?}, {t:?}"));
                }
                let (a, b) = (&self.picture.edges[*one], &self.picture.edges[*other]);
                if lie_together(*s, *t) && !belong_together(a, b) {
                    faults.push(format!("edges {one} and {other} lie on each other at {s:?}, {t:?}"));
                }
            }
        }
    }
}

fn segments_of(edge: &Edge) -> impl Iterator<Item = Segment> {
    edge.points.windows(2).map(|pair| (pair[0], pair[1]))
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.x < b.right() - 0.01 && b.x < a.right() - 0.01 && a.y < b.bottom() - 0.01 && b.y < a.bottom() - 0.01
}

fn within(inner: &Rect, outer: &Rect) -> bool {
    inner.x >= outer.x - 0.01
        && inner.right() <= outer.right() + 0.01
        && inner.y >= outer.y - 0.01
        && inner.bottom() <= outer.bottom() + 0.01
}

fn holds(rect: &Rect, (x, y): Point) -> bool {
    within(&Rect::new(x, y, 0.0, 0.0), rect)
}

fn box_of(((ax, ay), (bx, by)): Segment) -> Rect {
    Rect::new(ax.min(bx), ay.min(by), (ax - bx).abs(), (ay - by).abs())
}

/// Whether a segment goes through a rectangle, and does not only touch its border.
fn passes(segment: Segment, rect: &Rect) -> bool {
    let line = box_of(segment);
    line.x < rect.right() - NEAR
        && line.right() > rect.x + NEAR
        && line.y < rect.bottom() - NEAR
        && line.bottom() > rect.y + NEAR
}

fn on_border(rect: &Rect, (x, y): Point) -> bool {
    let inside = x >= rect.x - NEAR && x <= rect.right() + NEAR && y >= rect.y - NEAR && y <= rect.bottom() + NEAR;
    let vertical = (x - rect.x).abs() < NEAR || (x - rect.right()).abs() < NEAR;
    let horizontal = (y - rect.y).abs() < NEAR || (y - rect.bottom()).abs() < NEAR;
    inside && (vertical || horizontal)
}

fn on(segment: Segment, (x, y): Point) -> bool {
    let line = box_of(segment);
    x >= line.x - NEAR && x <= line.right() + NEAR && y >= line.y - NEAR && y <= line.bottom() + NEAR
}

fn is_vertical(((ax, _), (bx, _)): Segment) -> bool {
    (ax - bx).abs() < 0.01
}

/// Whether two segments cross in the inner of both.
fn cross(s: Segment, t: Segment) -> bool {
    if is_vertical(s) == is_vertical(t) {
        return false;
    }
    let (v, h) = if is_vertical(s) {
        (box_of(s), box_of(t))
    } else {
        (box_of(t), box_of(s))
    };
    v.x > h.x + NEAR && v.x < h.right() - NEAR && h.y > v.y + NEAR && h.y < v.bottom() - NEAR
}

fn lie_together(s: Segment, t: Segment) -> bool {
    if is_vertical(s) != is_vertical(t) {
        return false;
    }
    let (a, b) = (box_of(s), box_of(t));
    let shared = |a0: f64, a1: f64, b0: f64, b1: f64| a1.min(b1) - a0.max(b0) > 2.0 * NEAR;
    if is_vertical(s) {
        (a.x - b.x).abs() < 1.0 && shared(a.y, a.bottom(), b.y, b.bottom())
    } else {
        (a.y - b.y).abs() < 1.0 && shared(a.x, a.right(), b.x, b.right())
    }
}

/// Edges that begin or end at the same point may share a part of the way.
fn belong_together(a: &Edge, b: &Edge) -> bool {
    let same = |p: Option<&Point>, q: Option<&Point>| match (p, q) {
        (Some(p), Some(q)) => (p.0 - q.0).abs() < NEAR && (p.1 - q.1).abs() < NEAR,
        _ => false,
    };
    same(a.points.first(), b.points.first()) || same(a.points.last(), b.points.last())
}
