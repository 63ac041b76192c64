//! Outlines of nodes, and lines with rounded corners.

use std::fmt::Write as _;

use super::colours::Colours;
use crate::picture::{Edge, Point, Rect, Shape};

/// The radius of a corner of a line.
const CORNER: f64 = 7.0;

/// A number without needless digits.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// A rectangle with round corners.
pub(super) fn rounded(rect: &Rect, radius: f64, ground: &str, line: &str, width: f64, dash: Option<&str>) -> String {
    let dash = dash.map(|d| format!(" stroke-dasharray=\"{d}\"")).unwrap_or_default();
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{ground}\" stroke=\"{line}\" stroke-width=\"{width}\"{dash}/>",
        n(rect.x),
        n(rect.y),
        n(rect.w),
        n(rect.h),
        n(radius),
    )
}

/// The strip at the top of a frame.
pub(super) fn head(rect: &Rect, ground: &str) -> String {
    let (x, y, r, b) = (rect.x + 0.7, rect.y + 0.7, rect.right() - 0.7, rect.bottom());
    format!(
        "<path d=\"M{x},{b} V{top} Q{x},{y} {left},{y} H{right} Q{r},{y} {r},{top} V{b} Z\" fill=\"{ground}\"/>",
        x = n(x),
        y = n(y),
        r = n(r),
        b = n(b),
        top = n(y + 8.0),
        left = n(x + 8.0),
        right = n(r - 8.0),
    )
}

fn polygon(points: &[Point], colours: &Colours, dash: &str) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", n(*x), n(*y))).collect();
    format!(
        "<polygon points=\"{}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\" stroke-linejoin=\"round\"{dash}/>",
        points.join(" "),
        colours.ground,
        colours.line
    )
}

/// The outline of a node.
pub(super) fn outline(shape: Shape, rect: &Rect, colours: &Colours, dashed: bool) -> String {
    let dash = dashed.then_some("4 3");
    let dashes = if dashed { " stroke-dasharray=\"4 3\"" } else { "" };
    let (x, y, r, b) = (rect.x, rect.y, rect.right(), rect.bottom());
    let middle = rect.middle().1;
    match shape {
        Shape::Card => {
            let radius = (rect.h / 3.0).min(7.0);
            let card = rounded(rect, radius, colours.ground, colours.line, 1.5, dash);
            let (x, y, b) = (n(x), n(y + radius), n(b - radius));
            let (inner, top, bottom) = (n(rect.x + radius), n(rect.y), n(rect.bottom()));
            let stripe = format!("M{inner},{top} Q{x},{top} {x},{y} V{b} Q{x},{bottom} {inner},{bottom} Z");
            format!("{card}<path d=\"{stripe}\" fill=\"{}\"/>", colours.line)
        }
        Shape::Pill => rounded(rect, rect.h / 2.0, colours.ground, colours.line, 1.2, dash),
        Shape::Stadium => rounded(rect, (rect.h / 2.0).min(24.0), colours.ground, colours.line, 2.0, dash),
        Shape::Bar => rounded(rect, 3.0, colours.line, colours.line, 0.0, None),
        Shape::Hexagon => {
            let cut = (rect.h / 2.0).min(14.0);
            let points = [
                (x + cut, y),
                (r - cut, y),
                (r, middle),
                (r - cut, b),
                (x + cut, b),
                (x, middle),
            ];
            polygon(&points, colours, dashes)
        }
        Shape::Octagon => polygon(&octagon(rect), colours, dashes),
        Shape::Flag => {
            let cut = (rect.h / 3.0).min(10.0);
            polygon(&[(x, y), (r, y), (r, b), (x, b), (x + cut, middle)], colours, dashes)
        }
        Shape::Held => held(rect, colours, dash),
    }
}

fn octagon(rect: &Rect) -> [Point; 8] {
    let (x, y, r, b) = (rect.x, rect.y, rect.right(), rect.bottom());
    let cut = (rect.h / 3.0).min(13.0);
    [
        (x + cut, y),
        (r - cut, y),
        (r, y + cut),
        (r, b - cut),
        (r - cut, b),
        (x + cut, b),
        (x, b - cut),
        (x, y + cut),
    ]
}

/// A rectangle with bars at its sides.
fn held(rect: &Rect, colours: &Colours, dash: Option<&str>) -> String {
    let mut out = rounded(rect, 3.0, colours.ground, colours.line, 1.5, dash);
    for at in [rect.x + 6.0, rect.right() - 6.0] {
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<path d=\"M{at},{} V{}\" stroke=\"{}\" stroke-width=\"1.5\"/>",
            n(rect.y),
            n(rect.bottom()),
            colours.line,
            at = n(at)
        );
    }
    out
}

/// An edge: its corners are rounded, its end is an arrow where it has one.
pub(super) fn line(
    out: &mut String,
    edge: &Edge,
    (name, colour): (&str, &str),
    width: f64,
    dash: Option<&str>,
    opacity: f64,
    data: &str,
) -> std::fmt::Result {
    let arrow = if edge.arrow {
        format!(" marker-end=\"url(#arrow-{name})\"")
    } else {
        String::new()
    };
    let dash = dash.map(|d| format!(" stroke-dasharray=\"{d}\"")).unwrap_or_default();
    let opacity = if opacity < 1.0 {
        format!(" opacity=\"{opacity}\"")
    } else {
        String::new()
    };
    writeln!(
        out,
        "<path{data} d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash}{arrow}{opacity}/>",
        path(&edge.points)
    )
}

fn path(points: &[Point]) -> String {
    let mut out = String::new();
    for (index, point) in points.iter().enumerate() {
        let around = index
            .checked_sub(1)
            .and_then(|i| points.get(i))
            .zip(points.get(index + 1));
        // Writing to a String cannot fail.
        let _ = match around {
            None if index == 0 => write!(out, "M{},{}", n(point.0), n(point.1)),
            None => write!(out, " L{},{}", n(point.0), n(point.1)),
            Some((before, behind)) => {
                let (a, b) = (towards(*point, *before), towards(*point, *behind));
                write!(
                    out,
                    " L{},{} Q{},{} {},{}",
                    n(a.0),
                    n(a.1),
                    n(point.0),
                    n(point.1),
                    n(b.0),
                    n(b.1)
                )
            }
        };
    }
    out
}

/// From a corner a little way towards another point, at most half of it.
fn towards(corner: Point, other: Point) -> Point {
    let (dx, dy) = (other.0 - corner.0, other.1 - corner.1);
    let length = dx.abs() + dy.abs();
    if length < 0.01 {
        return corner;
    }
    let part = CORNER.min(length / 2.0) / length;
    (corner.0 + dx * part, corner.1 + dy * part)
}
