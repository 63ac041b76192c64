//! What a checker is told: the text and its place, the names, what the place asks for, the bounds.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dragoman_model::{Span, Value};
use dragoman_schema::{Marks, Shape, Surface};

use crate::expression::Known;
use crate::names::Names;

/// The text of an expression and where it was written.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// The text, without a leading `=` and with quoting undone.
    pub text: &'a str,
    /// The whole place, for the expression as such.
    pub span: &'a Span,
    /// From a byte offset in `text` (its length included) to the byte offset in the source: not the same thing in a
    /// quoted or folded scalar.
    pub offset: &'a dyn Fn(usize) -> usize,
    /// How another expression must be written in its place, where it cannot stand there as this one does: in quotes.
    pub quoted: &'a dyn Fn(&str) -> Option<String>,
}

impl Written<'_> {
    /// The place of a part of the text.
    pub fn part(&self, range: &Range<usize>) -> Span {
        let start = (self.offset)(range.start.min(self.text.len()));
        let end = (self.offset)(range.end.min(self.text.len()));
        Span::new(&self.span.source, start..end.max(start))
    }
}

/// What the place of an expression asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Any value, an optional one included.
    Anything,
    /// True or false.
    Condition,
    /// A value that names something: text, or what has one spelling as text (a number, a date). It is evaluated to text.
    Key,
    /// A list.
    List,
    /// A value of this shape.
    Shape(Shape),
}

/// The bounds of checking and of evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of the text, in characters.
    pub length: usize,
    /// Of `all`, `map` and the like, one in another.
    pub nesting: usize,
    /// Of one evaluation: visits of a node of the expression.
    pub steps: u64,
    /// Of one evaluation: bytes of what it makes.
    pub bytes: usize,
}

impl Default for Limits {
    /// 4,000 characters, 2 levels, 200,000 steps, 1 MiB.
    fn default() -> Self {
        Limits {
            length: 4_000,
            nesting: 2,
            steps: 200_000,
            bytes: 1 << 20,
        }
    }
}

/// So much text of expressions is tried at most, in bytes, to say what to write in the place of mistakes: a pipeline full of
/// them is told as fast as another one.
const TRIED: usize = 512 * 1024;

/// How much text may still be tried, shared by all places of a pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Tries(Arc<AtomicUsize>);

impl Default for Tries {
    fn default() -> Self {
        Tries(Arc::new(AtomicUsize::new(TRIED)))
    }
}

impl Tries {
    /// Takes so many bytes of what is left; false where that is not enough.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
        left >= bytes
    }
}

/// Which fields each answer of a person brings.
pub type AnswerNeeds = Arc<[(String, Vec<String>)]>;

/// The names that an expression sees, with their shapes.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub(crate) names: Names<Shape>,
    pub(crate) steps: Names<Shape>,
    /// Steps whose output is not there: why, and what to do.
    pub(crate) elsewhere: Names<Arc<(String, String)>>,
    /// What is personal or secret of names at the root, and of steps, as `steps.<id>`.
    pub(crate) marks: Names<Marks>,
    /// What a test has shown of the results of functions: `first(...)` of a list, a cast.
    pub(crate) learned: Arc<Vec<Known>>,
    /// Which fields each answer of a person brings, by the step that asks.
    pub(crate) answers: Names<AnswerNeeds>,
    pub(crate) operations: Arc<BTreeMap<String, Operation>>,
    /// Values of names at the root that are known before anything runs.
    pub(crate) values: Names<Arc<Value>>,
    pub(crate) limits: Limits,
    /// The unit that quantities most likely have here, for what is said of one that has none.
    pub(crate) unit: Option<Arc<str>>,
    /// How much may still be tried to say what to write.
    pub(crate) tries: Tries,
    /// Whether the expressions were accepted before.
    pub(crate) trusting: bool,
}

/// Input and output of an operation, for casts.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) input_marks: Marks,
    pub(crate) output_marks: Marks,
}

impl Environment {
    /// No names yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name at the root: `trigger`, `site`, `run`, an item's name.
    #[must_use]
    pub fn with_name(mut self, name: &str, shape: Shape) -> Self {
        self.set_name(name, shape);
        self
    }

    /// The same in place.
    pub fn set_name(&mut self, name: &str, shape: Shape) {
        self.forget(&[name]);
        self.values.remove(name);
        self.names.insert(name, shape);
    }

    /// Gives a name at the root, whose value stays, a shape of which a test has shown more.
    pub fn refine_name(&mut self, name: &str, shape: Shape) {
        self.names.insert(name, shape);
    }

    /// The same for the output of a step.
    pub fn refine_step(&mut self, id: &str, shape: Shape) {
        self.steps.insert(id, shape);
    }

    /// Says which fields each answer brings that a step gives in `answer`: a test of that shows that they are there.
    pub fn add_answers(&mut self, id: &str, answers: AnswerNeeds) {
        self.answers.insert(id, answers);
    }

    /// The same, as it was said.
    pub fn answers(&self, id: &str) -> Option<&AnswerNeeds> {
        self.answers.get(id)
    }

    /// Takes over what a test has shown of the result of a function or of a member of a map, as long as the name that it
    /// begins with is not given to something else. What it shows of fields is told by their shapes.
    pub fn learn(&mut self, known: &Known) {
        let of_function = known.path.iter().any(|segment| segment.ends_with("()"));
        if (of_function || self.goes_through_map(&known.path)) && !self.learned.contains(known) {
            Arc::make_mut(&mut self.learned).push(known.clone());
        }
    }

