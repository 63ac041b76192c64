//! The picture as SVG: dark on white, with nothing that a viewer would have to fetch.

mod colours;
mod parts;
mod shapes;

use std::fmt::Write as _;

use crate::flow::Look;
use crate::picture::{Edge, End, Key, Picture, Shape, Way};
use crate::track::{Mark, Track};
use colours::{MARGIN_TEXT, TAKEN, TEXT, of_look, of_way};

/// The picture of a pipeline, and where a track is given, the way that a run took laid over it.
///
/// In: the picture, and what became of each step. Out: an SVG document; the same for the same input.
pub fn svg(picture: &Picture, track: Option<&Track>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = begin(&mut out, picture);
    let drawing = Drawing { picture, track };
    let _ = drawing.frames(&mut out);
    let _ = drawing.edges(&mut out);
    let _ = drawing.nodes(&mut out);
    let _ = drawing.words(&mut out);
    out.push_str("</svg>\n");
    out
}

fn begin(out: &mut String, picture: &Picture) -> std::fmt::Result {
    let (w, h) = (picture.width, picture.height);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
         font-family=\"Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif\">"
    )?;
    writeln!(out, "<title>{}</title>", parts::escaped(&picture.title))?;
    writeln!(out, "<desc>{}</desc>", parts::escaped(&picture.summary))?;
    writeln!(out, "<defs>")?;
    for (name, colour) in colours::ARROWS {
        writeln!(
            out,
            "<marker id=\"arrow-{name}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"10\" markerHeight=\"10\" \
             markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0,1 L9,5 L0,9 L2.5,5 Z\" fill=\"{colour}\"/></marker>"
        )?;
    }
    writeln!(out, "</defs>")?;
    writeln!(out, "<rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>")
}

/// A picture that is being drawn.
struct Drawing<'a> {
    picture: &'a Picture,
    track: Option<&'a Track>,
}

