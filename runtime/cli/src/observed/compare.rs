//! The comparison: rows of the list and rows of the acts, matched by their key columns.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::list::Row;

/// Which acts are compared, and where the columns of the list are found in them.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// `connection.operation`, or `ledger:` and the name.
    pub(crate) act: String,
    /// A list in what would have been sent, each item of which is a row; none: the act is one row.
    pub(crate) each: Option<String>,
    /// Columns that say which act it is, with their paths.
    pub(crate) keys: Vec<(String, String)>,
    /// Columns whose values are compared, with their paths.
    pub(crate) values: Vec<(String, String)>,
}

/// What one side says under a key: the values by column, and the runs.
#[derive(Debug, Clone, Default, PartialEq)]
struct Said {
    values: BTreeMap<String, String>,
    runs: BTreeSet<String>,
}

type Side = BTreeMap<Vec<String>, Said>;

/// What came out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Compared {
    matching: Vec<Value>,
    differing: Vec<Value>,
    only_paper: Vec<Value>,
    only_runs: Vec<Value>,
    /// Acts of which it is not known what would have been sent.
    unknown: Vec<Value>,
}

/// Compares acts, as `observe report --json` gives them, with a list.
pub(crate) fn compare(acts: &[Value], list: &[Row], columns: &Columns) -> Compared {
    let mut compared = Compared::default();
    let runs = of_acts(acts, columns, &mut compared);
    let paper = of_list(list, columns);
    let keys: BTreeSet<&Vec<String>> = runs.keys().chain(paper.keys()).collect();
    for key in keys {
        match (paper.get(key), runs.get(key)) {
            (Some(paper), Some(runs)) => {
                let differs = columns.values.iter().any(|(name, _)| {
                    let of = |said: &Said| said.values.get(name).cloned().unwrap_or_default();
                    !is_same(&of(paper), &of(runs))
                });
                let row = columns.row(key, Some(paper), Some(runs));
                if differs {
                    &mut compared.differing
                } else {
                    &mut compared.matching
                }
                .push(row);
            }
            (paper @ Some(_), None) => compared.only_paper.push(columns.row(key, paper, None)),
            (None, runs) => compared.only_runs.push(columns.row(key, None, runs)),
        }
    }
    compared
}

/// What would have been sent: of a call its input, of a claim all that it says.
fn sent<'a>(act: &'a Value, wanted: &str) -> Option<Option<&'a Value>> {
    let body = &act["body"];
    if let Some(ledger) = wanted.strip_prefix("ledger:") {
        let is_it = act["what"] == "claim" && body["ledger"] == ledger;
        return is_it.then(|| body.get("account").map(|_| body));
    }
    (act["what"] == "call" && body["operation"] == wanted).then(|| body.get("input"))
}

fn of_acts(acts: &[Value], columns: &Columns, compared: &mut Compared) -> Side {
    let mut side = Side::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut oldest: Vec<&Value> = acts.iter().collect();
    oldest.sort_by_key(|act| act["at"].as_str());
    for act in oldest {
        let Some(sent) = sent(act, &columns.act) else { continue };
        let Some(sent) = sent else {
            compared
                .unknown
                .push(json!({ "run": act["run"], "path": act["path"], "at": act["at"] }));
            continue;
        };
        // What has a business key would have been done once, whatever messages caused it.
        if act["body"]["once"].as_str().is_some_and(|once| !done.insert(once)) {
            continue;
        }
        let items = columns
            .each
            .as_ref()
            .map(|each| at(sent, each).and_then(Value::as_array));
        let rows: Vec<Option<&Value>> = match items {
            None => vec![None],
            Some(items) => items.into_iter().flatten().map(Some).collect(),
        };
        for item in rows {
            let text = |path: &str| {
                item.and_then(|item| at(item, path))
                    .or_else(|| at(sent, path))
                    .map(plain)
            };
            let run = act["run"].as_str().unwrap_or_default();
            add(&mut side, columns, |_, path| text(path), Some(run));
        }
    }
    side
}

fn of_list(list: &[Row], columns: &Columns) -> Side {
    let mut side = Side::new();
    for row in list {
        add(&mut side, columns, |name, _| row.get(name).cloned(), None);
    }
    side
}

