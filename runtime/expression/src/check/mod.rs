//! The checker: follows every name and field through the shapes, and makes the program that the evaluator runs.

mod arithmetic;
mod bounds;
mod calls;
mod chain;
mod compare;
mod container;
mod convert;
mod facts;
mod functions;
mod incalculable;
mod incomparable;
mod iterate;
mod lists;
mod marks;
mod near;
mod operators;
mod parts;
mod remedies;
mod result;
mod tests_of_one;
mod tried;
mod units;
mod unknown;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use dragoman_model::{Code as ErrorCode, Diagnostic, Value, nearest};
use dragoman_schema::Shape;
use rust_decimal::Decimal;

use crate::codes;
use crate::complaint::Problem;
use crate::environment::{Environment, Expected, Written};
use crate::expression::{Expression, Known, Program};
use crate::program::{Code, Node};
use crate::syntax;
use crate::tree::{Kind, Tree};
use facts::{Fact, Path};

/// Reads an expression and checks it against the names that it sees and against what its place asks for.
///
/// Gives the expression and the shape of its value. For [`Expected::Key`] the value is text.
///
/// # Errors
/// Everything that is wrong with it, each at its place; a part that is wrong says nothing about what contains it.
pub fn check(
    written: &Written<'_>,
    environment: &Environment,
    expected: &Expected,
) -> Result<(Expression, Shape), Vec<Diagnostic>> {
    let mut checker = Checker::new(written, environment);
    let checked = checker.whole(expected);
    match checked {
        Some((code, shape, [when_true, when_false])) if checker.problems.is_empty() => {
            let (roots, steps, limits) = (checker.roots, checker.steps, environment.limits);
            let program = Program {
                marks: marks::of(&code, environment, &mut Vec::new()),
                code,
                roots,
                steps,
                limits,
                when_true,
                when_false,
            };
            let expression = Expression {
                text: written.text.into(),
                span: written.span.clone(),
                program: Arc::new(program),
            };
            Ok((expression, shape))
        }
        _ => {
            let problems = tried::settled(checker.problems, written, environment, expected);
            Err(problems.into_iter().map(|problem| problem.told(written)).collect())
        }
    }
}

/// So many characters of a part are told in messages and helps.
const SHOWN: usize = 120;

/// What to do where two values have to be of one kind and are not.
const ONE_KIND: &str =
    "let both be of one kind: `text(...)` makes text of a number or a date, `decimal(...)` a decimal of text";

/// The fields of a value that may stand where the value itself may not.
fn part_named(wanted: &str, found: &Shape, shown: &str) -> Option<String> {
    let fits = |shape: &Shape| match wanted {
        "text" | "what can be converted" | "text, a date or a time" => shape.is_textual(),
        "a list" | "a list or a map" => matches!(shape, Shape::List(_)),
        "true or false" => *shape == Shape::Boolean,
        "a whole number or a decimal" => matches!(shape, Shape::Integer | Shape::Decimal),
        _ => false,
    };
    let fields = parts::fields_that(found, fits);
    let named: Vec<String> = fields.iter().map(|field| format!("`{shown}.{field}`")).collect();
    (!named.is_empty()).then(|| format!("take a field of it: {}", named.join(", ")))
}

/// The state of one check. A part that was found wrong gives none, after its diagnostic was noted.
struct Checker<'a> {
    written: &'a Written<'a>,
    environment: &'a Environment,
    problems: Vec<Problem>,
    facts: Vec<Fact>,
    variables: Vec<(String, Shape)>,
    roots: BTreeSet<String>,
    steps: BTreeSet<String>,
    /// The whole path that is being read: `steps.order.customer.name`.
    whole: Range<usize>,
    /// What the place of the whole expression asks for, where that has a shape, and where the whole stands.
    wanted: Option<(Range<usize>, Shape)>,
    /// Whether nobody hears of what is found: then nothing is looked for that would mend it.
    silent: bool,
}

/// A part that was checked.
#[derive(Debug, Clone)]
struct Typed {
    shape: Shape,
    code: Code,
    /// How a later part would name the same value.
    path: Option<Path>,
    /// The shape of the object whose field this is.
    owner: Option<Shape>,
    /// A number that was written with a point: exact, and a decimal where one is wanted.
    point: Option<Decimal>,
    /// What is known where this is true.
    when_true: Vec<Fact>,
    /// What is known where this is false.
    when_false: Vec<Fact>,
}

impl Typed {
    fn new(shape: Shape, range: &Range<usize>, node: Node) -> Self {
        Typed {
            shape,
            code: Code {
                range: range.clone(),
                node,
            },
            path: None,
            owner: None,
            point: None,
            when_true: Vec::new(),
            when_false: Vec::new(),
        }
    }
}

impl<'a> Checker<'a> {
    fn new(written: &'a Written<'a>, environment: &'a Environment) -> Self {
        Checker {
            written,
            environment,
            problems: Vec::new(),
            facts: facts::heard(&environment.learned),
            variables: Vec::new(),
            roots: BTreeSet::new(),
            steps: BTreeSet::new(),
            whole: 0..0,
            wanted: None,
            silent: false,
        }
    }
}

