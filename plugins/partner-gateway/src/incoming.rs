//! Reading what a partner tells: its message as JSON, the usage alone or with permit and withdrawal beside it.

use dragoman_documents::{Usage, UsageStatus, Withdrawal, country};
use dragoman_guest::prelude::*;
use dragoman_guest::serde::Deserialize;
use dragoman_guest::serde::de::IgnoredAny;

use crate::{Config, Error};

/// The greatest size of a message that is read, in bytes: a permit of a thousand items has a quarter of it, and what is read
/// from it fits into the memory of a connector.
pub(crate) const LIMIT: u64 = 4_000_000;

/// A partner's message, as far as it is read.
#[record]
struct Envelope {
    usage: Usage,
    permit: Option<Reference>,
    withdrawal: Option<Withdrawal>,
}

/// Whether a message has a usage in it, or is one.
#[derive(Deserialize)]
#[serde(crate = "dragoman_guest::serde")]
struct Seen {
    usage: Option<IgnoredAny>,
}

/// What a message says, and the JSON Pointer to its usage.
struct Incoming {
    usage: Usage,
    permit: Option<Reference>,
    withdrawal: Option<Withdrawal>,
    prefix: &'static str,
}

/// What of a permit is compared with the usage.
#[record]
struct Reference {
    number: Option<String>,
    issuing_country: Option<String>,
}

/// Reads a partner's message into a usage. Blank texts are absent; a withdrawal beside the usage makes it withdrawn,
/// with its reason.
///
/// # Errors
/// Where the message is no JSON or no usage, lacks certificate, countries or quantities, contradicts itself, or is for
/// another country than the configured one.
pub fn read_usage(bytes: &[u8], config: &Config) -> Result<Usage, Error> {
    let incoming = parsed(bytes)?;
    let mut usage = incoming.usage;
    for text in [
        &mut usage.token,
        &mut usage.endorsement,
        &mut usage.supersedes,
        &mut usage.reason,
    ] {
        if text.as_deref().is_some_and(|text| text.trim().is_empty()) {
            *text = None;
        }
    }
    if let Some(withdrawal) = incoming.withdrawal {
        usage.status = Some(UsageStatus::Withdrawn);
        let reason = withdrawal.reason.trim();
        if usage.reason.is_none() && !reason.is_empty() {
            usage.reason = Some(reason.to_owned());
        }
    }
    complete(&usage, incoming.prefix)?;
    if let Some(permit) = &incoming.permit {
        agree(permit, &usage)?;
    }
    match &config.country {
        Some(own) if *own != usage.to_country => Err(Error::Misdirected {
            to: usage.to_country,
            own: own.clone(),
        }),
        _ => Ok(usage),
    }
}

fn parsed(bytes: &[u8]) -> Result<Incoming, Error> {
    let unreadable = |error: serde_json::Error| Error::Unreadable(error.to_string());
    if bytes.starts_with(b"\xFE\xFF") || bytes.starts_with(b"\xFF\xFE") {
        let what = "it is in UTF-16 from line 1 column 1 on; a usage message is a JSON object in UTF-8";
        return Err(Error::Unreadable(what.to_owned()));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error::Unreadable(format!("it is no UTF-8: after byte {}", error.valid_up_to())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(xml) = text.trim_start().strip_prefix('<') {
        let before = &text[..text.len() - xml.len() - 1];
        return Err(Error::Unreadable(format!(
            "it is XML from line {} column {} on; a usage message is a JSON object, \
             {{\"usage\": {{\"direction\", \"certificate\", \"positions\", ...}}}}, and a permit in XML is read by the connector `epix`",
            before.matches('\n').count() + 1,
            before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1,
        )));
    }
    if text.trim_start().starts_with(|first: char| first != '{') {
        return Err(Error::Unreadable("it is no JSON object".to_owned()));
    }
    // Looked at without being kept: a tree of a large message takes many times its size.
    let seen: Seen = serde_json::from_str(text).map_err(unreadable)?;
    if seen.usage.is_some() {
        let envelope: Envelope = serde_json::from_str(text).map_err(unreadable)?;
        return Ok(Incoming {
            usage: envelope.usage,
            permit: envelope.permit,
            withdrawal: envelope.withdrawal,
            prefix: "/usage",
        });
    }
    Ok(Incoming {
        usage: serde_json::from_str(text).map_err(unreadable)?,
        permit: None,
        withdrawal: None,
        prefix: "",
    })
}

fn agree(permit: &Reference, usage: &Usage) -> Result<(), Error> {
    for (path, own, other) in [
        ("/permit/number", &permit.number, &usage.certificate),
        (
            "/permit/issuing_country",
            &permit.issuing_country,
            &usage.issuing_country,
        ),
    ] {
        if let Some(own) = own
            && own != other
        {
            return Err(Error::Contradictory {
                path: path.to_owned(),
                what: format!("the permit says {own}, the usage {other}"),
            });
        }
    }
    Ok(())
}

fn complete(usage: &Usage, prefix: &str) -> Result<(), Error> {
    let incomplete = |path: &str, what: String| {
        let path = format!("{prefix}{path}");
        Err(Error::Incomplete { path, what })
    };
    if usage.certificate.trim().is_empty() {
        return incomplete("/certificate", "it is blank".to_owned());
    }
    for (path, code) in [
        ("/issuing_country", &usage.issuing_country),
        ("/to_country", &usage.to_country),
    ] {
        if !country::is_known(code) {
            return incomplete(path, format!("`{code}` is no country code"));
        }
    }
    if usage.positions.is_empty() {
        return incomplete("/positions", "there are none".to_owned());
    }
    for (index, position) in usage.positions.iter().enumerate() {
        let quantity = &position.quantity;
        let what = if position.item.trim().is_empty() {
            "it names no item".to_owned()
        } else if quantity.unit.trim().is_empty() {
            "its quantity has no unit".to_owned()
        } else if !quantity.value.is_positive() {
            format!("its quantity {} is not above zero", quantity.value)
        } else {
            continue;
        };
        return incomplete(&format!("/positions/{index}"), what);
    }
    Ok(())
}
