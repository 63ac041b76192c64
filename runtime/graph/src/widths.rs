//! How wide characters are.
//!
//! The widths are those of DejaVu Sans, in thousandths of the size: it is among the widest of the sans-serif fonts that
//! systems have, so a text fits where another font is used as well.

/// From the space to the tilde, regular.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637, 637, 637, 637, 637,
    637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632, 576, 775, 752, 295, 295, 656, 558, 863,
    749, 788, 604, 788, 695, 635, 611, 732, 685, 989, 686, 611, 686, 391, 337, 391, 838, 500, 500, 613, 635, 550, 635,
    616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612, 635, 635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637,
    337, 637, 838,
];

/// From the space to the tilde, bold.
const BOLD: [u16; 95] = [
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 581, 1000, 774, 763, 734, 831, 684, 684, 821, 837, 373, 373, 775, 638, 996,
    837, 851, 733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 366, 458, 838, 500, 500, 675, 716, 593, 716,
    679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688, 716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712,
    366, 712, 838,
];

/// Of each character of the monospaced font.
const MONO: u16 = 603;

/// Which font a text is set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// Sans, regular.
    Regular,
    /// Sans, bold.
    Bold,
    /// Monospaced.
    Mono,
}

/// The width of a text, in the unit of the size.
pub(crate) fn width(text: &str, face: Face, size: f64) -> f64 {
    let thousandths: u32 = text.chars().map(|c| u32::from(of(c, face))).sum();
    f64::from(thousandths) * size / 1000.0
}

fn of(character: char, face: Face) -> u16 {
    let table = match face {
        Face::Regular => &REGULAR,
        Face::Bold => &BOLD,
        // What a monospaced font does not have comes from another one, and may be wide.
        Face::Mono if character.is_ascii() || ('\u{a0}'..'\u{500}').contains(&character) => return MONO,
        Face::Mono => &BOLD,
    };
    let known = u32::from(character)
        .checked_sub(32)
        .and_then(|at| usize::try_from(at).ok());
    match known.and_then(|at| table.get(at)) {
        Some(width) => *width,
        None if matches!(character, '·' | '–' | '…' | '→' | '×') => 1000,
        None if ('\u{a0}'..'\u{250}').contains(&character) => 1060,
        // Ideographs are square; the widest signs of all scripts are about one and a half.
        None => 1560,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_measured_by_their_characters() {
        for (text, face, size, expected) in [
            ("", Face::Regular, 12.0, 0.0),
            ("il", Face::Regular, 10.0, 5.56),
            ("W", Face::Bold, 10.0, 11.04),
            ("a.b", Face::Mono, 10.0, 18.09),
            ("許", Face::Mono, 10.0, 15.6),
        ] {
            assert!((width(text, face, size) - expected).abs() < 0.001, "{text}");
        }
    }
}
