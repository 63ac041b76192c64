//! Quotas and suspensions of a taxon on a day and for some countries.

use crate::rows::Place;
use dragoman_documents::{Date, Moment, Quota, Suspension};
use serde::Deserialize;
use serde_json::{Number, Value};

/// One row of a taxon's `cites_quotas`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct QuotaRow {
    #[serde(default)]
    quota: Option<Number>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    notes: Option<String>,
    #[serde(default)]
    publication_date: Option<Moment>,
    #[serde(default)]
    public_display: Option<bool>,
    #[serde(default)]
    is_current: Option<bool>,
    #[serde(default)]
    geo_entity: Option<Place>,
}

/// The notification that a suspension began with.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
struct Notification {
    #[serde(default)]
    name: Option<String>,
}

/// One row of a taxon's `cites_suspensions`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct SuspensionRow {
    /// The taxon; none where all taxa of the country are meant.
    #[serde(default)]
    taxon_concept_id: Value,
    #[serde(default)]
    notes: Option<String>,
    #[serde(default)]
    start_date: Option<Moment>,
    #[serde(default)]
    is_current: Option<bool>,
    #[serde(default)]
    applies_to_import: Option<bool>,
    #[serde(default)]
    geo_entity: Option<Place>,
    #[serde(default)]
    start_notification: Option<Notification>,
}

/// Whether a row is about one of the countries; with no country given, and for rows without one, it is.
fn concerns(place: Option<&Place>, countries: &[String]) -> bool {
    match place.and_then(Place::code) {
        Some(code) if !countries.is_empty() => countries.iter().any(|one| one.eq_ignore_ascii_case(&code)),
        _ => true,
    }
}

fn begun(moment: Option<&Moment>, as_of: Date) -> bool {
    moment.is_none_or(|moment| moment.date() <= as_of)
}

/// The quotas for these countries that were published by the day: the current ones, and those of that year.
#[must_use]
pub(crate) fn quotas(rows: &[QuotaRow], countries: &[String], as_of: Date) -> Vec<Quota> {
    let of_that_year = |row: &QuotaRow| {
        let published = row.publication_date.as_ref().map(Moment::date);
        published.is_some_and(|day| day.parts().0 == as_of.parts().0)
    };
    rows.iter()
        .filter(|row| row.public_display != Some(false))
        .filter(|row| concerns(row.geo_entity.as_ref(), countries))
        .filter(|row| begun(row.publication_date.as_ref(), as_of))
        .filter(|row| row.is_current != Some(false) || of_that_year(row))
        .map(|row| Quota {
            country: row.geo_entity.as_ref().and_then(Place::code),
            value: row.quota.as_ref().and_then(|number| {
                let value: dragoman_documents::Decimal = number.to_string().parse().ok()?;
                Some(value.normalized())
            }),
            unit: row.unit.clone().filter(|unit| !unit.is_empty()),
            notes: row.notes.clone().filter(|notes| !notes.is_empty()),
            published_on: row.publication_date.as_ref().map(Moment::date),
        })
        .collect()
}

/// The suspensions for these countries that had begun by the day and have not ended. The API does not say when one ended, so
/// one that has ended by now is left out for any day.
#[must_use]
pub(crate) fn suspensions(rows: &[SuspensionRow], countries: &[String], as_of: Date) -> Vec<Suspension> {
    rows.iter()
        .filter(|row| row.is_current != Some(false))
        .filter(|row| concerns(row.geo_entity.as_ref(), countries))
        .filter(|row| begun(row.start_date.as_ref(), as_of))
        .map(|row| Suspension {
            country: row.geo_entity.as_ref().and_then(Place::code),
            all_taxa: row.taxon_concept_id.is_null().then_some(true),
            starts_on: row.start_date.as_ref().map(Moment::date),
            applies_to_import: row.applies_to_import,
            notes: row.notes.clone().filter(|notes| !notes.is_empty()),
            notification: row.start_notification.as_ref().and_then(|one| one.name.clone()),
        })
        .collect()
}
