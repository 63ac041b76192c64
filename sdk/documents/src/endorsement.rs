//! The endorsement of a permit at export: box 14 of the standard form, one act per permit and declaration.

use crate::Actor;
use crate::DeclarationId;
use crate::Moment;
use crate::Office;
use crate::Port;
use crate::Quantity;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether an endorsement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum EndorsementStatus {
    /// It stands.
    #[default]
    Valid,
    /// It was withdrawn; the record stays.
    Withdrawn,
}

/// The quantity of one item that was really exported (box 14).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct EndorsedItem {
    /// The item's letter on the permit.
    pub item: String,
    /// The quantity that was really exported.
    pub quantity: Quantity,
}

/// Why, by whom and when an endorsement was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Withdrawal {
    /// The reason, for people.
    pub reason: String,
    /// On whose authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
}

/// One endorsement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Endorsement {
    /// Identifier given by the permit system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Number of the permit.
    pub permit: String,
    /// Country that issued the permit.
    pub issuing_country: String,
    /// Box 14: when the goods left (the notice's `effective_at`), in the sense of the country's own rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// Customs office of exit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<Office>,
    /// Box 14: port of exit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    /// Box 14: on whose authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endorsed_by: Option<Actor>,
    /// Box 15: bill of lading or air waybill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport_document: Option<String>,
    /// Box 14: the quantities, item by item.
    #[serde(default)]
    pub items: Vec<EndorsedItem>,
    /// The customs declaration that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<DeclarationId>,
    /// Whether it stands.
    pub status: EndorsementStatus,
    /// Set where it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<Withdrawal>,
    /// Identifier of the endorsement that this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
}
