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

/// A dossier, with the keys under which it is stored and their versions.
struct Found {
    dossier: Dossier,
    stored: Vec<(String, u64)>,
}

fn load(id: &DeclarationId) -> Result<Option<Found>, Failure> {
    let key = key(id);
    let found = state::load::<Dossier>(&key)?;
    Ok(found.map(|(dossier, version)| Found {
        dossier,
        stored: vec![(key, version)],
    }))
}

/// The dossier of an identity and that of the LRN, unless the latter is already another declaration's by MRN. Where a
/// notice named the MRN alone before anything tied that to the LRN, there are two: they are one declaration's.
fn locate(id: &DeclarationId, lrn: Option<&str>) -> Result<Option<Found>, Failure> {
    let found = load(id)?;
    let by_lrn = id.scheme == LRN;
    let Some(lrn) = lrn.or_else(|| by_lrn.then_some(id.value.as_str())) else {
        return Ok(found);
    };
    let other = match state::load::<DeclarationId>(&alias_key(lrn))? {
        Some((target, _)) if target != *id && (target.scheme == LRN || by_lrn && found.is_none()) => load(&target)?,
        _ => None,
    };
    Ok(match (found, other) {
        (Some(mut found), Some(other)) if !other.dossier.is_closed() => {
            found.dossier.join(other.dossier);
            found.stored.extend(other.stored);
            Some(found)
        }
        (found, other) => found.or(other),
    })
}

/// Writes a dossier under its identity, removes it from where else it was, and points its LRN to it.
fn write(dossier: &Dossier, was: &[(String, u64)]) -> Result<(), Failure> {
    let now = key(&dossier.id);
    let mut there = Expected::Absent;
    for (before, version) in was {
        if *before == now {
            there = Expected::Version(*version);
        } else {
            state::delete(before, Expected::Version(*version))?;
        }
    }
    state::store(&now, dossier, there)?;
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
    let fresh = Dossier::new(declaration.id.clone(), declaration.lrn.clone());
    let (mut dossier, was) = match locate(&declaration.id, declaration.lrn.as_deref())? {
        // Lodged anew under the LRN of a declaration that was refused or invalidated: another declaration. It takes the
        // place of one that never had an MRN.
        Some(found) if declaration.id.scheme == LRN && found.dossier.is_closed() => {
            let place = key(&declaration.id);
            let taken = found.stored.into_iter().filter(|(at, _)| *at == place);
            (fresh, taken.collect())
        }
        Some(found) => (found.dossier, found.stored),
        None => (fresh, Vec::new()),
    };
    adopt(&mut dossier, &declaration.id);
    let refused = dossier.keep(declaration).err();
    if refused.is_none() {
        write(&dossier, &was)?;
    }
    Ok((dossier, refused))
}

/// Notes what a notice says; the dossier afterwards.
pub(crate) fn note(notice: &Notice) -> Result<Dossier, Failure> {
    let (mut dossier, was) = match locate(&notice.declaration, notice.lrn.as_deref())? {
        Some(found) => (found.dossier, found.stored),
        None => (Dossier::new(notice.declaration.clone(), notice.lrn.clone()), Vec::new()),
    };
    let before = dossier.clone();
    adopt(&mut dossier, &notice.declaration);
    dossier.note(notice);
    if was.len() != 1 || dossier != before {
        write(&dossier, &was)?;
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
