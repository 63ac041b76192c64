//! Names, fields and members: `steps.order.lines`, `headers["x-trace"]`, `first(lines).number`.

use std::ops::Range;

use dragoman_schema::{Lookup, Shape};

use super::facts::Path;
use super::{Checker, Typed};
use crate::codes;
use crate::program::Node;
use crate::tree::{Kind, Operator, Tree};

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

    pub(super) fn is_variable(&self, name: &str) -> bool {
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
        self.unknown_name(name, range);
        None
    }

    fn step(&mut self, id: &str, at: &Range<usize>, range: &Range<usize>) -> Option<Typed> {
        let Some(shape) = self.environment.steps.get(id) else {
            self.unknown_step(id, at);
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
            Lookup::Unknown => {
                self.unknown_field(tree, of, &base, name, at);
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
