//! An endorsement that is wanted, checked and complete.

use dragoman_documents::{DeclarationId, Endorsement, EndorsementStatus};

use crate::{Config, EndorseRequest, Error, Lines};

/// The code of documents for a country that is not known.
const UNKNOWN_COUNTRY: &str = "XX";

/// An endorsement that is wanted: nothing in it is missing or blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What is sent; without identifier, and where the issuing country is not known, with `XX` for it.
    pub endorsement: Endorsement,
    /// The declaration that causes it.
    pub declaration: DeclarationId,
    /// The quantities by item.
    pub lines: Lines,
}

impl Wish {
    /// Checks and completes a request with what the configuration says.
    ///
    /// # Errors
    /// Where no officer is named, or number, declaration or quantities are blank or wrong.
    pub fn new(request: EndorseRequest, config: &Config) -> Result<Self, Error> {
        let authority = config.authority.as_deref();
        let officer = request.endorsed_by.and_then(|by| by.actor(authority));
        let officer = officer.ok_or(Error::NoOfficer)?;
        not_blank(&request.number, "number")?;
        not_blank(&request.declaration.value, "declaration.value")?;
        let lines = Lines::of(&request.items)?;
        let port = request.port.or_else(|| config.port_of(request.office.as_ref()));
        let endorsement = Endorsement {
            permit: request.number,
            issuing_country: request.issuing_country,
            at: Some(request.at),
            office: request.office,
            port,
            endorsed_by: Some(officer),
            transport_document: request.transport_document,
            items: lines.endorsed(),
            declaration: Some(request.declaration.clone()),
            status: EndorsementStatus::Valid,
            supersedes: request.supersedes,
            ..Endorsement::default()
        };
        Ok(Self {
            endorsement,
            declaration: request.declaration,
            lines,
        })
    }

    /// Number of the permit.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.endorsement.permit
    }

    /// The country that issued it, as the request says.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.endorsement.issuing_country
    }
}

/// A country that is known; none for a blank one and for `XX`.
pub(crate) fn known_country(country: &str) -> Option<&str> {
    let country = country.trim();
    (!country.is_empty() && country != UNKNOWN_COUNTRY).then_some(country)
}

/// Refuses a text that says nothing.
pub(crate) fn not_blank(text: &str, field: &'static str) -> Result<(), Error> {
    match text.trim().is_empty() {
        true => Err(Error::Blank(field)),
        false => Ok(()),
    }
}
