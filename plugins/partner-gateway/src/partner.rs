//! Sending a message to the partner of a country.

use dragoman_documents::Receipt;
use dragoman_guest::http::Response;
use dragoman_guest::prelude::*;
use serde_json::Value;

use crate::Message;
use crate::receipt::{is_refusal, receipt};

/// The country that is told: as the input says, else the one that the permit says, as a code in capitals.
///
/// # Errors
/// Rejected `partner.unknown` where neither says a country, or what is said is no code of two letters.
pub(crate) fn country(said: Option<&str>, permit: Option<&str>) -> Result<String, Failure> {
    let mut codes = [said, permit].into_iter().flatten().map(str::trim);
    let code = codes.find(|code| !code.is_empty()).ok_or_else(|| {
        let message = "nobody can be told: neither the declaration nor the permit names the country of destination";
        Failure::rejected("partner.unknown", message)
    })?;
    if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(Failure::rejected(
            "partner.unknown",
            format!("nobody can be told: `{code}` is no country code of two letters"),
        ));
    }
    Ok(code.to_ascii_uppercase())
}

/// Sends a message to the country's partner and gives its receipt.
///
/// # Errors
/// Rejected `partner.unknown` where no endpoint is bound for the country, `partner.refused` where the partner says
/// no; permanent `partner.key_reused`; else what status or transport mean.
pub(crate) fn send(key: &str, country: &str, message: &Message) -> Result<Output<Receipt>, Failure> {
    // Endpoints are named as the operator wrote them; both spellings are tried, and a denied one sends nothing.
    for name in [country.to_owned(), country.to_ascii_lowercase()] {
        let request = http::post(&format!("partner-{name}"), path!["usages"]);
        let request = request
            .json(message)
            .header("accept", "application/json")
            .idempotency_key(key);
        match request.send() {
            Err(error) if error.code == "denied.endpoint" => {}
            Err(error) => return Err(error.into()),
            Ok(response) => return taken(response),
        }
    }
    Err(Failure::rejected(
        "partner.unknown",
        format!(
            "no partner is known for {country}: bind the endpoint `partner-{country}` of this connection in the site \
             file to the address agreed with that country's authority"
        ),
    ))
}

fn taken(response: Response) -> Result<Output<Receipt>, Failure> {
    if response.status == 422 || response.status == 409 {
        return Err(refused(&response));
    }
    let response = response.expect_success()?;
    let body: Option<Value> = match response.bytes().iter().all(u8::is_ascii_whitespace) {
        true => None,
        false => Some(response.json()?),
    };
    let kept = kept(&response);
    let digest = kept.as_ref().map(|document| document.digest.clone());
    let receipt = receipt(body.as_ref(), &response.headers, digest);
    if is_refusal(&receipt) {
        let status = receipt.status.unwrap_or_default();
        let message = format!("the partner's receipt says that it does not take the message (status {status})");
        let failure = Failure::rejected("partner.refused", message);
        return Err(match receipt.reference {
            Some(reference) => failure.remote_reference(reference),
            None => failure,
        });
    }
    let mut output = Output::new(receipt);
    let named = [
        ("message-id", output.value.message_id.clone()),
        ("reference", output.value.reference.clone()),
    ];
    let headers = output.value.headers.clone().into_iter();
    let headers = headers.map(|header| (header.name, Some(header.value)));
    for (name, value) in named
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .chain(headers)
    {
        if let Some(value) = value
            && output.attributes.iter().all(|(known, _)| *known != name)
        {
            output = output.attribute(name, value);
        }
    }
    Ok(match kept {
        Some(document) => output.document("receipt", document),
        None => output,
    })
}

/// Keeps the answer as it came, as evidence. That it cannot be kept is no reason to send the message again.
fn kept(response: &Response) -> Option<Document> {
    if response.bytes().is_empty() {
        return None;
    }
    let kind = response.header("content-type").unwrap_or("application/octet-stream");
    match documents::write(kind, response.bytes()) {
        Ok(document) => Some(document),
        Err(error) => {
            let reason = Failure::from(error).to_string();
            log::warn(
                "the partner's receipt could not be kept",
                &[("reason", reason.as_str())],
            );
            None
        }
    }
}

/// A partner that says no, on business grounds or because the key was used for another message.
fn refused(response: &Response) -> Failure {
    let problem = response.problem().unwrap_or_default();
    let said = problem.detail.or(problem.title).or_else(|| problem.code.clone());
    let said = said.unwrap_or_else(|| format!("status {}", response.status));
    // The second is what an authority says whose side of the exchange is a Dragoman too.
    if matches!(problem.code.as_deref(), Some("key_reused" | "key.conflict")) {
        let message = format!("the partner knows the message's key for another message: {said}");
        return Failure::permanent("partner.key_reused", message);
    }
    let detail = json!({ "status": response.status, "code": problem.code });
    Failure::rejected(
        "partner.refused",
        format!("the partner does not take the message: {said}"),
    )
    .issues(problem.issues)
    .detail(detail)
}
