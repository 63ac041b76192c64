//! Findings as they are made, rule by rule.

use crate::config::Config;
use crate::table::Rule;
use dragoman_documents::{Finding, FindingResult, Verdict};

/// The findings of one check, in the order of the rules.
pub(crate) struct Findings<'a> {
    config: &'a Config,
    made: Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// None yet.
    pub(crate) fn new(config: &'a Config) -> Self {
        Self {
            config,
            made: Vec::new(),
        }
    }

    /// The rule is kept.
    pub(crate) fn pass(&mut self, rule: Rule, text: impl Into<String>) {
        self.add(rule, FindingResult::Pass, text.into());
    }

    /// The facts contradict the rule.
    pub(crate) fn broken(&mut self, rule: Rule, text: impl Into<String>) {
        let result = self.config.result(rule.id, rule.broken);
        self.add(rule, result, text.into());
    }

    /// A fact that the rule needs is missing or not certain.
    pub(crate) fn unclear(&mut self, rule: Rule, text: impl Into<String>) {
        self.add(rule, rule.unclear, text.into());
    }

    /// The rule is kept where nothing was found against it so far.
    pub(crate) fn pass_otherwise(&mut self, rule: Rule, text: impl Into<String>) {
        if !self.made.iter().any(|finding| finding.rule == rule.id) {
            self.pass(rule, text);
        }
    }

    fn add(&mut self, rule: Rule, result: FindingResult, text: String) {
        self.made.push(Finding {
            rule: rule.id.to_owned(),
            result,
            text,
            source: Some(rule.source.to_owned()),
        });
    }

    /// The verdict of all findings, and the findings themselves.
    pub(crate) fn finish(self) -> (Verdict, Vec<Finding>) {
        let any = |result| self.made.iter().any(|finding| finding.result == result);
        let verdict = if any(FindingResult::Fail) {
            Verdict::Refuse
        } else if any(FindingResult::Officer) {
            Verdict::Officer
        } else {
            Verdict::Clear
        };
        (verdict, self.made)
    }
}
