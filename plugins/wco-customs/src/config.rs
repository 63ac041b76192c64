//! What the operator sets for a connection.

use crate::zone::Zone;
use dragoman_guest::Issue;
use dragoman_guest::prelude::record;

/// Where `declaration` takes declarations from.
#[record]
#[derive(Copy, Eq, Default)]
pub enum DeclarationFrom {
    /// What `keep_declaration` kept when the declaration was lodged.
    #[default]
    Store,
    /// The customs system, asked at endpoint `api`.
    Customs,
}

/// The unit in which a commodity's supplementary quantity is declared. The messages leave it out,
/// because the tariff says it.
#[record]
#[derive(Eq)]
pub struct SupplementaryUnit {
    /// The beginning of the commodity code: `7113`.
    pub commodity: String,
    /// The unit, UN/ECE Recommendation 20: `GRM`.
    pub unit: String,
}

/// The settings of a connection to customs.
#[record]
#[derive(Default)]
pub struct Config {
    /// Where `declaration` takes declarations from: `store` (unless said otherwise) or `customs`.
    pub declaration_from: Option<DeclarationFrom>,
    /// Path at endpoint `api` for a declaration, with `{mrn}`, `{lrn}`, `{version}`; `/declarations/{mrn}` unless said otherwise.
    pub declaration_path: Option<String>,
    /// Document codes that name a permit, the leading one first; C400 and C635 unless said otherwise.
    pub permit_codes: Option<Vec<String>>,
    /// Document codes that state that no permit is needed; Y900 unless said otherwise.
    pub waiver_codes: Option<Vec<String>>,
    /// The country that issued a permit whose number does not say it; else the exporting country of an export.
    pub issuing_country: Option<String>,
    /// Units of supplementary quantities by commodity; the longest beginning that fits counts.
    pub supplementary_units: Option<Vec<SupplementaryUnit>>,
    /// The zone of dates and times that do not say their own: an IANA name or an offset; `Z` unless said otherwise.
    pub zone: Option<String>,
    /// True: a declaration kept in an older version than the one asked for is not handed out.
    pub require_version: Option<bool>,
}

/// Document codes of permits (UK and EU tariff): CITES certificate, label for scientific material.
const PERMIT_CODES: [&str; 2] = ["C400", "C635"];
/// Document codes of waivers: goods not concerned by Washington Convention.
const WAIVER_CODES: [&str; 1] = ["Y900"];

impl Config {
    /// The place of a document code among those that name a permit; none where it names none.
    #[must_use]
    pub fn permit_rank(&self, code: &str) -> Option<usize> {
        match &self.permit_codes {
            Some(codes) => codes.iter().position(|one| one == code),
            None => PERMIT_CODES.iter().position(|one| *one == code),
        }
    }

    /// Whether a document code states that no permit is needed.
    #[must_use]
    pub fn is_waiver(&self, code: &str) -> bool {
        match &self.waiver_codes {
            Some(codes) => codes.iter().any(|one| one == code),
            None => WAIVER_CODES.contains(&code),
        }
    }

    /// The supplementary unit of a commodity, where the operator has said it.
    #[must_use]
    pub fn supplementary_unit(&self, commodity: &str) -> Option<&str> {
        self.supplementary_units
            .iter()
            .flatten()
            .filter(|one| commodity.starts_with(&one.commodity))
            .max_by_key(|one| one.commodity.len())
            .map(|one| one.unit.as_str())
    }

    /// The zone of local times.
    pub(crate) fn zone(&self) -> Zone {
        self.zone.as_deref().and_then(Zone::named).unwrap_or_default()
    }

    /// The path template for a declaration.
    #[must_use]
    pub fn path(&self) -> &str {
        self.declaration_path.as_deref().unwrap_or("/declarations/{mrn}")
    }

    /// What is wrong with the settings beyond their schema.
    #[must_use]
    pub fn check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        let mut wrong = |path: String, message: String| issues.push(Issue::new(path, "config.invalid", message));
        for (field, codes) in [
            ("permit_codes", &self.permit_codes),
            ("waiver_codes", &self.waiver_codes),
        ] {
            for (index, code) in codes.iter().flatten().enumerate() {
                if code.len() < 2 || !code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
                    wrong(
                        format!("/{field}/{index}"),
                        format!("`{code}` is no document code: write it as `C400`"),
                    );
                }
            }
        }
        for (index, code) in self.permit_codes.iter().flatten().enumerate() {
            if self.is_waiver(code) {
                wrong(
                    format!("/permit_codes/{index}"),
                    format!("`{code}` is a waiver code as well"),
                );
            }
        }
        if let Some(country) = &self.issuing_country
            && !dragoman_documents::country::is_known(country)
        {
            wrong(
                "/issuing_country".to_owned(),
                format!("`{country}` is no country code: write it as `PL`"),
            );
        }
        if let Some(zone) = &self.zone
            && Zone::named(zone).is_none()
        {
            wrong(
                "/zone".to_owned(),
                format!("`{zone}` is no time zone: write `Europe/Warsaw` or `+01:00`"),
            );
        }
        let path = self.path();
        if !path.starts_with('/') || !(path.contains("{mrn}") || path.contains("{lrn}")) {
            wrong(
                "/declaration_path".to_owned(),
                "the path begins with `/` and holds `{mrn}` or `{lrn}`".to_owned(),
            );
        }
        issues
    }
}
