//! What a part of a value is, where the value itself is not what was meant; and comparisons whose outcome is known.

use dragoman_schema::Shape;

use super::{Checker, Typed};
use crate::codes;
use crate::program::Ordered;
use crate::tree::{Kind, Tree};

/// So many fields are named; more help nobody.
const MOST: usize = 6;

/// The fields of an object, always there, whose shape is one that is wanted; none where there are many.
pub(super) fn fields_that(whole: &Shape, wanted: impl Fn(&Shape) -> bool) -> Vec<String> {
    let Shape::Object(object) = whole.present() else {
        return Vec::new();
    };
    let named = object
        .fields
        .iter()
        .filter(|(_, shape)| wanted(shape.present()) && **shape != Shape::Any);
    let names: Vec<String> = named.map(|(name, _)| name.clone()).collect();
    if names.len() > MOST { Vec::new() } else { names }
}

/// The least that a whole number can be, where that is known from what it is.
fn least(tree: &Tree) -> Option<i64> {
    match &tree.kind {
        Kind::Call { function, .. } if function == "size" => Some(0),
        Kind::Name(name) if name == "round" => Some(0),
        _ => None,
    }
}

/// What holds of two values whose sides are exchanged.
fn turned(asked: Ordered) -> Ordered {
    match asked {
        Ordered::Less => Ordered::Greater,
        Ordered::LessOrEqual => Ordered::GreaterOrEqual,
        Ordered::Greater => Ordered::Less,
        Ordered::GreaterOrEqual => Ordered::LessOrEqual,
        same => same,
    }
}

impl Checker<'_> {
    /// What to write in place of a value, a part of which is what is wanted, or which is a part of that.
    pub(super) fn part_of(&self, tree: &Tree, typed: &Typed, wanted: impl Fn(&Shape) -> bool) -> Option<String> {
        let shown = self.shown(&tree.range);
        let fields = fields_that(&typed.shape, &wanted);
        if !fields.is_empty() {
            let named: Vec<String> = fields.iter().map(|field| format!("`{shown}.{field}`")).collect();
            return Some(format!("write {}", named.join(" or ")));
        }
        match (&tree.kind, &typed.owner) {
            (Kind::Field { of, .. }, Some(owner)) if wanted(owner) => {
                Some(format!("write `{}`", self.shown(&of.range)))
            }
            _ => None,
        }
    }

    /// Reports a comparison whose outcome is known before anything runs: of a value with itself, or of a whole number
    /// with one that it never falls below.
    pub(super) fn same_always(&mut self, tree: &Tree, asked: Ordered, left: &Tree, right: &Tree) -> bool {
        if self.environment.trusting {
            return false;
        }
        let text = |tree: &Tree| self.written.text.get(tree.range.clone()).unwrap_or_default().to_owned();
        let named = matches!(left.kind, Kind::Name(_) | Kind::Field { .. });
        let itself = named && text(left) == text(right);
        let outcome = if itself {
            Some(matches!(
                asked,
                Ordered::Equal | Ordered::LessOrEqual | Ordered::GreaterOrEqual
            ))
        } else {
            bounded(asked, left, right).or_else(|| bounded(turned(asked), right, left))
        };
        let Some(holds) = outcome else { return false };
        let shown = self.shown(&tree.range);
        let message = format!("`{shown}` is always {holds}");
        let help = match itself {
            true => "a value is compared with itself: write the other one".to_owned(),
            false => {
                let (counted, bound) = if least(left).is_some() {
                    (left, least(left))
                } else {
                    (right, least(right))
                };
                let (counted, bound) = (self.shown(&counted.range), bound.unwrap_or_default());
                // What never holds was meant to ask for the least, what always holds for more.
                let asked = if holds { ">" } else { "==" };
                format!("`{counted}` is never less than {bound}: write, for example, `{counted} {asked} {bound}`")
            }
        };
        self.report(codes::ALWAYS_THE_SAME, &tree.range, message, &[&help]);
        true
    }
}

/// Whether a comparison with a written whole number always or never holds, because of the least that the other side is.
fn bounded(asked: Ordered, counted: &Tree, with: &Tree) -> Option<bool> {
    let (least, Kind::Integer(number)) = (least(counted)?, &with.kind) else {
        return None;
    };
    let below = *number < least;
    match asked {
        Ordered::Less if *number <= least => Some(false),
        Ordered::GreaterOrEqual if *number <= least => Some(true),
        Ordered::LessOrEqual | Ordered::Equal if below => Some(false),
        Ordered::Greater | Ordered::Unequal if below => Some(true),
        _ => None,
    }
}
