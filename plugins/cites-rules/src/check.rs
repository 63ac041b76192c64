//! The whole check: all rules in order, and what may be endorsed.

use crate::config::{Config, Officer};
use crate::findings::Findings;
use crate::lines::{self, Matched};
use crate::{declared, items, listings, parties, quantities, standing, table, validity};
use dragoman_documents::{
    Actor, Check, CheckLine, Declaration, Listing, Moment, Permit, PermitItem, PermitReference, UnmatchedLine,
};

/// What is checked: a declaration, one of its permit references, and that permit.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The declaration.
    pub declaration: &'a Declaration,
    /// Its reference to the permit.
    pub entry: &'a PermitReference,
    /// The permit, as its issuer gives it.
    pub permit: &'a Permit,
}

/// Checks whether an export permit may be endorsed for a declaration at a time: the verdict, the findings, and the
/// lines in the permit's units. `listings` may lack any species; `officer` is the one whom the customs message names.
#[must_use]
pub fn check_export(
    config: &Config,
    case: Case<'_>,
    listings: &[Listing],
    officer: Option<&Actor>,
    at: &Moment,
) -> Check {
    let Case {
        declaration,
        entry,
        permit,
    } = case;
    let mut findings = Findings::new(config);
    declared::check(&mut findings, declaration, entry);
    standing::check(&mut findings, permit, entry, &declaration.id);
    validity::check(&mut findings, permit, at, config.time_zone.as_deref());
    parties::check(&mut findings, permit, declaration);
    let (lines, unmatched, exported) = settle(&mut findings, config, case);
    items::check(&mut findings, permit, &exported);
    listings::check(&mut findings, declaration, permit, &exported, listings);
    named(&mut findings, config, officer);
    finish(findings, lines, unmatched)
}

/// Matches the lines of a permit reference to the permit's items, and converts their quantities into the permit's units.
/// Only the rules about lines are applied.
#[must_use]
pub fn match_lines(config: &Config, case: Case<'_>) -> Check {
    let mut findings = Findings::new(config);
    let (lines, unmatched, _) = settle(&mut findings, config, case);
    finish(findings, lines, unmatched)
}

type Settled<'a> = (Vec<CheckLine>, Vec<UnmatchedLine>, Vec<&'a PermitItem>);

/// The lines that may be endorsed, those that may not, and the items that are, or might be, exported.
fn settle<'a>(findings: &mut Findings, config: &Config, case: Case<'a>) -> Settled<'a> {
    let Case {
        declaration,
        entry,
        permit,
    } = case;
    let matched = lines::check(findings, config, declaration, entry, permit);
    let (mut made, mut unmatched, mut exported) = (Vec::new(), Vec::new(), Vec::new());
    for (line, matched) in entry.lines.iter().zip(matched) {
        let (candidates, reason) = match matched {
            Matched::Item(item) => match quantities::line(findings, declaration, entry, line, item) {
                Ok(line) => {
                    made.push(line);
                    exported.push(item);
                    continue;
                }
                Err(reason) => (vec![item], reason),
            },
            Matched::Open(candidates, reason) => (candidates, reason),
        };
        unmatched.push(UnmatchedLine {
            goods_item: line.goods_item,
            quantity: line.quantity.clone(),
            basis: line.basis,
            candidates: candidates.iter().map(|item| item.id.clone()).collect(),
            reason: Some(reason),
        });
        exported.extend(candidates);
    }
    for (rule, text) in [
        (table::LINE_QUANTITY, "each line has one"),
        (table::LINE_BASIS, "each was written off the permit"),
        (table::LINE_UNIT, "each is in the permit's unit"),
    ] {
        if !entry.lines.is_empty() {
            findings.pass_otherwise(rule, text);
        }
    }
    quantities::within(findings, declaration, permit, &made);
    // In the permit's order, each once: an officer reads them beside the permit.
    let wanted = |item: &&PermitItem| exported.iter().any(|one| one.id == item.id);
    let exported = permit.items.iter().filter(wanted).collect();
    (made, unmatched, exported)
}

fn named(findings: &mut Findings, config: &Config, officer: Option<&Actor>) {
    let rule = table::OFFICER_NAMED;
    let name = officer.and_then(|officer| {
        let names = [&officer.name, &officer.person_id];
        names.into_iter().flatten().find(|text| !text.trim().is_empty())
    });
    match (config.officer.unwrap_or_default(), name) {
        (Officer::DutyAuthority, _) => {
            findings.pass(rule, "it is signed on the authority of the office on duty");
        }
        (Officer::Confirm, _) => {
            findings.broken(rule, "at this site a person confirms every endorsement");
        }
        (Officer::FromMessage, Some(name)) => findings.pass(rule, format!("customs names {name}")),
        (Officer::FromMessage, None) => {
            findings.unclear(rule, "the customs message names no officer");
        }
    }
}

fn finish(findings: Findings, lines: Vec<CheckLine>, unmatched: Vec<UnmatchedLine>) -> Check {
    let (verdict, findings) = findings.finish();
    Check {
        verdict,
        findings,
        lines,
        unmatched,
    }
}
