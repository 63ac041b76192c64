//! A permit in the form in which a message gives it back: no empty texts, countries in capitals, units of
//! Recommendation 20, signatures in the order of their roles. Nothing that means anything is changed.

use crate::error::Error;
use crate::items::{letter, sources};
use crate::parties::settled_lines;
use crate::quantities::settled;
use crate::values::said;
use dragoman_documents::{Address, Origin, Party, Permit, PermitItem};
use serde_json::Value;

/// The permit in its settled form.
///
/// # Errors
/// If it lacks what a permit cannot do without: number, issuing country, or a required part of a part.
pub(crate) fn permit(permit: &Permit) -> Result<Permit, Error> {
    let mut permit = permit.clone();
    for (name, text) in [("number", &permit.number), ("issuing_country", &permit.issuing_country)] {
        if said(text).is_none() {
            return Err(Error::unwritable(vec![format!("/{name}")], format!("it has no {name}")));
        }
    }
    fill(&mut permit);
    let mut permit = pruned(&permit)?;
    order(&mut permit);
    permit.items.iter_mut().for_each(settle_item);
    for code in [
        Some(&mut permit.issuing_country),
        permit.country_of_import.as_mut(),
        permit.country_of_export.as_mut(),
    ] {
        code.into_iter().for_each(|code| code.make_ascii_uppercase());
    }
    let parties = [
        &mut permit.importer,
        &mut permit.exporter,
        &mut permit.applicant,
        &mut permit.authority,
    ];
    parties.into_iter().flatten().for_each(settle_party);
    pruned(&permit)
}

/// Fills what is required and follows from the rest of the permit.
fn fill(permit: &mut Permit) {
    for (place, item) in permit.items.iter_mut().enumerate() {
        if said(&item.id).is_none() {
            item.id = letter(place);
        }
        item.quantity = item.quantity.as_ref().map(settled);
    }
    for endorsement in &mut permit.endorsements {
        if said(&endorsement.permit).is_none() {
            endorsement.permit.clone_from(&permit.number);
        }
        if said(&endorsement.issuing_country).is_none() {
            endorsement.issuing_country.clone_from(&permit.issuing_country);
        }
        for line in &mut endorsement.items {
            line.quantity = settled(&line.quantity);
        }
    }
}

/// Signatures by role, those without one last; endorsed items as on the permit, others last.
fn order(permit: &mut Permit) {
    permit
        .signatories
        .sort_by_key(|signatory| (signatory.role.is_none(), signatory.role));
    let ids: Vec<String> = permit.items.iter().map(|item| item.id.clone()).collect();
    for endorsement in &mut permit.endorsements {
        endorsement.items.sort_by_key(|line| {
            let place = ids.iter().position(|id| *id == line.item);
            place.unwrap_or(usize::MAX)
        });
    }
}

fn settle_item(item: &mut PermitItem) {
    if let (Some(code), None) = (&item.source_code, &item.secondary_source_code) {
        (item.source_code, item.secondary_source_code) = sources(code);
    }
    let kind_alone =
        |origin: &Origin| origin.country.is_none() && origin.permit.is_none() && origin.issued_on.is_none();
    item.origin.retain(|origin| !kind_alone(origin));
    let countries = item.origin.iter_mut().map(|origin| &mut origin.country);
    let last = item.last_re_export.iter_mut().map(|last| &mut last.country);
    for country in countries.chain(last).flatten() {
        country.make_ascii_uppercase();
    }
}

fn settle_party(party: &mut Party) {
    if let Some(Address { street, country, .. }) = &mut party.address {
        *street = street.as_deref().and_then(settled_lines);
        country.iter_mut().for_each(|code| code.make_ascii_uppercase());
    }
}

/// Without texts that say nothing, white space at the ends of others, and parts in which nothing is left.
fn pruned(permit: &Permit) -> Result<Permit, Error> {
    let incomplete =
        |error: serde_json::Error| Error::unwritable(Vec::new(), format!("a part of it is incomplete: {error}"));
    let mut json = serde_json::to_value(permit).map_err(incomplete)?;
    prune(&mut json);
    serde_json::from_value(json).map_err(incomplete)
}

/// Prunes a value; false where nothing is left of it.
fn prune(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match said(text) {
            Some(kept) => {
                *text = kept.to_owned();
                true
            }
            None => false,
        },
        Value::Array(entries) => {
            entries.retain_mut(prune);
            !entries.is_empty()
        }
        Value::Object(members) => {
            members.retain(|_, member| prune(member));
            !members.is_empty()
        }
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
    }
}
