//! Rows as parts of the canonical listing.

use crate::rows::Row;
use dragoman_documents::{AppendixListing, ChangeAhead, Reservation};

fn annotation(row: &Row) -> Option<String> {
    row.annotation.clone().filter(|text| !text.trim().is_empty())
}

/// A listing in force.
pub(crate) fn listed(row: &Row) -> AppendixListing {
    AppendixListing {
        appendix: row.appendix.clone().unwrap_or_default(),
        effective_at: row.day(),
        annotation: annotation(row),
        party: row.party(),
    }
}

/// A reservation in force; none where the row does not say whose.
pub(crate) fn reserved(row: &Row) -> Option<Reservation> {
    Some(Reservation {
        appendix: row.appendix.clone(),
        party: row.party()?,
        effective_at: row.day(),
        annotation: annotation(row),
    })
}

/// A change to come.
pub(crate) fn change(row: &Row) -> ChangeAhead {
    ChangeAhead {
        appendix: row.appendix.clone(),
        change: row.change_type.clone().unwrap_or_default(),
        effective_at: row.day(),
        annotation: annotation(row),
        party: row.party(),
    }
}
