//! The message to a partner: the usage, and the permit as it stands after it.

use dragoman_documents::{
    Endorsement, EndorsementStatus, Permit, Position, Usage, UsageDirection, UsageStatus, Withdrawal,
};
use dragoman_guest::prelude::*;
use serde_json::Value;

use crate::{Config, Error};

/// What is sent to a partner.
#[record]
pub struct Message {
    /// The use, or its taking back.
    pub usage: Usage,
    /// The permit with its endorsements, without what is withheld; a reference where only the endorsement is known.
    pub permit: Value,
    /// Why, by whom and when the use was taken back.
    pub withdrawal: Option<Withdrawal>,
}

/// The message that a permit was used at export.
///
/// # Errors
/// Where the endorsement is not one of this permit, was withdrawn, or has no quantities.
pub fn used(config: &Config, to_country: &str, permit: Permit, endorsement: &Endorsement) -> Result<Message, Error> {
    belongs(&permit, endorsement)?;
    if endorsement.status == EndorsementStatus::Withdrawn {
        return Err(unfit("/endorsement/status", "the endorsement has been withdrawn"));
    }
    let usage = usage(to_country, Some(&permit), endorsement)?;
    let permit = bearing(permit, endorsement);
    Ok(Message {
        usage,
        permit: disclosed(&permit, config, to_country)?,
        withdrawal: None,
    })
}

/// The message that a use at export was taken back. Without the permit, it refers to it by number and shows the
/// withdrawn endorsement alone. `supersedes` is the partner's reference of the first message, where that is known;
/// else the endorsement's identifier stands for it.
///
/// # Errors
/// Where the endorsement is not one of this permit or has no quantities, or no reason is given.
pub fn withdrawn(
    config: &Config,
    to_country: &str,
    permit: Option<Permit>,
    endorsement: &Endorsement,
    withdrawal: Withdrawal,
    supersedes: Option<String>,
) -> Result<Message, Error> {
    if let Some(permit) = &permit {
        belongs(permit, endorsement)?;
    }
    if withdrawal.reason.trim().is_empty() {
        return Err(unfit("/reason", "the withdrawal gives no reason"));
    }
    let endorsement = Endorsement {
        status: EndorsementStatus::Withdrawn,
        withdrawal: Some(withdrawal.clone()),
        ..endorsement.clone()
    };
    let usage = Usage {
        supersedes: supersedes.or_else(|| endorsement.id.clone()),
        status: Some(UsageStatus::Withdrawn),
        reason: Some(withdrawal.reason.clone()),
        ..usage(to_country, permit.as_ref(), &endorsement)?
    };
    let permit = match permit {
        Some(permit) => disclosed(&bearing(permit, &endorsement), config, to_country)?,
        None => json!({
            "number": endorsement.permit,
            "issuing_country": endorsement.issuing_country,
            "endorsements": [endorsement],
        }),
    };
    Ok(Message {
        usage,
        permit,
        withdrawal: Some(withdrawal),
    })
}

fn usage(to_country: &str, permit: Option<&Permit>, endorsement: &Endorsement) -> Result<Usage, Error> {
    if endorsement.items.is_empty() {
        return Err(unfit("/endorsement/items", "the endorsement has no items"));
    }
    let positions = endorsement.items.iter().map(|one| Position {
        item: one.item.clone(),
        quantity: one.quantity.clone(),
    });
    Ok(Usage {
        direction: UsageDirection::Exported,
        certificate: endorsement.permit.clone(),
        issuing_country: endorsement.issuing_country.clone(),
        to_country: to_country.to_owned(),
        token: permit.and_then(|permit| permit.token.clone()),
        positions: positions.collect(),
        at: endorsement.at.clone(),
        declaration: endorsement.declaration.clone(),
        endorsement: endorsement.id.clone(),
        supersedes: endorsement.supersedes.clone(),
        status: None,
        reason: None,
    })
}

fn belongs(permit: &Permit, endorsement: &Endorsement) -> Result<(), Error> {
    let (left, right) = (&permit.number, &endorsement.permit);
    if left != right {
        let what = format!("the endorsement is of permit {right}, the permit is {left}");
        return Err(unfit("/endorsement/permit", &what));
    }
    let (left, right) = (&permit.issuing_country, &endorsement.issuing_country);
    if left != right {
        let what = format!("the endorsement says that {right} issued the permit, the permit {left}");
        return Err(unfit("/endorsement/issuing_country", &what));
    }
    Ok(())
}

/// The permit with this endorsement as it now is, in the place of the same one where it is there.
fn bearing(mut permit: Permit, endorsement: &Endorsement) -> Permit {
    let same = |one: &Endorsement| one.id == endorsement.id && one.declaration == endorsement.declaration;
    match permit.endorsements.iter_mut().find(|one| same(one)) {
        Some(there) => *there = endorsement.clone(),
        None => permit.endorsements.push(endorsement.clone()),
    }
    permit
}

/// The permit as JSON, without what this partner is not told.
fn disclosed(permit: &Permit, config: &Config, to_country: &str) -> Result<Value, Error> {
    let written = serde_json::to_value(permit);
    let mut value = written.map_err(|error| unfit("/permit", &error.to_string()))?;
    if let Some(members) = value.as_object_mut() {
        for name in config.withheld(to_country) {
            members.remove(name);
        }
    }
    Ok(value)
}

fn unfit(path: &str, what: &str) -> Error {
    Error::Unfit {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}
