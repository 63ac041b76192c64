//! What the appendices of the Convention say of a taxon on a day, for a country.

use crate::Date;
use crate::Decimal;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A taxon.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Taxon {
    /// Identifier in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Scientific name.
    pub scientific_name: String,
    /// Rank (`SPECIES`, `SUBSPECIES`, `GENUS`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<String>,
    /// The accepted name, where `scientific_name` is a synonym.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_name: Option<String>,
}

/// A listing in an appendix.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct AppendixListing {
    /// `I`, `II` or `III`.
    pub appendix: String,
    /// The day on which it took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Date>,
    /// The annotation: populations, parts and derivatives that are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation: Option<String>,
    /// The Party that asked for a listing in Appendix III.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
}

/// A reservation of a Party against a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Reservation {
    /// The appendix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appendix: Option<String>,
    /// The Party.
    pub party: String,
    /// The day on which it took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Date>,
    /// What it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation: Option<String>,
}

/// An export quota.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Quota {
    /// Country of the quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The quota; absent where the notes state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
    /// Its unit, where the source gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_on: Option<Date>,
}

/// A suspension of trade.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Suspension {
    /// Country whose trade is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// True where it covers all taxa of that country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_taxa: Option<bool>,
    /// The day on which it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<Date>,
    /// Whether imports are meant as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_to_import: Option<bool>,
    /// What it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The notification of the Secretariat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
}

/// A change that takes effect after the day asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct ChangeAhead {
    /// The appendix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appendix: Option<String>,
    /// `+` inclusion, `-` deletion, `R+` reservation entered, `R-` reservation withdrawn.
    pub change: String,
    /// The day on which it takes effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Date>,
    /// Its annotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation: Option<String>,
    /// The Party concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
}

/// The listing of a taxon as of a day and for a country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Listing {
    /// The taxon.
    pub taxon: Taxon,
    /// The day asked for.
    pub as_of: Date,
    /// The country asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The listings in force; two at once where populations are listed apart.
    #[serde(default)]
    pub appendices: Vec<AppendixListing>,
    /// Reservations in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<Reservation>,
    /// Quotas in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<Quota>,
    /// Suspensions in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspensions: Vec<Suspension>,
    /// Changes that are already known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes_ahead: Vec<ChangeAhead>,
    /// Where it was read, with its date or version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}
