//! What goes into the operations and comes out of them, beside the canonical documents.

use dragoman_documents::{
    DeclarationId, Endorsement, Moment, Office, Permit, PermitStatus, PermitUsage, Person, Port, Quantity,
};
use dragoman_guest::prelude::*;

use crate::Line;

/// Which permit is wanted.
#[record]
#[derive(Default, Eq)]
pub struct PermitRequest {
    /// Its number.
    pub number: String,
    /// The country that issued it; `XX` where that is not known.
    pub issuing_country: String,
}

/// An endorsement to make.
#[record]
#[derive(Eq)]
pub struct EndorseRequest {
    /// Number of the permit.
    pub number: String,
    /// The country that issued it; `XX` where that is not known.
    pub issuing_country: String,
    /// The declaration that causes it: one endorsement per permit and declaration.
    pub declaration: DeclarationId,
    /// The quantities that were really exported; several lines of one item are summed.
    pub items: Vec<Line>,
    /// Customs office of exit.
    pub office: Option<Office>,
    /// Port of exit; else the one that the configuration has for the office.
    pub port: Option<Port>,
    /// When the goods left, or were released where the country endorses at release.
    pub at: Moment,
    /// On whose authority; refused where nobody is named.
    pub endorsed_by: Option<Person>,
    /// Box 15: bill of lading or air waybill.
    pub transport_document: Option<String>,
    /// Identifier of the withdrawn endorsement that this one replaces.
    pub supersedes: Option<String>,
}

/// An endorsement as it stands.
#[record]
#[derive(Eq)]
pub struct Endorsed {
    /// The system's identifier of the endorsement; the declaration's value where the system gives none.
    pub id: String,
    /// The endorsement.
    pub endorsement: Endorsement,
    /// The permit as it now stands, this endorsement on it.
    pub permit: Permit,
    /// Whether this call put it there; false where it stood already before anything was sent.
    pub endorsed: bool,
}

/// A withdrawal to make.
#[record]
#[derive(Eq)]
pub struct WithdrawRequest {
    /// Number of the permit.
    pub number: String,
    /// The country that issued it; `XX` where that is not known.
    pub issuing_country: String,
    /// The declaration of the endorsement.
    pub declaration: DeclarationId,
    /// Why, for people.
    pub reason: String,
    /// On whose authority; refused where nobody is named.
    pub by: Option<Person>,
}

/// A permit to verify.
#[record]
#[derive(Default, Eq)]
pub struct VerifyRequest {
    /// Its number.
    pub number: String,
    /// The token that is printed on it.
    pub token: String,
    /// The country that issued it, where the system knows several.
    pub issuing_country: Option<String>,
}

/// What is left of one item of a permit.
#[record]
#[derive(Eq)]
pub struct Remaining {
    /// The item's letter on the permit.
    pub item: String,
    /// The quantity that is left.
    pub quantity: Quantity,
}

/// How a permit stands: nothing personal.
#[record]
#[derive(Eq)]
pub struct Verification {
    /// Number of the permit.
    pub number: String,
    /// Its standing at the issuer.
    pub status: Option<PermitStatus>,
    /// How far it has been used.
    pub usage: Option<PermitUsage>,
    /// Whether it is valid now.
    pub valid: bool,
    /// When its validity begins.
    pub valid_from: Option<Moment>,
    /// When its validity ends; a day alone is a day in `time_zone`.
    pub valid_until: Option<Moment>,
    /// The issuer's time zone.
    pub time_zone: Option<String>,
    /// What is left of its items.
    #[serde(default)]
    pub remaining: Vec<Remaining>,
    /// Digest of the permit as the issuer keeps it, `sha256:` and 64 hexadecimal digits.
    pub digest: Option<String>,
}
