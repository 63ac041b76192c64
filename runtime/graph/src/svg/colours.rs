//! The colours: each outline has at least 4.5 : 1 against white, each text at least 7 : 1 against its ground (WCAG 2.2).

use crate::flow::Look;
use crate::picture::Way;
use crate::track::Mark;

/// What is read.
pub(super) const TEXT: &str = "#17202b";
/// What is read second.
pub(super) const NOTE: &str = "#3f4a58";
/// Words at edges and in the legend.
pub(super) const MARGIN_TEXT: &str = "#3f4a58";
/// The way that a run took.
pub(super) const TAKEN: &str = "#0b5fce";

/// The colours of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colours {
    pub(super) ground: &'static str,
    pub(super) line: &'static str,
}

/// A condition.
pub(super) const CONDITION: Colours = Colours {
    ground: "#ffffff",
    line: "#4a5568",
};

/// The heads of edges by the name of their colour.
pub(super) const ARROWS: [(&str, &str); 4] = [
    ("next", "#3d4a5c"),
    ("around", "#667383"),
    ("trouble", "#b0461c"),
    ("taken", TAKEN),
];

pub(super) fn of_look(look: Look) -> Colours {
    let (ground, line) = match look {
        Look::Trigger | Look::Begin => ("#f4f0fb", "#5d3fa0"),
        Look::Read => ("#eaf3fb", "#1f62a8"),
        Look::Act => ("#fbedf5", "#a01d68"),
        Look::Call => ("#edf0fa", "#3a4f9a"),
        Look::Wait => ("#fff5df", "#8a5a00"),
        Look::Ledger => ("#e6f5f2", "#0d6b60"),
        // As the triggers by which they begin there.
        Look::Others => ("#f4f0fb", "#5d3fa0"),
        Look::Plain | Look::Gives => ("#f4f6f8", "#566273"),
        Look::Group => ("#e2e8f3", "#45597d"),
        Look::Choice => ("#eef1f5", "#4a5568"),
        Look::Stop => ("#e9edf2", "#3d4a5c"),
        Look::Park => ("#ffecd9", "#a8480a"),
        Look::Fail => ("#fdeaea", "#ad1f17"),
        Look::Completed => ("#e5f5ea", "#17713a"),
    };
    Colours { ground, line }
}

/// The name and colour of a way, and its dashes.
pub(super) fn of_way(way: Way) -> (&'static str, &'static str, Option<&'static str>) {
    match way {
        Way::Next => ("next", "#3d4a5c", None),
        Way::Around => ("around", "#667383", Some("2 4")),
        Way::Trouble => ("trouble", "#b0461c", Some("6 4")),
    }
}

pub(super) fn of_mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Done => "#17713a",
        Mark::Passed | Mark::Skipped | Mark::Undone | Mark::GivenUp => "#667383",
        Mark::Running => TAKEN,
        Mark::Waiting => "#8a5a00",
        Mark::Parked => "#a8480a",
        Mark::Failed => "#ad1f17",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of a colour (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour");
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn everything_can_be_read() {
        use Look::{
            Act, Begin, Call, Choice, Completed, Fail, Gives, Group, Ledger, Park, Plain, Read, Stop, Trigger, Wait,
        };
        for look in [
            Trigger, Begin, Read, Act, Call, Wait, Ledger, Plain, Group, Choice, Gives, Stop, Park, Fail, Completed,
        ] {
            let colours = of_look(look);
            assert!(contrast(colours.line, colours.ground) >= 4.5, "{look:?}: line");
            assert!(contrast(colours.line, "#ffffff") >= 4.5, "{look:?}: line on the page");
            for text in [TEXT, NOTE] {
                assert!(contrast(text, colours.ground) >= 7.0, "{look:?}: {text}");
            }
        }
        for (name, colour) in ARROWS {
            assert!(contrast(colour, "#ffffff") >= 4.5, "{name}");
        }
    }
}
