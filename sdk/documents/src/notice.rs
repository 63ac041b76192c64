//! What customs says has happened to a declaration.

use crate::DeclarationId;
use crate::Moment;
use crate::Office;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Legally accepted.
    Accepted,
    /// Received and registered.
    Received,
    /// Held: customs will inspect.
    Held,
    /// Customs wants documents.
    DocumentsRequested,
    /// A control or an amendment by customs has its result.
    Inspected,
    /// Duties were assessed.
    Taxed,
    /// The goods are released.
    Released,
    /// The procedure is cleared.
    Cleared,
    /// The goods have left the customs territory.
    Exited,
    /// The means of transport has departed.
    Departed,
    /// Less was shipped than declared.
    ShortShipped,
    /// The declaration was invalidated.
    Invalidated,
    /// The declaration was refused.
    Rejected,
    /// An amendment was accepted.
    Amended,
    /// Anything else; `code` says what.
    #[default]
    Other,
}

/// One reason for a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct NoticeError {
    /// Customs' code of the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The place in the declaration, as a path of WCO section and tag identifiers (`42A/17C/R144`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The reason in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A notice of customs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Notice {
    /// The sender's identifier of the message, else the digest of the message: always there.
    pub message_id: String,
    /// What has happened.
    pub event: Event,
    /// The sender's own code for it.
    pub code: String,
    /// The declaration that it is about.
    pub declaration: DeclarationId,
    /// Local reference number of that declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lrn: Option<String>,
    /// Version of the declaration that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// When the notice was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Moment>,
    /// When what it says took effect; box 14 takes this one.
    pub effective_at: Moment,
    /// The customs office that the notice names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<Office>,
    /// The office where the goods really left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual_office_of_exit: Option<Office>,
    /// The reason or remark in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Reasons for a refusal.
    #[serde(default)]
    pub errors: Vec<NoticeError>,
}
