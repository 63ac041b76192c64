//! The rules about the declaration itself.

use crate::findings::Findings;
use crate::table;
use dragoman_documents::{Declaration, DeclarationStatus, Direction, PermitReference};

/// Applies them for one of the declaration's permits.
pub(crate) fn check(findings: &mut Findings, declaration: &Declaration, entry: &PermitReference) {
    let rule = table::DECLARATION_DIRECTION;
    match declaration.direction {
        Some(Direction::Export) => findings.pass(rule, "the declaration is for export"),
        Some(Direction::Import) => findings.broken(rule, "the declaration is for import"),
        Some(Direction::Transit) => findings.broken(rule, "the declaration is for transit"),
        None => findings.unclear(rule, "the declaration does not say its direction"),
    }
    status(findings, declaration.status);
    waivers(findings, declaration, entry);
    let office = declaration.office_of_exit.as_ref();
    match office.and_then(|office| office.name.as_ref().or(office.code.as_ref())) {
        Some(office) => findings.pass(table::OFFICE_OF_EXIT, format!("it is {office}")),
        None => findings.broken(table::OFFICE_OF_EXIT, "the declaration does not say the office of exit"),
    }
}

fn status(findings: &mut Findings, status: Option<DeclarationStatus>) {
    let rule = table::DECLARATION_STATUS;
    match status {
        Some(DeclarationStatus::Rejected) => {
            findings.broken(rule, "customs has refused the declaration");
        }
        Some(DeclarationStatus::Invalidated) => {
            findings.broken(rule, "the declaration is invalidated");
        }
        Some(DeclarationStatus::Held) => findings.unclear(rule, "customs holds the goods"),
        // Which event sets the endorsement going is the pipeline's business.
        _ => findings.pass(rule, "nothing is known against the declaration"),
    }
}

fn waivers(findings: &mut Findings, declaration: &Declaration, entry: &PermitReference) {
    let rule = table::DECLARATION_WAIVER;
    for waiver in &declaration.waivers {
        let items: Vec<u32> = entry.lines.iter().map(|line| line.goods_item).collect();
        match waiver.goods_item {
            Some(item) if items.contains(&item) => findings.broken(
                rule,
                format!("goods item {item} refers to the permit and says that none is needed"),
            ),
            None => findings.broken(
                rule,
                "the declaration refers to the permit and says that none is needed",
            ),
            Some(_) => {}
        }
    }
    findings.pass_otherwise(rule, "no waiver contradicts the permit");
}
