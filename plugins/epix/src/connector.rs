//! The connector's operations: thin glue between the host, the hub and the mapping.

use crate::config::Config;
use crate::error::Error;
use crate::faults;
use crate::read::{limits, read_permit};
use crate::requests::{self, Certificate, operation};
use crate::values::said;
use crate::write::{Form, write_permit};
use dragoman_documents::{Header, Permit, Position, Receipt};
use dragoman_guest::prelude::*;
use dragoman_xml::{Document as Xml, Element, soap};

/// The endpoint's name.
const HUB: &str = "hub";

/// A permit to write as a message.
#[record]
pub struct WriteRequest {
    /// The permit.
    pub permit: Permit,
    /// What to write around it; `message` (nothing) unless said otherwise.
    pub form: Option<Form>,
}

/// A message that was written.
#[record]
pub struct Written {
    /// The message as a document, `application/xml`.
    pub message: Document,
    /// Its text.
    pub text: String,
}

/// Which permit is wanted.
#[record]
pub struct PermitRequest {
    /// Its number.
    pub number: String,
    /// Its token, which shows that the asker has seen the permit; blank where the issuer has none.
    pub token: Option<String>,
    /// The country that issued it, ISO 3166-1 alpha-2.
    pub country: String,
}

/// What was really inspected of a permit.
#[record]
pub struct ConfirmRequest {
    /// The permit's number.
    pub number: String,
    /// Its token.
    pub token: Option<String>,
    /// The country that issued it, ISO 3166-1 alpha-2.
    pub country: String,
    /// The quantities inspected, in the units of the permit; whole numbers.
    pub positions: Vec<Position>,
}

/// Whose system is asked for its state.
#[record]
pub struct StateRequest {
    /// The country, ISO 3166-1 alpha-2.
    pub country: String,
}

/// How a country's system stands.
#[record]
pub struct StateReport {
    /// The country.
    pub country: String,
    /// Whether it answers and does not say that it is out of order.
    pub available: bool,
    /// What it says of itself.
    pub state: Option<String>,
}

/// EPIX: the exchange of electronic CITES permits, by the permitting toolkit v1 and v2.
#[connector(name = "epix", config = Config, endpoints = ["hub"], check = Config::check)]
pub struct Epix {
    config: Config,
}

#[operations]
impl Epix {
    /// Reads a permit message of toolkit v1 or v2 into a permit.
    #[operation(effect = read, documents = ["message"], codes = ["message.unreadable", "message.unexpected", "message.incomplete"])]
    fn read_permit(&self, call: &Call) -> Result<Permit, Failure> {
        Ok(read_permit(call.document("message")?, None).map_err(Error::from)?)
    }

    /// Writes a permit as a message of toolkit v2.
    #[operation(effect = read, codes = ["permit.unwritable"])]
    fn write_permit(&self, _call: &Call, input: WriteRequest) -> Result<Output<Written>, Failure> {
        let text = write_permit(&input.permit, input.form.unwrap_or_default())?;
        let message = documents::write("application/xml", text.as_bytes())?;
        let written = Written {
            message: message.clone(),
            text,
        };
        Ok(Output::new(written).document("message", message))
    }

    /// Gets a permit from its issuer for its use: the issuer may take it as used from now on.
    #[operation(effect = read, codes = ["permit.not_found", "permit.mismatch", "epix.callee_not_found", "epix.adapter_not_available", "epix.timeout", "epix.fault"])]
    fn get_final(&self, _call: &Call, input: PermitRequest) -> Result<Output<Permit>, Failure> {
        self.get(operation::GET_FINAL, &input)
    }

    /// Gets a permit from its issuer as it stands, without meaning to use it.
    #[operation(effect = read, codes = ["permit.not_found", "permit.mismatch", "epix.callee_not_found", "epix.adapter_not_available", "epix.timeout", "epix.fault"])]
    fn get_non_final(&self, _call: &Call, input: PermitRequest) -> Result<Output<Permit>, Failure> {
        self.get(operation::GET_NON_FINAL, &input)
    }

    /// Tells the issuer what was really inspected of its permit. The hub honours no key and cannot be asked again.
    #[operation(effect = once, codes = ["quantity.not_whole", "quantity.negative", "position.not_token", "position.twice", "position.none", "position.not_found", "permit.not_found", "quantities.refused", "epix.callee_not_found", "epix.adapter_not_available", "epix.timeout", "epix.fault"])]
    fn confirm_quantities(&self, _call: &Call, input: ConfirmRequest) -> Result<Output<Receipt>, Failure> {
        let certificate = Certificate {
            number: &input.number,
            token: input.token.as_deref().unwrap_or_default(),
            country: &input.country,
        };
        let envelope = requests::confirm(&certificate, &input.positions)?;
        let (response, xml) = self.exchange(operation::CONFIRM, envelope, true)?;
        if is_refusal(xml.root()) {
            return Err(Failure::rejected(
                "quantities.refused",
                format!("the issuer of {} did not take the quantities", input.number),
            ));
        }
        let kept = keep(&response).map_err(Failure::applied)?;
        let receipt = Receipt {
            at: clock::now_rfc3339().parse().ok(),
            headers: headers(&response),
            digest: Some(kept.digest.clone()),
            ..Receipt::default()
        };
        Ok(Output::new(receipt).document("answer", kept))
    }