/// Adds a row. Several rows of one key are one act: numbers are added up, other values stand side by side.
fn add(side: &mut Side, columns: &Columns, text: impl Fn(&str, &str) -> Option<String>, run: Option<&str>) {
    let key = columns
        .keys
        .iter()
        .map(|(name, path)| text(name, path).unwrap_or_default());
    let said = side.entry(key.collect()).or_default();
    said.runs.extend(run.map(str::to_owned));
    for (name, path) in &columns.values {
        let Some(more) = text(name, path) else { continue };
        let known = said.values.get(name).cloned();
        said.values.insert(
            name.clone(),
            known.map_or_else(|| more.clone(), |known| together(&known, &more)),
        );
    }
}

fn together(known: &str, more: &str) -> String {
    match (number(known), number(more)) {
        (Some(known), Some(more)) => known
            .checked_add(more)
            .map_or_else(String::new, |sum| sum.normalize().to_string()),
        _ if is_same(known, more) || known.split(" + ").any(|one| one == more) => known.to_owned(),
        _ => format!("{known} + {more}"),
    }
}

/// A decimal number; with a comma as people write it. What begins with a zero is a number of another kind.
fn number(text: &str) -> Option<Decimal> {
    let digits = text.trim_start_matches('-');
    if digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.") && !digits.starts_with("0,") {
        return None;
    }
    text.replacen(',', ".", 1).parse().ok()
}

/// Whether two texts are the same number, day or text. A day is the same as any time of it.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    if let (Some(one), Some(other)) = (number(one), number(other)) {
        return one == other;
    }
    one == other || is_day_of(one, other) || is_day_of(other, one)
}

fn is_day_of(day: &str, time: &str) -> bool {
    let is_date = day.len() == 10
        && day.bytes().enumerate().all(|(at, b)| {
            if at == 4 || at == 7 {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        });
    is_date && time.strip_prefix(day).is_some_and(|rest| rest.starts_with('T'))
}

/// What stands at a dotted path.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(value, |value, member| value.get(member))
        .filter(|value| !value.is_null())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Columns {
    /// `{ key: { column: text }, paper: { column: text }, runs: { column: text }, run: [id] }`.
    fn row(&self, key: &[String], paper: Option<&Said>, runs: Option<&Said>) -> Value {
        let names = self.keys.iter().map(|(name, _)| name.clone());
        let key: Map<String, Value> = names.zip(key.iter().map(|text| json!(text))).collect();
        let mut row = json!({ "key": key });
        if let Some(paper) = paper {
            row["paper"] = json!(paper.values);
        }
        if let Some(runs) = runs {
            row["runs"] = json!(runs.values);
            row["run"] = json!(runs.runs);
        }
        row
    }
}

impl Compared {
    /// `{ matching, differing, only_paper, only_runs, unknown }`, a list each.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "matching": self.matching, "differing": self.differing, "only_paper": self.only_paper,
            "only_runs": self.only_runs, "unknown": self.unknown,
        })
    }

    /// What does not agree, as rows for people under a heading, and a line that counts.
    pub(crate) fn told(&self, columns: &Columns) -> (Vec<Vec<String>>, String) {
        let names = columns
            .keys
            .iter()
            .chain(&columns.values)
            .map(|(name, _)| name.to_uppercase());
        let mut rows = vec![
            ["WHAT".to_owned()]
                .into_iter()
                .chain(names)
                .chain(["RUN".to_owned()])
                .collect(),
        ];
        for (what, list) in [
            ("differs", &self.differing),
            ("only on paper", &self.only_paper),
            ("only in the runs", &self.only_runs),
        ] {
            rows.extend(list.iter().map(|row| line(what, row, columns)));
        }
        let count = format!(
            "{} agree, {} differ, {} only on paper, {} only in the runs; of {} acts it is not known what would have been sent",
            self.matching.len(),
            self.differing.len(),
            self.only_paper.len(),
            self.only_runs.len(),
            self.unknown.len()
        );
        (rows, count)
    }
}

