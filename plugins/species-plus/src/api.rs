//! Requests to the API: taxa by name with all their pages, and a taxon's legislation.

use crate::legislation::Legislation;
use crate::names::Concept;
use dragoman_guest::prelude::*;
use serde::Deserialize;

/// More pages than any name has: an API that goes on for ever is not read for ever.
const PAGES: u32 = 40;

#[derive(Deserialize)]
struct Pagination {
    #[serde(default)]
    total_entries: Option<u64>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    pagination: Option<Pagination>,
    taxon_concepts: Vec<Concept>,
}

#[derive(Deserialize)]
struct Said {
    message: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: Said,
}

/// The taxon concepts that answer to a name, from all pages.
pub(crate) fn concepts(name: &str, per_page: Option<u32>) -> Result<Vec<Concept>, Failure> {
    let mut concepts = Vec::new();
    for number in 1..=PAGES {
        let path = path!["taxon_concepts"]
            .query("name", name)
            .query_if("per_page", per_page)
            .query_if("page", (number > 1).then_some(number));
        let response = get(path)?;
        let next = response.header("link").and_then(next_page);
        let linked = response.header("link").is_some();
        let counted = response.header("total-count").and_then(|text| text.trim().parse().ok());
        let page: Page = response.json()?;
        let total: Option<u64> = counted.or(page.pagination.and_then(|page| page.total_entries));
        let empty = page.taxon_concepts.is_empty();
        concepts.extend(page.taxon_concepts);
        let more = total.is_some_and(|total| total > concepts.len() as u64);
        // A page without a `Link` header is the last one unless the count says otherwise.
        if empty || !(next.is_some() || (more && !linked)) {
            return Ok(concepts);
        }
    }
    Err(Failure::permanent(
        "species.pages",
        format!("`{name}` has more than {PAGES} pages of taxa"),
    ))
}

/// A taxon's legislation, past, present and to come; none where the API does not have the taxon.
pub(crate) fn legislation(id: &str, language: Option<&str>) -> Result<Option<Legislation>, Failure> {
    let path = path!["taxon_concepts", id, "cites_legislation"]
        .query("scope", "all")
        .query_if("language", language);
    let response = http::get("api", path).header("accept", "application/json").send()?;
    if response.status == 404 {
        return Ok(None);
    }
    success(response)?.json().map(Some)
}

fn get(path: http::Path) -> Result<http::Response, Failure> {
    success(http::get("api", path).header("accept", "application/json").send()?)
}

/// The answer, or the failure that its status means, with the API's own sentence in it.
fn success(response: http::Response) -> Result<http::Response, Failure> {
    if response.is_success() {
        return Ok(response);
    }
    let said = response.json::<Refusal>().ok().map(|refusal| refusal.error.message);
    let mut failure = response.failure();
    if response.status == 401 {
        "species.token".clone_into(&mut failure.code);
        "Species+ does not accept the token: the endpoint's `auth` adds it in the header X-Authentication-Token"
            .clone_into(&mut failure.message);
    }
    if let Some(said) = said {
        failure.message = format!("{}; Species+ says: {said}", failure.message);
    }
    Err(failure)
}

/// The page number of the link with `rel="next"`. The address itself is never followed: where requests go is the endpoint's.
fn next_page(links: &str) -> Option<u32> {
    let next = links
        .split(',')
        .find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    let address = next.split('<').nth(1)?.split('>').next()?;
    let (_, query) = address.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("page="))
        .and_then(|number| number.parse().ok())
}
