//! The connector's operations: what is asked of the permit system, and in which order.

use dragoman_documents::{Endorsement, EndorsementStatus, Permit, Withdrawal};
use dragoman_guest::prelude::*;

use crate::records::{EndorseRequest, Endorsed, PermitRequest, Verification, VerifyRequest, WithdrawRequest};
use crate::standing::{Standing, usable, with_endorsement};
use crate::system::{self, Found};
use crate::wish::{Wish, not_blank};
use crate::{Config, Error, refusal};

/// How often a permit that changes under our hands is read anew before the engine's back-off takes over.
const ROUNDS: usize = 3;

/// A national system of electronic CITES permits.
#[connector(name = "ecites", config = Config, endpoints = ["api"], check = Config::check)]
pub struct Ecites {
    config: Config,
}

#[operations]
impl Ecites {
    /// Gets a permit as it stands now, with its endorsements.
    #[operation(effect = read, codes = ["permit.not_found", "permit.mismatch"])]
    fn get(&self, _call: &Call, input: PermitRequest) -> Result<Output<Permit>, Failure> {
        not_blank(&input.number, "number")?;
        let read = system::permit(&input.number, &input.issuing_country)?;
        let output = Output::new(read.permit);
        Ok(match read.etag {
            Some(etag) => output.attribute("etag", etag),
            None => output,
        })
    }

    /// Endorses a permit (box 14): one act per permit and declaration, with quantities, time, office and officer.
    #[operation(
        effect = once(settle = "60s"),
        probe = probe_endorse,
        undo = "withdraw",
        codes = [
            "permit.not_found", "permit.not_valid", "permit.revoked", "permit.over_quantity", "permit.already_used",
            "permit.changed", "permit.changing", "permit.mismatch", "endorsement.no_officer", "endorsement.no_items",
            "endorsement.line", "answer.unexpected"
        ]
    )]
    fn endorse(&self, call: &Call, input: EndorseRequest) -> Result<Output<Endorsed>, Failure> {
        let wish = Wish::new(input, &self.config)?;
        for _ in 0..ROUNDS {
            let read = system::permit(wish.number(), wish.country())?;
            match Standing::on(&read.permit, &wish) {
                Standing::Same(there) => return Ok(endorsed(&wish, *there, read.permit, false)),
                Standing::Other(why) => return Err(refusal::changed(why)),
                Standing::Free => usable(&read.permit)?,
            }
            let Some(answer) = system::endorse(call.key(), &wish, &read)? else {
                // Changed since it was read: perhaps revoked, perhaps only endorsed for another declaration.
                continue;
            };
            let endorsement = as_wanted(answer.endorsement, &wish)?;
            let after = system::permit(wish.number(), wish.country()).map_err(applied)?;
            let output = endorsed(&wish, endorsement, after.permit, true);
            let headers = answer.headers.into_iter();
            return Ok(headers.fold(output, |output, (name, value)| output.attribute(name, value)));
        }
        Err(Failure::retryable(
            "permit.changing",
            format!(
                "the permit {} changed each time before it could be endorsed",
                wish.number()
            ),
        ))
    }

    /// Whether an endorsement that was sent has been made.
    fn probe_endorse(
        &self,
        _call: &Call,
        input: EndorseRequest,
        _sent: Sent,
    ) -> Result<Probed<Output<Endorsed>>, Failure> {
        let wish = Wish::new(input, &self.config)?;
        let there = match system::endorsement(wish.number(), wish.country(), &wish.declaration)? {
            Found::There(there) => there,
            Found::NotThere => return Ok(Probed::Absent),
            Found::NotTold => return Err(not_told()),
        };
        match Standing::of(&there, &wish) {
            Standing::Same(there) => {
                let read = system::permit(wish.number(), wish.country())?;
                Ok(Probed::Applied(endorsed(&wish, *there, read.permit, true)))
            }
            // The withdrawn one that the wish replaces is all that there is.
            Standing::Free => Ok(Probed::Absent),
            Standing::Other(why) => Err(refusal::changed(why)),
        }
    }

    /// Withdraws an endorsement, with reason and person; the record stays on the permit.
    #[operation(
        effect = once(settle = "60s"),
        probe = probe_withdraw,
        codes = ["endorsement.not_found", "withdrawal.no_person", "withdrawal.no_reason", "permit.not_found", "permit.changed"]
    )]
    fn withdraw(&self, call: &Call, input: WithdrawRequest) -> Result<Output<Endorsement>, Failure> {
        let withdrawal = self.withdrawal(&input)?;
        match system::endorsement(&input.number, &input.issuing_country, &input.declaration)? {
            Found::There(there) if there.status == EndorsementStatus::Withdrawn => {
                return Ok(Output::new(*there));
            }
            Found::NotThere => {
                return Err(system::no_endorsement(&input.number, &input.declaration));
            }
            Found::There(_) | Found::NotTold => {}
        }
        let answer = system::withdraw(call.key(), &input.number, &input.declaration, &withdrawal)?;
        if answer.endorsement.status != EndorsementStatus::Withdrawn {
            let message = "the permit system answered with an endorsement that still stands";
            return Err(Failure::retryable("answer.unexpected", message).unknown());
        }
        let output = Output::new(answer.endorsement);
        let headers = answer.headers.into_iter();
        Ok(headers.fold(output, |output, (name, value)| output.attribute(name, value)))
    }

    /// Whether a withdrawal that was sent has been made.
    fn probe_withdraw(
        &self,
        _call: &Call,
        input: WithdrawRequest,
        _sent: Sent,
    ) -> Result<Probed<Endorsement>, Failure> {
        self.withdrawal(&input)?;
        match system::endorsement(&input.number, &input.issuing_country, &input.declaration)? {
            Found::There(there) if there.status == EndorsementStatus::Withdrawn => Ok(Probed::Applied(*there)),
            Found::There(_) | Found::NotThere => Ok(Probed::Absent),
            Found::NotTold => Err(not_told()),
        }
    }

    /// Verifies a permit by its number and token: standing, validity and what is left, nothing personal.
    #[operation(effect = read, codes = ["permit.not_found"])]
    fn verify(&self, _call: &Call, input: VerifyRequest) -> Result<Verification, Failure> {
        not_blank(&input.number, "number")?;
        not_blank(&input.token, "token")?;
        system::verify(&input)
    }
}

