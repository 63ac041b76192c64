//! Amounts with their unit.

use crate::Decimal;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount with its unit. Mass and number are never converted into each other, and where a partner takes
/// only whole numbers a fraction is refused, never rounded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle, extend("x-type" = "quantity"))]
pub struct Quantity {
    /// The amount, a decimal number written as a string.
    pub value: Decimal,
    /// The unit of measure, a code of UN/ECE Recommendation 20: `KGM`, `MTQ`, `C62` for pieces.
    pub unit: String,
    /// What follows `#` in a qualified unit (`G` of `KGM#G`); never converted away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// What the system itself wrote as the unit (`KIL`, `PCS`, `NMB`); absent where it wrote nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_unit: Option<String>,
}
