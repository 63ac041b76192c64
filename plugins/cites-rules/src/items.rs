//! The rules about the permit's purpose and items: codes, Appendix, quota, live specimens.

use crate::findings::Findings;
use crate::table;
use dragoman_documents::{Permit, PermitItem};

/// Purposes of box 5a (Res. Conf. 12.3).
const PURPOSES: &str = "TZGQSHPMENBL";
/// Sources of box 10 (Res. Conf. 12.3; Y since the seventeenth meeting of the Parties).
const SOURCES: &str = "WXRDACFUIOY";
/// Sources beside which a second one may stand: confiscated, pre-Convention.
const WITH_SECOND: [&str; 2] = ["I", "O"];
/// Sources with which specimens of Appendix I may be traded commercially: registered breeding, artificially
/// propagated, pre-Convention.
const COMMERCIAL_IN_ONE: [&str; 3] = ["D", "A", "O"];

/// Applies them to the permit and to those of its items that are exported.
pub(crate) fn check(findings: &mut Findings, permit: &Permit, exported: &[&PermitItem]) {
    let rule = table::PURPOSE;
    match permit.purpose_code.as_deref() {
        Some(code) if one_of(PURPOSES, code) => findings.pass(rule, format!("it is {code}")),
        Some(code) => findings.broken(rule, format!("`{code}` is no purpose")),
        None => findings.unclear(rule, "the permit does not say its purpose"),
    }
    let commercial = permit.purpose_code.as_deref() == Some("T");
    for item in exported {
        source(findings, item);
        appendix(findings, item, commercial);
        if let (Some(used), Some(quota)) = (item.used_to_date_quota, item.annual_quota)
            && used > quota
        {
            findings.broken(
                table::ITEM_QUOTA,
                format!("item {}: {used} of a quota of {quota} is used", item.id),
            );
        }
        if item.term_code.as_deref() == Some("LIV") {
            findings.broken(
                table::ITEM_LIVE,
                format!("item {} is live: transport conditions apply", item.id),
            );
        }
    }
    for (rule, text) in [
        (table::ITEM_SOURCE, "the sources are known"),
        (table::ITEM_APPENDIX, "each item says its Appendix"),
        (table::ITEM_COMMERCIAL, "nothing is against the purpose"),
        (table::ITEM_QUOTA, "no quota is exceeded"),
        (table::ITEM_LIVE, "no item is said to be live"),
    ] {
        findings.pass_otherwise(rule, text);
    }
}

fn one_of(codes: &str, code: &str) -> bool {
    code.len() == 1 && codes.contains(code)
}

fn source(findings: &mut Findings, item: &PermitItem) {
    let rule = table::ITEM_SOURCE;
    let id = &item.id;
    let Some(code) = item.source_code.as_deref() else {
        findings.unclear(rule, format!("item {id} does not say its source"));
        return;
    };
    if !one_of(SOURCES, code) {
        findings.broken(rule, format!("item {id}: `{code}` is no source"));
    } else if code == "U" {
        findings.broken(
            rule,
            format!("item {id}: the source is unknown, which needs a justification"),
        );
    }
    match item.secondary_source_code.as_deref() {
        Some(second) if !one_of(SOURCES, second) => {
            findings.broken(rule, format!("item {id}: `{second}` is no source"));
        }
        Some(second) if !WITH_SECOND.contains(&code) => {
            findings.broken(
                rule,
                format!("item {id}: a second source ({second}) stands only beside I or O"),
            );
        }
        _ => {}
    }
}

fn appendix(findings: &mut Findings, item: &PermitItem, commercial: bool) {
    let rule = table::ITEM_APPENDIX;
    let id = &item.id;
    match item.appendix.as_deref() {
        Some("I" | "II" | "III") => {}
        Some(other) => findings.broken(rule, format!("item {id}: `{other}` is no Appendix")),
        None => findings.unclear(rule, format!("item {id} does not say its Appendix")),
    }
    let source = item.source_code.as_deref().unwrap_or_default();
    if commercial && item.appendix.as_deref() == Some("I") && !COMMERCIAL_IN_ONE.contains(&source) {
        findings.broken(
            table::ITEM_COMMERCIAL,
            format!("item {id} is of Appendix I, source `{source}`, for commercial purposes"),
        );
    }
}
