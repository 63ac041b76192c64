//! What the operator sets for a connection.

use dragoman_documents::{Office, Port};
use dragoman_guest::prelude::*;

/// The port of exit that belongs to a customs office of exit (box 14 asks for the port).
#[record]
#[derive(Eq)]
pub struct OfficePort {
    /// Code of the customs office of exit: `PL443010`.
    pub office: String,
    /// UN/LOCODE of the port: `PLMED`.
    pub code: Option<String>,
    /// Name of the port.
    pub name: Option<String>,
}

/// The settings of a connection to a national permit system.
#[record]
#[derive(Default, Eq)]
pub struct Config {
    /// The authority of an officer who is named without one: the name of the country's customs.
    pub authority: Option<String>,
    /// Ports by customs office of exit, for endorsements that name no port themselves.
    pub ports: Option<Vec<OfficePort>>,
}

impl Config {
    /// The port that belongs to an office; none where the office is not known or not in the table.
    #[must_use]
    pub fn port_of(&self, office: Option<&Office>) -> Option<Port> {
        let code = office?.code.as_deref()?;
        let mut ports = self.ports.iter().flatten();
        let found = ports.find(|port| port.office == code)?;
        Some(Port {
            code: found.code.clone(),
            name: found.name.clone(),
        })
    }

    /// What is wrong with the settings, each at its place; nothing where all is well.
    #[must_use]
    pub fn check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        let mut wrong = |path: String, message: String| issues.push(Issue::new(path, "config.invalid", message));
        if self.authority.as_deref().is_some_and(is_blank) {
            wrong(
                "/authority".to_owned(),
                "the authority is blank: name it, or leave it out".to_owned(),
            );
        }
        let ports = self.ports.as_deref().unwrap_or_default();
        for (index, port) in ports.iter().enumerate() {
            if is_blank(&port.office) {
                wrong(
                    format!("/ports/{index}/office"),
                    "the customs office has no code".to_owned(),
                );
            }
            if ports[..index].iter().any(|other| other.office == port.office) {
                wrong(
                    format!("/ports/{index}/office"),
                    format!("the office `{}` has a port already", port.office),
                );
            }
            match &port.code {
                Some(code) if !is_locode(code) => wrong(
                    format!("/ports/{index}/code"),
                    format!("`{code}` is no UN/LOCODE: write it as `PLGDN`"),
                ),
                None if port.name.as_deref().is_none_or(is_blank) => wrong(
                    format!("/ports/{index}"),
                    "the port has neither code nor name".to_owned(),
                ),
                _ => {}
            }
        }
        issues
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Two letters of the country and three letters or digits of the place (UN/ECE Recommendation 16).
fn is_locode(code: &str) -> bool {
    let bytes = code.as_bytes();
    bytes.len() == 5
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..]
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
