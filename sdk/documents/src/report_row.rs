//! A row of the annual report to the Secretariat (Article VIII, paragraph 7 of the Convention).

use crate::Decimal;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A row of the annual report: thirteen columns in the exporter's form; the importer's has `import_permit` beside them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct ReportRow {
    /// Appendix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appendix: Option<String>,
    /// SpeciesName.
    pub species_name: String,
    /// TermCode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_code: Option<String>,
    /// Quantity.
    pub quantity: Decimal,
    /// UnitCode; absent means number of specimens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_code: Option<String>,
    /// TradingPartner: country of import in the exporter's form, of export in the importer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trading_partner: Option<String>,
    /// CountryOfOrigin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_of_origin: Option<String>,
    /// ImportPermit, in the importer's form only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_permit: Option<String>,
    /// ExportPermit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_permit: Option<String>,
    /// OriginPermit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_permit: Option<String>,
    /// IFSPermit: certificate of introduction from the sea.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ifs_permit: Option<String>,
    /// PurposeCode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose_code: Option<String>,
    /// SourceCode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_code: Option<String>,
    /// Year.
    pub year: u16,
}
