//! The functions: what each takes and gives.

use std::ops::Range;

use dragoman_schema::Shape;

use super::{Checker, Typed, facts, iterate};
use crate::codes;
use crate::program::{Function, Node};
use crate::tree::{Kind, Tree};

/// Every function, with how it is called.
pub(super) const FUNCTIONS: &[(&str, &str)] = &[
    ("all", "list.all(x, condition)"),
    ("at", "at(list, number)"),
    ("cast", "cast(x, \"connection.operation\")"),
    ("cast_input", "cast_input(x, \"connection.operation\")"),
    ("contains", "text.contains(part)"),
    ("convert", "convert(quantity, \"KGM\")"),
    ("date", "date(x)` or `date(time, \"Europe/Zurich\")"),
    ("decimal", "decimal(x)"),
    ("default", "default(x, other)"),
    ("digest", "digest(x)"),
    ("duration", "time + duration(\"10d\")"),
    ("endsWith", "text.endsWith(part)"),
    ("exists", "list.exists(x, condition)"),
    ("existsOne", "list.existsOne(x, condition)"),
    ("exists_one", "list.exists_one(x, condition)"),
    ("filter", "list.filter(x, condition)"),
    ("first", "first(list)"),
    ("flatten", "flatten(lists)"),
    ("has", "has(a.b)"),
    ("int", "int(x)"),
    ("join", "list.join(\", \")"),
    ("last", "last(list)"),
    ("lower", "lower(text)"),
    ("map", "list.map(x, value)"),
    ("quantity", "quantity(value, unit)"),
    ("size", "size(list)"),
    ("split", "text.split(\",\")"),
    ("startsWith", "text.startsWith(part)"),
    ("string", "string(x)"),
    ("sum", "sum(list)"),
    ("text", "text(x)"),
    ("timestamp", "timestamp(text)"),
    ("trim", "trim(text)"),
    ("unique", "unique(list)"),
    ("upper", "upper(text)"),
];

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        tree: &Tree,
        function: &str,
        at: &Range<usize>,
        receiver: Option<&Tree>,
        arguments: &[Tree],
    ) -> Option<Typed> {
        if let Some(iteration) = iterate::iteration(function)
            && let Some(list) = receiver
        {
            return self.iterate(tree, iteration, at, list, arguments);
        }
        let Some((_, usage)) = FUNCTIONS.iter().find(|(name, _)| *name == function) else {
            self.unknown_function(tree, function, at);
            return None;
        };
        let all: Vec<&Tree> = receiver.into_iter().chain(arguments).collect();
        match (function, all.as_slice()) {
            ("has", [of]) if receiver.is_none() => self.has(tree, of),
            ("default", [of, other]) => self.default(tree, of, other),
            ("cast" | "cast_input", [of, operation]) => self.cast(tree, of, operation, function == "cast"),
            ("first" | "last", [_]) | ("at", [_, _]) => self.pick(tree, function, all, false),
            ("duration", [_]) => {
                let text = "a duration stands only beside a date or a time";
                self.report(
                    codes::WRONG_TYPE,
                    &tree.range,
                    text,
                    &["write `time + duration(\"10d\")`"],
                );
                None
            }
            ("text" | "string" | "int" | "decimal" | "timestamp" | "date" | "quantity" | "convert" | "digest", _) => {
                match self.conversion(tree, function, &all) {
                    Some(typed) => typed,
                    None if self.decimal_comma(&all) => None,
                    None => self.wrong_arguments(tree, function, usage),
                }
            }
            (_, arguments) => match self.simple(tree, function, arguments) {
                Some(typed) => typed,
                None => self.wrong_arguments(tree, function, usage),
            },
        }
    }

    /// `has(a.b.c)`: whether it is there; where it is, so is everything on the way to it.
    fn has(&mut self, tree: &Tree, of: &Tree) -> Option<Typed> {
        if let Kind::Text(name) = &of.kind
            && !self.environment.trusting
        {
            let help = format!("write `has({name})`, without quotes");
            self.report(
                codes::WRONG_TYPE,
                &of.range,
                "a text that is written is always there",
                &[&help],
            );
            return None;
        }
        let typed = self.chain(of, true)?;
        let known = typed.path.as_ref().map(facts::present).unwrap_or_default();
        let result = Typed::new(Shape::Boolean, &tree.range, Node::Present(Box::new(typed.code)));
        Some(Typed {
            when_true: known,
            ..result
        })
    }

    fn default(&mut self, tree: &Tree, of: &Tree, other: &Tree) -> Option<Typed> {
        let (first, second) = (self.chain(of, true), self.tree(other));
        let (first, second) = (first?, second?);
        if first.shape == Shape::Any {
            self.needs_cast(of);
            return None;
        }
        let present = match &first.shape {
            // Never there: what counts is the other value.
            Shape::Nothing => Shape::never(),
            shape => shape.present().clone(),
        };
        if !self.environment.trusting && self.other_units(&tree.range, &first, &second) {
            return None;
        }
        // A text where a decimal is: the other value is converted by the one who writes it, not silently.
        let Some(shape) = present.join(&second.shape) else {
            let text = format!(
                "`{}` is {present}, the other value is {}",
                self.shown(&of.range),
                second.shape
            );
            let made = self.instead(other, &second.shape, &present);
            let help = made.unwrap_or_else(|| {
                format!(
                    "let the other value be {} as well, for example `{}`",
                    present.describe(),
                    super::remedies::some_value(&present)
                )
            });
            self.report(codes::BRANCHES, &tree.range, text, &[&help]);
            return None;
        };
        Some(Typed::new(
            shape,
            &tree.range,
            Node::Otherwise(Box::new([first.code, second.code])),
        ))
    }

    /// `first(list)`, `last(list)`, `at(list, 2)`: absent where the list is too short.
    pub(super) fn pick(&mut self, tree: &Tree, function: &str, all: Vec<&Tree>, lenient: bool) -> Option<Typed> {
        let wanted = if function == "at" { 2 } else { 1 };
        let (Some(list), true) = (all.first(), all.len() == wanted) else {
            let usage = FUNCTIONS
                .iter()
                .find(|(name, _)| *name == function)
                .map_or("", |(_, usage)| usage);
            return self.wrong_arguments(tree, function, usage);
        };
        let (base, _) = self.base(list, lenient)?;
        let Shape::List(item) = &base.shape else {
            if base.shape == Shape::Any {
                self.needs_cast(list);
            } else {
                self.wrong(list, "a list", &base.shape, &[]);
            }
            return None;
        };
        let declared = Shape::clone(item).optional();
        let mut codes = vec![base.code];
        let mut name = function.to_owned();
        if let Some(index) = all.get(1) {
            let typed = self.known(index)?;
            if typed.shape != Shape::Integer {
                self.wrong(index, "a whole number", &typed.shape, &[]);
                return None;
            }
            name = format!("at {}", self.shown(&index.range));
            codes.push(typed.code);
        }
        let path = base.path.map(|mut path| {
            path.push(format!("{name}()"));
            path
        });
        let shape = path
            .as_ref()
            .map_or(declared.clone(), |path| self.narrowed(path, declared));
        let function = match function {
            "first" => Function::First,
            "last" => Function::Last,
            _ => Function::At,
        };
        let typed = Typed::new(shape, &tree.range, Node::Call(function, codes));
        Some(Typed { path, ..typed })
    }
}
