//! The rules about the permit as a document: its number, kind, standing and use.

use crate::findings::Findings;
use crate::parties::same_code;
use crate::table;
use dragoman_documents::{
    DeclarationId, Endorsement, EndorsementStatus, Permit, PermitKind, PermitReference, PermitStatus, PermitUsage,
    PermitUse,
};

/// Applies them.
pub(crate) fn check(findings: &mut Findings, permit: &Permit, entry: &PermitReference, declaration: &DeclarationId) {
    number(findings, permit, entry);
    kind(findings, permit);
    status(findings, permit);
    usage(findings, permit, declaration);
    let withdrawn = permit
        .endorsements
        .iter()
        .any(|one| one.status == EndorsementStatus::Withdrawn && is_of(one, declaration));
    if withdrawn && !permit.endorsements.iter().any(|one| stands(one, declaration)) {
        findings.broken(
            table::PERMIT_WITHDRAWN,
            "an endorsement for this declaration was withdrawn",
        );
    } else {
        findings.pass(table::PERMIT_WITHDRAWN, "none was withdrawn");
    }
    match &permit.token {
        Some(_) => findings.pass(table::PERMIT_TOKEN, "it has one"),
        None => findings.unclear(table::PERMIT_TOKEN, "the permit system gave no token"),
    }
    match &permit.special_conditions {
        Some(text) => findings.broken(table::PERMIT_CONDITIONS, format!("box 5 says: {text}")),
        None => findings.pass(table::PERMIT_CONDITIONS, "box 5 is empty"),
    }
}

/// Whether an endorsement was made for a declaration.
pub(crate) fn is_of(endorsement: &Endorsement, declaration: &DeclarationId) -> bool {
    endorsement
        .declaration
        .as_ref()
        .is_some_and(|one| one.value == declaration.value)
}

fn stands(endorsement: &Endorsement, declaration: &DeclarationId) -> bool {
    endorsement.status == EndorsementStatus::Valid && is_of(endorsement, declaration)
}

fn number(findings: &mut Findings, permit: &Permit, entry: &PermitReference) {
    let rule = table::PERMIT_NUMBER;
    let unknown_country = same_code(&entry.issuing_country, "XX");
    if !same_code(&permit.number, &entry.number) {
        findings.broken(
            rule,
            format!(
                "the declaration names {}, the permit is {}",
                entry.number, permit.number
            ),
        );
    } else if !unknown_country && !same_code(&permit.issuing_country, &entry.issuing_country) {
        findings.broken(
            rule,
            format!(
                "the declaration names a permit of {}, this one is of {}",
                entry.issuing_country, permit.issuing_country
            ),
        );
    } else {
        findings.pass(rule, format!("it is {}", permit.number));
    }
}

fn kind(findings: &mut Findings, permit: &Permit) {
    let rule = table::PERMIT_KIND;
    match permit.kind {
        PermitKind::Export => findings.pass(rule, "it is an export permit"),
        PermitKind::ReExport => findings.pass(rule, "it is a re-export certificate"),
        PermitKind::Import => findings.broken(rule, "it is an import permit"),
        PermitKind::Other => {
            let name = permit.kind_name.as_deref().unwrap_or("not said");
            findings.unclear(rule, format!("it is another kind of document ({name})"));
        }
    }
    match permit.copy_indicator {
        Some(true) => findings.broken(table::PERMIT_COPY, "it is a copy"),
        Some(false) => findings.pass(table::PERMIT_COPY, "it is the original"),
        // A register's own record is the original; only a scan would have to say otherwise.
        None => findings.pass(table::PERMIT_COPY, "nothing says that it is a copy"),
    }
}

fn status(findings: &mut Findings, permit: &Permit) {
    let rule = table::PERMIT_STATUS;
    let said = match permit.status {
        Some(PermitStatus::Issued) => {
            match &permit.replaced_by {
                Some(number) => findings.unclear(rule, format!("it is said to be issued, and replaced by {number}")),
                None => findings.pass(rule, "it is issued and in force"),
            }
            return;
        }
        None => {
            findings.unclear(rule, "the issuer does not say how the permit stands");
            return;
        }
        Some(PermitStatus::Suspended) => "it is suspended".to_owned(),
        Some(PermitStatus::Revoked) => "it is revoked".to_owned(),
        Some(PermitStatus::Cancelled) => "it is cancelled".to_owned(),
        Some(PermitStatus::Returned) => "it was returned to the issuer".to_owned(),
        Some(PermitStatus::Replaced) => match &permit.replaced_by {
            Some(number) => format!("it is replaced by {number}"),
            None => "it is replaced by another permit".to_owned(),
        },
    };
    findings.broken(rule, said);
}

fn usage(findings: &mut Findings, permit: &Permit, declaration: &DeclarationId) {
    let rule = table::PERMIT_USAGE;
    // The same declaration may be noticed twice; what was endorsed for it already is not a second use.
    if permit.endorsements.iter().any(|one| stands(one, declaration)) {
        findings.pass(rule, "it is endorsed for this declaration already");
        return;
    }
    let other = permit
        .endorsements
        .iter()
        .find(|one| one.status == EndorsementStatus::Valid);
    let said = other
        .and_then(|one| one.declaration.as_ref())
        .map_or("another declaration", |id| id.value.as_str());
    match (permit.usage, permit.use_kind) {
        (Some(PermitUsage::Used), _) => findings.broken(rule, "it is used up"),
        (_, Some(PermitUse::Single)) if other.is_some() => {
            findings.broken(rule, format!("it was used once already, for {said}"));
        }
        (Some(PermitUsage::PartlyUsed), Some(PermitUse::Single)) => {
            findings.broken(rule, "it was used once already");
        }
        (Some(PermitUsage::PartlyUsed), None) => {
            findings.unclear(rule, "it was used before and does not say how often it may be");
        }
        (_, None) if other.is_some() => findings.unclear(
            rule,
            format!("it was used for {said} and does not say how often it may be"),
        ),
        // A permit for several consignments: how much of it is left rests on what was endorsed before.
        (Some(PermitUsage::PartlyUsed), Some(PermitUse::Multiple)) if other.is_none() => {
            findings.unclear(
                rule,
                "it is partly used, and the endorsements that say how much are not listed",
            );
        }
        _ => findings.pass(rule, "it may be used"),
    }
}
