//! The connector's operations: thin glue between the host and the rules.

use crate::check::{self, Case};
use crate::config::Config;
use dragoman_documents::{Actor, Check, Declaration, Listing, Moment, Permit, PermitReference};
use dragoman_guest::prelude::*;

/// Lines to match.
#[record]
pub struct MatchRequest {
    /// The declaration.
    pub declaration: Declaration,
    /// The declaration's reference to the permit.
    pub entry: PermitReference,
    /// The permit, as its issuer gives it.
    pub permit: Permit,
}

/// An export to check.
#[record]
pub struct CheckRequest {
    /// The declaration.
    pub declaration: Declaration,
    /// The declaration's reference to the permit.
    pub entry: PermitReference,
    /// The permit, as its issuer gives it.
    pub permit: Permit,
    /// The listings of the permit's species on the day of export; those that could not be had are left out.
    pub listings: Option<Vec<Listing>>,
    /// The officer whom the customs message names.
    pub officer: Option<Actor>,
    /// When the goods left, in the sense of the country's own rule.
    pub at: Moment,
}

/// Rules between a customs declaration and the endorsement of a CITES permit.
#[connector(name = "cites-rules", config = Config, check = Config::check)]
pub struct CitesRules {
    config: Config,
}

#[operations]
impl CitesRules {
    /// Matches the lines of a permit reference to the permit's items, in the permit's units.
    #[operation(effect = read)]
    fn match_lines(&self, _call: &Call, input: MatchRequest) -> Result<Check, Failure> {
        let case = Case {
            declaration: &input.declaration,
            entry: &input.entry,
            permit: &input.permit,
        };
        Ok(check::match_lines(&self.config, case))
    }

    /// Checks whether an export permit may be endorsed for a declaration.
    #[operation(effect = read)]
    fn check_export(&self, _call: &Call, input: CheckRequest) -> Result<Check, Failure> {
        let case = Case {
            declaration: &input.declaration,
            entry: &input.entry,
            permit: &input.permit,
        };
        let listings = input.listings.as_deref().unwrap_or_default();
        let officer = input.officer.as_ref();
        Ok(check::check_export(&self.config, case, listings, officer, &input.at))
    }
}
