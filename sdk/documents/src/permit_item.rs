//! The items of a permit: boxes 7 to 12 of the standard form.

use crate::Date;
use crate::Decimal;
use crate::Quantity;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Country of origin, with the permit under which the specimen left it (box 12).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Origin {
    /// Box 12: country of origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Box 12: number of the permit of origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<String>,
    /// Box 12: its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Date>,
    /// Document name code of UNTDID 1001 as the message gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_code: Option<String>,
}

/// Country of last re-export, with its certificate (box 12a).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct LastReExport {
    /// Box 12a: country of last re-export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Box 12a: number of the re-export certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Box 12a: its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Date>,
}

/// One item of a permit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct PermitItem {
    /// The letter or number of the item on the form: A, B, C.
    pub id: String,
    /// Box 7: scientific name (genus, species, subspecies).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scientific_name: Option<String>,
    /// Box 8: common name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// Box 9: description of the specimens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Box 9: term code of the annual report guidelines (`LIV`, `SKI`, `LPS`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_code: Option<String>,
    /// Box 9: identifying marks and numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// Tags, labels and microchips, one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traceability_ids: Vec<String>,
    /// Box 10: appendix, `I`, `II` or `III`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appendix: Option<String>,
    /// Annex of the EU regulation, `A` to `D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eu_annex: Option<String>,
    /// Box 10: source, one letter (W, X, R, D, A, C, F, U, I, O, Y).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_code: Option<String>,
    /// Box 10: the second source, beside `I` or `O`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_source_code: Option<String>,
    /// Box 11: quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Box 11a: what was exported in the current year up to this permit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_to_date_quota: Option<Decimal>,
    /// Box 11a: the annual quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annual_quota: Option<Decimal>,
    /// Box 11a: the year of the quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_year: Option<u16>,
    /// Box 12: countries of origin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origin: Vec<Origin>,
    /// Box 12a: last re-export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_re_export: Option<LastReExport>,
    /// Box 12b: number of the operation, or of the registered breeder or nursery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Box 12b: date of acquisition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquired_on: Option<Date>,
    /// Commodity code of the Harmonized System, where the issuer gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hs_code: Option<String>,
}
