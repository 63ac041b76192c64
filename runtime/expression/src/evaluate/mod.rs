//! Evaluation: the tree is walked over borrowed values, and every visit and every byte made is counted.

mod call;
mod compare;
mod compute;
mod iterate;

use std::collections::BTreeMap;
use std::rc::Rc;

use dragoman_model::Value;

use crate::Error;
use crate::data::Data;
use crate::environment::Limits;
use crate::expression::Scope;
use crate::program::{Code, Node};

/// A result, or none where the value is absent.
type Outcome<'v> = Result<Option<Data<'v>>, Error>;

/// One evaluation.
pub(crate) struct Evaluation<'v> {
    text: &'v str,
    scope: &'v dyn Scope,
    limits: Limits,
    steps: u64,
    bytes: usize,
    variables: Vec<Data<'v>>,
}

impl<'v> Evaluation<'v> {
    pub(crate) fn new(text: &'v str, scope: &'v dyn Scope, limits: Limits) -> Self {
        Evaluation {
            text,
            scope,
            limits,
            steps: 0,
            bytes: 0,
            variables: Vec::new(),
        }
    }

    /// The value of the whole. What is only handed on is not counted as made.
    pub(crate) fn value(mut self, code: &'v Code) -> Result<Option<Value>, Error> {
        match self.run(code)? {
            None => Ok(None),
            Some(Data::Borrowed(value)) => Ok(Some(value.clone())),
            Some(made) => {
                self.make(made.weight(self.limits.bytes))?;
                Ok(Some(made.into_value()))
            }
        }
    }

    fn step(&mut self) -> Result<(), Error> {
        self.charge(1)
    }

