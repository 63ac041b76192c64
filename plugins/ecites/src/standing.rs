//! How the endorsements that are there stand to the one that is wanted.

use dragoman_documents::{DeclarationId, Endorsement, EndorsementStatus, Permit, PermitStatus};
use dragoman_guest::Failure;

use crate::Wish;

/// How a permit stands to an endorsement that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing stands in its way.
    Free,
    /// It is there already, with the same quantities.
    Same(Box<Endorsement>),
    /// Another one of the same declaration is there: why it is not the same, as a sentence.
    Other(String),
}

impl Standing {
    /// How a permit's endorsements stand to the one that is wanted; those of other declarations do not matter.
    #[must_use]
    pub fn on(permit: &Permit, wish: &Wish) -> Self {
        match of_declaration(permit, &wish.declaration) {
            Some(there) => Self::of(there, wish),
            None => Self::Free,
        }
    }

    /// How one endorsement of the same declaration stands to the one that is wanted. A withdrawn one is in the way
    /// unless the wish says that it replaces it: a late copy must not bring back what was taken back.
    #[must_use]
    pub fn of(there: &Endorsement, wish: &Wish) -> Self {
        let declaration = &wish.declaration.value;
        let id = there.id.as_deref().unwrap_or(declaration);
        match there.status {
            EndorsementStatus::Withdrawn if wish.endorsement.supersedes.as_deref() == Some(id) => Self::Free,
            EndorsementStatus::Withdrawn => Self::Other(format!(
                "the endorsement {id} for declaration {declaration} has been withdrawn"
            )),
            EndorsementStatus::Valid if wish.lines.equal(&there.items) => Self::Same(Box::new(there.clone())),
            EndorsementStatus::Valid => Self::Other(format!(
                "declaration {declaration} has endorsed the permit with other quantities ({id})"
            )),
        }
    }
}

/// A permit's endorsement for a declaration: the newest that is valid, else the newest.
pub(crate) fn of_declaration<'a>(permit: &'a Permit, declaration: &DeclarationId) -> Option<&'a Endorsement> {
    let of = |one: &&Endorsement| one.declaration.as_ref().is_some_and(|own| same(own, declaration));
    let mut newest_first = permit.endorsements.iter().rev().filter(of);
    let newest = newest_first.clone().next();
    let valid = newest_first.find(|one| one.status == EndorsementStatus::Valid);
    valid.or(newest)
}

/// The same declaration; a scheme that one side does not say makes no difference.
fn same(left: &DeclarationId, right: &DeclarationId) -> bool {
    let schemes = left.scheme == right.scheme || left.scheme.is_empty() || right.scheme.is_empty();
    left.value == right.value && schemes
}

/// Refuses a permit that its issuer has suspended, revoked or taken back. Its dates are the issuer's to judge.
///
/// # Errors
/// Rejected `permit.revoked` or `permit.not_valid`.
pub(crate) fn usable(permit: &Permit) -> Result<(), Failure> {
    let (code, word) = match permit.status {
        None | Some(PermitStatus::Issued) => return Ok(()),
        Some(PermitStatus::Revoked) => ("permit.revoked", "revoked"),
        Some(PermitStatus::Cancelled) => ("permit.revoked", "cancelled"),
        Some(PermitStatus::Suspended) => ("permit.not_valid", "suspended"),
        Some(PermitStatus::Returned) => ("permit.not_valid", "returned to the issuer"),
        Some(PermitStatus::Replaced) => ("permit.not_valid", "replaced by another"),
    };
    let message = format!("the permit {} is {word}", permit.number);
    Err(Failure::rejected(code, message))
}

/// The permit with an endorsement on it, where the system's own answer does not show it.
pub(crate) fn with_endorsement(mut permit: Permit, endorsement: &Endorsement) -> Permit {
    let shown = permit
        .endorsements
        .iter()
        .any(|one| one.id == endorsement.id && one.declaration == endorsement.declaration);
    if !shown {
        permit.endorsements.push(endorsement.clone());
    }
    permit
}
