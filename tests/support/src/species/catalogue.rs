//! The taxa and what is known about them.

use serde_json::{Value, json};

use super::query::Query;
use crate::Error;

const BUILT_IN: &str = include_str!("data.json");

/// All taxa, in the order of their names, and the suspensions of whole countries.
pub(crate) struct Catalogue {
    taxa: Vec<Value>,
    country_suspensions: Vec<Value>,
}

impl Catalogue {
    /// The built-in data.
    pub(crate) fn built_in() -> Result<Self, Error> {
        let mut catalogue = Self {
            taxa: Vec::new(),
            country_suspensions: Vec::new(),
        };
        let data = serde_json::from_str(BUILT_IN).map_err(|error| wrong(&error.to_string()))?;
        catalogue.take(&data)?;
        Ok(catalogue)
    }

    /// Adds or replaces taxa.
    pub(crate) fn take(&mut self, seed: &Value) -> Result<(), Error> {
        for taxon in seed["taxa"].as_array().into_iter().flatten() {
            let id = taxon["concept"]["id"]
                .as_u64()
                .ok_or_else(|| wrong("a taxon has `concept.id`"))?;
            if !taxon["concept"]["full_name"].is_string() {
                return Err(wrong("a taxon has `concept.full_name`"));
            }
            self.taxa.retain(|known| known["concept"]["id"] != id);
            self.taxa.push(taxon.clone());
        }
        let name = |taxon: &Value| taxon["concept"]["full_name"].as_str().unwrap_or_default().to_owned();
        self.taxa.sort_by_key(name);
        let suspensions = seed["country_suspensions"].as_array();
        self.country_suspensions
            .extend(suspensions.into_iter().flatten().cloned());
        Ok(())
    }

    /// The taxon with this id.
    pub(crate) fn taxon(&self, id: u64) -> Option<&Value> {
        self.taxa.iter().find(|taxon| taxon["concept"]["id"] == id)
    }

    /// The taxon concepts that a query asks for. Taxa no longer active show only to who asks what has changed.
    pub(crate) fn search(&self, query: &Query) -> Vec<Value> {
        let since = query.since();
        let mut found = Vec::new();
        for taxon in &self.taxa {
            let concept = &taxon["concept"];
            let changed = since.is_none_or(|since| {
                concept["updated_at"]
                    .as_str()
                    .and_then(|at| at.parse::<jiff::Timestamp>().ok())
                    .is_some_and(|at| at >= since)
            });
            if !changed || (since.is_none() && concept["active"] == false) {
                continue;
            }
            match query.text("name") {
                None => found.push(shown(taxon, query)),
                Some(name) if is_named(concept, name) => found.push(shown(taxon, query)),
                Some(name) if query.is("with_descendants") && self.descends(concept, name) => {
                    found.push(shown(taxon, query));
                }
                Some(name) => found.extend(synonym(concept, name)),
            }
        }
        found
    }

    fn descends(&self, concept: &Value, name: &str) -> bool {
        let above = concept["higher_taxa"].as_object().into_iter().flatten();
        if above.into_iter().any(|(_, taxon)| taxon.as_str() == Some(name)) {
            return true;
        }
        let parent = concept["parent"].as_u64().and_then(|parent| self.taxon(parent));
        parent.is_some_and(|parent| is_named(&parent["concept"], name) || self.descends(&parent["concept"], name))
    }

    /// The entries of one of a taxon's lists that are in the scope asked for, each with the taxon's id.
    pub(crate) fn in_scope(&self, taxon: &Value, list: &str, query: &Query) -> Vec<Value> {
        taxon[list]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| scoped(entry, query))
            .map(|entry| {
                let mut entry = entry.clone();
                entry["taxon_concept_id"] = taxon["concept"]["id"].clone();
                if list == "cites_listings" && entry.get("hash_annotation").is_none() {
                    entry["hash_annotation"] = Value::Null;
                }
                entry
            })
            .collect()
    }

    /// The taxon's own suspensions, and those of whole countries in which it occurs.
    pub(crate) fn suspensions(&self, taxon: &Value, query: &Query) -> Vec<Value> {
        let countries: Vec<&Value> = taxon["distributions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|place| &place["iso_code2"])
            .collect();
        let mut all = self.in_scope(taxon, "cites_suspensions", query);
        let whole = self.country_suspensions.iter().filter(|suspension| {
            countries.contains(&&suspension["geo_entity"]["iso_code2"]) && scoped(suspension, query)
        });
        all.extend(whole.cloned());
        all
    }
}

fn wrong(reason: &str) -> Error {
    Error::Seed {
        partner: "species",
        reason: reason.to_owned(),
    }
}

fn scoped(entry: &Value, query: &Query) -> bool {
    let current = entry["is_current"] == true;
    match query.text("scope") {
        Some("all") => true,
        Some("historic") => !current,
        _ => current,
    }
}

fn same(text: &Value, name: &str) -> bool {
    text.as_str()
        .is_some_and(|text| text.to_lowercase() == name.to_lowercase())
}

fn is_named(concept: &Value, name: &str) -> bool {
    let common = concept["common_names"].as_array().into_iter().flatten();
    same(&concept["full_name"], name) || common.into_iter().any(|common| same(&common["name"], name))
}

/// The record of a synonym, which points to the accepted name.
fn synonym(concept: &Value, name: &str) -> Option<Value> {
    let synonyms = concept["synonyms"].as_array()?;
    let mut found = synonyms
        .iter()
        .find(|synonym| same(&synonym["full_name"], name))?
        .clone();
    found["name_status"] = json!("S");
    found["updated_at"] = concept["updated_at"].clone();
    found["active"] = json!(true);
    found["accepted_names"] = json!([{
        "id": concept["id"], "full_name": concept["full_name"],
        "author_year": concept["author_year"], "rank": concept["rank"],
    }]);
    Some(found)
}

/// A taxon concept as the API shows it: current inclusions, and common names in the languages asked for.
fn shown(taxon: &Value, query: &Query) -> Value {
    let mut concept = taxon["concept"].clone();
    if let Some(fields) = concept.as_object_mut() {
        fields.remove("parent");
    }
    if let (Some(languages), Some(names)) = (query.text("language"), concept["common_names"].as_array_mut()) {
        let wanted: Vec<String> = languages.split(',').map(|code| code.trim().to_uppercase()).collect();
        names.retain(|name| wanted.iter().any(|code| name["language"] == **code));
    }
    let inclusions = |list: &str, level: &str| -> Vec<Value> {
        let entries = taxon[list].as_array().into_iter().flatten();
        entries
            .filter(|entry| entry["is_current"] == true && entry["change_type"] == "+")
            .map(|entry| {
                json!({
                    "id": entry["id"], level: entry[level], "annotation": entry["annotation"],
                    "hash_annotation": entry["hash_annotation"], "effective_at": entry["effective_at"],
                    "party": entry["party"],
                })
            })
            .collect()
    };
    concept["cites_listings"] = json!(inclusions("cites_listings", "appendix"));
    if query.is("with_eu_listings") {
        concept["eu_listings"] = json!(inclusions("eu_listings", "annex"));
    }
    concept
}
