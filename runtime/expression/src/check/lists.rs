//! Functions of lists and of text.

use dragoman_schema::Shape;

use super::{Checker, Typed};
use crate::codes;
use crate::program::{Amount, Function, Node};
use crate::tree::{Kind, Tree};

impl Checker<'_> {
    /// Functions of text, lists and maps with a fixed number of arguments. None: the number is wrong.
    pub(super) fn simple(&mut self, tree: &Tree, name: &str, arguments: &[&Tree]) -> Option<Option<Typed>> {
        let (function, texts) = match (name, arguments.len()) {
            ("size", 1) => return Some(self.size(tree, arguments[0])),
            ("sum", 1) => return Some(self.sum(tree, arguments[0])),
            ("unique" | "flatten", 1) => return Some(self.same_items(tree, name, arguments[0])),
            ("join", 2) => return Some(self.join(tree, arguments[0], arguments[1])),
            ("lower", 1) => (Function::Lower, Shape::Text),
            ("upper", 1) => (Function::Upper, Shape::Text),
            ("trim", 1) => (Function::Trim, Shape::Text),
            ("split", 2) => (Function::Split, Shape::Text.list()),
            ("startsWith", 2) => (Function::StartsWith, Shape::Boolean),
            ("endsWith", 2) => (Function::EndsWith, Shape::Boolean),
            ("contains", 2) => (Function::Contains, Shape::Boolean),
            _ => return None,
        };
        if function == Function::Contains && self.contained(arguments) {
            return Some(None);
        }
        let checked: Vec<Option<Typed>> = arguments.iter().map(|argument| self.textual(argument)).collect();
        let codes: Option<Vec<_>> = checked.into_iter().map(|typed| typed.map(|typed| typed.code)).collect();
        Some(codes.map(|codes| Typed::new(texts, &tree.range, Node::Call(function, codes))))
    }

    /// `list.contains(x)`: what is asked of a list is asked with `in`, or of a field of its items.
    fn contained(&mut self, arguments: &[&Tree]) -> bool {
        let [list, part] = arguments else { return false };
        let Some(Shape::List(item)) = self.silently(list).map(|typed| typed.shape) else {
            return false;
        };
        let (shown, part) = (self.shown(&list.range), self.shown(&part.range));
        let help = match super::parts::fields_that(&item, Shape::is_textual).first() {
            Some(field) if !item.is_textual() => {
                format!("of a field of its items: `{shown}.exists(x, x.{field} == {part})`")
            }
            _ => format!("of a list it is asked so: `{part} in {shown}`"),
        };
        self.wrong(list, "text", &Shape::List(item), &[&help]);
        true
    }

    fn size(&mut self, tree: &Tree, of: &Tree) -> Option<Typed> {
        let typed = self.known(of)?;
        if !typed.shape.is_textual() && !matches!(typed.shape, Shape::List(_) | Shape::Map(_)) {
            let shown = self.shown(&of.range);
            let help = format!("it is a number already: write `{shown}`");
            let help = (typed.shape == Shape::Integer).then_some(help.as_str());
            self.wrong(
                of,
                "a list, a map or text",
                &typed.shape,
                &help.into_iter().collect::<Vec<_>>(),
            );
            return None;
        }
        Some(Typed::new(
            Shape::Integer,
            &tree.range,
            Node::Call(Function::Size, vec![typed.code]),
        ))
    }

    /// The item of a list that must be there.
    fn items(&mut self, tree: &Tree) -> Option<(Typed, Shape)> {
        let typed = self.known(tree)?;
        match &typed.shape {
            Shape::List(item) => {
                let item = Shape::clone(item);
                Some((typed, item))
            }
            other => {
                self.wrong(tree, "a list", &other.clone(), &[]);
                None
            }
        }
    }

    fn sum(&mut self, tree: &Tree, of: &Tree) -> Option<Typed> {
        let (list, item) = self.items(of)?;
        if self.units_differ(of) {
            return None;
        }
        let (amount, shape) = match item {
            Shape::Integer => (Amount::Integer, Shape::Integer),
            Shape::Decimal => (Amount::Decimal, Shape::Decimal),
            // Of no quantities there is no unit.
            quantity if quantity.is_quantity() => (Amount::Quantity, quantity.optional()),
            _ => {
                let help = match &item {
                    text if text.is_textual() => {
                        let shown = self.shown(&of.range);
                        &*format!("make numbers of the texts first: `{shown}.map(x, decimal(x))`, or `int(x)`")
                    }
                    _ => {
                        let counts =
                            |shape: &Shape| matches!(shape, Shape::Integer | Shape::Decimal) || shape.is_quantity();
                        let fields = super::parts::fields_that(&item, counts);
                        let field = fields.first().map_or("quantity", String::as_str);
                        let shown = self.shown(&of.range);
                        &*format!("take the numbers first: `sum({shown}.map(x, x.{field}))`")
                    }
                };
                self.wrong(
                    of,
                    "a list of whole numbers, decimals or quantities",
                    &list.shape,
                    &[help],
                );
                return None;
            }
        };
        Some(Typed::new(
            shape,
            &tree.range,
            Node::Call(Function::Sum(amount), vec![list.code]),
        ))
    }

    /// Reports quantities of a list that was written on the spot, of which one has another unit than the first.
    fn units_differ(&mut self, of: &Tree) -> bool {
        let Kind::List(items) = &of.kind else { return false };
        if self.environment.trusting {
            return false;
        }
        let typed: Vec<Option<Typed>> = items.iter().map(|item| self.silently(item)).collect();
        let mut known = typed
            .iter()
            .flatten()
            .filter(|one| matches!(one.shape, Shape::Measured(_)));
        let Some(first) = known.next() else { return false };
        known.any(|other| self.other_units(&other.code.range.clone(), first, other))
    }

    fn same_items(&mut self, tree: &Tree, name: &str, of: &Tree) -> Option<Typed> {
        let (list, item) = self.items(of)?;
        if name == "unique" {
            return Some(Typed::new(
                list.shape,
                &tree.range,
                Node::Call(Function::Unique, vec![list.code]),
            ));
        }
        if !matches!(item, Shape::List(_)) {
            self.wrong(of, "a list of lists", &list.shape, &[]);
            return None;
        }
        Some(Typed::new(
            item,
            &tree.range,
            Node::Call(Function::Flatten, vec![list.code]),
        ))
    }

    fn join(&mut self, tree: &Tree, of: &Tree, between: &Tree) -> Option<Typed> {
        if matches!(of.kind, Kind::Text(_)) && !matches!(between.kind, Kind::Text(_)) {
            let (list, mark) = (self.shown(&between.range), self.shown(&of.range));
            let text = format!("`join` stands behind a list, and {mark} is text");
            let help = format!("the list comes first: `{list}.join({mark})`");
            self.report(codes::WRONG_TYPE, &of.range, text, &[&help]);
            return None;
        }
        let (list, between) = (self.items(of), self.textual(between));
        let ((list, item), between) = (list?, between?);
        if !item.is_textual() && !item.is_never() {
            self.wrong(
                of,
                "a list of texts",
                &list.shape,
                &[&format!(
                    "convert the items: `{}.map(x, text(x))`",
                    self.shown(&of.range)
                )],
            );
            return None;
        }
        Some(Typed::new(
            Shape::Text,
            &tree.range,
            Node::Call(Function::Join, vec![list.code, between.code]),
        ))
    }
}