impl Checker<'_> {
    fn whole(&mut self, expected: &Expected) -> Option<(Code, Shape, [Vec<Known>; 2])> {
        let length = self.written.text.chars().count();
        let limit = self.environment.limits.length;
        if length > limit && !self.environment.trusting {
            let text = format!("the expression has {length} characters; at most {limit} are read");
            let end = self.written.text.len();
            self.report(
                codes::TOO_LONG,
                &(0..end),
                text,
                &["give a part of it a name with a step `set`"],
            );
            return None;
        }
        let tree = match syntax::parse(self.written.text) {
            // `decided: nein`: one word that is none here, where true or false stands.
            Ok(Tree {
                kind: Kind::Name(name),
                range,
            }) if *expected == Expected::Condition && self.is_no_truth(&name) => {
                let help = match name.to_lowercase().as_str() {
                    "yes" | "on" => "write `true`",
                    "no" | "off" => "write `false`",
                    _ => "write `true`, `false`, or what is to be compared: `a == \"b\"`",
                };
                let text = format!("here stands a condition: true or false; `{name}` is no name");
                self.report(codes::UNKNOWN_NAME, &range, text, &[help]);
                return None;
            }
            Ok(tree) => tree,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        self.wanted = match expected {
            Expected::Shape(shape) => Some((tree.range.clone(), shape.clone())),
            Expected::Condition => Some((tree.range.clone(), Shape::Boolean)),
            Expected::Key => Some((tree.range.clone(), Shape::Text)),
            _ => None,
        };
        let typed = self.tree(&tree)?;
        let shows = [facts::told(&typed.when_true), facts::told(&typed.when_false)];
        let (code, shape) = self.result(&tree, typed, expected)?;
        Some((code, shape, shows))
    }

    /// Whether a name is none, and near none.
    fn is_no_truth(&self, name: &str) -> bool {
        let names = self.environment.names.keys().chain(["steps"]);
        let placed = ["failure", "round", "last"].contains(&name);
        !placed && !self.is_name(name) && !self.environment.steps.contains(name) && nearest(name, names).is_none()
    }

    fn report(&mut self, code: ErrorCode, range: &Range<usize>, message: impl Into<String>, help: &[&str]) {
        let problem = Problem::new(code, range.clone(), message);
        self.problems
            .push(help.iter().fold(problem, |problem, text| problem.help(*text)));
    }

    /// Notes that something is wrong where nobody hears of it: what was meant is not looked for.
    fn unheard(&mut self, code: ErrorCode, range: &Range<usize>) -> bool {
        if self.silent {
            self.report(code, range, "", &[]);
        }
        self.silent
    }

    /// What something is, whatever is wrong with it: nothing is reported.
    fn silently(&mut self, tree: &Tree) -> Option<Typed> {
        let (said, silent) = (self.problems.len(), std::mem::replace(&mut self.silent, true));
        let typed = self.tree(tree);
        self.problems.truncate(said);
        self.silent = silent;
        typed
    }

    /// The text of a part, for messages.
    fn shown(&self, range: &Range<usize>) -> String {
        let text = self.written.text.get(range.clone()).unwrap_or_default();
        match text.char_indices().nth(SHOWN) {
            Some((cut, _)) => format!("{}...", &text[..cut]),
            None => text.to_owned(),
        }
    }

    /// Checks a part, whose value may be absent.
    fn tree(&mut self, tree: &Tree) -> Option<Typed> {
        match &tree.kind {
            Kind::Text(text) => {
                let node = Node::Constant(Value::String(text.clone()));
                Some(Typed::new(Shape::enumeration([text.as_str()]), &tree.range, node))
            }
            Kind::Integer(number) => Some(Typed::new(
                Shape::Integer,
                &tree.range,
                Node::Constant(Value::from(*number)),
            )),
            Kind::Boolean(value) => Some(Typed::new(
                Shape::Boolean,
                &tree.range,
                Node::Constant(Value::Bool(*value)),
            )),
            Kind::Point(number) => self.point(*number, &tree.range),
            Kind::Null => {
                let help = [
                    "what is unknown is absent: test it with `has(x)` or `!has(x)`",
                    "to give another value in its place, write `default(x, y)`",
                ];
                self.report(codes::NULL, &tree.range, "there is no `null` in the language", &help);
                None
            }
            Kind::Name(_) | Kind::Field { .. } => {
                let around = std::mem::replace(&mut self.whole, tree.range.clone());
                let typed = self.chain(tree, false);
                self.whole = around;
                typed
            }
            Kind::Call {
                function,
                at,
                receiver,
                arguments,
            } => self.call(tree, function, at, receiver.as_deref(), arguments),
            Kind::Operator { operator, at, operands } => self.operator(tree, *operator, at, operands),
            Kind::List(items) => self.list(tree, items),
            Kind::Map(entries) => self.map(tree, entries),
        }
    }

    fn point(&mut self, number: Decimal, range: &Range<usize>) -> Option<Typed> {
        let float = number
            .to_string()
            .parse::<f64>()
            .ok()
            .and_then(serde_json::Number::from_f64)?;
        let mut typed = Typed::new(Shape::Number, range, Node::Constant(Value::Number(float)));
        typed.point = Some(number);
        Some(typed)
    }

    /// Checks a part whose value must be there.
    fn value(&mut self, tree: &Tree) -> Option<Typed> {
        let typed = self.tree(tree)?;
        self.present(tree, typed)
    }

    /// Demands that a value is there.
    fn present(&mut self, tree: &Tree, typed: Typed) -> Option<Typed> {
        let shown = self.shown(&tree.range);
        match typed.shape.clone() {
            Shape::Nothing => {
                let help = "use a step that has an output";
                self.report(
                    codes::WRONG_TYPE,
                    &tree.range,
                    format!("`{shown}` gives nothing"),
                    &[help],
                );
                None
            }
            // Where it is absent after all, the evaluation fails and says so.
            Shape::Optional(inner) if self.environment.trusting => Some(Typed {
                shape: Shape::clone(&inner),
                ..typed
            }),
            Shape::Optional(_) => {
                let test = if typed.path.is_some() {
                    format!("test it first: `has({shown}) && ...`, or `has({shown}) ? ... : ...`")
                } else {
                    "give it a name with a step `set`, and test that with `has(...)`".to_owned()
                };
                // Of an object nobody can write another one: the value that is read of it is given.
                let read = self.whole.start == tree.range.start && self.whole.end > tree.range.end;
                let whole = if read { self.shown(&self.whole) } else { shown.clone() };
                let value = if read {
                    "...".to_owned()
                } else {
                    remedies::some_value(&typed.shape)
                };
                let other = format!("or give another value: `default({whole}, {value})`");
                self.report(
                    codes::MAYBE_ABSENT,
                    &tree.range,
                    format!("`{shown}` may be absent"),
                    &[&test, &other],
                );
                None
            }
            _ => Some(typed),
        }
    }

    /// Checks a part whose value must be there and known.
    fn known(&mut self, tree: &Tree) -> Option<Typed> {
        let typed = self.value(tree)?;
        if typed.shape == Shape::Any {
            self.needs_cast(tree);
            return None;
        }
        Some(typed)
    }

    fn needs_cast(&mut self, tree: &Tree) {
        let shown = self.shown(&tree.range);
        let help = format!("say what it is: `cast({shown}, \"connection.operation\")`");
        self.report(
            codes::NEEDS_CAST,
            &tree.range,
            format!("nothing is known of `{shown}`"),
            &[&help],
        );
    }

    /// A value of another kind than is wanted.
    fn wrong(&mut self, tree: &Tree, wanted: &str, found: &Shape, help: &[&str]) {
        let shown = self.shown(&tree.range);
        let text = format!("expected {wanted}, `{shown}` is {found}");
        let kinds: &[Shape] = match wanted {
            "true or false" => &[Shape::Boolean],
            "a whole number" | "a whole number or a decimal" => &[Shape::Integer, Shape::Decimal],
            "text" => &[Shape::Text],
            "text, a date or a time" | "a date or a time" => &[Shape::DateTime],
            "a quantity" => &[Shape::Quantity],
            _ => &[],
        };
        let made = || kinds.iter().find_map(|kind| self.instead(tree, found, kind));
        let listed = || match wanted {
            "a list" if !matches!(found, Shape::Map(_)) => Some(format!("for a list of one, write `[{shown}]`")),
            _ => None,
        };
        let dated = || match wanted {
            "text, a date or a time" => {
                Some("a date is made of a text or of a time: `date(\"2026-11-21\")`, `date(run.now)`".to_owned())
            }
            "a date or a time" => Some(
                "a time is made of a text: `timestamp(\"2026-11-21T18:00:00Z\")`; the run began at `run.now`"
                    .to_owned(),
            ),
            _ => None,
        };
        let give = part_named(wanted, found, &shown)
            .or_else(made)
            .or_else(listed)
            .or_else(dated)
            .unwrap_or_else(|| format!("{} {wanted}", tried::NOTHING_KNOWN));
        let help = if help.is_empty() { &[give.as_str()][..] } else { help };
        self.report(codes::WRONG_TYPE, &tree.range, text, help);
        // What is counted or gone through is seldom a text.
        let counted = wanted.starts_with("a list");
        self.offer(tree, |shape| !counted || matches!(shape, Shape::List(_)));
    }

    /// Checks a part that must be text of any kind.
    fn textual(&mut self, tree: &Tree) -> Option<Typed> {
        let typed = self.known(tree)?;
        if typed.shape.is_textual() {
            return Some(typed);
        }
        let help = format!("write `text({})`", self.shown(&tree.range));
        let convertible = matches!(
            typed.shape,
            Shape::Integer | Shape::Number | Shape::Boolean | Shape::Quantity | Shape::Measured(_)
        );
        let help = convertible.then_some(help.as_str());
        self.wrong(tree, "text", &typed.shape, &help.into_iter().collect::<Vec<_>>());
        None
    }
}
