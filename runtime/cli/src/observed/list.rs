//! A list of what people did: rows with named columns, out of CSV or JSON.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::answer::Error;
use crate::codes::unread;

/// A row: texts by the names of the columns.
pub(crate) type Row = BTreeMap<String, String>;

/// Reads a list: JSON where the name ends so, else CSV, separated by `,`, `;` or tabs. `names`: those of the columns, where
/// the first line of a CSV does not say them.
pub(crate) fn read(path: &Path, names: &[String]) -> Result<Vec<Row>, Error> {
    let cannot = |why: String| unread(path, why);
    let text = std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
    let text = text.trim_start_matches('\u{feff}');
    if path.extension().is_some_and(|extension| extension == "json") {
        return of_json(text).map_err(cannot);
    }
    of_csv(text, names).map_err(cannot)
}

/// A list of objects; members of objects inside have dotted names.
fn of_json(text: &str) -> Result<Vec<Row>, String> {
    let list: Vec<Value> = serde_json::from_str(text).map_err(|error| format!("it is not a JSON list: {error}"))?;
    let rows = list.iter().enumerate().map(|(number, value)| {
        let mut row = Row::new();
        let object = value
            .as_object()
            .ok_or_else(|| format!("item {} is not an object", number + 1))?;
        object.iter().for_each(|(name, value)| flatten(name, value, &mut row));
        Ok(row)
    });
    rows.collect()
}

fn flatten(name: &str, value: &Value, row: &mut Row) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                flatten(&format!("{name}.{member}"), value, row);
            }
        }
        Value::String(text) => drop(row.insert(name.to_owned(), text.clone())),
        Value::Null => {}
        other => drop(row.insert(name.to_owned(), other.to_string())),
    }
}

fn of_csv(text: &str, names: &[String]) -> Result<Vec<Row>, String> {
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: &char| first.matches(*separator).count();
    // Of several that occur equally often the last counts, so that the comma is the default.
    let separator = ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',');
    let mut lines = records(text, separator)?.into_iter();
    let names = match names {
        [] => lines.next().map(|(_, names)| names).unwrap_or_default(),
        said => said.to_vec(),
    };
    let row = |(line, fields): (usize, Vec<String>)| {
        if fields.len() > names.len() {
            return Err(format!(
                "line {line} has {} fields, and there are {} columns",
                fields.len(),
                names.len()
            ));
        }
        let pairs = names.iter().cloned().zip(fields);
        Ok(pairs.filter(|(_, text)| !text.is_empty()).collect())
    };
    lines.map(row).collect()
}

/// The records of a CSV with the lines on which they begin, as RFC 4180 has it; blank lines are passed.
fn records(text: &str, separator: char) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut records = Vec::new();
    let (mut fields, mut field) = (Vec::new(), String::new());
    let (mut line, mut begun, mut quoted, mut was_quoted) = (1, 1, false, false);
    let mut letters = text.chars().chain(['\n']).peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' if quoted => quoted = false,
            '"' if field.trim().is_empty() && !was_quoted => {
                field.clear();
                (quoted, was_quoted) = (true, true);
            }
            '\n' if !quoted => {
                line += 1;
                fields.push(finished(&mut field, &mut was_quoted));
                let record: Vec<String> = std::mem::take(&mut fields);
                if record.iter().any(|one| !one.is_empty()) {
                    records.push((begun, record));
                }
                begun = line;
            }
            letter if letter == separator && !quoted => fields.push(finished(&mut field, &mut was_quoted)),
            letter => {
                line += usize::from(letter == '\n');
                field.push(letter);
            }
        }
    }
    if quoted {
        return Err(format!(
            "a quoted field that begins in the record of line {begun} has no end"
        ));
    }
    Ok(records)
}

/// The field that was read; blanks around one without quotes are no part of it.
fn finished(field: &mut String, was_quoted: &mut bool) -> String {
    let text = std::mem::take(field);
    if std::mem::take(was_quoted) {
        text.trim_end_matches('\r').to_owned()
    } else {
        text.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: Result<Vec<Row>, String>) -> String {
        match rows {
            Err(error) => format!("error: {error}"),
            Ok(rows) => {
                let row = |row: &Row| {
                    row.iter()
                        .map(|(k, v)| format!("{k}={v}"))
                        .collect::<Vec<_>>()
                        .join(",")
                };
                rows.iter().map(row).collect::<Vec<_>>().join(" | ")
            }
        }
    }

    #[test]
    fn lists_are_read_as_people_write_them() {
        for (text, names, expected) in [
            ("a,b\n1,2\n", "", "a=1,b=2"),
            ("a;b\r\n1;\"2,5\"\r\n\r\n", "", "a=1,b=2,5"),
            ("a\tb\n1\t2", "", "a=1,b=2"),
            ("\"x \"\"y\"\"\", 2 \n", "a b", "a=x \"y\",b=2"),
            ("a,b\n\"one\ntwo\",3\n4,\n", "", "a=one\ntwo,b=3 | a=4"),
            ("a\n1,2\n", "", "error: line 2 has 2 fields, and there are 1 columns"),
            (
                "a\n\"1\n",
                "",
                "error: a quoted field that begins in the record of line 2 has no end",
            ),
            ("", "", ""),
        ] {
            let names: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
            assert_eq!(told(of_csv(text, &names)), expected, "{text:?}");
        }
        let json = "[{\"a\": \"1\", \"b\": { \"c\": 2.50, \"d\": null }}]";
        assert_eq!(told(of_json(json)), "a=1,b.c=2.5");
        assert_eq!(told(of_json("[1]")), "error: item 1 is not an object");
    }
}
