//! Steps as items.

use std::collections::BTreeMap;

use dragoman_manifest::Template;
use dragoman_manifest::pipeline::{
    Arm, Block as SaidBlock, Call, Each, Emit, EventWait, Handler, Repeat, Step, StepKind, Wait,
};
use dragoman_model::OperationEffect;

use super::heads::{WIDEST, item, line};
use super::{Block, Body, Branch, Effects, Head, Item, Look};
use crate::tell;
use crate::text::{Line, Style, wrap};

/// Turns steps into items.
pub(super) struct Teller<'a> {
    pub(super) effects: Effects<'a>,
}

/// What a word is drawn as, before what all steps have is added.
struct Told {
    look: Look,
    /// Names and expressions, then notes.
    lines: Vec<Line>,
    body: Body,
}

impl Told {
    fn leaf(look: Look, lines: Vec<Line>) -> Self {
        Told {
            look,
            lines,
            body: Body::Leaf,
        }
    }
}

impl Teller<'_> {
    /// A block whose steps have paths below `path`; `yields`: what a branch gives where a value stands for it.
    pub(super) fn block(&self, said: &SaidBlock, path: &str, yields: Option<&str>) -> Block {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut items = Vec::new();
        for step in &said.steps {
            let number = numbers.entry(step.word.value).or_default();
            *number += 1;
            // The segment of a step is its id, or its word and number: as the plan numbers them.
            let segment = match &step.id {
                Some(id) => id.value.clone(),
                None => format!("{}-{number}", step.word.value),
            };
            items.push(self.step(step, &format!("{path}{segment}")));
        }
        if let (Some(word), Some(value)) = (yields, &said.value) {
            items.push(gives(format!("{path}="), word, value));
        }
        Block { items }
    }

    fn step(&self, step: &Step, path: &str) -> Item {
        let told = self.kind(step, path);
        let mut lines = vec![line(Style::Word, heading(step, told.look))];
        if let Some(id) = &step.id {
            lines.extend(wrap(&id.value, Style::Id, WIDEST, 1));
        }
        lines.extend(told.lines);
        lines.extend(self.beside(step));
        let mut item = item(path.to_owned(), told.look, lines, told.body);
        item.tip = tip(step, path);
        item.guard = step.when.as_ref().map(|w| w.text.clone());
        for (name, key, handler) in [
            ("rejected", "on_rejected", &step.on_rejected),
            ("refused", "on_refused", &step.on_refused),
            (late(&step.kind), "on_timeout", &step.on_timeout),
            ("failed", "on_failure", &step.on_failure),
        ] {
            if let Some(handler) = handler {
                item.handlers
                    .push(self.handler(handler, name, &format!("{path}.{key}.")));
            }
        }
        item
    }

    /// What a step does. A word that has no picture of its own is a plain box.
    fn kind(&self, step: &Step, path: &str) -> Told {
        match &step.kind {
            StepKind::Call(call) => Told::leaf(self.look(call), wrap(&name(call), Style::Code, WIDEST, 2)),
            StepKind::Choose(arms) => Told {
                look: Look::Choice,
                lines: Vec::new(),
                body: Body::Choice(self.arms(arms, path)),
            },
            StepKind::Parallel(branches) => Told {
                look: Look::Choice,
                lines: Vec::new(),
                body: Body::Parallel(
                    branches
                        .iter()
                        .map(|(name, block)| {
                            let head = Head::Name(name.value.clone());
                            self.branch(head, block, format!("{path}.{}.", name.value), "gives")
                        })
                        .collect(),
                ),
            },
            StepKind::Each(each) => self.each(each, path),
            StepKind::Repeat(repeat) => self.repeat(repeat, path),
            StepKind::Try(block) => Told {
                look: Look::Group,
                lines: Vec::new(),
                body: Body::Frame(self.block(block, &format!("{path}.steps."), Some("gives"))),
            },
            StepKind::Claim(claim) => {
                let mut lines = wrap(&claim.ledger.value, Style::Code, WIDEST, 1);
                lines.extend(wrap(&format!("from {}", claim.account.text), Style::Note, WIDEST, 2));
                Told::leaf(Look::Ledger, lines)
            }
            StepKind::Wait(wait) => Told::leaf(Look::Wait, waits(wait)),
            StepKind::WaitEvent(wait) => Told::leaf(Look::Wait, hears(wait)),
            StepKind::Emit(emit) => Told::leaf(Look::Others, emits(emit)),
            StepKind::Run(run) => Told::leaf(Look::Others, wrap(&run.pipeline.value, Style::Code, WIDEST, 2)),
            StepKind::Release { ledger, once } => Told::leaf(Look::Ledger, gives_back(&ledger.value, &once.text)),
            StepKind::Void { reference } => Told::leaf(Look::Ledger, wrap(&reference.text, Style::Code, WIDEST, 2)),
            StepKind::Sleep(millis) => {
                let text = tell::duration(millis.value);
                Told::leaf(Look::Plain, wrap(&text, Style::Code, WIDEST, 1))
            }
            StepKind::Set(value) | StepKind::Reply(value) => {
                Told::leaf(Look::Plain, wrap(&tell::template(value), Style::Code, WIDEST, 2))
            }
            StepKind::Stop { reason } => ends(Look::Stop, reason),
            StepKind::Park { reason } => ends(Look::Park, reason),
            StepKind::Fail { reason, .. } => ends(Look::Fail, reason),
            StepKind::Refused => Told::leaf(Look::Plain, wrap("with a mistake", Style::Note, WIDEST, 1)),
        }
    }

    fn look(&self, call: &Call) -> Look {
        let operation = &call.operation;
        match (self.effects)(&operation.connection.value, &operation.operation.value) {
            Some(OperationEffect::Read) => Look::Read,
            Some(_) => Look::Act,
            None => Look::Call,
        }
    }

    fn arms(&self, arms: &[Arm], path: &str) -> Vec<Branch> {
        let mut branches: Vec<Branch> = arms
            .iter()
            .enumerate()
            .map(|(index, arm)| {
                let head = match &arm.when {
                    Some(when) => Head::Condition(when.text.clone()),
                    None => Head::Name("else".into()),
                };
                self.branch(head, &arm.block, format!("{path}.arm-{}.", index + 1), "gives")
            })
            .collect();
        if arms.iter().all(|arm| arm.when.is_some()) {
            branches.push(Branch {
                head: Head::Name("none of these".into()),
                path: format!("{path}.="),
                block: Block::default(),
            });
        }
        branches
    }

    fn each(&self, each: &Each, path: &str) -> Told {
        let mut lines = wrap(&each.items.text, Style::Code, 2.0 * WIDEST, 2);
        let together = each.concurrent.as_ref().map_or(8, |c| c.value);
        let mut notes = vec![
            format!("each as {}", each.name.as_ref().map_or("item", |name| &name.value)),
            format!("{together} at once"),
        ];
        if each.go_on {
            notes.push("the others go on where one fails".to_owned());
        }
        lines.extend(wrap(&notes.join(" · "), Style::Note, 2.0 * WIDEST, 2));
        Told {
            look: Look::Group,
            lines,
            body: Body::Children(self.block(&each.block, &format!("{path}[]."), Some("gives"))),
        }
    }

    fn repeat(&self, repeat: &Repeat, path: &str) -> Told {
        let mut lines = wrap(&format!("until {}", repeat.until.text), Style::Code, 2.0 * WIDEST, 2);
        let mut notes = Vec::new();
        match &repeat.every {
            Some(every) if every.longest_ms > every.first_ms => notes.push(format!(
                "every {}, later every {}",
                tell::duration(every.first_ms),
                tell::duration(every.longest_ms)
            )),
            Some(every) => notes.push(format!("every {}", tell::duration(every.first_ms))),
            None => notes.push("at once".to_owned()),
        }
        if let Some(millis) = &repeat.for_ms {
            notes.push(format!("for at most {}", tell::duration(millis.value)));
        }
        if let Some(rounds) = &repeat.rounds {
            notes.push(format!("at most {} rounds", rounds.value));
        }
        lines.extend(wrap(&notes.join(" · "), Style::Note, 2.0 * WIDEST, 2));
        Told {
            look: Look::Group,
            lines,
            body: Body::Frame(self.block(&repeat.block, &format!("{path}[]."), Some("gives"))),
        }
    }

    fn handler(&self, handler: &Handler, name: &str, path: &str) -> Branch {
        self.branch(
            Head::Name(name.into()),
            &handler.block,
            path.to_owned(),
            "gives instead",
        )
    }

    /// A branch whose steps have paths below `path`.
    fn branch(&self, head: Head, said: &SaidBlock, path: String, gives: &str) -> Branch {
        Branch {
            head,
            block: self.block(said, &path, Some(gives)),
            path: format!("{path}="),
        }
    }

    /// What stands beside the word and changes what happens.
    fn beside(&self, step: &Step) -> Vec<Line> {
        let mut notes = Vec::new();
        if let Some(once) = &step.once {
            notes.push(format!("once for {}", once.text));
        }
        if let Some(retry) = step.retry.as_ref().and_then(|r| r.for_ms.as_ref()) {
            notes.push(format!("tried again for {}", tell::duration(retry.value)));
        }
        if let Some(undo) = &step.undo {
            notes.push(format!("undone by {}", name(undo)));
        }
        notes.iter().flat_map(|n| wrap(n, Style::Note, WIDEST, 1)).collect()
    }
}

