//! What of a value is personal or secret, by what it is made of.

use dragoman_schema::Marks;

use crate::environment::Environment;
use crate::program::{Code, Function, InZone, Iterated, Iteration, Node};

/// The marks of what a program gives. A condition says nothing of what it looked at, and neither do a size and a digest.
pub(super) fn of(code: &Code, environment: &Environment, variables: &mut Vec<Marks>) -> Marks {
    let mut each = |code: &Code| of(code, environment, variables);
    match &code.node {
        Node::Constant(_)
        | Node::Present(_)
        | Node::Not(_)
        | Node::And(_)
        | Node::Or(_)
        | Node::Compare(..)
        | Node::Within(..) => Marks::default(),
        Node::Root(name) => environment.marks.get(name).cloned().unwrap_or_default(),
        Node::Step(id) => environment.step_marks(id),
        Node::Variable(level) => variables.get(*level).cloned().unwrap_or_default(),
        Node::Field(of, name) => each(of).field(name),
        Node::Member(of, _) => each(of).item(),
        Node::List(items) => joined(items.iter().map(each)).list(),
        Node::Object(fields) => Marks::object(fields.iter().map(|(name, code)| (name.clone(), each(code)))),
        Node::Map(entries) => {
            let parts = entries
                .iter()
                .map(|(name, value)| each(name).mixed().with(&each(value)));
            joined(parts).list()
        }
        Node::If(parts) => each(&parts[1]).with(&each(&parts[2])),
        Node::Otherwise(pair) | Node::Append(pair) => each(&pair[0]).with(&each(&pair[1])),
        Node::Arithmetic(_, _, pair) | Node::Concatenate(pair) => each(&pair[0]).with(&each(&pair[1])).mixed(),
        Node::Date(of, Some(InZone::Computed(zone))) => each(of).with(&each(zone)).mixed(),
        Node::Later(of, _) | Node::Date(of, _) => each(of).mixed(),
        Node::Call(function, arguments) => called(*function, arguments.iter().map(each)),
        Node::Cast(of, shape, name) => {
            let operation = environment.operations.get(name);
            let said = operation.map(|o| {
                if o.output == **shape {
                    &o.output_marks
                } else {
                    &o.input_marks
                }
            });
            each(of).with(&said.cloned().unwrap_or_default())
        }
        Node::Iterate(iteration, parts) => iterated(*iteration, parts, environment, variables),
    }
}

fn joined(parts: impl Iterator<Item = Marks>) -> Marks {
    parts.fold(Marks::default(), |all, part| all.with(&part))
}

fn called(function: Function, mut arguments: impl Iterator<Item = Marks>) -> Marks {
    match function {
        Function::Size | Function::StartsWith | Function::EndsWith | Function::Contains | Function::Digest => {
            Marks::default()
        }
        Function::First | Function::Last | Function::At | Function::Flatten => {
            arguments.next().unwrap_or_default().item()
        }
        Function::Unique => arguments.next().unwrap_or_default(),
        _ => joined(arguments).mixed(),
    }
}

fn iterated(iteration: Iteration, parts: &Iterated, environment: &Environment, variables: &mut Vec<Marks>) -> Marks {
    let list = of(&parts.list, environment, variables);
    match (iteration, &parts.result) {
        (Iteration::Filter, _) => list,
        (Iteration::Map, Some(result)) => {
            variables.push(list.item());
            let result = of(result, environment, variables);
            variables.pop();
            result.list()
        }
        _ => Marks::default(),
    }
}
