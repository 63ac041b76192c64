//! Which item of the permit each line of the declaration belongs to.

use crate::config::{Config, HsRow};
use crate::findings::Findings;
use crate::parties::{plain, same_code};
use crate::quantities::shown;
use crate::table;
use dragoman_documents::{Declaration, GoodsItem, Permit, PermitItem, PermitLine, PermitReference, Quantity};

/// What came of one line.
pub(crate) enum Matched<'a> {
    /// It belongs to this item.
    Item(&'a PermitItem),
    /// It is not certain which: the candidates, and why.
    Open(Vec<&'a PermitItem>, String),
}

/// Finds the item of each line, in order, and applies the rules about it.
pub(crate) fn check<'a>(
    findings: &mut Findings,
    config: &Config,
    declaration: &Declaration,
    entry: &PermitReference,
    permit: &'a Permit,
) -> Vec<Matched<'a>> {
    let PermitReference { lines, written_off, .. } = entry;
    if lines.is_empty() {
        findings.unclear(table::LINE_MATCHED, without_lines(written_off));
    }
    let mut matched = Vec::with_capacity(lines.len());
    for line in lines {
        let goods = declaration.goods.iter().find(|goods| goods.number == line.goods_item);
        let found = find(config, line, goods, permit);
        match &found {
            Matched::Item(item) => commodity(findings, goods, item),
            Matched::Open(_, reason) => {
                findings.broken(table::LINE_MATCHED, format!("goods item {}: {reason}", line.goods_item))
            }
        }
        matched.push(found);
    }
    findings.pass_otherwise(table::LINE_MATCHED, "each line belongs to one item");
    findings.pass_otherwise(table::LINE_COMMODITY, "no commodity code contradicts it");
    matched
}

/// That no line is there, and what the declaration says for all of it: an officer spreads that over the items.
fn without_lines(written_off: &[Quantity]) -> String {
    let amounts: Vec<String> = written_off.iter().map(shown).collect();
    let said = "no goods item of the declaration refers to the permit";
    if amounts.is_empty() {
        said.to_owned()
    } else {
        format!(
            "{said}; the declaration as a whole writes off {}",
            amounts.join(" and ")
        )
    }
}

fn find<'a>(config: &Config, line: &PermitLine, goods: Option<&GoodsItem>, permit: &'a Permit) -> Matched<'a> {
    let Some(goods) = goods else {
        let items = permit.items.iter().collect();
        return Matched::Open(items, "the declaration does not have it".to_owned());
    };
    if let Some(named) = &line.item {
        return match permit.items.iter().find(|item| same_code(&item.id, named)) {
            Some(item) => Matched::Item(item),
            None => Matched::Open(
                permit.items.iter().collect(),
                format!("the declaration names item {named}, which the permit does not have"),
            ),
        };
    }
    match permit.items.as_slice() {
        [] => Matched::Open(Vec::new(), "the permit has no item".to_owned()),
        [only] => Matched::Item(only),
        items => choose(config, goods, items),
    }
}

/// Chooses among several items: by the site's table, then by commodity code; only a single candidate will do.
fn choose<'a>(config: &Config, goods: &GoodsItem, items: &'a [PermitItem]) -> Matched<'a> {
    let all = || items.iter().collect::<Vec<_>>();
    let rows: Vec<&HsRow> = config
        .hs_table
        .iter()
        .flatten()
        .filter(|row| row_fits(row, goods))
        .collect();
    let by_code = |item: &&PermitItem| {
        let codes = goods.hs_code.as_deref().zip(item.hs_code.as_deref());
        codes.is_some_and(|(declared, own)| agree(declared, own))
    };
    let candidates: Vec<&PermitItem> = if rows.is_empty() {
        items.iter().filter(by_code).collect()
    } else {
        let in_rows = |item: &&PermitItem| rows.iter().any(|row| item_fits(row, item));
        let found: Vec<&PermitItem> = items.iter().filter(in_rows).collect();
        if found.len() > 1 && found.iter().any(by_code) {
            found.into_iter().filter(by_code).collect()
        } else {
            found
        }
    };
    match candidates.as_slice() {
        [only] => Matched::Item(only),
        [] => Matched::Open(
            all(),
            "neither its commodity code nor the site's table says which item it is".to_owned(),
        ),
        several => {
            let ids: Vec<&str> = several.iter().map(|item| item.id.as_str()).collect();
            let reason = format!("it may be any of the items {}", ids.join(", "));
            Matched::Open(candidates, reason)
        }
    }
}

fn row_fits(row: &HsRow, goods: &GoodsItem) -> bool {
    let code = goods.hs_code.as_deref().unwrap_or_default();
    let said = goods.description.as_deref().unwrap_or_default().to_lowercase();
    code.starts_with(&row.hs_code)
        && row
            .words
            .as_ref()
            .is_none_or(|words| words.is_empty() || words.iter().any(|word| said.contains(&word.to_lowercase())))
}

fn item_fits(row: &HsRow, item: &PermitItem) -> bool {
    let name = row.scientific_name.as_ref().is_none_or(|name| {
        item.scientific_name
            .as_ref()
            .is_some_and(|own| plain(own) == plain(name))
    });
    let term = row
        .term_code
        .as_ref()
        .is_none_or(|term| item.term_code.as_ref().is_some_and(|own| same_code(own, term)));
    name && term
}

/// Whether two commodity codes agree as far as the shorter one goes; the six digits of the Harmonized System at least.
fn agree(one: &str, other: &str) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let (one, other) = (digits(one), digits(other));
    one.len().min(other.len()) >= 6 && (one.starts_with(&other) || other.starts_with(&one))
}

fn commodity(findings: &mut Findings, goods: Option<&GoodsItem>, item: &PermitItem) {
    let declared = goods.and_then(|goods| goods.hs_code.as_deref());
    if let (Some(declared), Some(own)) = (declared, item.hs_code.as_deref())
        && !agree(declared, own)
    {
        findings.broken(
            table::LINE_COMMODITY,
            format!("{declared} is declared, item {} says {own}", item.id),
        );
    }
}
