//! Lists, objects and maps that are written on the spot.

use dragoman_schema::Shape;

use super::{Checker, Typed};
use crate::codes;
use crate::program::Node;
use crate::tree::{Kind, Tree};

impl Checker<'_> {
    pub(super) fn list(&mut self, tree: &Tree, items: &[Tree]) -> Option<Typed> {
        let checked: Vec<Option<Typed>> = items.iter().map(|item| self.value(item)).collect();
        let checked = checked.into_iter().collect::<Option<Vec<Typed>>>()?;
        let mut shape = Shape::never();
        for (item, typed) in items.iter().zip(&checked) {
            let Some(joined) = shape.join(&typed.shape) else {
                let text = format!("expected {shape} as the items before, found {}", typed.shape);
                let help = self.instead(item, &typed.shape, &shape);
                let help = help.unwrap_or_else(|| super::ONE_KIND.to_owned());
                self.report(codes::BRANCHES, &item.range, text, &[&help]);
                return None;
            };
            shape = joined;
        }
        let codes = checked.into_iter().map(|typed| typed.code).collect();
        Some(Typed::new(shape.list(), &tree.range, Node::List(codes)))
    }

    /// `{ "a": x }` is an object; with computed keys it is a map.
    pub(super) fn map(&mut self, tree: &Tree, entries: &[(Tree, Tree)]) -> Option<Typed> {
        let literal = entries.iter().all(|(key, _)| matches!(key.kind, Kind::Text(_)));
        if self.bare_keys(entries) {
            return None;
        }
        if !literal {
            return self.computed_map(tree, entries);
        }
        let mut fields = Vec::new();
        let mut codes = Vec::new();
        let mut failed = false;
        for (key, value) in entries {
            let Kind::Text(name) = &key.kind else {
                continue;
            };
            if fields.iter().any(|(before, _)| before == name) {
                let text = format!("`{name}` is there twice");
                self.report(codes::SYNTAX, &key.range, text, &["take one of the two away"]);
                failed = true;
            }
            match self.tree(value) {
                Some(typed) => {
                    fields.push((name.clone(), typed.shape));
                    codes.push((name.clone(), typed.code));
                }
                None => failed = true,
            }
        }
        if failed {
            return None;
        }
        let shape = Shape::object(fields.iter().map(|(name, shape)| (name.as_str(), shape.clone())));
        Some(Typed::new(shape, &tree.range, Node::Object(codes)))
    }

    /// Keys without quotes, as other languages write them: a name that is none here was meant as a text.
    fn bare_keys(&mut self, entries: &[(Tree, Tree)]) -> bool {
        let bare = entries.iter().find_map(|(key, _)| match &key.kind {
            Kind::Name(name) if !self.is_name(name) => Some((name, &key.range)),
            _ => None,
        });
        if let Some((name, range)) = bare {
            let help = format!("a key in braces is a text: write `\"{name}\"`");
            self.report(codes::UNKNOWN_NAME, range, format!("unknown name `{name}`"), &[&help]);
        }
        bare.is_some()
    }

    fn computed_map(&mut self, tree: &Tree, entries: &[(Tree, Tree)]) -> Option<Typed> {
        let mut shape = Shape::never();
        let mut codes = Vec::new();
        for (key, value) in entries {
            let name = self.textual(key);
            let typed = self.value(value);
            let (name, typed) = (name?, typed?);
            let Some(joined) = shape.join(&typed.shape) else {
                let text = format!("expected {shape} as the members before, found {}", typed.shape);
                let help = self.instead(value, &typed.shape, &shape);
                let help = help.unwrap_or_else(|| super::ONE_KIND.to_owned());
                self.report(codes::BRANCHES, &value.range, text, &[&help]);
                return None;
            };
            shape = joined;
            codes.push((name.code, typed.code));
        }
        Some(Typed::new(shape.map(), &tree.range, Node::Map(codes)))
    }
}
