//! The rules about what the appendices say of the species on the day of export.

use crate::findings::Findings;
use crate::parties::{plain, same_code};
use crate::table;
use dragoman_documents::{Declaration, Listing, Permit, PermitItem};

/// Applies them to those of the permit's items that are exported.
pub(crate) fn check(
    findings: &mut Findings,
    declaration: &Declaration,
    permit: &Permit,
    exported: &[&PermitItem],
    listings: &[Listing],
) {
    for item in exported {
        match find(listings, item) {
            Some(listing) => {
                appendix(findings, item, listing);
                reservation(findings, declaration, permit, item, listing);
                stops(findings, declaration, permit, item, listing);
                changes(findings, item, listing);
            }
            None => findings.unclear(
                table::LISTING_KNOWN,
                format!(
                    "item {}: not checked, Species+ gave no listing of {}",
                    item.id,
                    item.scientific_name.as_deref().unwrap_or("an item without a name")
                ),
            ),
        }
    }
    findings.pass_otherwise(table::LISTING_KNOWN, "Species+ has answered for each item");
    for (rule, text) in [
        (table::LISTING_APPENDIX, "the Appendix is the same as on the permit"),
        (table::LISTING_SPLIT, "no listing is split"),
        (table::LISTING_RESERVATION, "neither country has a reservation"),
        (table::LISTING_SUSPENSION, "no suspension is in force"),
        (table::LISTING_ZERO_QUOTA, "no quota is nought"),
        (table::LISTING_CHANGE, "no change is known"),
    ] {
        // Without any listing nothing was checked, which the finding above has said.
        if exported.iter().any(|item| find(listings, item).is_some()) {
            findings.pass_otherwise(rule, text);
        }
    }
}

/// The listing of an item's species, found by the name that was asked for or the accepted one.
fn find<'a>(listings: &'a [Listing], item: &PermitItem) -> Option<&'a Listing> {
    let name = plain(item.scientific_name.as_deref()?);
    listings.iter().find(|listing| {
        let taxon = &listing.taxon;
        plain(&taxon.scientific_name) == name || taxon.accepted_name.as_deref().map(plain).as_ref() == Some(&name)
    })
}

fn appendix(findings: &mut Findings, item: &PermitItem, listing: &Listing) {
    let id = &item.id;
    let mut listed: Vec<&str> = listing.appendices.iter().map(|one| one.appendix.as_str()).collect();
    listed.sort_unstable();
    listed.dedup();
    if listed.len() > 1 {
        let notes: Vec<&str> = listing
            .appendices
            .iter()
            .filter_map(|one| one.annotation.as_deref())
            .collect();
        let mut text = format!(
            "item {id}: {} is in {} at once",
            listing.taxon.scientific_name,
            listed.join(" and ")
        );
        for note in notes {
            text.push_str("; ");
            text.push_str(note);
        }
        findings.broken(table::LISTING_SPLIT, text);
    }
    let rule = table::LISTING_APPENDIX;
    let on_permit = item.appendix.as_deref().unwrap_or("none");
    if listed.is_empty() {
        findings.broken(
            rule,
            format!(
                "item {id}: {} is in no Appendix on {}, the permit says {on_permit}",
                listing.taxon.scientific_name, listing.as_of
            ),
        );
    } else if !listed.contains(&on_permit) {
        findings.broken(
            rule,
            format!(
                "item {id}: {} is in Appendix {} on {}, the permit says {on_permit}",
                listing.taxon.scientific_name,
                listed.join(" and "),
                listing.as_of
            ),
        );
    }
}

fn reservation(
    findings: &mut Findings,
    declaration: &Declaration,
    permit: &Permit,
    item: &PermitItem,
    listing: &Listing,
) {
    let parties = [
        Some(&permit.issuing_country),
        declaration.country_of_export.as_ref(),
        declaration.country_of_destination.as_ref(),
    ];
    for reservation in &listing.reservations {
        let concerned = parties
            .iter()
            .flatten()
            .any(|country| same_code(country, &reservation.party));
        if concerned {
            findings.broken(
                table::LISTING_RESERVATION,
                format!(
                    "item {}: {} has a reservation against Appendix {}",
                    item.id,
                    reservation.party,
                    reservation.appendix.as_deref().unwrap_or("(not said)")
                ),
            );
        }
    }
}

/// Suspensions and quotas of nought for the country of export or a country of origin.
fn stops(findings: &mut Findings, declaration: &Declaration, permit: &Permit, item: &PermitItem, listing: &Listing) {
    let mut countries = vec![permit.issuing_country.as_str()];
    countries.extend(declaration.country_of_export.as_deref());
    countries.extend(item.origin.iter().filter_map(|one| one.country.as_deref()));
    let meant = |country: &Option<String>| {
        country
            .as_ref()
            .is_none_or(|country| countries.iter().any(|one| same_code(one, country)))
    };
    for one in listing.suspensions.iter().filter(|one| meant(&one.country)) {
        findings.broken(
            table::LISTING_SUSPENSION,
            format!(
                "item {}: trade with {} is suspended since {}: {}",
                item.id,
                one.country.as_deref().unwrap_or("all countries"),
                one.starts_on
                    .map_or_else(|| "an unknown day".to_owned(), |day| day.to_string()),
                one.notes
                    .as_deref()
                    .or(one.notification.as_deref())
                    .unwrap_or("no notes")
            ),
        );
    }
    for quota in listing.quotas.iter().filter(|one| meant(&one.country)) {
        if quota.value.is_some_and(|value| !value.is_positive()) {
            findings.broken(
                table::LISTING_ZERO_QUOTA,
                format!(
                    "item {}: the quota of {} is nought ({})",
                    item.id,
                    quota.country.as_deref().unwrap_or("all countries"),
                    quota.notes.as_deref().unwrap_or("no notes")
                ),
            );
        }
    }
}

fn changes(findings: &mut Findings, item: &PermitItem, listing: &Listing) {
    for change in &listing.changes_ahead {
        let appendix = change.appendix.as_deref().unwrap_or("(not said)");
        let what = match change.change.as_str() {
            "+" => "inclusion in",
            "-" => "deletion from",
            "R+" => "a reservation against",
            "R-" => "no reservation any more against",
            other => other,
        };
        let when = change
            .effective_at
            .map_or_else(|| "a day not said".to_owned(), |day| day.to_string());
        findings.broken(
            table::LISTING_CHANGE,
            format!("item {}: from {when} {what} Appendix {appendix}", item.id),
        );
    }
}