    /// Asks whether a country's system answers.
    #[operation(effect = read, codes = ["epix.callee_not_found", "epix.adapter_not_available", "epix.timeout", "epix.fault"])]
    fn service_state(&self, _call: &Call, input: StateRequest) -> Result<StateReport, Failure> {
        let envelope = requests::state(&input.country)?;
        let (_, xml) = self.exchange(operation::STATE, envelope, false)?;
        let payload = soap::open(xml.root());
        let texts = payload.payload().into_iter().flat_map(Element::descendants);
        let state = texts.filter_map(Element::text).find_map(said);
        Ok(StateReport {
            country: input.country,
            available: !state.is_some_and(is_out_of_order),
            state: state.map(str::to_owned),
        })
    }
}

impl Epix {
    fn get(&self, operation: &str, input: &PermitRequest) -> Result<Output<Permit>, Failure> {
        let certificate = Certificate {
            number: &input.number,
            token: input.token.as_deref().unwrap_or_default(),
            country: &input.country,
        };
        let envelope = requests::get(operation, &certificate)?;
        let (response, _) = self.exchange(operation, envelope, false)?;
        let permit = read_permit(response.bytes(), Some(&input.country)).map_err(Error::from)?;
        if !same_number(&permit.number, &input.number) {
            return Err(Failure::permanent(
                "permit.mismatch",
                format!(
                    "{} answered with permit {} instead of {}",
                    input.country, permit.number, input.number
                ),
            ));
        }
        let original = keep(&response)?;
        let output = Output::new(permit).document("original", original);
        let headers = headers(&response).into_iter();
        Ok(headers.fold(output, |output, header| output.attribute(header.name, header.value)))
    }

    /// Sends an envelope and opens the answer: the response and its XML, which is an envelope with something in it.
    fn exchange(&self, operation: &str, envelope: String, acts: bool) -> Result<(http::Response, Xml), Failure> {
        let mut request = http::post(HUB, self.config.path())
            .body(envelope, "text/xml; charset=utf-8")
            .header("soapaction", format!("\"{operation}\""))
            .header("accept", "text/xml");
        if let Some(caller) = &self.config.caller {
            request = request.header("x-caller-country", caller);
        }
        if !acts {
            request = request.safe();
        }
        let response = request.send()?;
        let xml = match Xml::parse_within(response.bytes(), limits()) {
            Ok(xml) => xml,
            Err(error) if response.is_success() => return Err(response.unreadable(&error)),
            Err(_) => return Err(response.failure()),
        };
        // A fault says more than the status it comes with: 500 from the hub, 200 from the system behind it.
        match soap::open(xml.root()) {
            soap::Message::Fault(fault) => Err(faults::failure(&fault, acts)),
            _ if !response.is_success() => Err(response.failure()),
            soap::Message::Bare(root) => Err(response.unreadable(&faults::root_name(root.name()))),
            soap::Message::Empty => Err(response.unreadable(&"the envelope is empty")),
            soap::Message::Payload(_) => Ok((response, xml)),
        }
    }
}

/// Keeps the answer as it came, for the audit trail.
fn keep(response: &http::Response) -> Result<Document, Failure> {
    Ok(documents::write("text/xml", response.bytes())?)
}

/// The answer's headers, without what only the transport needs.
fn headers(response: &http::Response) -> Vec<Header> {
    response
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("set-cookie"))
        .map(|(name, value)| Header {
            name: name.clone(),
            value: value.clone(),
        })
        .collect()
}

/// Whether two numbers are the same but for case and white space, which forms and systems treat freely.
fn same_number(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|letter| !letter.is_whitespace());
        letters.map(|letter| letter.to_ascii_uppercase()).collect()
    };
    plain(one) == plain(other)
}

/// Whether an acknowledgement says no.
fn is_refusal(root: &Element) -> bool {
    root.descendants()
        .filter(|element| ["Acknowledged", "Success", "Accepted"].contains(&element.name()))
        .filter_map(Element::text)
        .any(|text| matches!(text.to_ascii_lowercase().as_str(), "false" | "0"))
}

/// Whether a system says of itself that it is out of order; the states are not published.
fn is_out_of_order(state: &str) -> bool {
    let state = state.to_lowercase();
    [
        "unavailable",
        "not available",
        "down",
        "false",
        "maintenance",
        "offline",
    ]
    .iter()
    .any(|word| state.contains(word))
}