/// The word with what kind of call or wait it is: colours alone would not tell everybody.
fn heading(step: &Step, look: Look) -> String {
    let word = step.word.value.to_uppercase();
    match (look, &step.kind) {
        (Look::Read, _) => format!("{word} · READS"),
        (Look::Act, _) => format!("{word} · ACTS"),
        (_, StepKind::Wait(_)) => format!("{word} · FOR A PERSON"),
        (_, StepKind::WaitEvent(_)) => format!("{word} · FOR AN EVENT"),
        (_, StepKind::Emit(_)) => format!("{word} · AN EVENT"),
        (_, StepKind::Run(_)) => format!("{word} · ANOTHER PIPELINE"),
        _ => word,
    }
}

/// What `on_timeout` handles.
fn late(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Repeat(_) => "not done in time",
        StepKind::WaitEvent(_) => "it did not come in time",
        _ => "no answer in time",
    }
}

fn name(call: &Call) -> String {
    format!("{}.{}", call.operation.connection.value, call.operation.operation.value)
}

fn gives(path: String, word: &str, value: &Template) -> Item {
    let mut lines = vec![line(Style::Word, word.to_uppercase())];
    lines.extend(wrap(&tell::template(value), Style::Code, WIDEST, 2));
    item(path, Look::Gives, lines, Body::Leaf)
}