impl Drawing<'_> {
    fn frames(&self, out: &mut String) -> std::fmt::Result {
        let mut frames: Vec<_> = self.picture.frames.iter().collect();
        frames.sort_by_key(|f| f.depth);
        for frame in frames {
            let colours = of_look(frame.look);
            let ground = if frame.depth % 2 == 0 { "#f8f9fc" } else { "#eff2f8" };
            let dim = self.dim(&frame.path);
            writeln!(out, "<g{}>", parts::data(&frame.path))?;
            parts::tip(out, &frame.tip, self.told(&frame.path).as_deref())?;
            writeln!(
                out,
                "{}",
                shapes::rounded(&frame.rect, 9.0, ground, colours.line, 1.4, dim.then_some("5 4"))
            )?;
            writeln!(out, "{}", shapes::head(&frame.header, colours.ground))?;
            parts::texts(out, &frame.texts, colours.line)?;
            self.badge(out, &frame.path, frame.rect.right() - 17.0, frame.rect.y + 16.0)?;
            writeln!(out, "</g>")?;
        }
        Ok(())
    }

    fn edges(&self, out: &mut String) -> std::fmt::Result {
        let (taken, others): (Vec<&Edge>, Vec<&Edge>) = self.picture.edges.iter().partition(|e| self.taken(e));
        for edge in others {
            let (name, colour, dash) = of_way(edge.way);
            let opacity = if self.track.is_some() { 0.4 } else { 1.0 };
            shapes::line(out, edge, (name, colour), 1.6, dash, opacity, "")?;
        }
        for edge in taken {
            let data = parts::way(edge.from.path.as_deref(), edge.to.path.as_deref());
            shapes::line(out, edge, ("taken", TAKEN), 3.0, of_way(edge.way).2, 1.0, &data)?;
        }
        Ok(())
    }

    fn nodes(&self, out: &mut String) -> std::fmt::Result {
        for node in &self.picture.nodes {
            let colours = if node.shape == Shape::Hexagon {
                colours::CONDITION
            } else {
                of_look(node.look)
            };
            let opacity = if self.dim(&node.path) { " opacity=\"0.42\"" } else { "" };
            writeln!(out, "<g{}{opacity}>", parts::data(&node.path))?;
            parts::tip(out, &node.tip, self.told(&node.path).as_deref())?;
            let skipped = self.mark(&node.path) == Some(Mark::Skipped) && !node.path.starts_with('?');
            writeln!(out, "{}", shapes::outline(node.shape, &node.rect, &colours, skipped))?;
            parts::texts(out, &node.texts, colours.line)?;
            if !matches!(node.shape, Shape::Hexagon | Shape::Pill | Shape::Bar) && node.look != Look::Gives {
                self.badge(out, &node.path, node.rect.right() - 17.0, node.rect.y + 16.0)?;
            }
            writeln!(out, "</g>")?;
        }
        Ok(())
    }

    fn words(&self, out: &mut String) -> std::fmt::Result {
        parts::texts(out, &self.picture.labels, MARGIN_TEXT)?;
        parts::texts(out, &self.picture.heading, TEXT)?;
        for entry in &self.picture.legend {
            match entry.key {
                Key::Look(look, shape) => {
                    let colours = if shape == Shape::Hexagon {
                        colours::CONDITION
                    } else {
                        of_look(look)
                    };
                    writeln!(out, "{}", shapes::outline(shape, &entry.swatch, &colours, false))?;
                }
                Key::Way(way) => {
                    let (x, y) = (entry.swatch.x, entry.swatch.middle().1);
                    let edge = Edge {
                        points: vec![(x, y), (entry.swatch.right(), y)],
                        from: End::default(),
                        to: End::default(),
                        way,
                        arrow: true,
                    };
                    let (name, colour, dash) = of_way(way);
                    shapes::line(out, &edge, (name, colour), 1.6, dash, 1.0, "")?;
                }
            }
            parts::texts(out, std::slice::from_ref(&entry.text), MARGIN_TEXT)?;
        }
        Ok(())
    }

    /// The mark of a step; of a condition, that of its step.
    fn mark(&self, path: &str) -> Option<Mark> {
        let path = path.strip_prefix('?').unwrap_or(path);
        self.track.and_then(|t| t.mark(path))
    }

    fn told(&self, path: &str) -> Option<String> {
        self.track.and_then(|t| t.told(path.strip_prefix('?').unwrap_or(path)))
    }

    /// Whether a run was laid over the picture, and did not come here.
    fn dim(&self, path: &str) -> bool {
        let here = match self.mark(path) {
            None => false,
            Some(Mark::Skipped) => path.starts_with('?'),
            Some(_) => true,
        };
        self.track.is_some() && !here
    }

    fn badge(&self, out: &mut String, path: &str, x: f64, y: f64) -> std::fmt::Result {
        let (Some(mark), Some(track)) = (self.mark(path), self.track) else {
            return Ok(());
        };
        parts::badge(out, mark, track.count(path), x, y)
    }

    /// Whether the run went along an edge.
    fn taken(&self, edge: &Edge) -> bool {
        if self.track.is_none() {
            return false;
        }
        let from = edge.from.path.as_deref();
        let to = edge.to.path.as_deref();
        let came = |path: &str| {
            self.mark(path)
                .is_some_and(|m| m != Mark::Skipped || path.starts_with('?'))
        };
        let through = |path: &str| matches!(self.mark(path), Some(Mark::Done | Mark::Passed | Mark::Undone));
        let asked = from.is_some_and(|f| f.starts_with('?'));
        match (edge.way, from, to) {
            (Way::Around, Some(from), _) => self.mark(from) == Some(Mark::Skipped),
            // A condition: towards its own step, or on.
            (_, Some(from), Some(to)) if asked && from.strip_prefix('?') == Some(to) => came(to),
            (_, Some(from), to) if asked => self.mark(from) == Some(Mark::Skipped) && to.is_none_or(came),
            (Way::Trouble, Some(from), Some(to)) => came(from) && came(to),
            (_, Some(from), Some(to)) => came(from) && came(to) && self.mark(from) != Some(Mark::Failed),
            (_, Some(from), None) => through(from),
            (_, None, Some(to)) => came(to),
            (_, None, None) => false,
        }
    }
}