/// A row for people; values are those of the paper, then those of the runs.
fn line(what: &str, row: &Value, columns: &Columns) -> Vec<String> {
    let mut line = vec![what.to_owned()];
    line.extend(columns.keys.iter().map(|(name, _)| plain(&row["key"][name])));
    for (name, _) in &columns.values {
        let of = |side: &str| row[side].get(name).map(plain);
        line.push(match (of("paper"), of("runs")) {
            (Some(paper), Some(runs)) if is_same(&paper, &runs) => paper,
            (paper, runs) => {
                let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
                format!("{} / {}", or_none(paper), or_none(runs))
            }
        });
    }
    let runs: Vec<&str> = row["run"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    line.push(runs.join(" "));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(run: &str, order: &str, once: &str, lines: &[(&str, &str)]) -> Value {
        let lines: Vec<Value> = lines
            .iter()
            .map(|(item, value)| json!({ "item": item, "quantity": { "value": value, "unit": "kg" } }))
            .collect();
        let input = json!({ "order": { "number": order }, "at": "2026-03-01T08:00:00Z", "lines": lines });
        let body = json!({ "operation": "shop.ship", "once": once, "input": input });
        json!({ "run": run, "path": "shipped", "at": format!("2026-03-01T08:00:0{}Z", &run[1..]), "what": "call", "body": body })
    }

    fn columns() -> Columns {
        let pairs = |all: &[(&str, &str)]| all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Columns {
            act: "shop.ship".into(),
            each: Some("lines".into()),
            keys: pairs(&[("order", "order.number"), ("item", "item")]),
            values: pairs(&[("weight", "quantity.value"), ("unit", "quantity.unit"), ("day", "at")]),
        }
    }

    fn row(order: &str, item: &str, weight: &str, day: &str) -> Row {
        let pairs = [
            ("order", order),
            ("item", item),
            ("weight", weight),
            ("unit", "kg"),
            ("day", day),
        ];
        pairs
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    }

    #[test]
    fn each_row_agrees_differs_or_stands_on_one_side() {
        let acts = [
            act("r1", "7", "7", &[("a", "1.50"), ("a", "1.5"), ("b", "2")]),
            act("r2", "7", "7", &[("a", "3"), ("b", "2")]),
            act("r3", "8", "8", &[("a", "4")]),
            json!({ "run": "r4", "path": "shipped", "at": "2026", "what": "call", "body": { "operation": "shop.ship" } }),
            json!({ "run": "r5", "what": "reply", "body": {} }),
        ];
        let list = [
            row("7", "a", "3", "2026-03-01"),
            row("7", "b", "2,5", "2026-03-01"),
            row("9", "a", "1", "2026-03-02"),
        ];
        let compared = compare(&acts, &list, &columns());
        let (rows, count) = compared.told(&columns());
        let rows: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
        assert_eq!(
            rows,
            [
                "WHAT|ORDER|ITEM|WEIGHT|UNIT|DAY|RUN",
                "differs|7|b|2,5 / 2|kg|2026-03-01|r1",
                "only on paper|9|a|1 / -|kg / -|2026-03-02 / -|",
                "only in the runs|8|a|- / 4|- / kg|- / 2026-03-01T08:00:00Z|r3",
            ]
        );
        assert_eq!(
            count,
            "1 agree, 1 differ, 1 only on paper, 1 only in the runs; of 1 acts it is not known what would have been sent"
        );
        let told = compared.to_json();
        assert_eq!(told["matching"][0]["key"], json!({ "order": "7", "item": "a" }));
        assert_eq!(told["matching"][0]["runs"]["weight"], "3");
        assert_eq!(told["unknown"][0]["run"], "r4");
    }

    #[test]
    fn a_claim_is_an_act_of_its_ledger() {
        let claim = |body: Value| json!({ "run": "r1", "at": "2026", "what": "claim", "body": body });
        let lines = json!([{ "item": "a", "quantity": { "value": "2", "unit": "kg" } }]);
        let acts = [
            claim(json!({ "ledger": "stock", "account": "x", "lines": lines })),
            claim(json!({ "ledger": "stock" })),
        ];
        let mut columns = columns();
        columns.act = "ledger:stock".into();
        columns.keys = vec![("account".into(), "account".into())];
        columns.values.truncate(1);
        let told = compare(&acts, &[], &columns).to_json();
        assert_eq!(told["only_runs"][0]["key"], json!({ "account": "x" }));
        assert_eq!(told["only_runs"][0]["runs"], json!({ "weight": "2" }));
        assert_eq!(told["unknown"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn numbers_days_and_texts_are_the_same_where_people_mean_the_same() {
        for (one, other, same) in [
            ("3", "3.00", true),
            ("2,5", "2.5", true),
            ("007", "7", false),
            ("2026-03-01", "2026-03-01T08:00:00Z", true),
            ("2026-03-01", "2026-03-02T08:00:00Z", false),
            ("kg", "KG", false),
            (" x ", "x", true),
        ] {
            assert_eq!(is_same(one, other), same, "{one} {other}");
        }
    }
}
