//! The person on whose authority an act is done, as pipelines name one.

use dragoman_documents::{Actor, ActorKind};
use dragoman_guest::prelude::*;

/// A person as a site file or a canonical document names one (`person_id`), or as the runtime names who answered
/// a wait (`id`, and a `kind` of its own).
#[record]
#[derive(Default, Eq)]
pub struct Person {
    /// Identifier of the person in the authority's own register.
    pub person_id: Option<String>,
    /// The account that answered; taken where `person_id` is absent.
    pub id: Option<String>,
    /// Name of the person or of the duty authority.
    pub name: Option<String>,
    /// The authority that the person acts for.
    pub authority: Option<String>,
    /// The person's role there.
    pub role: Option<String>,
    /// `officer` or `person`; `system_on_behalf_of`, `system` or `sender`.
    pub kind: Option<String>,
    /// How the person was authenticated.
    pub authentication: Option<String>,
    /// Digest of the message that shows it.
    pub evidence: Option<String>,
    /// On whose behalf a system acted: the person, where it names none.
    pub on_behalf_of: Option<String>,
}

impl Person {
    /// The canonical actor, with `authority` where the person is named without one. None where nobody is named:
    /// blanks are no name.
    #[must_use]
    pub fn actor(&self, authority: Option<&str>) -> Option<Actor> {
        let person_id = said(&self.person_id).or_else(|| said(&self.id));
        let name = said(&self.name).or_else(|| said(&self.on_behalf_of));
        if person_id.is_none() && name.is_none() {
            return None;
        }
        let kind = match self.kind.as_deref().map(str::trim) {
            Some("system_on_behalf_of" | "system" | "sender") => ActorKind::SystemOnBehalfOf,
            _ => ActorKind::Officer,
        };
        Some(Actor {
            person_id,
            name,
            authority: said(&self.authority).or_else(|| authority.map(str::to_owned)),
            role: said(&self.role),
            kind: Some(kind),
            authentication: said(&self.authentication),
            evidence: said(&self.evidence),
        })
    }
}

/// The text without blanks around it; none where nothing is left.
fn said(text: &Option<String>) -> Option<String> {
    let text = text.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
