//! The same as text for Mermaid, which README files and wikis draw by themselves.

use std::fmt::Write as _;

use crate::flow::{Block, Body, Branch, Flow, Head, Item, Look};
use crate::track::{Mark, Track};

/// Colours of marks, as classes.
const CLASSES: &str = "  classDef done stroke:#17713a,stroke-width:3px\n  classDef failed stroke:#ad1f17,stroke-width:3px\n  \
                       classDef waits stroke:#8a5a00,stroke-width:3px\n  classDef skipped stroke-dasharray:4 3,opacity:0.6\n";

/// A pipeline as a Mermaid flowchart.
///
/// In: the flow, and what became of each step. Out: the text, beginning with `flowchart TD`.
pub fn mermaid(flow: &Flow, track: Option<&Track>) -> String {
    let mut chart = Chart {
        out: String::from("flowchart TD\n"),
        next: 0,
        track,
        classes: Vec::new(),
        indent: 1,
    };
    for (number, remark) in flow.remarks.iter().enumerate() {
        chart.line(&format!("remark{}>{}]", number + 1, quoted(remark)));
    }
    let mut open: Vec<Open> = Vec::new();
    for trigger in &flow.triggers {
        let id = chart.node(trigger);
        open.push(Open::from(id));
    }
    let begin = chart.node(&flow.begin);
    chart.join(open, &begin);
    let open = chart.block(&flow.steps, vec![Open::from(begin)]);
    if flow.steps.falls_through() {
        let end = chart.node(&flow.completed);
        chart.join(open, &end);
    }
    if track.is_some() {
        chart.out.push_str(CLASSES);
        for (id, class) in &chart.classes {
            // Writing to a String cannot fail.
            let _ = writeln!(chart.out, "  class {id} {class}");
        }
    }
    chart.out
}

/// An edge that has no end yet.
struct Open {
    from: String,
    label: String,
    dashed: bool,
}

impl Open {
    fn from(from: String) -> Self {
        Open {
            from,
            label: String::new(),
            dashed: false,
        }
    }

    fn labelled(from: &str, label: &str, dashed: bool) -> Self {
        Open {
            from: from.into(),
            label: label.into(),
            dashed,
        }
    }
}

struct Chart<'a> {
    out: String,
    next: usize,
    track: Option<&'a Track>,
    classes: Vec<(String, &'static str)>,
    indent: usize,
}

impl Chart<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(&"  ".repeat(self.indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn id(&mut self, path: &str) -> String {
        self.next += 1;
        let id = format!("n{}", self.next);
        let class = match self.track.and_then(|t| t.mark(path)) {
            Some(Mark::Done | Mark::Passed | Mark::Undone) => Some("done"),
            Some(Mark::Failed) => Some("failed"),
            Some(Mark::Waiting | Mark::Running | Mark::Parked | Mark::GivenUp) => Some("waits"),
            Some(Mark::Skipped) => Some("skipped"),
            None => None,
        };
        if let Some(class) = class {
            self.classes.push((id.clone(), class));
        }
        id
    }

    fn join(&mut self, open: Vec<Open>, to: &str) {
        for edge in open {
            let line = match (edge.label.is_empty(), edge.dashed) {
                (true, false) => format!("{} --> {to}", edge.from),
                (false, false) => format!("{} -->|{}| {to}", edge.from, quoted(&edge.label)),
                (true, true) => format!("{} -.-> {to}", edge.from),
                (false, true) => format!("{} -.->|{}| {to}", edge.from, quoted(&edge.label)),
            };
            self.line(&line);
        }
    }

    fn node(&mut self, item: &Item) -> String {
        let id = self.id(&item.path);
        let text: Vec<&str> = item.lines.iter().map(|l| l.text.as_str()).collect();
        let text = quoted(&text.join("\n"));
        let (open, close) = match item.look {
            Look::Trigger => (">", "]"),
            Look::Begin | Look::Completed | Look::Stop => ("([", "])"),
            Look::Park => ("[[", "]]"),
            Look::Fail => ("{{", "}}"),
            Look::Choice => ("[/", "\\]"),
            Look::Wait => ("[/", "/]"),
            Look::Ledger => ("[(", ")]"),
            _ => ("[", "]"),
        };
        self.line(&format!("{id}{open}{text}{close}"));
        id
    }

    fn block(&mut self, block: &Block, mut open: Vec<Open>) -> Vec<Open> {
        for item in &block.items {
            open = self.item(item, open);
        }
        open
    }

    fn item(&mut self, item: &Item, mut open: Vec<Open>) -> Vec<Open> {
        let mut skipped = None;
        if let Some(condition) = &item.guard {
            let asks = self.id(&item.path);
            self.line(&format!("{asks}{{{}}}", quoted(condition)));
            self.join(open, &asks);
            open = vec![Open::labelled(&asks, "yes", false)];
            skipped = Some(Open::labelled(&asks, "no", true));
        }
        let (id, mut exits) = self.body(item, open);
        for handler in &item.handlers {
            exits.extend(self.branch(handler, &id, true));
        }
        exits.extend(skipped);
        exits
    }

    /// What an item is, and the edges out of it.
    fn body(&mut self, item: &Item, open: Vec<Open>) -> (String, Vec<Open>) {
        if let Body::Frame(inner) | Body::Children(inner) = &item.body {
            let id = self.id(&item.path);
            let text: Vec<&str> = item.lines.iter().map(|l| l.text.as_str()).collect();
            self.line(&format!("subgraph {id}[{}]", quoted(&text.join(" "))));
            self.indent += 1;
            let _ = self.block(inner, Vec::new());
            self.indent -= 1;
            self.line("end");
            self.join(open, &id);
            return (id.clone(), vec![Open::from(id)]);
        }
        let id = self.node(item);
        self.join(open, &id);
        let exits = match &item.body {
            Body::End(_) => Vec::new(),
            Body::Leaf | Body::Frame(_) | Body::Children(_) => vec![Open::from(id.clone())],
            Body::Choice(branches) | Body::Parallel(branches) => {
                let mut exits = Vec::new();
                for branch in branches {
                    exits.extend(self.branch(branch, &id, false));
                }
                exits
            }
        };
        (id, exits)
    }

    fn branch(&mut self, branch: &Branch, from: &str, dashed: bool) -> Vec<Open> {
        let (Head::Condition(label) | Head::Name(label)) = &branch.head;
        self.block(&branch.block, vec![Open::labelled(from, label, dashed)])
    }
}

/// A text as Mermaid takes it: in quotes, without what it would read as its own.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '\n' => out.push_str("<br/>"),
            '"' | '#' | '<' | '>' | '&' | '`' | '\\' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_quoted() {
        assert_eq!(super::quoted("a == \"b\"\n#1"), "\"a == #34;b#34;<br/>#35;1\"");
    }
}
