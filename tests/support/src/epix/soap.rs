//! SOAP 1.1 as the hub speaks it: what a request must look like, and what is answered.
//!
//! Strictness: `Content-Type: text/xml`; a `SOAPAction` header that is empty or names the operation; a SOAP 1.1
//! envelope whose body has exactly one element, an operation of `urn:CitesDataExchange`; only the known parameters,
//! each once, unqualified or in that namespace; `IsoCountryCode` of two capital letters; a position's `ID` an
//! `xs:token` and its `InspectedUnitQuantity` an integer that is not negative.

use axum::http::{HeaderMap, StatusCode};

use super::xml::{self, Element};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const HUB: &str = "urn:CitesDataExchange";

/// What the hub can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    GetFinal,
    GetNonFinal,
    ConfirmQuantities,
    ServiceState,
}

/// A request that was well put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) number: String,
    pub(crate) token: String,
    pub(crate) country: String,
    /// The confirmed positions: their ID and inspected quantity.
    pub(crate) positions: Vec<(String, u64)>,
}

/// A SOAP fault, the hub's own or passed through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    code: &'static str,
    text: String,
    passed_through: bool,
}

impl Fault {
    /// A fault of the hub itself.
    pub(crate) fn hub(text: &str) -> Self {
        Self {
            code: "soap:Server",
            text: text.to_owned(),
            passed_through: false,
        }
    }

    /// A fault that lies with the caller's message.
    pub(crate) fn client(text: &str) -> Self {
        Self {
            code: "Client",
            ..Self::hub(text)
        }
    }

    /// A fault of the national system behind the hub.
    pub(crate) fn national(text: &str) -> Self {
        Self {
            passed_through: !text.starts_with("This request took too long"),
            ..Self::hub(text)
        }
    }

    /// The HTTP status it comes with.
    pub(crate) fn status(&self) -> StatusCode {
        if self.passed_through {
            StatusCode::OK
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }

    /// The whole message.
    pub(crate) fn envelope(&self) -> String {
        let text = quick_xml::escape::escape(&*self.text);
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"{SOAP}\"><soap:Body><soap:Fault>\
             <faultcode>{}</faultcode><faultstring>{text}</faultstring></soap:Fault></soap:Body></soap:Envelope>\n",
            self.code
        )
    }
}

/// A response element of the national systems' namespace for this toolkit version, around `content`.
pub(crate) fn response(toolkit: u8, name: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenv=\"{SOAP}\" \
         xmlns:ns=\"urn:CitesDataExchange/v{toolkit}/\"><soapenv:Header/><soapenv:Body><ns:{name}>{content}\
         </ns:{name}></soapenv:Body></soapenv:Envelope>\n"
    )
}

/// Reads a request, or says by which fault it is refused.
pub(crate) fn read(headers: &HeaderMap, text: &str) -> Result<Request, Fault> {
    let invalid = || Fault::client("Invalid Request");
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !header("content-type").is_some_and(|kind| kind.starts_with("text/xml")) {
        return Err(invalid());
    }
    let action = header("soapaction").ok_or_else(invalid)?.trim_matches('"');
    let envelope = xml::read(text).map_err(|_| invalid())?;
    if envelope.name != "Envelope" || envelope.namespace != SOAP {
        return Err(invalid());
    }
    let body = envelope.only("Body").filter(|body| body.namespace == SOAP);
    let [call] = &body.ok_or_else(invalid)?.children[..] else {
        return Err(invalid());
    };
    let operation = match &*call.name {
        "get_final_cites_certificate" => Operation::GetFinal,
        "get_non_final_cites_certificate" => Operation::GetNonFinal,
        "confirm_quantities" => Operation::ConfirmQuantities,
        "service_state" => Operation::ServiceState,
        _ => return Err(invalid()),
    };
    if call.namespace != HUB || !(action.is_empty() || action == call.name) {
        return Err(invalid());
    }
    parameters(operation, call).ok_or_else(invalid)?
}

/// The parameters of a call; `None` where they are not the operation's own.
fn parameters(operation: Operation, call: &Element) -> Option<Result<Request, Fault>> {
    let wanted: &[&str] = match operation {
        Operation::ServiceState => &["IsoCountryCode"],
        Operation::GetFinal | Operation::GetNonFinal => &["CertificateNumber", "TokenId", "IsoCountryCode"],
        Operation::ConfirmQuantities => &["CertificateNumber", "TokenId", "IsoCountryCode", "ConfirmedQuantities"],
    };
    let known =
        |child: &Element| wanted.contains(&&*child.name) && (child.namespace.is_empty() || child.namespace == HUB);
    if call.children.len() != wanted.len() || !call.children.iter().all(known) {
        return None;
    }
    let text = |name: &str| {
        if !wanted.contains(&name) {
            return Some(String::new());
        }
        Some(call.only(name)?.text.trim().to_owned())
    };
    let country = text("IsoCountryCode")?;
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let number = text("CertificateNumber")?;
    if number.is_empty() && operation != Operation::ServiceState {
        return None;
    }
    let positions = match operation {
        Operation::ConfirmQuantities => positions(call.only("ConfirmedQuantities")?),
        _ => Ok(Vec::new()),
    };
    let token = text("TokenId")?;
    Some(positions.map(|positions| Request {
        operation,
        number,
        token,
        country,
        positions,
    }))
}

fn positions(list: &Element) -> Result<Vec<(String, u64)>, Fault> {
    if list.children.is_empty() || list.children.iter().any(|child| child.name != "CitesPosition") {
        return Err(Fault::client("Invalid Request"));
    }
    let mut positions = Vec::new();
    for position in &list.children {
        let id = position.only("ID").map(|id| &*id.text).unwrap_or_default();
        if !is_token(id) {
            return Err(Fault::client("XML structure is not valid. ID must be a token"));
        }
        let quantity = position.only("InspectedUnitQuantity").map(|q| q.text.trim());
        let quantity = quantity
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Fault::client("XML structure is not valid. InspectedUnitQuantity must be an integer"))?;
        positions.push((id.to_owned(), quantity));
    }
    Ok(positions)
}

/// Whether a text is an `xs:token` that is not empty: no line ends or tabs, no space at an end, none doubled.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(['\n', '\r', '\t'])
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
}
