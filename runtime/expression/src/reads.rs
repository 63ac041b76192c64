//! Which parts of its names an expression reads, so that whoever must keep a copy of them keeps no more.

use std::collections::BTreeSet;

use crate::program::{Code, InZone, Node};

/// The parts, as names one below the other: `["trigger", "message", "lot"]`, `["steps", "order", "lines"]`. A part of a part
/// is not said twice.
pub(crate) fn of(code: &Code) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    visit(code, &mut found);
    shortest(found)
}

/// Without those that lie below others.
fn shortest(paths: BTreeSet<Vec<String>>) -> BTreeSet<Vec<String>> {
    let mut kept: BTreeSet<Vec<String>> = BTreeSet::new();
    // In their order a path comes before those below it.
    for path in paths {
        let known = (1..=path.len()).any(|length| kept.contains(&path[..length]));
        if !known {
            kept.insert(path);
        }
    }
    kept
}

/// The path of a name or of its fields; none: it is computed.
pub(crate) fn path(code: &Code) -> Option<Vec<String>> {
    match &code.node {
        Node::Root(name) => Some(vec![name.clone()]),
        Node::Step(id) => Some(vec!["steps".into(), id.clone()]),
        Node::Field(of, name) => {
            let mut path = path(of)?;
            path.push(name.clone());
            Some(path)
        }
        _ => None,
    }
}

/// Says every part of a program, each before its own parts.
pub(crate) fn each(code: &Code, say: &mut dyn FnMut(&Code)) {
    say(code);
    parts(code).into_iter().for_each(|part| each(part, say));
}

fn visit(code: &Code, found: &mut BTreeSet<Vec<String>>) {
    match path(code) {
        Some(path) => {
            found.insert(path);
        }
        None => parts(code).into_iter().for_each(|part| visit(part, found)),
    }
}

/// The parts that a part is made of.
fn parts(code: &Code) -> Vec<&Code> {
    match &code.node {
        Node::Constant(_) | Node::Root(_) | Node::Step(_) | Node::Variable(_) => Vec::new(),
        Node::Field(of, _) | Node::Not(of) | Node::Present(of) | Node::Later(of, _) | Node::Cast(of, ..) => vec![of],
        Node::Member(of, name) => vec![of, name],
        Node::List(parts) | Node::Call(_, parts) => parts.iter().collect(),
        Node::Object(members) => members.iter().map(|(_, part)| part).collect(),
        Node::Map(entries) => entries.iter().flat_map(|(key, part)| [key, part]).collect(),
        Node::If(parts) => parts.iter().collect(),
        Node::And(parts)
        | Node::Or(parts)
        | Node::Otherwise(parts)
        | Node::Compare(_, _, parts)
        | Node::Within(_, parts)
        | Node::Arithmetic(_, _, parts)
        | Node::Append(parts)
        | Node::Concatenate(parts) => parts.iter().collect(),
        Node::Date(of, Some(InZone::Computed(zone))) => vec![of, zone],
        Node::Date(of, _) => vec![of],
        Node::Iterate(_, parts) => {
            let rest = parts.condition.iter().chain(&parts.result);
            std::iter::once(&parts.list).chain(rest).collect()
        }
    }
}
