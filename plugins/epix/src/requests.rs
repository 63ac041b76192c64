//! What is asked of a hub: SOAP 1.1 envelopes with the operations of `urn:CitesDataExchange`.

use crate::config::is_country;
use dragoman_documents::{Decimal, Position};
use dragoman_guest::prelude::{Failure, Issue};
use dragoman_xml::{Writer, soap};

const HUB: &str = "urn:CitesDataExchange";

/// The hub's operations, as they are named in the envelope and in `SOAPAction`.
pub(crate) mod operation {
    /// The permit at its use.
    pub(crate) const GET_FINAL: &str = "get_final_cites_certificate";
    /// The permit as it stands.
    pub(crate) const GET_NON_FINAL: &str = "get_non_final_cites_certificate";
    /// What was inspected.
    pub(crate) const CONFIRM: &str = "confirm_quantities";
    /// Whether a country's system answers.
    pub(crate) const STATE: &str = "service_state";
}

/// Which certificate, of which country, by whose token.
pub(crate) struct Certificate<'a> {
    pub(crate) number: &'a str,
    pub(crate) token: &'a str,
    pub(crate) country: &'a str,
}

impl Certificate<'_> {
    fn check(&self) -> Result<(), Failure> {
        if self.number.trim().is_empty() {
            return Err(invalid("/number", "no number says which permit is meant"));
        }
        check_country(self.country)
    }

    fn write(&self, writer: &mut Writer) {
        writer.leaf("CertificateNumber", &[], self.number.trim());
        writer.leaf("TokenId", &[], self.token.trim());
        writer.leaf("IsoCountryCode", &[], self.country);
    }
}

fn invalid(path: &str, message: impl Into<String>) -> Failure {
    let message = message.into();
    Failure::permanent("input.invalid", message.clone()).issue(path, "input.invalid", message)
}

fn check_country(country: &str) -> Result<(), Failure> {
    if is_country(country) {
        return Ok(());
    }
    Err(invalid(
        "/country",
        "the country is a code of two capital letters, such as `CH`",
    ))
}

/// Asks for a permit, final or not.
pub(crate) fn get(operation: &str, certificate: &Certificate<'_>) -> Result<String, Failure> {
    certificate.check()?;
    envelope(operation, |writer| certificate.write(writer))
}

/// Asks how a country's system stands.
pub(crate) fn state(country: &str) -> Result<String, Failure> {
    check_country(country)?;
    envelope(operation::STATE, |writer| {
        writer.leaf("IsoCountryCode", &[], country);
    })
}

/// Tells what was inspected, position by position.
pub(crate) fn confirm(certificate: &Certificate<'_>, positions: &[Position]) -> Result<String, Failure> {
    certificate.check()?;
    let positions = check_positions(positions)?;
    envelope(operation::CONFIRM, |writer| {
        certificate.write(writer);
        writer.element("ConfirmedQuantities", &[], |writer| {
            for (item, quantity) in positions {
                writer.element("CitesPosition", &[], |writer| {
                    writer.leaf("ID", &[], item);
                    writer.leaf("InspectedUnitQuantity", &[], &quantity);
                });
            }
        });
    })
}

/// The positions as the hub takes them: a token and a whole number each. All that is wrong is said at once.
fn check_positions(positions: &[Position]) -> Result<Vec<(&str, String)>, Failure> {
    let mut issues: Vec<Issue> = Vec::new();
    let mut wrong = |place: usize, member: &str, code: &str, message: String| {
        issues.push(Issue::new(format!("/positions/{place}/{member}"), code, message));
    };
    let mut checked = Vec::new();
    for (place, position) in positions.iter().enumerate() {
        let item = position.item.as_str();
        if !is_token(item) {
            let what = format!("`{}` is no xs:token", item.escape_debug());
            wrong(place, "item", "position.not_token", what);
        }
        if positions[..place].iter().any(|one| one.item == item) {
            let what = format!("item {item} is confirmed twice");
            wrong(place, "item", "position.twice", what);
        }
        let value = position.quantity.value;
        if !value.is_whole() {
            let what = format!("item {item}: the hub takes whole numbers only, and {value} would have to be rounded");
            wrong(place, "quantity/value", "quantity.not_whole", what);
        }
        if value < Decimal::default() {
            let what = format!("item {item}: {value} is less than nothing");
            wrong(place, "quantity/value", "quantity.negative", what);
        }
        checked.push((item, value.normalized().to_string()));
    }
    match issues.first() {
        Some(first) => Err(Failure::rejected(first.code.clone(), first.message.clone()).issues(issues)),
        None if checked.is_empty() => Err(Failure::rejected(
            "position.none",
            "nothing was inspected: there are no positions to confirm",
        )),
        None => Ok(checked),
    }
}

/// Whether a text is an `xs:token` that is not empty (XML Schema, part 2, §3.3.2).
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(['\n', '\r', '\t'])
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
}

fn envelope(operation: &str, inside: impl FnOnce(&mut Writer)) -> Result<String, Failure> {
    let mut writer = Writer::new();
    let names = [("xmlns:soap", soap::SOAP_1_1), ("xmlns:hub", HUB)];
    writer.element("soap:Envelope", &names, |writer| {
        writer.element("soap:Body", &[], |writer| {
            writer.element(&format!("hub:{operation}"), &[], inside);
        });
    });
    writer
        .finish()
        .map_err(|error| Failure::permanent("input.invalid", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::is_token;

    #[test]
    fn tokens_are_those_of_xml_schema() {
        for text in ["A", "A1", "A B", "1"] {
            assert!(is_token(text), "{text:?}");
        }
        for text in ["", " A", "A ", "A  B", "A\tB", "A\n"] {
            assert!(!is_token(text), "{text:?}");
        }
    }
}
