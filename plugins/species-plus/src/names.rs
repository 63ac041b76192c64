//! From a name to one accepted taxon.

use dragoman_documents::Taxon;
use serde::Deserialize;
use serde_json::Value;

/// A taxon that a concept points to.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Accepted {
    /// Its identifier.
    #[serde(default)]
    pub id: Value,
    /// Its scientific name.
    #[serde(default)]
    pub full_name: String,
    /// Its rank.
    #[serde(default)]
    pub rank: Option<String>,
}

/// A taxon concept, as far as it is needed here.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Concept {
    /// Its identifier: a number, or a text in older answers.
    #[serde(default)]
    pub id: Value,
    /// Its scientific name.
    #[serde(default)]
    pub full_name: String,
    /// `SPECIES`, `SUBSPECIES`, `GENUS` ...
    #[serde(default)]
    pub rank: Option<String>,
    /// `A` accepted, `S` synonym.
    #[serde(default)]
    pub name_status: Option<String>,
    /// False for a taxon that was taken out.
    #[serde(default)]
    pub active: Option<bool>,
    /// The names that a synonym stands for.
    #[serde(default)]
    pub accepted_names: Option<Vec<Accepted>>,
}

/// What a name comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// One accepted taxon: its identifier for further requests, and the taxon.
    One(Taxon),
    /// None.
    NotFound,
    /// Several accepted taxa: their names.
    Several(Vec<String>),
}

/// An identifier as text; none where there is none.
fn text(id: &Value) -> Option<String> {
    match id {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

/// A name as it is compared: without case, and with single blanks.
fn plain(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// Resolves a name among the concepts that the API gave for it: the accepted taxon of that scientific name, else the one
/// that it is a synonym of, else, where `common` says so, the only taxon with that common name.
#[must_use]
pub fn resolve(name: &str, concepts: &[Concept], common: bool) -> Found {
    let wanted = plain(name);
    let active: Vec<&Concept> = concepts
        .iter()
        .filter(|concept| concept.active != Some(false))
        .collect();
    let is_synonym = |concept: &&&Concept| concept.name_status.as_deref() == Some("S");
    let named = |concept: &&&Concept| plain(&concept.full_name) == wanted;
    let accepted: Vec<Taxon> = active
        .iter()
        .filter(|concept| named(concept) && !is_synonym(concept))
        .filter_map(|concept| taxon(&concept.id, &concept.full_name, &concept.rank))
        .collect();
    if !accepted.is_empty() {
        return only(accepted);
    }
    let meant: Vec<Taxon> = active
        .iter()
        .filter(|concept| named(concept) && is_synonym(concept))
        .flat_map(|synonym| {
            let of = synonym.accepted_names.iter().flatten();
            of.filter_map(|accepted| {
                Some(Taxon {
                    scientific_name: synonym.full_name.clone(),
                    accepted_name: Some(accepted.full_name.clone()),
                    ..taxon(&accepted.id, &accepted.full_name, &accepted.rank)?
                })
            })
        })
        .collect();
    if !meant.is_empty() {
        return only(meant);
    }
    let others = active
        .iter()
        .filter(|concept| common && !is_synonym(concept))
        .filter_map(|concept| taxon(&concept.id, &concept.full_name, &concept.rank))
        .collect();
    only(others)
}

fn taxon(id: &Value, name: &str, rank: &Option<String>) -> Option<Taxon> {
    Some(Taxon {
        id: Some(text(id)?),
        scientific_name: name.to_owned(),
        rank: rank.clone(),
        accepted_name: None,
    })
}

/// The one taxon of a list in which each may come more than once.
fn only(mut taxa: Vec<Taxon>) -> Found {
    let mut seen: Vec<Option<String>> = Vec::new();
    taxa.retain(|taxon| {
        let new = !seen.contains(&taxon.id);
        seen.push(taxon.id.clone());
        new
    });
    match taxa.len() {
        0 => Found::NotFound,
        1 => Found::One(taxa.remove(0)),
        _ => Found::Several(
            taxa.into_iter()
                .map(|taxon| taxon.accepted_name.unwrap_or(taxon.scientific_name))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(name: &str, concepts: Value, common: bool, expected: &str) {
        let concepts: Vec<Concept> = serde_json::from_value(concepts).unwrap();
        let found = match resolve(name, &concepts, common) {
            Found::One(taxon) => format!(
                "{} {} {}",
                taxon.id.unwrap_or_default(),
                taxon.scientific_name,
                taxon.accepted_name.unwrap_or_default()
            ),
            Found::NotFound => "none".to_owned(),
            Found::Several(names) => names.join("|"),
        };
        assert_eq!(found.trim(), expected, "{name} in {concepts:?}");
    }

    #[test]
    fn a_name_is_one_taxon_or_none() {
        let python =
            || json!({"id": 7001, "full_name": "Python regius", "rank": "SPECIES", "name_status": "A", "active": true});
        let boa = |accepted: Value| json!({"id": 7091, "full_name": "Boa regia", "name_status": "S", "accepted_names": accepted});
        check("Python regius", json!([python()]), false, "7001 Python regius");
        check(
            " python  Regius",
            json!([python(), python()]),
            false,
            "7001 Python regius",
        );
        check("Ball Python", json!([python()]), false, "none");
        check("Ball Python", json!([python()]), true, "7001 Python regius");
        check(
            "Boa regia",
            json!([boa(json!([python()]))]),
            false,
            "7001 Boa regia Python regius",
        );
        let two = json!([python(), {"id": "7002", "full_name": "Python sebae"}]);
        check("Boa regia", json!([boa(two)]), false, "Python regius|Python sebae");
        check("Boa regia", json!([boa(Value::Null)]), true, "none");
        let homonym = json!({"id": 7009, "full_name": "Python regius", "name_status": "A"});
        check(
            "Python regius",
            json!([python(), homonym]),
            false,
            "Python regius|Python regius",
        );
        let removed = json!({"id": 1, "full_name": "Testudo obsoleta", "name_status": "A", "active": false});
        check("Testudo obsoleta", json!([removed]), true, "none");
        check("Python regius", json!([]), true, "none");
    }
}
