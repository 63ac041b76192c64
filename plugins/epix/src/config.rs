//! What the operator sets for a connection.

use dragoman_guest::Issue;
use dragoman_guest::prelude::record;

/// What is spoken at endpoint `hub`.
#[record]
#[derive(Copy, Eq, Default)]
pub enum Dialect {
    /// The EPIX hub's own operations, namespace `urn:CitesDataExchange`.
    #[default]
    Hub,
}

/// The settings of a connection to EPIX.
#[record]
#[derive(Default)]
pub struct Config {
    /// Path of the SOAP service at endpoint `hub`; `/api/v1/soap_api` unless said otherwise.
    pub hub_path: Option<String>,
    /// What is spoken there; `hub` unless said otherwise.
    pub dialect: Option<Dialect>,
    /// The calling country, sent as `X-Caller-Country`: for a gateway in front of the hub that does not see the client
    /// certificate. The hub itself goes by the certificate.
    pub caller: Option<String>,
}

impl Config {
    /// The path of the SOAP service.
    #[must_use]
    pub fn path(&self) -> &str {
        self.hub_path.as_deref().unwrap_or("/api/v1/soap_api")
    }

    /// What is wrong with the settings beyond their schema.
    #[must_use]
    pub fn check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        let path = self.path();
        if !path.starts_with('/') || path.contains("//") || path.contains(char::is_whitespace) {
            issues.push(Issue::new(
                "/hub_path",
                "config.invalid",
                format!("`{path}` is no path: write it as `/api/v1/soap_api`"),
            ));
        }
        if let Some(caller) = &self.caller
            && !is_country(caller)
        {
            issues.push(Issue::new(
                "/caller",
                "config.invalid",
                format!("`{caller}` is no country code: write it as `PL`"),
            ));
        }
        issues
    }
}

/// Whether a text has the form of a country code, as the hub demands it.
pub(crate) fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
