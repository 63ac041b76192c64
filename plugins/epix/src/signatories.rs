//! The four signatures of the form: management authority (A), applicant (B), issuing officer (C), endorsing
//! officer (D).

use crate::parties::person;
use crate::values::{moment, text};
use dragoman_documents::{Signatory, SignatoryRole};
use dragoman_xml::{Element, Refusal};

/// Elements of the header by role, in the order of the message.
pub(crate) const ELEMENTS: [(SignatoryRole, &str); 4] = [
    (SignatoryRole::A, "FirstSignatoryDocumentAuthentication"),
    (SignatoryRole::B, "SecondSignatoryDocumentAuthentication"),
    (SignatoryRole::C, "ThirdSignatoryDocumentAuthentication"),
    (SignatoryRole::D, "FourthSignatoryDocumentAuthentication"),
];

/// Reads the signatures that say more than their type code.
pub(crate) fn read(header: &Element) -> Result<Vec<Signatory>, Refusal> {
    let mut found = Vec::new();
    for (role, name) in ELEMENTS {
        if let Some(element) = header.child(name)
            && let signatory = signatory(element, role)?
            && is_signature(&signatory)
        {
            found.push(signatory);
        }
    }
    Ok(found)
}

fn signatory(element: &Element, role: SignatoryRole) -> Result<Signatory, Refusal> {
    let provider = element.child("ProviderTradeParty");
    let mut name = provider.and_then(person);
    let mut authority = provider.and_then(|provider| text(provider, "Name"));
    // The party of an applicant is the applicant, not an authority.
    if role == SignatoryRole::B && name.is_none() {
        name = authority.take();
    }
    Ok(Signatory {
        role: Some(role),
        name,
        authority,
        place: text(element, "IssueLogisticsLocation/Name").or_else(|| text(element, "IssueLogisticsLocation/ID")),
        at: moment(element, "ActualDateTime")?,
        method: text(element, "Statement"),
    })
}

/// Whether somebody signed: the authority's name alone at A is box 6, not a signature.
pub(crate) fn is_signature(signatory: &Signatory) -> bool {
    signatory.name.is_some()
        || signatory.place.is_some()
        || signatory.at.is_some()
        || signatory.method.is_some()
        || (signatory.authority.is_some() && signatory.role != Some(SignatoryRole::A))
}

/// The officer who signed box 14, where there is a name.
pub(crate) fn endorsing_officer(signatories: &[Signatory]) -> Option<Signatory> {
    signatories
        .iter()
        .find(|one| one.role == Some(SignatoryRole::D) && one.name.is_some())
        .cloned()
}