    fn charge(&mut self, steps: u64) -> Result<(), Error> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limits.steps {
            return Err(Error::over_budget(format!(
                "`{}` was stopped after {} steps: a list is too long for what is asked of it",
                snippet(self.text),
                self.limits.steps
            )));
        }
        Ok(())
    }

    fn make(&mut self, bytes: usize) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.bytes {
            return Err(Error::over_budget(format!(
                "`{}` was stopped: it makes more than {} bytes",
                snippet(self.text),
                self.limits.bytes
            )));
        }
        Ok(())
    }

    fn fail(&self, code: &Code, why: impl AsRef<str>) -> Error {
        let part = self.text.get(code.range.clone()).unwrap_or(self.text);
        Error::failed(format!("`{}`: {}", snippet(part), why.as_ref()))
    }

    /// A text that was made is copied where it is read: that takes time by its length.
    fn copied(&mut self, data: Option<Data<'v>>) -> Outcome<'v> {
        if let Some(Data::Made(Value::String(text))) = &data {
            self.charge(text.len() as u64 / 64)?;
        }
        Ok(data)
    }

    /// A value that must be there. Whatever is done with a text takes time by its length.
    fn need(&mut self, code: &'v Code) -> Result<Data<'v>, Error> {
        match self.run(code)? {
            Some(data) => {
                self.charge(data.as_text().map_or(0, str::len) as u64 / 64)?;
                Ok(data)
            }
            None => Err(self.fail(code, "is absent")),
        }
    }

    fn condition(&mut self, code: &'v Code) -> Result<bool, Error> {
        let data = self.need(code)?;
        data.as_boolean()
            .ok_or_else(|| self.fail(code, "is neither true nor false"))
    }

    fn run(&mut self, code: &'v Code) -> Outcome<'v> {
        self.step()?;
        match &code.node {
            Node::Constant(value) => Ok(Data::of(value)),
            Node::Root(name) => Ok(self.scope.root(name).and_then(Data::of)),
            Node::Step(id) => Ok(self.scope.step(id).and_then(Data::of)),
            Node::Variable(level) => {
                let data = self.variables.get(*level).cloned().and_then(Data::present);
                self.copied(data)
            }
            Node::Field(of, name) => match self.run(of)? {
                None => Ok(None),
                Some(data) => match data.member(name) {
                    Ok(member) => self.copied(member),
                    Err(()) => Err(self.fail(of, "is not an object")),
                },
            },
            Node::Member(of, name) => self.member(of, name),
            Node::List(_) | Node::Object(_) | Node::Map(_) => self.container(&code.node).map(Some),
            Node::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                if self.condition(condition)? {
                    self.run(then)
                } else {
                    self.run(otherwise)
                }
            }
            Node::And(pair) => Ok(Some(Data::boolean(
                self.condition(&pair[0])? && self.condition(&pair[1])?,
            ))),
            Node::Or(pair) => Ok(Some(Data::boolean(
                self.condition(&pair[0])? || self.condition(&pair[1])?,
            ))),
            Node::Not(of) => Ok(Some(Data::boolean(!self.condition(of)?))),
            Node::Present(of) => Ok(Some(Data::boolean(self.run(of)?.is_some()))),
            Node::Otherwise(pair) => match self.run(&pair[0])? {
                Some(data) => Ok(Some(data)),
                None => self.run(&pair[1]),
            },
            Node::Compare(how, asked, pair) => self.compare(code, *how, *asked, pair).map(Data::boolean).map(Some),
            Node::Within(how, pair) => self.within(code, *how, pair).map(Data::boolean).map(Some),
            Node::Arithmetic(operation, amount, pair) => self.arithmetic(code, *operation, *amount, pair).map(Some),
            Node::Append(pair) => self.append(pair).map(Some),
            Node::Concatenate(pair) => self.concatenate(pair).map(Some),
            Node::Later(of, period) => self.later(code, of, *period).map(Some),
            Node::Date(of, zone) => self.date(code, of, zone.as_ref()).map(Some),
            Node::Call(function, arguments) => self.call(code, *function, arguments),
            Node::Cast(of, shape, operation) => self.cast(of, shape, operation),
            Node::Iterate(iteration, parts) => self.iterate(*iteration, parts).map(Some),
        }
    }

    fn member(&mut self, of: &'v Code, name: &'v Code) -> Outcome<'v> {
        let Some(map) = self.run(of)? else {
            return Ok(None);
        };
        let name = self.need(name)?;
        let text = name.as_text().unwrap_or_default();
        map.member(text).map_err(|()| self.fail(of, "is not a map"))
    }

    /// Lists and objects: an absent item is left out of an object, and is an error in a list.
    fn container(&mut self, node: &'v Node) -> Result<Data<'v>, Error> {
        let mut members = BTreeMap::new();
        match node {
            Node::List(items) => {
                self.make(32 * items.len())?;
                let items = items
                    .iter()
                    .map(|item| self.need(item))
                    .collect::<Result<Vec<_>, _>>()?;
                return Ok(Data::list(items));
            }
            Node::Object(written) => {
                for (name, code) in written {
                    self.make(32 + name.len())?;
                    if let Some(data) = self.run(code)? {
                        members.insert(name.clone(), data);
                    }
                }
            }
            Node::Map(written) => {
                for (name, code) in written {
                    let key = self.text(name)?;
                    self.make(32 + key.len())?;
                    if let Some(data) = self.run(code)? {
                        members.insert(key, data);
                    }
                }
            }
            _ => {}
        }
        Ok(Data::Object(Rc::new(members)))
    }

    /// A text of its own, counted.
    fn text(&mut self, code: &'v Code) -> Result<String, Error> {
        let data = self.need(code)?;
        match data.as_text() {
            Some(text) => {
                self.make(text.len())?;
                Ok(text.to_owned())
            }
            None => Err(self.fail(code, "is not text")),
        }
    }

    fn items(&mut self, code: &'v Code) -> Result<Vec<Data<'v>>, Error> {
        let data = self.need(code)?;
        // The list of references is as long as the list, so it is charged before it is made; made texts are copied.
        self.charge(data.size().unwrap_or_default() as u64 / 8)?;
        if matches!(data, Data::List(_) | Data::Object(_)) {
            self.charge(data.weight(self.limits.bytes) as u64 / 64)?;
        }
        data.items().ok_or_else(|| self.fail(code, "is not a list"))
    }
}

/// A part of an expression in a message: at most 80 characters.
fn snippet(text: &str) -> String {
    if text.chars().count() <= 80 {
        return text.to_owned();
    }
    text.chars().take(77).chain("...".chars()).collect()
}
