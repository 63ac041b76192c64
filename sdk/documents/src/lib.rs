//! The canonical documents that connectors translate to and from, as Rust types with JSON Schemas.
//!
//! In goes JSON or what a connector read from a partner's message, out comes the same document as JSON.
//!
//! Invariants:
//! - What is unknown is absent, never an empty text, `"?"` or `null`; `null` is read as absent.
//! - Lists that a pipeline goes through are always there, if only empty.
//! - Quantities are decimal strings with a unit ([`Decimal`], [`Quantity`]), never floats.
//! - Dates and times are RFC 3339, as exactly as they are known ([`Moment`]).
//! - A later minor version may add optional fields, and never changes or drops one: unknown fields are read over.
//! - Code lists are data; there are enums only where a program branches.
//!
//! Not here: any partner's own format, rules about documents, IO.

mod certificate;
mod check;
pub mod country;
mod date;
mod decimal;
mod declaration;
mod endorsement;
mod error;
mod listing;
mod notice;
mod party;
mod permit;
mod permit_item;
mod person;
mod quantity;
mod report_row;
pub mod schema;
pub mod size;
mod time;
mod usage;

pub use certificate::{Certificate, CertificateItem, Statement};
pub use check::{Check, CheckLine, Finding, FindingResult, UnmatchedLine, Verdict};
pub use date::Date;
pub use decimal::Decimal;
pub use declaration::{
    Basis, Declaration, DeclarationId, DeclarationStatus, Direction, GoodsDocument, GoodsItem, PermitLine,
    PermitReference, TransportMeans, Waiver,
};
pub use endorsement::{EndorsedItem, Endorsement, EndorsementStatus, Withdrawal};
pub use error::Error;
pub use listing::{AppendixListing, ChangeAhead, Listing, Quota, Reservation, Suspension, Taxon};
pub use notice::{Event, Notice, NoticeError};
pub use party::{Actor, ActorKind, Address, Office, Party, Port};
pub use permit::{
    Attachment, Permit, PermitKind, PermitStatus, PermitUsage, PermitUse, Reported, Signatory, SignatoryRole,
};
pub use permit_item::{LastReExport, Origin, PermitItem};
pub use person::Person;
pub use quantity::Quantity;
pub use report_row::ReportRow;
pub use time::{DateTime, Moment};
pub use usage::{Header, Position, Receipt, Usage, UsageDirection, UsageStatus};
