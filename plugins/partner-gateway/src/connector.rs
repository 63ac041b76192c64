//! The connector's operations: thin glue between the host, the message and the partner.

use dragoman_documents::{Endorsement, Moment, Permit, Person, Receipt, Usage, Withdrawal};
use dragoman_guest::prelude::*;

use crate::{Config, incoming, message, partner};

/// A use at export that a partner is told.
#[record]
#[derive(Eq)]
pub struct UseNotification {
    /// The country that is told: the declaration's country of destination; else the permit's country of import.
    pub to_country: Option<String>,
    /// The endorsed permit.
    pub permit: Permit,
    /// The endorsement that is the use.
    pub endorsement: Endorsement,
}

/// A use at export that was taken back.
#[record]
#[derive(Eq)]
pub struct WithdrawalNotification {
    /// The country that was told of the use.
    pub to_country: Option<String>,
    /// The endorsement that was withdrawn.
    pub endorsement: Endorsement,
    /// The permit as the partner was told of it; without it the message refers to it by number.
    pub permit: Option<Permit>,
    /// Why, for people.
    pub reason: String,
    /// On whose authority.
    pub by: Option<Person>,
    /// When.
    pub at: Option<Moment>,
    /// The partner's reference of the message that told of the use.
    pub supersedes: Option<String>,
}

/// The Management Authorities of partner countries: usage messages to them and from them.
#[connector(name = "partner-gateway", config = Config, endpoints = ["partner-*"], check = Config::check)]
pub struct PartnerGateway {
    config: Config,
}

#[operations]
impl PartnerGateway {
    /// Tells the importing country that a permit was used at export, and keeps the receipt.
    #[operation(
        effect = idempotent(lifetime = "7d"),
        codes = ["partner.unknown", "partner.refused", "partner.key_reused", "usage.unfit"]
    )]
    fn notify_use(&self, call: &Call, input: UseNotification) -> Result<Output<Receipt>, Failure> {
        let import = input.permit.country_of_import.as_deref();
        let country = partner::country(input.to_country.as_deref(), import)?;
        let message = message::used(&self.config, &country, input.permit, &input.endorsement)?;
        partner::send(call.key(), &country, &message)
    }

    /// Tells the importing country that a use at export was taken back, and keeps the receipt.
    #[operation(
        effect = idempotent(lifetime = "7d"),
        codes = ["partner.unknown", "partner.refused", "partner.key_reused", "usage.unfit"]
    )]
    fn notify_withdrawal(&self, call: &Call, input: WithdrawalNotification) -> Result<Output<Receipt>, Failure> {
        let permit = input.permit;
        let import = permit.as_ref().and_then(|permit| permit.country_of_import.as_deref());
        let country = partner::country(input.to_country.as_deref(), import)?;
        let withdrawal = Withdrawal {
            reason: input.reason,
            by: input.by.and_then(|by| by.actor(None)),
            at: input.at,
        };
        let message = message::withdrawn(
            &self.config,
            &country,
            permit,
            &input.endorsement,
            withdrawal,
            input.supersedes,
        )?;
        partner::send(call.key(), &country, &message)
    }

    /// Reads a usage message that a partner sent.
    #[operation(
        effect = read,
        documents = ["message"],
        codes = ["message.unreadable", "message.incomplete", "message.contradictory", "message.misdirected"]
    )]
    fn read_usage(&self, call: &Call) -> Result<Usage, Failure> {
        Ok(incoming::read_usage(
            &call.document_up_to("message", incoming::LIMIT)?,
            &self.config,
        )?)
    }
}
