//! The usage message: telling the other side that a permit was used, and its receipt.

use crate::DateTime;
use crate::DeclarationId;
use crate::Moment;
use crate::Quantity;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the use was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum UsageDirection {
    /// The goods left the exporting country.
    Exported,
    /// The goods arrived in the importing country.
    Imported,
}

/// The quantity of one item that was used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Position {
    /// The item's letter on the permit.
    pub item: String,
    /// The quantity used.
    pub quantity: Quantity,
}

/// Whether the use stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum UsageStatus {
    /// It stands.
    #[default]
    Valid,
    /// It is taken back.
    Withdrawn,
}

/// A usage message (Res. Conf. 12.3 asks for it; EPIX knows it as the confirmation of quantities).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Usage {
    /// What the use was.
    pub direction: UsageDirection,
    /// Number of the permit or certificate.
    pub certificate: String,
    /// Country that issued it.
    pub issuing_country: String,
    /// Country that is told.
    pub to_country: String,
    /// The permit's token, where the exchange asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The quantities used, item by item.
    #[serde(default)]
    pub positions: Vec<Position>,
    /// When it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// The customs declaration under which it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<DeclarationId>,
    /// Identifier of the endorsement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endorsement: Option<String>,
    /// Identifier of the usage message that this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// Whether the use stands; absent means that it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<UsageStatus>,
    /// Why it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One header of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Header {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// What the other side answered to a usage message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Receipt {
    /// The other side's identifier of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The other side's reference for the use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime>,
    /// Document status, a code of UNTDID 1373 (43 received, 44 accepted with warnings, 50 rejected).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Message headers, as received.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// Digest of the answer, `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}
