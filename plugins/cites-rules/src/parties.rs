//! The rules about countries and parties.

use crate::findings::Findings;
use crate::table::{self, Rule};
use dragoman_documents::{Declaration, Party, Permit};

/// Whether two codes are the same, whatever the case and the blanks around them.
pub(crate) fn same_code(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// Applies them.
pub(crate) fn check(findings: &mut Findings, permit: &Permit, declaration: &Declaration) {
    country_of_export(findings, permit, declaration);
    country_of_import(findings, permit, declaration);
    let parties = [
        (table::EXPORTER, &permit.exporter, &declaration.exporter),
        (table::IMPORTER, &permit.importer, &declaration.importer),
    ];
    for (rule, on_permit, declared) in parties {
        party(findings, rule, on_permit.as_ref(), declared.as_ref());
    }
}

fn country_of_export(findings: &mut Findings, permit: &Permit, declaration: &Declaration) {
    let rule = table::COUNTRY_OF_EXPORT;
    let Some(declared) = &declaration.country_of_export else {
        findings.unclear(rule, "the declaration does not say its country of export");
        return;
    };
    if !same_code(&permit.issuing_country, declared) {
        findings.broken(
            rule,
            format!(
                "the permit is issued by {}, the goods are exported from {declared}",
                permit.issuing_country
            ),
        );
    }
    if let Some(country) = &permit.country_of_export
        && !same_code(country, declared)
    {
        findings.broken(
            rule,
            format!("the permit is for export from {country}, the goods leave {declared}"),
        );
    }
    findings.pass_otherwise(rule, format!("both say {declared}"));
}

fn country_of_import(findings: &mut Findings, permit: &Permit, declaration: &Declaration) {
    let rule = table::COUNTRY_OF_IMPORT;
    let on_permit = permit.country_of_import.as_ref().or_else(|| {
        let address = permit.importer.as_ref()?.address.as_ref()?;
        address.country.as_ref()
    });
    match (on_permit, &declaration.country_of_destination) {
        (Some(country), Some(declared)) if same_code(country, declared) => {
            findings.pass(rule, format!("both say {declared}"));
        }
        (Some(country), Some(declared)) => findings.broken(
            rule,
            format!("the permit is for import into {country}, the goods go to {declared}"),
        ),
        (None, _) => findings.unclear(rule, "the permit does not say the country of import"),
        (_, None) => findings.unclear(rule, "the declaration does not say where the goods go"),
    }
}

fn party(findings: &mut Findings, rule: Rule, permit: Option<&Party>, declared: Option<&Party>) {
    let (Some(permit), Some(declared)) = (permit, declared) else {
        findings.unclear(rule, "only one of the two, or neither, names the party");
        return;
    };
    let same_id = match (&permit.id, &declared.id) {
        (Some(one), Some(other)) => same_code(one, other),
        _ => false,
    };
    match (&permit.name, &declared.name) {
        _ if same_id => findings.pass(rule, "the identifier is the same on both"),
        (Some(one), Some(other)) if plain(one) == plain(other) => {
            findings.pass(rule, format!("both say {other}"));
        }
        (Some(one), Some(other)) => {
            findings.broken(rule, format!("the permit says `{one}`, the declaration `{other}`"))
        }
        _ => findings.unclear(rule, "the two cannot be compared"),
    }
}

/// A name without case, punctuation and blanks, which messages write as they please.
pub(crate) fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