impl Ecites {
    /// The withdrawal that is sent.
    fn withdrawal(&self, input: &WithdrawRequest) -> Result<Withdrawal, Error> {
        not_blank(&input.number, "number")?;
        not_blank(&input.declaration.value, "declaration.value")?;
        let reason = input.reason.trim();
        if reason.is_empty() {
            return Err(Error::NoReason);
        }
        let authority = self.config.authority.as_deref();
        let by = input.by.as_ref().and_then(|by| by.actor(authority));
        Ok(Withdrawal {
            reason: reason.to_owned(),
            by: Some(by.ok_or(Error::NoPerson)?),
            at: None,
        })
    }
}

/// The endorsement that the system answered with, if it is the one that was sent.
fn as_wanted(answer: Endorsement, wish: &Wish) -> Result<Endorsement, Failure> {
    match Standing::of(&answer, wish) {
        Standing::Same(endorsement) if endorsement.permit == wish.number() => Ok(*endorsement),
        _ => Err(Failure::retryable(
            "answer.unexpected",
            "the permit system answered with another endorsement than the one that was sent",
        )
        .unknown()),
    }
}

/// The answer of `endorse` and of its probe.
fn endorsed(wish: &Wish, endorsement: Endorsement, permit: Permit, now: bool) -> Output<Endorsed> {
    let permit = with_endorsement(permit, &endorsement);
    let id = endorsement.id.clone();
    Output::new(Endorsed {
        id: id.unwrap_or_else(|| wish.declaration.value.clone()),
        endorsement,
        permit,
        endorsed: now,
    })
}

/// A failure after the endorsement was made: it stands, only the rest of the answer is missing, for which the
/// probe asks.
fn applied(mut failure: Failure) -> Failure {
    if failure.class == Class::Rejected {
        failure.class = Class::Permanent;
    }
    failure.applied()
}

/// Permanent `probe.not_told`: the system cannot be asked, so a person must look.
fn not_told() -> Failure {
    Failure::permanent(
        "probe.not_told",
        "the permit system does not tell whether a declaration has endorsed the permit, and the permit does not show it",
    )
}
