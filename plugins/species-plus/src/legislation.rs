//! A taxon's legislation as the API gives it, and the listing that it makes on a day.

use crate::listing::{change, listed, reserved};
use crate::restrictions::{self, QuotaRow, SuspensionRow};
use crate::rows::{Row, in_force};
use dragoman_documents::{Date, Listing, Taxon};
use serde::Deserialize;

/// The answer of `cites_legislation`, with scope `all`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Legislation {
    /// The rows of listings and reservations.
    #[serde(default)]
    pub cites_listings: Vec<Row>,
    /// The quotas.
    #[serde(default)]
    pub cites_quotas: Vec<QuotaRow>,
    /// The suspensions.
    #[serde(default)]
    pub cites_suspensions: Vec<SuspensionRow>,
}

/// The listing of a taxon on a day. Quotas and suspensions are those of the countries given (all of them where none is);
/// `today` is the day on which the answer was read, for the check against `is_current`. The second value names the
/// Appendices in which the API's own mark differs: both readings are then in the listing, for a person to see.
#[must_use]
pub fn evaluate(
    taxon: Taxon,
    legislation: &Legislation,
    countries: &[String],
    as_of: Date,
    today: Date,
) -> (Listing, Vec<String>) {
    let rows = &legislation.cites_listings;
    let state = in_force(rows, as_of);
    let mut appendices: Vec<_> = state.listings.iter().map(|row| listed(row)).collect();
    let mut differing = Vec::new();
    for row in marked(rows, as_of, today) {
        let known = |one: &str| row.appendix.as_deref() == Some(one);
        if !appendices.iter().any(|one| known(&one.appendix)) {
            differing.extend(row.appendix.clone());
            appendices.push(listed(row));
        }
    }
    let source = match &taxon.id {
        Some(id) => format!("Species+, taxon concept {id}, read on {today}"),
        None => format!("Species+, read on {today}"),
    };
    let listing = Listing {
        taxon,
        as_of,
        country: countries.first().cloned(),
        appendices,
        reservations: state.reservations.iter().filter_map(|row| reserved(row)).collect(),
        quotas: restrictions::quotas(&legislation.cites_quotas, countries, as_of),
        suspensions: restrictions::suspensions(&legislation.cites_suspensions, countries, as_of),
        changes_ahead: state.ahead.iter().map(|row| change(row)).collect(),
        source: Some(source),
    };
    (listing, differing)
}

/// The listings that the API marks as current and that are in force, where its mark speaks of the same time: nothing took
/// effect between the day asked for and today.
fn marked(rows: &[Row], as_of: Date, today: Date) -> Vec<&Row> {
    let between = |row: &Row| row.day().is_some_and(|day| as_of < day && day <= today);
    if as_of > today || rows.iter().any(between) {
        return Vec::new();
    }
    rows.iter()
        .filter(|row| row.is_current == Some(true) && row.change_type.as_deref() == Some("+"))
        .filter(|row| row.day().is_none_or(|day| day <= as_of))
        .collect()
}
