//! The permit or certificate of the Convention: the fifteen boxes of the standard form (Res. Conf. 12.3, annex 2),
//! its standing at the issuer, and what was endorsed on it.

use crate::Endorsement;
use crate::Moment;
use crate::Party;
use crate::permit_item::PermitItem;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a permit or certificate is for (box 1; toolkit type code E, R, I, O).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum PermitKind {
    /// Export permit.
    Export,
    /// Re-export certificate.
    ReExport,
    /// Import permit.
    Import,
    /// Any other document; `kind_name` says which.
    #[default]
    Other,
}

/// How often a permit may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum PermitUse {
    /// For one consignment.
    Single,
    /// For several consignments.
    Multiple,
}

/// The standing of a permit at its issuer. Expired is derived from `valid_until`, not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum PermitStatus {
    /// Issued and in force.
    Issued,
    /// Not to be used until the suspension ends.
    Suspended,
    /// Taken back by the issuer.
    Revoked,
    /// Cancelled before use.
    Cancelled,
    /// Handed back to the issuer.
    Returned,
    /// Another permit takes its place (`replaced_by`).
    Replaced,
}

/// How far a permit has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum PermitUsage {
    /// Not used.
    Unused,
    /// Some of its quantity was used.
    PartlyUsed,
    /// Used up.
    Used,
}

/// Whose signature it is (toolkit v2 type codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
pub enum SignatoryRole {
    /// The management authority (box 6).
    A,
    /// The applicant (box 4).
    B,
    /// The issuing officer (box 13).
    C,
    /// The endorsing officer (box 14).
    D,
}

/// One signature on a permit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Signatory {
    /// Whose signature it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<SignatoryRole>,
    /// Name of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub name: Option<String>,
    /// Authority that the person signs for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Place of signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// How it was signed (handwritten, an electronic signature method).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// The annual report that counted the permit (Article VIII, paragraph 7 of the Convention).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Reported {
    /// The year of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
}

/// A document attached to a permit; its bytes are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Attachment {
    /// Name of the attachment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Media type, such as `application/pdf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Digest, `sha256:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A permit or certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Permit {
    /// Box 1: the number, as the issuer writes it.
    pub number: String,
    /// Country that issued it.
    pub issuing_country: String,
    /// Box 1: what it is for.
    pub kind: PermitKind,
    /// Box 1: the text beside "other" (introduction from the sea, travelling exhibition, pre-Convention ...).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind_name: Option<String>,
    /// Box 1: true for a copy, false for the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_indicator: Option<bool>,
    /// Whether it may be used once or several times.
    #[serde(rename = "use")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_kind: Option<PermitUse>,
    /// The secret that proves to the issuer's exchange that the asker has seen the permit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Box 2: the first day of validity; a date alone is a day in the issuer's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Moment>,
    /// Box 2: the last day of validity; a date alone is a day in the issuer's time zone, to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
    /// The issuer's time zone: an IANA name (`Europe/Zurich`) or an offset (`+01:00`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Box 3: the importer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importer: Option<Party>,
    /// Box 4: the exporter or re-exporter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exporter: Option<Party>,
    /// Box 4: the applicant who signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant: Option<Party>,
    /// Box 3a: country of import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_of_import: Option<String>,
    /// Country of export or re-export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_of_export: Option<String>,
    /// Box 5: special conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special_conditions: Option<String>,
    /// Box 5a: purpose of the transaction, one letter (T, Z, G, Q, S, H, P, M, E, N, B, L).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose_code: Option<String>,
    /// Box 5a: the purpose in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Box 5b: number of the security stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_stamp: Option<String>,
    /// Box 6: the issuing management authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Party>,
    /// Boxes 7 to 12: the items, A, B, C and on.
    #[serde(default)]
    pub items: Vec<PermitItem>,
    /// Boxes 4, 6, 13 and 14: the signatures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatories: Vec<Signatory>,
    /// Box 13: when it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Moment>,
    /// Box 13: where it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_place: Option<String>,
    /// Box 14: what was endorsed at export.
    #[serde(default)]
    pub endorsements: Vec<Endorsement>,
    /// Box 15: bill of lading or air waybill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport_document: Option<String>,
    /// Documents attached to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// True where one message holds several permits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composite: Option<bool>,
    /// Number of the permit that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Number of the permit that replaces this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The annual report that counted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
    /// Its standing at the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PermitStatus>,
    /// How far it has been used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<PermitUsage>,
}
