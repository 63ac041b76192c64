//! The result of checking a permit against a declaration.

use crate::Basis;
use crate::Quantity;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may go on by itself.
    Clear,
    /// An officer must decide.
    #[default]
    Officer,
    /// It must not go on.
    Refuse,
}

/// How one rule came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum FindingResult {
    /// The rule is kept.
    Pass,
    /// The rule is kept, with a remark.
    Warn,
    /// The rule cannot be decided without an officer.
    Officer,
    /// The rule is broken.
    Fail,
    /// The rule could not be applied (a source was out of reach, or it does not apply).
    #[default]
    Skipped,
}

/// How one rule came out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Finding {
    /// Name of the rule.
    pub rule: String,
    /// How it came out.
    pub result: FindingResult,
    /// The finding, in a sentence for people.
    pub text: String,
    /// The provision or source that the rule stands on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A goods item matched to an item of the permit; what may be endorsed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct CheckLine {
    /// Number of the goods item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goods_item: Option<u32>,
    /// The permit's item.
    pub item: String,
    /// The quantity, in the unit of the permit.
    pub quantity: Quantity,
    /// Where the quantity was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

/// A goods item that could not be matched; an officer says to what it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct UnmatchedLine {
    /// Number of the goods item.
    pub goods_item: u32,
    /// The quantity as declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Where the quantity was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Items of the permit that it might be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// Why it was not matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Check {
    /// What may be done.
    pub verdict: Verdict,
    /// How each rule came out.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What may be endorsed.
    #[serde(default)]
    pub lines: Vec<CheckLine>,
    /// What could not be matched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmatched: Vec<UnmatchedLine>,
}