fn ends(look: Look, reason: &Template) -> Told {
    Told {
        look,
        lines: wrap(&tell::template(reason), Style::Note, WIDEST - 30.0, 3),
        body: Body::End(match reason {
            Template::Literal(_) => Some(tell::template(reason)),
            _ => None,
        }),
    }
}

fn hears(wait: &EventWait) -> Vec<Line> {
    let mut lines = wrap(&wait.event.value, Style::Code, WIDEST, 2);
    lines.extend(wrap(&format!("about {}", wait.key.text), Style::Note, WIDEST, 2));
    if let Some(millis) = &wait.for_ms {
        let most = format!("for at most {}", tell::duration(millis.value));
        lines.extend(wrap(&most, Style::Note, WIDEST, 1));
    }
    lines
}

fn gives_back(ledger: &str, once: &str) -> Vec<Line> {
    let mut lines = wrap(ledger, Style::Code, WIDEST, 1);
    lines.extend(wrap(&format!("what was claimed for {once}"), Style::Note, WIDEST, 2));
    lines
}

fn emits(emit: &Emit) -> Vec<Line> {
    let mut lines = wrap(&emit.event.value, Style::Code, WIDEST, 2);
    if let Some(key) = &emit.key {
        lines.extend(wrap(&format!("about {}", key.text), Style::Note, WIDEST, 1));
    }
    lines
}

fn waits(wait: &Wait) -> Vec<Line> {
    let mut lines = wrap(&wait.decision.value, Style::Code, WIDEST, 2);
    let roles: Vec<&str> = wait.roles.iter().map(|r| r.value.as_str()).collect();
    let mut notes = Vec::new();
    if !roles.is_empty() {
        notes.push(format!("by {}", roles.join(", ")));
    }
    if let Some(millis) = &wait.for_ms {
        notes.push(format!("for at most {}", tell::duration(millis.value)));
    }
    lines.extend(wrap(&notes.join(" · "), Style::Note, WIDEST, 2));
    lines
}

/// The step as it was written, up to its first blocks: all that is to be said of it.
fn tip(step: &Step, path: &str) -> String {
    let mut tip = vec![path.to_owned()];
    if let Some(when) = &step.when {
        tip.push(format!("when: {}", when.text));
    }
    if let Some(once) = &step.once {
        tip.push(format!("once: {}", once.text));
    }
    if let Some(reference) = &step.reference {
        tip.push(format!("ref: {}", reference.text));
    }
    match &step.kind {
        StepKind::Each(each) => tip.push(format!("each: {}", each.items.text)),
        StepKind::Set(value) | StepKind::Reply(value) => tip.push(tell::template(value)),
        StepKind::Stop { reason } | StepKind::Park { reason } | StepKind::Fail { reason, .. } => {
            tip.push(tell::template(reason));
        }
        _ => {}
    }
    tip.join("\n")
}