    /// Whether a path leads to a member of a map, whose shape is that of all of them.
    fn goes_through_map(&self, path: &[String]) -> bool {
        let (whole, fields) = match path {
            [steps, id, fields @ ..] if steps == "steps" => (self.steps.get(id), fields),
            [name, fields @ ..] => (self.names.get(name), fields),
            [] => return false,
        };
        let Some(mut shape) = whole.map(Shape::present) else {
            return false;
        };
        for field in fields {
            match shape {
                Shape::Map(_) => return true,
                Shape::Object(object) => match object.fields.get(field) {
                    Some(field) => shape = field.present(),
                    None => return false,
                },
                _ => return false,
            }
        }
        false
    }

    fn forget(&mut self, path: &[&str]) {
        let about = |known: &Known| known.path.iter().zip(path).all(|(segment, name)| segment == name);
        if self.learned.iter().any(about) {
            Arc::make_mut(&mut self.learned).retain(|known| !about(known));
        }
    }

    /// Takes a name at the root away.
    pub fn remove_name(&mut self, name: &str) {
        self.forget(&[name]);
        self.values.remove(name);
        self.names.remove(name);
    }

    /// Adds the output of a step, as `steps.<id>`.
    #[must_use]
    pub fn with_step(mut self, id: &str, shape: Shape) -> Self {
        self.add_step(id, shape);
        self
    }

    /// The same in place.
    pub fn add_step(&mut self, id: &str, shape: Shape) {
        self.forget(&["steps", id]);
        self.elsewhere.remove(id);
        self.steps.insert(id, shape);
    }

    /// Adds a step that exists and whose output cannot be used here, with the reason in a sentence
    /// (`it comes later`, `it is in another branch`) and what to do instead.
    pub fn hide_step(&mut self, id: &str, why: String, help: String) {
        self.steps.remove(id);
        self.elsewhere.insert(id, Arc::new((why, help)));
    }

    /// Whether a step exists whose output cannot be used here.
    pub fn is_hidden(&self, id: &str) -> bool {
        self.elsewhere.contains(id)
    }

    /// Says what of a name at the root is personal or secret.
    pub fn mark_name(&mut self, name: &str, marks: Marks) {
        if marks.is_none() {
            self.marks.remove(name);
        } else {
            self.marks.insert(name, marks);
        }
    }

    /// Says what of a step's output is personal or secret.
    pub fn mark_step(&mut self, id: &str, marks: Marks) {
        self.mark_name(&step_name(id), marks);
    }

    /// What of a step's output is personal or secret.
    pub fn step_marks(&self, id: &str) -> Marks {
        self.marks.get(&step_name(id)).cloned().unwrap_or_default()
    }

    /// Adds the operations of a connection, for `cast(x, "connection.operation")`.
    pub fn add_connection(&mut self, connection: &str, surface: &Surface) {
        for (name, operation) in &surface.operations {
            let shapes = Operation {
                input: operation.input.clone(),
                output: operation.output.clone(),
                input_marks: operation.input_marks.clone(),
                output_marks: operation.output_marks.clone(),
            };
            Arc::make_mut(&mut self.operations).insert(format!("{connection}.{name}"), shapes);
        }
    }

    /// Adds one operation by the shapes of its input and output.
    #[must_use]
    pub fn with_operation(mut self, name: &str, input: Shape, output: Shape) -> Self {
        let operation = Operation {
            input,
            output,
            input_marks: Marks::default(),
            output_marks: Marks::default(),
        };
        Arc::make_mut(&mut self.operations).insert(name.to_owned(), operation);
        self
    }

    /// Says in which unit quantities most likely are here: what is said of one without a unit names it.
    pub fn set_unit(&mut self, unit: Option<Arc<str>>) {
        self.unit = unit;
    }

    /// Sets other bounds.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes expressions to have been accepted before: what a run meets by itself where it comes to it (a value that may
    /// be absent, a comparison that never holds, a value that does not fit its place) is not reported. What no program
    /// can be made of still is.
    #[must_use]
    pub fn trusting(mut self, trusting: bool) -> Self {
        self.trusting = trusting;
        self
    }

    /// The shape of a name at the root.
    pub fn name(&self, name: &str) -> Option<&Shape> {
        self.names.get(name)
    }

    /// The shape of a step's output.
    pub fn step(&self, id: &str) -> Option<&Shape> {
        self.steps.get(id)
    }

    /// The ids of the steps whose output can be used here.
    pub fn step_ids(&self) -> impl Iterator<Item = &str> {
        self.steps.keys()
    }

    /// Adds a name for each member of an object, with the shape of what is written there.
    #[must_use]
    pub fn with_values(mut self, name: &str, values: &Value) -> Self {
        self.set_values(name, values);
        self
    }

    /// The same in place: the name has the shape of the value, which is known before anything runs.
    pub fn set_values(&mut self, name: &str, values: &Value) {
        self.set_name(name, Shape::of_value(values));
        self.values.insert(name, Arc::new(values.clone()));
    }

    /// The value at a path (`["site", "zone"]`), where it is known before anything runs.
    pub(crate) fn value(&self, path: &[String]) -> Option<&Value> {
        let (name, members) = path.split_first()?;
        let whole: &Value = self.values.get(name)?;
        members.iter().try_fold(whole, |value, member| value.get(member))
    }
}

/// The name of a step's output; no name at the root has a point in it.
fn step_name(id: &str) -> String {
    format!("steps.{id}")
}
