//! What a step that a run has reached must have in common in two versions, word by word.

use std::collections::BTreeSet;

use dragoman_expression::Expression;
use dragoman_plan::{Arm, Block, CallStep, ClaimStep, EachStep, RepeatStep, RunStep, Step, StepKind, WaitStep};

use super::carry::Comparison;
use super::given;
use super::group::BODY;
use super::same;

impl Comparison<'_> {
    /// Two steps of the same word. `passed`: steps behind it were reached.
    pub(super) fn kind(&mut self, path: &str, was: &Step, now: &Step, passed: bool) {
        let own = self.state.step(path).is_some();
        if own {
            self.texts(path, "once", was.once.as_ref(), now.once.as_ref());
            self.texts(path, "ref", was.reference.as_ref(), now.reference.as_ref());
        }
        match (&was.kind, &now.kind) {
            (StepKind::Choose(was), StepKind::Choose(now)) => self.arms(path, was, now, passed),
            (StepKind::Parallel(was), StepKind::Parallel(now)) => self.branches(path, was, now, passed),
            (StepKind::Repeat(was), StepKind::Repeat(now)) => self.rounds(path, was, now, passed),
            (StepKind::Try(was), StepKind::Try(now)) => {
                let passed = passed && !self.is_over(path);
                self.block_with_value(&format!("{path}.{BODY}."), was, now, passed);
            }
            (StepKind::Each(each), StepKind::Each(new)) if own || passed => self.each(path, (was, each), (now, new)),
            (StepKind::Set(was), StepKind::Set(now)) if passed && !own && !same::template(was, now) => {
                self.hinder(path, "the run has passed it, and it gives another value now");
            }
            (StepKind::Call(was), StepKind::Call(now)) if own => self.call(path, was, now),
            (StepKind::Run(was), StepKind::Run(now)) if own => self.run_step(path, was, now),
            (StepKind::Claim(was), StepKind::Claim(now)) if own => self.claim(path, was, now),
            (StepKind::Wait(was), StepKind::Wait(now)) if own => self.wait(path, was, now),
            _ if own => self.named_by_text(path, &was.kind, &now.kind),
            _ => {}
        }
    }

    /// The words of which a name and a key are all that counts.
    fn named_by_text(&mut self, path: &str, was: &StepKind, now: &StepKind) {
        match (was, now) {
            (StepKind::Release { ledger, once }, StepKind::Release { ledger: l, once: o }) => {
                self.names(path, "ledger", ledger, l);
                self.texts(path, "once", Some(once), Some(o));
            }
            (StepKind::Void { reference }, StepKind::Void { reference: other }) => {
                self.texts(path, "ref", Some(reference), Some(other));
            }
            (StepKind::WaitEvent(was), StepKind::WaitEvent(now)) => {
                self.names(path, "event", &was.event, &now.event);
                self.texts(path, "key", Some(&was.key), Some(&now.key));
            }
            (StepKind::Emit(was), StepKind::Emit(now)) => {
                self.names(path, "event", &was.event, &now.event);
                self.texts(path, "key", was.key.as_ref(), now.key.as_ref());
            }
            _ => {}
        }
    }

    /// Whether the entries themselves say how a step ended.
    fn is_over(&self, path: &str) -> bool {
        self.state.step(path).is_some_and(|own| own.end.is_some())
    }

    fn names(&mut self, path: &str, what: &str, was: &str, now: &str) {
        if was != now {
            self.hinder(
                path,
                format!("the run has reached it with the {what} `{was}`, and now it is `{now}`"),
            );
        }
    }

    fn texts(&mut self, path: &str, what: &str, was: Option<&Expression>, now: Option<&Expression>) {
        if !same::expressions(was, now) {
            let said = |text: Option<&Expression>| text.map_or("absent".to_owned(), |one| format!("`{}`", one.text));
            let (was, now) = (said(was), said(now));
            self.hinder(
                path,
                format!("the run has reached it, and its `{what}` was {was} and is {now} now"),
            );
        }
    }

    /// A call that was begun.
    pub(super) fn call(&mut self, path: &str, was: &CallStep, now: &CallStep) {
        let name = |call: &CallStep| format!("{}.{}", call.connection, call.operation);
        self.names(path, "operation", &name(was), &name(now));
        if std::mem::discriminant(&was.effect) != std::mem::discriminant(&now.effect) {
            let (was, now) = (was.effect, now.effect);
            self.hinder(
                path,
                format!("its effect was {was:?} and is {now:?} now").to_lowercase(),
            );
        }
        let uncertain = self.state.step(path).is_some_and(|own| own.is_uncertain());
        if uncertain && was.has_probe && !now.has_probe {
            let reason = "it is not known whether it took effect, and the new version has nobody to ask";
            self.hinder(path, reason);
        }
    }

    fn run_step(&mut self, path: &str, was: &RunStep, now: &RunStep) {
        self.names(path, "pipeline", &was.called.pipeline, &now.called.pipeline);
        if !self.is_over(path) && was.called.output != now.called.output {
            self.hinder(
                path,
                "the pipeline that it runs is under way, and gives something else in the new version",
            );
        }
    }

    fn claim(&mut self, path: &str, was: &ClaimStep, now: &ClaimStep) {
        self.names(path, "ledger", &was.ledger, &now.ledger);
        self.texts(path, "account", Some(&was.account), Some(&now.account));
    }

    /// A person has seen the decision, or has taken it.
    fn wait(&mut self, path: &str, was: &WaitStep, now: &WaitStep) {
        self.names(path, "decision", &was.decision, &now.decision);
        if self.is_over(path) {
            return;
        }
        if was.answers != now.answers || was.fields != now.fields {
            self.hinder(
                path,
                "somebody is asked to decide, and the new version has other answers or fields",
            );
        }
        if was.roles != now.roles {
            self.hinder(path, "somebody is asked to decide, and in the new version others may");
        }
    }

    fn arms(&mut self, path: &str, was: &[Arm], now: &[Arm], passed: bool) {
        let at_arm = |at: usize| format!("{path}.arm-{}", at + 1);
        let chosen = (0..was.len()).find(|at| self.is_reached(&at_arm(*at)));
        if self.is_over(path) || (chosen.is_none() && !passed) {
            return;
        }
        if chosen.is_none() && was.len() != now.len() {
            return self.hinder(path, "the run has passed it, and it has other arms now");
        }
        let looked_at = chosen.map_or(was.len(), |at| at + 1);
        for (at, arm) in was[..looked_at].iter().enumerate() {
            let Some(other) = now.get(at) else {
                return self.hinder(
                    &at_arm(at),
                    "the run has come to it, and the new version does not have it",
                );
            };
            if !same::expressions(arm.when.as_ref(), other.when.as_ref()) {
                return self.hinder(
                    &at_arm(at),
                    "the run has chosen by its condition, which is another one now",
                );
            }
            if chosen.is_none_or(|chosen| chosen == at) {
                self.block_with_value(&format!("{}.", at_arm(at)), &arm.block, &other.block, passed);
            }
        }
    }

    fn branches(&mut self, path: &str, was: &[(String, Block)], now: &[(String, Block)], passed: bool) {
        let names = |all: &[(String, Block)]| all.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
        if names(was) != names(now) {
            return self.hinder(path, "the run has reached it, and it has other branches now");
        }
        let passed = passed && !self.is_over(path);
        for (name, block) in was {
            if let Some((_, other)) = now.iter().find(|(known, _)| known == name) {
                self.block_with_value(&format!("{path}.{name}."), block, other, passed);
            }
        }
    }

    fn rounds(&mut self, path: &str, was: &RepeatStep, now: &RepeatStep, passed: bool) {
        let own = self.state.step(path);
        let current = own.map_or(0, |own| own.round);
        let last = own.and_then(|own| own.last.clone());
        let over = self.is_over(path);
        let rounds: BTreeSet<u64> = self.rounds_of(path);
        for round in &rounds {
            let passed = (passed || *round < current) && !over;
            self.block_with_value(&format!("{path}[{round}]."), &was.block, &now.block, passed);
        }
        if passed && !over {
            if rounds.is_empty() {
                self.block_with_value(&format!("{path}[{current}]."), &was.block, &now.block, true);
            }
            self.texts(path, "until", Some(&was.until), Some(&now.until));
        }
        if current > 0 && now.keeps && !was.keeps {
            self.hinder(
                path,
                "what its earlier rounds did is forgotten, and the new version may have to undo it",
            );
        }
        let shape = |step: &RepeatStep| step.block.value.is_some();
        if last.is_some()
            && (shape(was) != shape(now)
                || !same::optional(was.block.value.as_ref(), now.block.value.as_ref(), same::template))
        {
            self.hinder(path, "the round before gave its `value`, which is another one now");
        }
    }

    /// The rounds of which something is known.
    fn rounds_of(&self, path: &str) -> BTreeSet<u64> {
        let number = |step: &str| {
            step.strip_prefix(path)?
                .strip_prefix('[')?
                .split_once(']')?
                .0
                .parse()
                .ok()
        };
        self.state.steps().filter_map(|(step, _)| number(step)).collect()
    }

    fn each(&mut self, path: &str, (was, each): (&Step, &EachStep), (now, new): (&Step, &EachStep)) {
        self.texts(path, "each", Some(&each.items), Some(&new.items));
        self.texts(path, "item_key", each.item_key.as_ref(), new.item_key.as_ref());
        self.named(path, each, new);
        if was.shape != now.shape {
            self.hinder(
                path,
                "items of it were begun, and what it gives for an item has another form",
            );
        }
    }

    /// What the runs of items were given is what they have.
    pub(super) fn named(&mut self, path: &str, was: &EachStep, now: &EachStep) {
        self.names(path, "name of an item", &was.name, &now.name);
        // Of the message, of steps and of the items around them they have only what they read; the rest of what stands
        // outside is short, and whole.
        let parted = |read: &&Vec<String>| !matches!(read[0].as_str(), "site" | "run" | "round" | "last");
        let whole = |read: &&Vec<String>| read[0] == "trigger" && read.get(1).is_some_and(|member| member != "message");
        let mut reads = now.captures.iter().filter(parted);
        if let Some(more) = reads.find(|read| !given::has(&was.captures, read) && !whole(read)) {
            let what = match more.as_slice() {
                [_, id] if more[0] == "steps" => format!("the output of `{id}`"),
                _ => format!("`{}`", more.join(".")),
            };
            self.hinder(
                path,
                format!("items of it were begun without {what}, which they use now"),
            );
        }
    }
}
