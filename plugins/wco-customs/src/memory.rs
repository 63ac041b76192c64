//! Dossiers in the connector's state: one per declaration, found by MRN, or by LRN as long as there is no MRN.
//!
//! `declaration/<scheme>/<value>` holds a dossier; `lrn/<lrn>` says under which identity that LRN's dossier is.
//! All writes compare and swap, so that two calls about one declaration cannot overwrite each other.

use crate::dossier::Dossier;
use dragoman_documents::{Declaration, DeclarationId, Notice};
use dragoman_guest::Failure;
use dragoman_guest::prelude::state::{self, Expected};

const LRN: &str = "lrn";

fn key(id: &DeclarationId) -> String {
    format!("declaration/{}/{}", id.scheme, id.value)
}

fn alias_key(lrn: &str) -> String {
    format!("lrn/{lrn}")
}

/// A dossier and where it was read.
struct Found {
    dossier: Dossier,
    key: String,
    version: u64,
}

fn load(id: &DeclarationId) -> Result<Option<Found>, Failure> {
    let key = key(id);
    let found = state::load::<Dossier>(&key)?;
    Ok(found.map(|(dossier, version)| Found { dossier, key, version }))
}

/// The dossier of an identity; else that of the LRN, unless that is already another declaration's by MRN.
fn locate(id: &DeclarationId, lrn: Option<&str>) -> Result<Option<Found>, Failure> {
    if let Some(found) = load(id)? {
        return Ok(Some(found));
    }
    let by_lrn = id.scheme == LRN;
    let Some(lrn) = lrn.or_else(|| by_lrn.then_some(id.value.as_str())) else {
        return Ok(None);
    };
    match state::load::<DeclarationId>(&alias_key(lrn))? {
        Some((target, _)) if by_lrn || target.scheme == LRN => load(&target),
        _ => Ok(None),
    }
}

/// Writes a dossier under its identity, removes it from where it was before, and points its LRN to it.
fn write(dossier: &Dossier, was: Option<&(String, u64)>) -> Result<(), Failure> {
    let now = key(&dossier.id);
    match was {
        Some((before, version)) if *before == now => state::store(&now, dossier, Expected::Version(*version))?,
        Some((before, version)) => {
            state::store(&now, dossier, Expected::Absent)?;
            state::delete(before, Expected::Version(*version))?;
        }
        None => state::store(&now, dossier, Expected::Absent)?,
    }
    let Some(lrn) = &dossier.lrn else {
        return Ok(());
    };
    let alias = alias_key(lrn);
    match state::load::<DeclarationId>(&alias)? {
        None => state::store(&alias, &dossier.id, Expected::Absent),
        Some((target, _)) if target == dossier.id => Ok(()),
        Some((target, version)) => {
            // An LRN that was lodged anew belongs to the new declaration once the old one is closed.
            let free = target.scheme == LRN || load(&target)?.is_none_or(|found| found.dossier.is_closed());
            if free {
                state::store(&alias, &dossier.id, Expected::Version(version))?;
            }
            Ok(())
        }
    }
}

/// A dossier takes an MRN as soon as one is known.
fn adopt(dossier: &mut Dossier, id: &DeclarationId) {
    if dossier.id.scheme == LRN && id.scheme != LRN {
        dossier.id = id.clone();
    }
}

/// Keeps a declaration; the dossier afterwards, and why the declaration was not kept where it was not.
pub(crate) fn keep(declaration: Declaration) -> Result<(Dossier, Option<String>), Failure> {
    let found = locate(&declaration.id, declaration.lrn.as_deref())?;
    // Lodged anew under the LRN of a declaration that was refused or invalidated: another declaration.
    let found = found.filter(|found| declaration.id.scheme != LRN || !found.dossier.is_closed());
    let was = found.as_ref().map(|found| (found.key.clone(), found.version));
    let mut dossier = match found {
        Some(found) => found.dossier,
        None => Dossier::new(declaration.id.clone(), declaration.lrn.clone()),
    };
    adopt(&mut dossier, &declaration.id);
    let refused = dossier.keep(declaration).err();
    if refused.is_none() {
        write(&dossier, was.as_ref())?;
    }
    Ok((dossier, refused))
}

/// Notes what a notice says; the dossier afterwards.
pub(crate) fn note(notice: &Notice) -> Result<Dossier, Failure> {
    let found = locate(&notice.declaration, notice.lrn.as_deref())?;
    let was = found.as_ref().map(|found| (found.key.clone(), found.version));
    let mut dossier = match found {
        Some(found) => found.dossier,
        None => Dossier::new(notice.declaration.clone(), notice.lrn.clone()),
    };
    let before = dossier.clone();
    adopt(&mut dossier, &notice.declaration);
    dossier.note(notice);
    if was.is_none() || dossier != before {
        write(&dossier, was.as_ref())?;
    }
    Ok(dossier)
}

/// What is known of a declaration, under the identity that was asked for where it has no MRN yet.
pub(crate) fn recall(id: &DeclarationId, lrn: Option<&str>) -> Result<Option<Dossier>, Failure> {
    Ok(locate(id, lrn)?.map(|found| {
        let mut dossier = found.dossier;
        adopt(&mut dossier, id);
        dossier
    }))
}
