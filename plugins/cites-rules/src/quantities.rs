//! The quantities of the lines: there, of their own, in the permit's unit, and within the permit.

use crate::findings::Findings;
use crate::standing::is_of;
use crate::table;
use crate::units::{converted, is_number};
use dragoman_documents::{
    Basis, CheckLine, Decimal, Declaration, EndorsementStatus, Permit, PermitItem, PermitLine, PermitReference,
    Quantity,
};

/// The line that may be endorsed for this item, or why not. Every rule that is broken is found.
pub(crate) fn line(
    findings: &mut Findings,
    declaration: &Declaration,
    entry: &PermitReference,
    line: &PermitLine,
    item: &PermitItem,
) -> Result<CheckLine, String> {
    let goods = line.goods_item;
    let Some(quantity) = &line.quantity else {
        let reason = "the declaration says no quantity for the permit".to_owned();
        findings.unclear(table::LINE_QUANTITY, format!("goods item {goods}: {reason}"));
        return Err(reason);
    };
    if !quantity.value.is_positive() {
        let reason = format!("the quantity is {}", shown(quantity));
        findings.broken(table::LINE_QUANTITY, format!("goods item {goods}: {reason}"));
        return Err(reason);
    }
    basis(findings, declaration, entry, line);
    let Some(own) = &item.quantity else {
        let reason = format!("item {} of the permit has no quantity", item.id);
        findings.unclear(table::LINE_UNIT, format!("goods item {goods}: {reason}"));
        return Err(reason);
    };
    let Some(quantity) = converted(quantity, own) else {
        let reason = format!(
            "{} cannot be converted into the unit of item {} ({})",
            shown(quantity),
            item.id,
            unit(own)
        );
        findings.broken(table::LINE_UNIT, format!("goods item {goods}: {reason}"));
        return Err(reason);
    };
    if is_number(&quantity.unit) && !quantity.value.is_whole() {
        let reason = format!("{} is no whole number of pieces", shown(&quantity));
        findings.broken(table::LINE_QUANTITY, format!("goods item {goods}: {reason}"));
        return Err(reason);
    }
    Ok(CheckLine {
        goods_item: Some(goods),
        item: item.id.clone(),
        quantity,
        basis: line.basis,
    })
}

/// A quantity that was not written off the permit is the whole goods item's, and so the permit's only where it has no other.
fn basis(findings: &mut Findings, declaration: &Declaration, entry: &PermitReference, line: &PermitLine) {
    let rule = table::LINE_BASIS;
    let goods = line.goods_item;
    let name = match line.basis {
        Some(Basis::WriteOff) => return,
        Some(Basis::TariffQuantity) => "the goods item's supplementary quantity",
        Some(Basis::NetMass) => "the goods item's net mass",
        None => {
            findings.unclear(
                rule,
                format!("goods item {goods}: where its quantity is from is not said"),
            );
            return;
        }
    };
    let shared = declaration.permits.iter().any(|other| {
        (other.number != entry.number || other.issuing_country != entry.issuing_country)
            && other.lines.iter().any(|line| line.goods_item == goods)
    });
    let twice = entry.lines.iter().filter(|line| line.goods_item == goods).count() > 1;
    if shared || twice {
        findings.broken(
            rule,
            format!("goods item {goods}: {name} stands for more than this line"),
        );
    } else {
        findings.pass(rule, format!("goods item {goods}: it is {name}"));
    }
}

/// Applies the rule that no item is over-drawn, over all lines that may be endorsed.
pub(crate) fn within(findings: &mut Findings, declaration: &Declaration, permit: &Permit, lines: &[CheckLine]) {
    let rule = table::LINE_WITHIN;
    for item in &permit.items {
        let mut drawn: Vec<&Quantity> = lines
            .iter()
            .filter(|line| line.item == item.id)
            .map(|line| &line.quantity)
            .collect();
        let Some(limit) = item.quantity.as_ref().filter(|_| !drawn.is_empty()) else {
            continue;
        };
        let now = sum(drawn.iter().copied(), limit);
        let earlier = || {
            let endorsements = permit.endorsements.iter();
            endorsements.filter(|one| one.status == EndorsementStatus::Valid && !is_of(one, &declaration.id))
        };
        // An endorsement without quantities used the permit all the same: nobody can add it up, and nought it is not.
        if let Some(open) = earlier().find(|one| one.items.is_empty()) {
            findings.unclear(
                rule,
                format!(
                    "item {}: what was endorsed before for {} has no quantities",
                    item.id,
                    open.declaration
                        .as_ref()
                        .map_or("another declaration", |id| id.value.as_str())
                ),
            );
        }
        let before = earlier()
            .flat_map(|one| &one.items)
            .filter(|used| used.item == item.id)
            .map(|used| &used.quantity);
        drawn.extend(before);
        match (now, sum(drawn.into_iter(), limit)) {
            (Some(now), Some(all)) if all > limit.value => findings.broken(
                rule,
                format!(
                    "item {}: {now} is exported, {all} with what was endorsed before, of {}",
                    item.id,
                    shown(limit)
                ),
            ),
            (Some(_), Some(all)) => findings.pass(rule, format!("item {}: {all} of {}", item.id, shown(limit))),
            _ => findings.unclear(
                rule,
                format!(
                    "item {}: what was endorsed before cannot be added up in {}",
                    item.id,
                    unit(limit)
                ),
            ),
        }
    }
    findings.pass_otherwise(rule, "no line draws on an item yet");
}

fn sum<'a>(mut quantities: impl Iterator<Item = &'a Quantity>, limit: &Quantity) -> Option<Decimal> {
    quantities.try_fold(Decimal::from(0), |sum, one| {
        sum.checked_add(converted(one, limit)?.value)
    })
}

fn unit(quantity: &Quantity) -> String {
    match &quantity.qualifier {
        Some(qualifier) => format!("{}#{qualifier}", quantity.unit),
        None => quantity.unit.clone(),
    }
}

/// An amount with its unit, for a person.
pub(crate) fn shown(quantity: &Quantity) -> String {
    format!("{} {}", quantity.value, unit(quantity))
}
