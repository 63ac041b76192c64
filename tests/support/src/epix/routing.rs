//! The countries that the hub reaches, and the certificates that their systems hold.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;
use serde_json::Value;

use super::soap::Fault;
use super::xml;

/// A fault that the national system answers, once.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Failure {
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) after_effect: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct AdapterSeed {
    #[serde(default = "yes")]
    available: bool,
    callers: Option<Vec<String>>,
    #[serde(default = "two")]
    toolkit: u8,
    #[serde(default)]
    faults: VecDeque<Failure>,
}

fn yes() -> bool {
    true
}

fn two() -> u8 {
    2
}

impl Default for AdapterSeed {
    fn default() -> Self {
        Self {
            available: true,
            callers: None,
            toolkit: 2,
            faults: VecDeque::new(),
        }
    }
}

/// One certificate as the national system would send it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Certificate {
    country: String,
    number: String,
    #[serde(default)]
    token: String,
    xml: String,
    #[serde(default)]
    attachments: Vec<String>,
    #[serde(default)]
    composite: bool,
}

impl Certificate {
    /// What goes into the response element, or the whole envelope where one was seeded.
    pub(crate) fn content(&self) -> Result<String, String> {
        let bare = without_declaration(&self.xml);
        let root = xml::read(&self.xml).map(|root| root.name);
        if root.is_ok_and(|name| name == "Envelope") {
            return Err(self.xml.clone());
        }
        let mut content = bare.to_owned();
        for name in &self.attachments {
            let name = quick_xml::escape::escape(&**name);
            content.push_str(&format!(
                "<Attachments><AttachmentName>{name}</AttachmentName>\
                 <AttachmentContent>cid:{name}</AttachmentContent></Attachments>"
            ));
        }
        content.push_str(&format!("<Composite>{}</Composite>", self.composite));
        Ok(content)
    }

    /// Refuses positions that the permit does not have, where its items are numbered at all.
    pub(crate) fn check_positions(&self, positions: &[(String, u64)]) -> Result<(), Fault> {
        let mut items = Vec::new();
        if let Ok(root) = xml::read(&self.xml) {
            root.walk(&mut |element| {
                if element.name == "IncludedSupplyChainConsignmentItem" {
                    let id = element.only("ID").map(|id| id.text.trim().to_owned());
                    items.extend(id.filter(|id| !id.is_empty()));
                }
            });
        }
        for (id, _) in positions {
            if !items.is_empty() && !items.contains(id) {
                return Err(Fault::national(&format!("Position {id} not found")));
            }
        }
        Ok(())
    }
}

fn without_declaration(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with("<?xml") {
        return text;
    }
    text.split_once("?>").map_or(text, |(_, rest)| rest.trim_start())
}

/// All adapters and certificates.
#[derive(Default)]
pub(crate) struct Hub {
    adapters: BTreeMap<String, AdapterSeed>,
    certificates: BTreeMap<(String, String), Certificate>,
    pub(crate) confirmations: Vec<Value>,
}

/// A country's system that can be asked.
pub(crate) struct Reached {
    pub(crate) toolkit: u8,
    /// The fault it is to answer this time.
    pub(crate) failure: Option<Failure>,
}

impl Hub {
    /// Takes a seed in (the shape is in the module's description), or says what is wrong with it.
    pub(crate) fn take(&mut self, seed: &Value) -> Result<(), String> {
        for (country, adapter) in seed["adapters"].as_object().into_iter().flatten() {
            let adapter =
                serde_json::from_value(adapter.clone()).map_err(|error| format!("adapter {country}: {error}"))?;
            self.adapters.insert(country.clone(), adapter);
        }
        for certificate in seed["certificates"].as_array().into_iter().flatten() {
            let certificate: Certificate =
                serde_json::from_value(certificate.clone()).map_err(|error| format!("certificate: {error}"))?;
            xml::read(&certificate.xml).map_err(|error| format!("certificate {}: {error}", certificate.number))?;
            self.adapters.entry(certificate.country.clone()).or_default();
            let key = (certificate.country.clone(), certificate.number.clone());
            self.certificates.insert(key, certificate);
        }
        Ok(())
    }

    /// The system of a country, as this caller reaches it.
    pub(crate) fn reach(&mut self, caller: Option<&str>, country: &str) -> Result<Reached, Fault> {
        let adapter = self
            .adapters
            .get_mut(country)
            .filter(|adapter| adapter.available)
            .ok_or_else(|| Fault::hub("CalleeNotFound"))?;
        // A country always reaches its own system; others by its list, or all where it has none.
        let allowed = match (&adapter.callers, caller) {
            (None, _) => true,
            (Some(list), Some(caller)) => caller == country || list.iter().any(|allowed| allowed == caller),
            (Some(_), None) => false,
        };
        if !allowed {
            return Err(Fault::hub("AdapterNotAvailable"));
        }
        Ok(Reached {
            toolkit: adapter.toolkit,
            failure: adapter.faults.pop_front(),
        })
    }

    /// A certificate by number and token. A wrong token is answered like a wrong number: a guesser learns nothing.
    pub(crate) fn certificate(&self, country: &str, number: &str, token: &str) -> Result<Certificate, Fault> {
        self.certificates
            .get(&(country.to_owned(), number.to_owned()))
            .filter(|certificate| certificate.token == token)
            .cloned()
            .ok_or_else(|| Fault::national("CertificateNotFound"))
    }
}
