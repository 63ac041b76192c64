//! What the operator sets for a connection.

use dragoman_documents::{Permit, country, schema};
use dragoman_guest::prelude::*;

/// Members of a permit that a usage message cannot do without.
const NEEDED: [&str; 5] = ["number", "issuing_country", "kind", "items", "endorsements"];

/// What of a permit is not told to a partner, and why.
#[record]
#[derive(Eq)]
pub struct Disclosure {
    /// The partner's country; absent: every partner.
    pub country: Option<String>,
    /// Members of the permit that are left out: `applicant`, `special_conditions`.
    pub withhold: Vec<String>,
    /// The legal basis, for whoever reads the configuration.
    pub basis: Option<String>,
}

/// The settings of a connection to partner authorities.
#[record]
#[derive(Default, Eq)]
pub struct Config {
    /// The own country: a message that is addressed to another one is not read.
    pub country: Option<String>,
    /// What is not told, and to whom.
    pub disclosures: Option<Vec<Disclosure>>,
}

impl Config {
    /// The members of a permit that are not told to a country.
    pub fn withheld<'a>(&'a self, to_country: &str) -> impl Iterator<Item = &'a str> {
        let rules = self.disclosures.iter().flatten();
        let rules = rules.filter(move |rule| rule.country.as_deref().is_none_or(|country| country == to_country));
        rules.flat_map(|rule| rule.withhold.iter().map(String::as_str))
    }

    /// What is wrong with the settings, each at its place; nothing where all is well.
    #[must_use]
    pub fn check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        country_known(self.country.as_deref(), "/country", &mut issues);
        let rules = self.disclosures.as_deref().unwrap_or_default();
        if rules.is_empty() {
            return issues;
        }
        let permit = schema::of::<Permit>();
        for (index, rule) in rules.iter().enumerate() {
            let at = format!("/disclosures/{index}");
            country_known(rule.country.as_deref(), &format!("{at}/country"), &mut issues);
            for (place, name) in rule.withhold.iter().enumerate() {
                let wrong = if NEEDED.contains(&name.as_str()) {
                    format!("`{name}` cannot be withheld: the message makes no sense without it")
                } else if permit["properties"].get(name).is_none() {
                    format!("a permit has no `{name}`")
                } else {
                    continue;
                };
                let path = format!("{at}/withhold/{place}");
                issues.push(Issue::new(path, "config.invalid", wrong));
            }
        }
        issues
    }
}

fn country_known(code: Option<&str>, path: &str, issues: &mut Vec<Issue>) {
    if let Some(code) = code
        && !country::is_known(code)
    {
        let message = format!("`{code}` is no country code: write it as `CH`");
        issues.push(Issue::new(path, "config.invalid", message));
    }
}
