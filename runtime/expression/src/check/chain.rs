//! Names, fields and members: `steps.order.lines`, `headers["x-trace"]`, `first(lines).number`.

use std::ops::Range;

use dragoman_model::nearest;
use dragoman_schema::{Lookup, Shape};

use super::facts::Path;
use super::{Checker, Typed};
use crate::program::Node;
use crate::tree::{Kind, Operator, Tree};
use crate::{codes, habits};

/// Names that are there only in some places, and where.
const PLACED: &[(&str, &str)] = &[
    ("failure", "in a handler, such as `on_failure`"),
    ("round", "inside a `repeat`"),
    ("last", "inside a `repeat`"),
];

/// So many fields one below the other are looked at for a text that was written without quotes.
const NAMED_DEEP: usize = 4;

/// Whether a text is one of those that a value, or a field of it, can be.
fn takes_text(shape: &Shape, text: &str, deep: usize) -> bool {
    match shape.present() {
        Shape::Enumeration(values) => values.iter().any(|value| value == text),
        Shape::Object(object) if deep > 0 => object.fields.values().any(|field| takes_text(field, text, deep - 1)),
        _ => false,
    }
}

impl Checker<'_> {
    /// Checks a name, a field of something, a member of a map, or the first of a list. Where it is `lenient` (inside
    /// `has` and `default`), what lies on the way may be absent, and the whole is then absent.
    pub(super) fn chain(&mut self, tree: &Tree, lenient: bool) -> Option<Typed> {
        match &tree.kind {
            Kind::Name(name) => self.name(name, &tree.range),
            Kind::Field { of, name, at } => match &of.kind {
                Kind::Name(root) if root == "steps" && !self.is_variable("steps") => self.step(name, at, &tree.range),
                _ => {
                    let (base, absent) = self.base(of, lenient)?;
                    self.field(tree, of, base, name, at, absent)
                }
            },
            Kind::Operator {
                operator: Operator::Index,
                operands,
                ..
            } => self.index(tree, operands, lenient),
            Kind::Call {
                function,
                receiver,
                arguments,
                ..
            } if matches!(function.as_str(), "first" | "last" | "at") && self.is_pick(receiver, arguments) => self
                .pick(
                    tree,
                    function,
                    receiver.as_deref().into_iter().chain(arguments).collect(),
                    lenient,
                ),
            _ => self.tree(tree),
        }
    }

    fn is_pick(&self, receiver: &Option<Box<Tree>>, arguments: &[Tree]) -> bool {
        usize::from(receiver.is_some()) + arguments.len() > 0
    }

    /// Whether a name stands for something here.
    pub(super) fn is_name(&self, name: &str) -> bool {
        self.is_variable(name) || self.environment.names.contains(name) || name == "steps"
    }

    fn is_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|(variable, _)| variable == name)
    }

    /// What a chain goes on from, and whether it may be absent.
    pub(super) fn base(&mut self, of: &Tree, lenient: bool) -> Option<(Typed, bool)> {
        let typed = self.chain(of, lenient)?;
        let absent = typed.shape.is_optional();
        if !lenient || typed.shape == Shape::Nothing {
            return self.present(of, typed).map(|typed| (typed, false));
        }
        let shape = typed.shape.present().clone();
        Some((Typed { shape, ..typed }, absent))
    }

    fn name(&mut self, name: &str, range: &Range<usize>) -> Option<Typed> {
        if let Some(level) = self.variables.iter().rposition(|(variable, _)| variable == name) {
            let path: Path = vec![format!("#{level}")];
            let shape = self.narrowed(&path, self.variables[level].1.clone());
            let typed = Typed::new(shape, range, Node::Variable(level));
            return Some(Typed {
                path: Some(path),
                ..typed
            });
        }
        if let Some(shape) = self.environment.names.get(name) {
            let path: Path = vec![name.to_owned()];
            let shape = self.narrowed(&path, shape.clone());
            self.roots.insert(name.to_owned());
            let typed = Typed::new(shape, range, Node::Root(name.to_owned()));
            return Some(Typed {
                path: Some(path),
                ..typed
            });
        }
        if name == "steps" {
            self.report(
                codes::UNKNOWN_NAME,
                range,
                "`steps` alone is no value",
                &["name a step: `steps.<id>`"],
            );
            return None;
        }
        let help = if self.environment.steps.contains(name) {
            Some(format!("for the output of the step write `steps.{name}`"))
        } else if let Some((_, place)) = PLACED.iter().find(|(placed, _)| *placed == name) {
            Some(format!("`{name}` is there only {place}"))
        } else {
            let variables = self.variables.iter().map(|(variable, _)| variable.as_str());
            let names = self.environment.names.keys().chain(variables).chain(["steps"]);
            nearest(name, names)
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| self.quoted(name))
                .or_else(|| habits::name(name).map(Into::into))
                .or_else(|| self.field_of_a_name(name))
        };
        let read = self
            .written
            .text
            .get(range.end..)
            .is_some_and(|rest| rest.starts_with(['.', '(']));
        let known = help.is_some() || read;
        let help = help.unwrap_or_else(|| format!("the names here are {}", self.names()));
        // A word alone may have been meant as a text.
        let text = format!("a text stands in quotes: `\"{name}\"`");
        let all = [help.as_str(), text.as_str()];
        let all = if known { &all[..1] } else { &all[..] };
        self.report(codes::UNKNOWN_NAME, range, format!("unknown name `{name}`"), all);
        None
    }

    /// The name before the field is forgotten: `country` for `site.country`. Only where one name has such a field.
    fn field_of_a_name(&self, field: &str) -> Option<String> {
        let has = |shape: &Shape| {
            shape
                .present()
                .as_object()
                .is_some_and(|object| object.fields.contains_key(field))
        };
        let mut owners: Vec<String> = Vec::new();
        for (name, shape) in self.environment.names.iter() {
            if has(shape) {
                owners.push(name.to_owned());
            }
            let inner = shape.present().as_object().map(|object| object.fields.iter());
            let message = inner.into_iter().flatten().find(|(inner, _)| *inner == "message");
            if message.is_some_and(|(_, shape)| has(shape)) {
                owners.push(format!("{name}.message"));
            }
        }
        match owners.as_slice() {
            [owner] => Some(format!("did you mean `{owner}.{field}`?")),
            _ => None,
        }
    }

    /// Somebody wrote a text without quotes.
    fn quoted(&self, name: &str) -> Option<String> {
        let mut known = self.environment.names.iter().chain(self.environment.steps.iter());
        known
            .any(|(_, shape)| takes_text(shape, name, NAMED_DEEP))
            .then(|| format!("text is written in quotes: `\"{name}\"`"))
    }

    fn names(&self) -> String {
        let variables = self.variables.iter().map(|(variable, _)| variable.as_str());
        let steps = (!self.environment.steps.is_empty()).then_some("steps");
        let names: Vec<&str> = self.environment.names.keys().chain(variables).chain(steps).collect();
        format!("`{}`", names.join("`, `"))
    }

    fn step(&mut self, id: &str, at: &Range<usize>, range: &Range<usize>) -> Option<Typed> {
        let Some(shape) = self.environment.steps.get(id) else {
            if let Some((why, help)) = self.environment.elsewhere.get(id).map(AsRef::as_ref) {
                let text = format!("the output of the step `{id}` is not there: {why}");
                self.report(codes::STEP_NOT_HERE, at, text, &[help]);
                return None;
            }
            let known = self.environment.steps.keys();
            let help = match nearest(id, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.environment.steps.is_empty() => "no step before this one has an id".to_owned(),
                None => format!(
                    "the steps before this one are `{}`",
                    known.collect::<Vec<_>>().join("`, `")
                ),
            };
            self.report(codes::UNKNOWN_NAME, at, format!("unknown step `{id}`"), &[&help]);
            return None;
        };
        let path: Path = vec!["steps".to_owned(), id.to_owned()];
        let shape = self.narrowed(&path, shape.clone());
        self.steps.insert(id.to_owned());
        let typed = Typed::new(shape, range, Node::Step(id.to_owned()));
        Some(Typed {
            path: Some(path),
            ..typed
        })
    }

    /// A field of something that is there; `absent` says that the something may not be after all.
    pub(super) fn field(
        &mut self,
        tree: &Tree,
        of: &Tree,
        base: Typed,
        name: &str,
        at: &Range<usize>,
        absent: bool,
    ) -> Option<Typed> {
        let shape = match base.shape.field(name) {
            Lookup::Found(shape) if absent => shape.optional(),
            Lookup::Found(shape) => shape,
            Lookup::Any => {
                self.needs_cast(of);
                return None;
            }
            Lookup::NotAnObject => {
                self.no_fields(of, &base.shape, name, at);
                return None;
            }
            Lookup::Unknown { nearest } => {
                let help = match nearest {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its fields are `{}`", base.shape.field_names().join("`, `")),
                };
                let text = format!("{} has no field `{name}`", base.shape.short());
                self.report(codes::UNKNOWN_FIELD, at, text, &[&help]);
                return None;
            }
        };
        let path = base.path.map(|mut path| {
            path.push(name.to_owned());
            path
        });
        let shape = match &path {
            Some(path) => self.narrowed(path, shape),
            None => shape,
        };
        let typed = Typed::new(shape, &tree.range, Node::Field(Box::new(base.code), name.to_owned()));
        Some(Typed {
            path,
            owner: Some(base.shape),
            ..typed
        })
    }

    fn no_fields(&mut self, of: &Tree, shape: &Shape, name: &str, at: &Range<usize>) {
        let shown = self.shown(&of.range);
        let sized = matches!(shape, Shape::List(_) | Shape::Map(_)) || shape.is_textual();
        let help = match shape {
            _ if sized && matches!(name, "length" | "len" | "size" | "count") => {
                vec![format!("write `size({shown})`")]
            }
            Shape::List(item) if matches!(item.field(name), Lookup::Found(_)) => {
                vec![
                    format!("for one: `first({shown}).{name}`, which may be absent"),
                    format!("for all: `{shown}.map(x, x.{name})`"),
                ]
            }
            Shape::Map(_) => vec![format!("write `{shown}[\"{name}\"]`")],
            _ => vec![format!(
                "write `{shown}` alone, or a field of something that has fields"
            )],
        };
        let help: Vec<&str> = help.iter().map(String::as_str).collect();
        self.report(
            codes::UNKNOWN_FIELD,
            at,
            format!("`{shown}` is {shape}, which has no field `{name}`"),
            &help,
        );
    }

    /// `map["name"]`; a list's item by its number is refused.
    pub(super) fn index(&mut self, tree: &Tree, operands: &[Tree], lenient: bool) -> Option<Typed> {
        let [of, key] = operands else {
            return None;
        };
        if let (Kind::Name(root), Kind::Text(id)) = (&of.kind, &key.kind)
            && root == "steps"
            && !self.is_variable("steps")
        {
            return self.step(id, &key.range, &tree.range);
        }
        let (base, absent) = self.base(of, lenient)?;
        match (&base.shape, &key.kind) {
            (Shape::List(_), _) => {
                let (list, number) = (self.shown(&of.range), self.shown(&key.range));
                let instead = match key.kind {
                    Kind::Integer(0) => format!("write `first({list})`"),
                    _ => format!("write `at({list}, {number})`, or `first({list})`"),
                };
                let text = format!("`{}` fails where the list is too short", self.shown(&tree.range));
                let test = "it is absent where the list is too short: test it with `has(...)`, or use `default(...)`";
                self.report(codes::INDEX, &tree.range, text, &[&instead, test]);
                None
            }
            (_, Kind::Text(name)) => self.field(tree, of, base, name, &key.range, absent),
            (Shape::Map(item), _) => {
                let shape = Shape::clone(item).optional();
                let key = self.textual(key)?;
                let node = Node::Member(Box::new(base.code), Box::new(key.code));
                Some(Typed::new(shape, &tree.range, node))
            }
            (Shape::Any, _) => {
                self.needs_cast(of);
                None
            }
            (shape, _) => {
                let shape = shape.clone();
                self.wrong(of, "a map", &shape, &[]);
                None
            }
        }
    }
}
