//! The customs declaration, reduced to what a permit needs of it.

use crate::Moment;
use crate::Office;
use crate::Party;
use crate::Quantity;
use crate::schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The identity of a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct DeclarationId {
    /// `mrn` (movement reference number), `asycuda` (office/year/serial/number), or `lrn` where customs has given no number yet.
    pub scheme: String,
    /// The number in that scheme.
    pub value: String,
}

/// Which way the goods go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Out of the customs territory.
    Export,
    /// Into the customs territory.
    Import,
    /// Through the customs territory.
    Transit,
}

/// The latest standing of a declaration that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationStatus {
    /// Sent to customs, nothing heard yet.
    Lodged,
    /// Received by customs.
    Received,
    /// Legally accepted.
    Accepted,
    /// Refused by customs.
    Rejected,
    /// Held for control.
    Held,
    /// Controlled.
    Inspected,
    /// Goods released.
    Released,
    /// Procedure cleared.
    Cleared,
    /// Goods have left the customs territory.
    Exited,
    /// Invalidated: it has no legal effect any more.
    Invalidated,
}

/// A means of transport.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct TransportMeans {
    /// Its identity: name of the vessel, flight number, plate (UCC data elements 7/7 and 7/14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What kind of identity that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_type_code: Option<String>,
    /// Mode of transport, one digit (UCC data element 7/4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode_code: Option<String>,
    /// Country of registration (UCC data element 7/15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
}

/// A document produced with a goods item (UCC data element 2/3).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct GoodsDocument {
    /// First character of the document code (`C` of `C400`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_code: Option<String>,
    /// The rest of the document code (`400` of `C400`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_code: Option<String>,
    /// Number of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The text beside it (reason or statement).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Document status (WCO LPCOExemptionCode): `AC` attached for certification by customs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption_code: Option<String>,
    /// What is written off the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_off: Option<Quantity>,
}

/// One goods item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct GoodsItem {
    /// Its number in the declaration, from 1 (UCC data element 1/6).
    pub number: u32,
    /// Commodity code (UCC data elements 6/14 and 6/15), digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hs_code: Option<String>,
    /// Description of the goods (UCC data element 6/8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Country of origin (UCC data element 5/15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Net mass in kilograms (UCC data element 6/1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net_mass: Option<Quantity>,
    /// Quantity in the supplementary unit (UCC data element 6/2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff_quantity: Option<Quantity>,
    /// The documents produced with it.
    #[serde(default)]
    pub documents: Vec<GoodsDocument>,
}

/// Where the quantity of a line was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::enumerate)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// What was written off the permit itself.
    WriteOff,
    /// The goods item's quantity in the supplementary unit.
    TariffQuantity,
    /// The goods item's net mass.
    NetMass,
}

/// A goods item that refers to a permit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct PermitLine {
    /// Number of the goods item.
    pub goods_item: u32,
    /// The permit's item, where the message says so (customs messages hardly ever do).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The quantity; absent where nothing in the message states one with a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Where the quantity was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

/// A permit that a declaration refers to, once however many document codes name it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct PermitReference {
    /// Number of the permit, as written.
    pub number: String,
    /// Country that issued it: the number's prefix where it follows the habit, else see the connector; `XX` where unknown.
    pub issuing_country: String,
    /// The goods items that refer to it.
    #[serde(default)]
    pub lines: Vec<PermitLine>,
    /// What the declaration as a whole writes off the permit, where it does not say for which goods item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written_off: Vec<Quantity>,
}

/// A statement that no permit is needed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Waiver {
    /// Number of the goods item; absent where it is stated for the whole declaration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goods_item: Option<u32>,
    /// First character of the document code (`Y` of `Y900`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_code: Option<String>,
    /// The rest of the document code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_code: Option<String>,
    /// Number given beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The reason as written ("CITES Permits not required").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A customs declaration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Declaration {
    /// Its identity.
    pub id: DeclarationId,
    /// Local reference number, given by the declarant (UCC data element 2/5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lrn: Option<String>,
    /// Unique consignment reference (UCC data element 2/4, or the DUCR).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ucr: Option<String>,
    /// Version given by customs; amendments raise it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Declaration type as written (`EXA`, `EXD`, `IMA`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_code: Option<String>,
    /// WCO function code: 9 original, 13 request (amendment or cancellation).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_code: Option<String>,
    /// Which way the goods go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The latest standing that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<DeclarationStatus>,
    /// When customs accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Moment>,
    /// Requested and previous procedure of the first goods item (`1040`; UCC data element 1/10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure_code: Option<String>,
    /// Exporter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exporter: Option<Party>,
    /// Importer or consignee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importer: Option<Party>,
    /// Declarant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declarant: Option<Party>,
    /// Country of export or dispatch (UCC data element 5/14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_of_export: Option<String>,
    /// Country of destination (UCC data element 5/8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_of_destination: Option<String>,
    /// Customs office of exit (UCC data element 5/12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_of_exit: Option<Office>,
    /// The means of transport that crosses the border.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<TransportMeans>,
    /// Container numbers (UCC data element 7/10).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<String>,
    /// The goods items.
    #[serde(default)]
    pub goods: Vec<GoodsItem>,
    /// The permits that it refers to, one entry per permit.
    #[serde(default)]
    pub permits: Vec<PermitReference>,
    /// Statements that no permit is needed.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
}
