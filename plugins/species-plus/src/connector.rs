//! The connector's operations: thin glue between the host, the API and the evaluation.

use crate::api;
use crate::legislation::evaluate;
use crate::names::{Found, resolve};
use dragoman_documents::{Date, Listing, Moment, PermitItem, Taxon};
use dragoman_guest::prelude::*;

/// The settings of a connection to Species+.
#[record]
#[derive(Eq, Default)]
pub struct Config {
    /// Taxa in one page, 1 to 500; the API's own default, 500, unless said otherwise.
    pub per_page: Option<u32>,
    /// Language of annotations: `en` (unless said otherwise), `fr` or `es`.
    pub language: Option<String>,
}

impl Config {
    /// What is wrong with the settings beyond their schema.
    #[must_use]
    pub fn check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        if self.per_page.is_some_and(|size| !(1..=500).contains(&size)) {
            issues.push(Issue::new("/per_page", "config.invalid", "a page has 1 to 500 taxa"));
        }
        let known = |language: &String| ["en", "fr", "es"].contains(&language.as_str());
        if self.language.as_ref().is_some_and(|one| !known(one)) {
            issues.push(Issue::new(
                "/language",
                "config.invalid",
                "annotations are in `en`, `fr` or `es`",
            ));
        }
        issues
    }
}

/// A taxon that is looked for.
#[record]
pub struct TaxonRequest {
    /// Its scientific name, a synonym of it, or a common name that only one taxon has.
    pub name: String,
}

/// A listing that is looked for.
#[record]
pub struct ListingRequest {
    /// The scientific name or a synonym.
    pub scientific_name: String,
    /// The country whose quotas and suspensions are wanted; those of all unless given.
    pub country: Option<String>,
    /// The day; today unless given.
    pub as_of: Option<Moment>,
}

/// The listings of a permit's items.
#[record]
pub struct ListingsRequest {
    /// The items, as they stand on the permit.
    pub items: Vec<PermitItem>,
    /// The exporting country; quotas and suspensions of it and of the items' countries of origin are given.
    pub country: Option<String>,
    /// The day; today unless given.
    pub as_of: Option<Moment>,
}

/// An item for which there is no listing.
#[record]
pub struct Missing {
    /// The item's letter on the permit.
    pub item: String,
    /// Why: `taxon.not_found`, `taxon.ambiguous`, `item.nameless`.
    pub code: String,
    /// Why, for people.
    pub message: String,
}

/// The listings of a permit's species, each species once.
#[record]
pub struct Listings {
    /// The listings; `taxon.scientific_name` is the name on the permit, as Species+ writes it.
    pub listings: Vec<Listing>,
    /// Whether there is one for every item.
    pub complete: bool,
    /// The items that have none.
    pub missing: Option<Vec<Missing>>,
}

/// The Species+ API: taxa and their listings in the appendices of CITES.
#[connector(name = "species-plus", config = Config, endpoints = ["api"], check = Config::check)]
pub struct SpeciesPlus {
    config: Config,
}

#[operations]
impl SpeciesPlus {
    /// Finds a taxon by its name; a synonym comes with the accepted name.
    #[operation(effect = read, codes = ["taxon.not_found", "taxon.ambiguous", "species.token"])]
    fn taxon(&self, _call: &Call, input: TaxonRequest) -> Result<Taxon, Failure> {
        self.find(&input.name, true)
    }

    /// Gets the listing of a species as of a day, with the quotas and suspensions of a country.
    #[operation(effect = read, codes = ["taxon.not_found", "taxon.ambiguous", "species.token"])]
    fn listing(&self, _call: &Call, input: ListingRequest) -> Result<Listing, Failure> {
        let countries: Vec<String> = input.country.into_iter().collect();
        self.evaluated(&input.scientific_name, &countries, day(input.as_of)?)
    }

    /// Gets the listings of a permit's items as of a day; species that Species+ does not have are left out and named.
    #[operation(effect = read, codes = ["species.token"])]
    fn listings(&self, _call: &Call, input: ListingsRequest) -> Result<Listings, Failure> {
        let as_of = day(input.as_of)?;
        let mut listings = Vec::new();
        let mut missing = Vec::new();
        let names = names(&input.items);
        for (name, items) in names {
            let mut countries: Vec<String> = input.country.iter().cloned().collect();
            let origins = items.iter().flat_map(|item| &item.origin);
            countries.extend(origins.filter_map(|origin| origin.country.clone()));
            let failed = match name {
                None => Failure::rejected("item.nameless", "the item has no scientific name"),
                Some(name) => match self.evaluated(name, &countries, as_of) {
                    Ok(listing) => {
                        listings.push(listing);
                        continue;
                    }
                    Err(failed) if failed.class == Class::Rejected => failed,
                    // Species+ itself is out of reach or out of order: that is the whole call's failure.
                    Err(failed) => return Err(failed),
                },
            };
            missing.extend(items.iter().map(|item| Missing {
                item: item.id.clone(),
                code: failed.code.clone(),
                message: failed.message.clone(),
            }));
        }
        Ok(Listings {
            listings,
            complete: missing.is_empty(),
            missing: (!missing.is_empty()).then_some(missing),
        })
    }
}

impl SpeciesPlus {
    /// The one taxon of a name.
    fn find(&self, name: &str, common: bool) -> Result<Taxon, Failure> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Failure::permanent("input.invalid", "the name is empty"));
        }
        match resolve(name, &api::concepts(name, self.config.per_page)?, common) {
            Found::One(taxon) => Ok(taxon),
            Found::NotFound => Err(not_found(name)),
            Found::Several(names) => Err(Failure::rejected(
                "taxon.ambiguous",
                format!("`{name}` may be any of {}", names.join(", ")),
            )),
        }
    }

    fn evaluated(&self, name: &str, countries: &[String], as_of: Date) -> Result<Listing, Failure> {
        let taxon = self.find(name, false)?;
        let id = taxon.id.clone().unwrap_or_default();
        let legislation = api::legislation(&id, self.config.language.as_deref())?;
        let legislation = legislation.ok_or_else(|| not_found(name))?;
        let (listing, differing) = evaluate(taxon, &legislation, countries, as_of, today()?);
        if !differing.is_empty() {
            log::warn(
                "Species+ marks as current what the rows do not give",
                &[("taxon", name), ("appendices", &differing.join(" "))],
            );
        }
        Ok(listing)
    }
}

fn not_found(name: &str) -> Failure {
    Failure::rejected(
        "taxon.not_found",
        format!("Species+ has no taxon with the scientific name `{name}`"),
    )
}

/// The items by their names, in the order of the permit; the nameless ones last.
fn names(items: &[PermitItem]) -> Vec<(Option<&str>, Vec<&PermitItem>)> {
    let mut groups: Vec<(Option<&str>, Vec<&PermitItem>)> = Vec::new();
    for item in items {
        let name = item.scientific_name.as_deref().map(str::trim);
        let name = name.filter(|name| !name.is_empty());
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push(item),
            None => groups.push((name, vec![item])),
        }
    }
    groups.sort_by_key(|(name, _)| name.is_none());
    groups
}

/// Today, in UTC.
fn today() -> Result<Date, Failure> {
    i32::try_from(clock::now_ms() / 86_400_000)
        .ok()
        .and_then(Date::from_days)
        .ok_or_else(|| Failure::permanent("clock.invalid", "the clock is beyond the year 9999"))
}

/// The day asked for, else today.
fn day(as_of: Option<Moment>) -> Result<Date, Failure> {
    as_of.map_or_else(today, |moment| Ok(moment.date()))
}
