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
fn path(code: &Code) -> Option<Vec<String>> {
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

fn visit(code: &Code, found: &mut BTreeSet<Vec<String>>) {
    if let Some(path) = path(code) {
        found.insert(path);
        return;
    }
    let mut all = |parts: &[Code]| parts.iter().for_each(|part| visit(part, found));
    match &code.node {
        Node::Constant(_) | Node::Root(_) | Node::Step(_) | Node::Variable(_) => {}
        Node::Field(of, _) | Node::Not(of) | Node::Present(of) | Node::Later(of, _) | Node::Cast(of, ..) => {
            visit(of, found)
        }
        Node::Member(of, name) => {
            visit(of, found);
            visit(name, found);
        }
        Node::List(parts) | Node::Call(_, parts) => all(parts),
        Node::Object(members) => members.iter().for_each(|(_, part)| visit(part, found)),
        Node::Map(entries) => entries.iter().for_each(|(key, part)| {
            visit(key, found);
            visit(part, found);
        }),
        Node::If(parts) => all(&parts[..]),
        Node::And(parts)
        | Node::Or(parts)
        | Node::Otherwise(parts)
        | Node::Compare(_, _, parts)
        | Node::Within(_, parts)
        | Node::Arithmetic(_, _, parts)
        | Node::Append(parts)
        | Node::Concatenate(parts) => all(&parts[..]),
        Node::Date(of, zone) => {
            visit(of, found);
            if let Some(InZone::Computed(zone)) = zone {
                visit(zone, found);
            }
        }
        Node::Iterate(_, parts) => {
            visit(&parts.list, found);
            parts
                .condition
                .iter()
                .chain(&parts.result)
                .for_each(|part| visit(part, found));
        }
    }
}
