//! Pieces as lines.

use super::scalar;
use super::tree::{Held, Lead, Piece, Several, Tree};

/// The longest line that something in brackets may make.
const LONGEST: usize = 120;

/// The whole file.
pub(super) fn document(tree: &Tree<'_>) -> String {
    let mut emitter = Emitter::default();
    match &tree.root {
        Held::Several(several) if !several.pieces.is_empty() && !several.flow => emitter.pieces(several, 0, true),
        held => {
            if let Some(line) = one_line(held, false) {
                emitter.line(0, &line);
            } else if let Held::Several(several) = held {
                emitter.pieces(several, 0, true);
            }
        }
    }
    if !tree.closing.is_empty() {
        emitter.blank();
    }
    emitter.leads(&tree.closing, 0);
    let mut out = emitter.out;
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

#[derive(Default)]
struct Emitter {
    out: String,
    /// What stands at the beginning of the next line: the dashes of items.
    dashes: Option<(usize, String)>,
}

impl Emitter {
    fn line(&mut self, indent: usize, text: &str) {
        match self.dashes.take() {
            Some((at, dashes)) => {
                self.out.push_str(&" ".repeat(at));
                self.out.push_str(&dashes);
            }
            None => self.out.push_str(&" ".repeat(indent)),
        }
        self.out.push_str(text);
        // A dash, or a key, behind which nothing stands; white space at the end of a text of several lines is its own.
        if text.is_empty() {
            while self.out.ends_with(' ') {
                self.out.pop();
            }
        }
        self.out.push('\n');
    }

    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn leads(&mut self, leads: &[Lead], indent: usize) {
        for lead in leads {
            match lead {
                Lead::Comment(text) => self.line(indent, text),
                Lead::Blank => self.blank(),
            }
        }
    }

    /// The pieces of a collection, one below the other.
    fn pieces(&mut self, several: &Several<'_>, indent: usize, root: bool) {
        let air = several.airy || !several.is_map && several.pieces.iter().skip(1).any(|p| p.blank);
        let large = |piece: &Piece<'_>| match &piece.held {
            Held::Several(inner) => {
                let head = piece.key.map_or(0, |k| k.text.chars().count() + 1);
                beside(inner, indent + head + 1).is_none()
            }
            Held::Scalar(_) => false,
        };
        for (index, piece) in several.pieces.iter().enumerate() {
            if index > 0 {
                let sections = root && (large(piece) || large(&several.pieces[index - 1]));
                if sections || air || (several.is_map && piece.blank) {
                    self.blank();
                }
            }
            self.piece(piece, indent);
        }
        self.leads(&several.closing, indent);
    }

    fn piece(&mut self, piece: &Piece<'_>, indent: usize) {
        // The comments of the first member of an item stand above its dash.
        if self.dashes.is_none() {
            self.leads(&piece.leading, indent);
            if piece.key.is_none()
                && let Some(first) = first_member(&piece.held)
            {
                self.leads(&first.leading, indent);
            }
        }
        match &piece.key {
            Some(key) => {
                let name = scalar::one_line(key, false);
                self.value(&format!("{name}:"), &piece.held, piece.note.as_deref(), indent);
            }
            None => {
                let (at, dashes) = self.dashes.take().unwrap_or((indent, String::new()));
                self.dashes = Some((at, format!("{dashes}- ")));
                self.value("", &piece.held, piece.note.as_deref(), indent);
            }
        }
    }

    /// A value behind its key, or behind the dash of its item.
    fn value(&mut self, head: &str, held: &Held<'_>, note: Option<&str>, indent: usize) {
        let is_item = head.is_empty();
        let gap = if is_item { "" } else { " " };
        let note = note.map(|n| format!(" {n}")).unwrap_or_default();
        let inner = indent + 2;
        match held {
            Held::Scalar(written) => {
                let room = LONGEST.saturating_sub(indent + head.len() + 3);
                if let Some((header, lines)) = scalar::several_lines(written, room) {
                    self.line(indent, &format!("{head}{gap}{header}{note}"));
                    for line in lines {
                        self.line(if line.is_empty() { 0 } else { inner }, &line);
                    }
                } else {
                    let text = scalar::one_line(written, false);
                    self.line(indent, format!("{head}{gap}{text}{note}").trim_start());
                }
            }
            Held::Several(several) => {
                let used = indent + head.chars().count() + 1 + usize::from(is_item);
                match beside(several, used) {
                    Some(line) => {
                        self.line(indent, format!("{head}{gap}{line}{note}").trim_start());
                    }
                    _ if is_item => {
                        if !note.is_empty() {
                            // A comment behind a dash alone goes above the item.
                            let dashes = self.dashes.take();
                            self.line(indent, note.trim_start());
                            self.dashes = dashes;
                        }
                        self.pieces(several, inner, false);
                    }
                    _ => {
                        self.line(indent, &format!("{head}{note}"));
                        self.pieces(several, inner, false);
                    }
                }
            }
        }
    }
}

/// The first member of the mapping that an item is, whose comments go above the item.
fn first_member<'p, 'a>(held: &'p Held<'a>) -> Option<&'p Piece<'a>> {
    match held {
        Held::Several(several) if !several.flow || several.commented => several.pieces.first(),
        _ => None,
    }
}

fn one_line(held: &Held<'_>, flow: bool) -> Option<String> {
    match held {
        Held::Scalar(written) => Some(scalar::one_line(written, flow)),
        Held::Several(several) => one_line_of(several),
    }
}

/// A collection in brackets, where it stood so and there is room for it behind so many characters.
fn beside(several: &Several<'_>, used: usize) -> Option<String> {
    let line = one_line_of(several).filter(|line| used + line.chars().count() <= LONGEST);
    line.filter(|_| several.flow || several.pieces.is_empty())
}

/// A collection in brackets; none where comments stand in it.
fn one_line_of(several: &Several<'_>) -> Option<String> {
    if several.commented || !several.closing.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    for piece in &several.pieces {
        if !piece.leading.iter().all(|l| *l == Lead::Blank) || piece.note.is_some() {
            return None;
        }
        let value = one_line(&piece.held, true)?;
        parts.push(match &piece.key {
            Some(key) => format!("{}: {value}", scalar::one_line(key, true)),
            None => value,
        });
    }
    Some(match (several.is_map, parts.is_empty()) {
        (true, true) => "{}".into(),
        (false, true) => "[]".into(),
        (true, false) => format!("{{ {} }}", parts.join(", ")),
        (false, false) => format!("[{}]", parts.join(", ")),
    })
}
