//! The permit system's surface: one function per request that is made of it, at endpoint `api`.

use dragoman_documents::{DeclarationId, Endorsement, Permit, Withdrawal};
use dragoman_guest::http::Response;
use dragoman_guest::prelude::*;

use crate::records::{Verification, VerifyRequest};
use crate::refusal::accepted;
use crate::standing::of_declaration;
use crate::wish::{Wish, known_country};

/// The one endpoint.
const API: &str = "api";
/// The code of a problem that says that what was asked for is not there.
const NOT_FOUND: &str = "not_found";

/// A permit as it was read.
pub(crate) struct Read {
    pub(crate) permit: Permit,
    /// Its entity tag, where it is one that a condition can be made of.
    pub(crate) etag: Option<String>,
}

/// What is known of an endorsement.
pub(crate) enum Found {
    There(Box<Endorsement>),
    NotThere,
    /// The system answers no such question, and the permit does not show it either: nobody knows.
    NotTold,
}

/// An endorsement with the headers of the answer that are kept.
pub(crate) struct Answered {
    pub(crate) endorsement: Endorsement,
    pub(crate) headers: Vec<(String, String)>,
}

/// Gets a permit.
pub(crate) fn permit(number: &str, country: &str) -> Result<Read, Failure> {
    let country = known_country(country);
    let path = path!["permits", number].query_if("issuing_country", country);
    let response = accepted(get(path)?)?;
    let etag = response.header("etag").map(str::to_owned);
    let permit: Permit = response.json()?;
    let other_country = country.is_some_and(|country| permit.issuing_country != country);
    if permit.number.trim() != number.trim() || other_country {
        return Err(Failure::permanent(
            "permit.mismatch",
            format!(
                "the permit system answered with permit {} of {} instead of {number} of {}",
                permit.number,
                permit.issuing_country,
                country.unwrap_or("any country")
            ),
        ));
    }
    // A weak tag never fits a condition (RFC 9110 section 13.1.1): with one, every endorsement would be refused.
    let etag = etag.filter(|etag| !etag.starts_with("W/"));
    Ok(Read { permit, etag })
}

/// Asks what endorsement of a permit there is for a declaration.
///
/// A system that answers no such question may still show the endorsement on the permit. That it does not show it
/// there is no proof that it is not there.
pub(crate) fn endorsement(number: &str, country: &str, declaration: &DeclarationId) -> Result<Found, Failure> {
    let response = get(path!["permits", number, "endorsements", declaration.value])?;
    let not_shown = match response.status {
        404 => Found::NotThere,
        405 | 501 => Found::NotTold,
        _ => {
            let found: Endorsement = accepted(response)?.json()?;
            return Ok(Found::There(Box::new(found)));
        }
    };
    let code = response.problem().and_then(|problem| problem.code);
    if code.as_deref() == Some(NOT_FOUND) {
        return Ok(Found::NotThere);
    }
    // A 404 without the system's own code may come from a proxy or a wrong address: it counts only if the permit
    // can be read.
    let read = permit(number, country)?;
    match of_declaration(&read.permit, declaration) {
        Some(there) => Ok(Found::There(Box::new(there.clone()))),
        None => Ok(not_shown),
    }
}

/// Endorses a permit, if it is still as it was read; none where it has changed since.
pub(crate) fn endorse(key: &str, wish: &Wish, read: &Read) -> Result<Option<Answered>, Failure> {
    let declaration = &wish.declaration.value;
    let path = path!["permits", wish.number(), "endorsements", declaration];
    let endorsement = Endorsement {
        issuing_country: read.permit.issuing_country.clone(),
        ..wish.endorsement.clone()
    };
    let mut request = http::put(API, path).json(&endorsement).idempotency_key(key);
    if let Some(etag) = &read.etag {
        request = request.header("if-match", etag);
    }
    let response = request.send()?;
    match response.status {
        412 => Ok(None),
        _ => answered(accepted(response)?).map(Some),
    }
}

/// Withdraws the endorsement of a permit for a declaration; the record stays.
pub(crate) fn withdraw(
    key: &str,
    number: &str,
    declaration: &DeclarationId,
    withdrawal: &Withdrawal,
) -> Result<Answered, Failure> {
    let path = path!["permits", number, "endorsements", declaration.value, "withdrawal"];
    let response = http::post(API, path).json(withdrawal).idempotency_key(key).send()?;
    if response.status == 404 {
        return Err(no_endorsement(number, declaration));
    }
    answered(accepted(response)?)
}

/// Verifies a permit by number and token. It is a query, although it is a POST: a token has no place in a URL.
pub(crate) fn verify(request: &VerifyRequest) -> Result<Verification, Failure> {
    let response = http::post(API, path!["verifications"])
        .json(request)
        .header("accept", "application/json")
        .safe()
        .send()?;
    accepted(response)?.json()
}

/// Rejected `endorsement.not_found`.
pub(crate) fn no_endorsement(number: &str, declaration: &DeclarationId) -> Failure {
    Failure::rejected(
        "endorsement.not_found",
        format!(
            "the permit {number} has no endorsement for declaration {}",
            declaration.value
        ),
    )
}

fn get(path: http::Path) -> Result<Response, Failure> {
    let request = http::get(API, path).header("accept", "application/json");
    Ok(request.send()?)
}

fn answered(response: Response) -> Result<Answered, Failure> {
    let kept = ["etag", "date", "x-request-id"];
    let header = |name: &str| {
        let value = response.header(name)?;
        Some((name.to_owned(), value.to_owned()))
    };
    let headers = kept.into_iter().filter_map(header).collect();
    let endorsement = response.json()?;
    Ok(Answered { endorsement, headers })
}
