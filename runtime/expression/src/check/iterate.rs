//! `all`, `exists`, `exists_one`, `filter` and `map`.

use std::ops::Range;

use dragoman_schema::Shape;

use super::{Checker, Typed, facts};
use crate::codes;
use crate::program::{Iterated, Iteration, Node};
use crate::tree::{Kind, Tree};

/// Which of them a name is.
pub(super) fn iteration(name: &str) -> Option<Iteration> {
    Some(match name {
        "all" => Iteration::All,
        "exists" => Iteration::Exists,
        "exists_one" | "existsOne" => Iteration::ExistsOne,
        "filter" => Iteration::Filter,
        "map" => Iteration::Map,
        _ => return None,
    })
}

impl Checker<'_> {
    pub(super) fn iterate(
        &mut self,
        tree: &Tree,
        iteration: Iteration,
        at: &Range<usize>,
        list: &Tree,
        arguments: &[Tree],
    ) -> Option<Typed> {
        let name = self.shown(at);
        let Some(variable) = variable(iteration, arguments) else {
            let usage = match iteration {
                Iteration::Map => "`list.map(x, value)` or `list.map(x, condition, value)`".to_owned(),
                _ => format!("`list.{name}(x, condition)`"),
            };
            let text = format!("`{name}` names each item, and says something of it");
            self.report(codes::ARGUMENTS, &tree.range, text, &[&format!("write {usage}")]);
            return None;
        };
        let typed = self.known(list)?;
        let item = match &typed.shape {
            Shape::List(item) => Shape::clone(item),
            Shape::Map(_) => Shape::Text,
            other => {
                let other = other.clone();
                self.wrong(list, "a list", &other, &[]);
                return None;
            }
        };
        let limit = self.environment.limits.nesting;
        if self.variables.len() >= limit && !self.environment.trusting {
            let depth = self.variables.len() + 1;
            let text = format!("`{name}` is nested {depth} deep; at most {limit} is allowed");
            let help = "give the inner list a name with a step `set`";
            self.report(codes::NESTED, &tree.range, text, &[help]);
            return None;
        }
        let level = self.variables.len();
        self.variables.push((variable, item.clone()));
        let body = self.body(iteration, &arguments[1..]);
        self.variables.pop();
        let (condition, result) = body?;
        let shape = match (iteration, &result) {
            (Iteration::Filter, _) => {
                let known = condition.as_ref().map(|c| c.when_true.as_slice()).unwrap_or_default();
                facts::kept(item, &format!("#{level}"), known).list()
            }
            (Iteration::Map, Some(result)) => result.shape.clone().list(),
            _ => Shape::Boolean,
        };
        let parts = Iterated {
            list: typed.code,
            condition: condition.map(|c| c.code),
            result: result.map(|r| r.code),
        };
        Some(Typed::new(
            shape,
            &tree.range,
            Node::Iterate(iteration, Box::new(parts)),
        ))
    }

    /// The condition and the result of one round.
    fn body(&mut self, iteration: Iteration, arguments: &[Tree]) -> Option<(Option<Typed>, Option<Typed>)> {
        match (iteration, arguments) {
            (Iteration::Map, [result]) => Some((None, Some(self.value(result)?))),
            (Iteration::Map, [condition, result]) => {
                let condition = self.condition(condition)?;
                let facts = condition.when_true.clone();
                let result = self.knowing(&facts, |checker| checker.value(result))?;
                Some((Some(condition), Some(result)))
            }
            (_, [condition]) => Some((Some(self.condition(condition)?), None)),
            _ => None,
        }
    }
}

/// The variable that is bound in each round; none where the arguments are not what is asked for.
fn variable(iteration: Iteration, arguments: &[Tree]) -> Option<String> {
    let fine = arguments.len() == 2 || (arguments.len() == 3 && iteration == Iteration::Map);
    match arguments.first().map(|argument| &argument.kind) {
        Some(Kind::Name(variable)) if fine => Some(variable.clone()),
        _ => None,
    }
}
