//! The person on whose authority an act is done, as pipelines name one.

use crate::{Actor, ActorKind, schema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A person as a site file or a canonical document names one (`person_id`), or as the runtime names who answered
/// a wait (`id`, and a `kind` of its own).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = schema::settle)]
pub struct Person {
    /// Identifier of the person in the authority's own register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub person_id: Option<String>,
    /// The account that answered; taken where `person_id` is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name of the person or of the duty authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub name: Option<String>,
    /// The authority that the person acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The person's role there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `officer` or `person`; `system_on_behalf_of`, `system` or `sender`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How the person was authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    /// Digest of the message that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// On whose behalf a system acted: the person, where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
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

#[cfg(test)]
mod tests {
    use super::Person;
    use crate::ActorKind;

    #[test]
    fn a_person_becomes_an_actor_and_blanks_are_no_name() {
        let check = |person: &str, expected: Option<(Option<&str>, Option<&str>, ActorKind)>| {
            let read: Person = serde_json::from_str(person).unwrap();
            let actor = read.actor(Some("Customs"));
            let authority = actor.as_ref().and_then(|actor| actor.authority.as_deref());
            assert_eq!(authority, expected.map(|_| "Customs"), "{person}");
            let found = actor.map(|actor| (actor.person_id, actor.name, actor.kind));
            let expected = expected.map(|(id, name, kind)| (id.map(Into::into), name.map(Into::into), Some(kind)));
            assert_eq!(found, expected, "{person}");
        };
        let officer = ActorKind::Officer;
        check(r#"{"person_id": "A-1"}"#, Some((Some("A-1"), None, officer)));
        check(
            r#"{"person_id": " ", "id": "anna", "kind": "person"}"#,
            Some((Some("anna"), None, officer)),
        );
        let system = r#"{"kind": "system", "on_behalf_of": "Duty officer"}"#;
        check(system, Some((None, Some("Duty officer"), ActorKind::SystemOnBehalfOf)));
        check(r#"{"name": "  ", "role": "officer"}"#, None);
        check("{}", None);
    }
}
