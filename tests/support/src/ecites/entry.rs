//! One permit in the register: its state, and the rules by which it may be endorsed.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::quantity;
use crate::problem::Problem;

/// One permit with everything that happened to it.
pub(crate) struct Entry {
    pub(crate) face: Map<String, Value>,
    pub(crate) endorsements: Vec<Value>,
    pub(crate) usages: Vec<Value>,
    pub(crate) history: Vec<Value>,
    pub(crate) version: u64,
    pub(crate) changed_at: Timestamp,
}

/// An endorsement's answer: the document, the permit's version after it, and whether it is new.
pub(crate) struct Endorsed {
    pub(crate) endorsement: Value,
    pub(crate) version: u64,
    pub(crate) created: bool,
}

impl Entry {
    /// The canonical permit: its face, the endorsements (box 14) and how far it is used.
    pub(crate) fn document(&self) -> Value {
        let mut document = self.face.clone();
        if !self.endorsements.is_empty() {
            document.insert("endorsements".to_owned(), json!(self.endorsements));
        }
        document.insert("usage".to_owned(), json!(self.usage()));
        Value::Object(document)
    }

    pub(crate) fn usage(&self) -> &'static str {
        let taken = quantity::taken(self.endorsements.iter());
        if taken.is_empty() {
            return "unused";
        }
        let single = self.face.get("use").is_some_and(|kind| kind == "single");
        let face = Value::Object(self.face.clone());
        let left = quantity::unlimited(&face).next().is_some()
            || quantity::allowed(&face)
                .iter()
                .any(|(line, value)| taken.get(line).is_none_or(|taken| taken < value));
        if single || !left { "used" } else { "partly_used" }
    }

    pub(crate) fn remaining(&self) -> Vec<Value> {
        let taken = quantity::taken(self.endorsements.iter());
        quantity::allowed(&Value::Object(self.face.clone()))
            .into_iter()
            .map(|(line, value)| {
                let left = value - taken.get(&line).copied().unwrap_or(Decimal::ZERO);
                let (item, unit) = line;
                json!({ "item": item, "quantity": { "value": left.normalize().to_string(), "unit": unit } })
            })
            .collect()
    }

    pub(crate) fn happened(&mut self, act: &str, what: Value) {
        self.version += 1;
        self.changed_at = Timestamp::now();
        let mut event = json!({ "at": self.changed_at.to_string(), "act": act });
        for (name, value) in what.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        self.history.push(event);
    }

    pub(crate) fn of(&self, declaration: &str) -> impl Iterator<Item = &Value> {
        self.endorsements.iter().filter(move |e| is_for(e, declaration))
    }

    /// What to answer where this declaration has been here before: the same again, a refusal, or `None` where the
    /// request supersedes a withdrawn endorsement and is to be judged like a new one.
    pub(crate) fn known_endorsement(
        &self,
        known: &Value,
        body: &Value,
        wanted: &quantity::Amounts,
    ) -> Result<Option<Endorsed>, Problem> {
        if known["status"] == "withdrawn" {
            if body["supersedes"].is_string() && body["supersedes"] == known["id"] {
                return Ok(None);
            }
            // A late copy of the first request must not bring back what was withdrawn.
            let detail = "the endorsement for this declaration has been withdrawn";
            return Err(Problem::conflict("changed", detail));
        }
        if quantity::lines(&known["items"]).unwrap_or_default() != *wanted {
            let detail = "this declaration has endorsed the permit with other items";
            return Err(Problem::conflict("changed", detail));
        }
        Ok(Some(Endorsed {
            endorsement: known.clone(),
            version: self.version,
            created: false,
        }))
    }

    pub(crate) fn check_status(&self) -> Result<(), Problem> {
        match self.face.get("status").and_then(Value::as_str) {
            Some("issued") | None => Ok(()),
            Some(status @ ("revoked" | "cancelled")) => {
                Err(Problem::conflict("revoked", format!("the permit is {status}")))
            }
            Some(status) => Err(Problem::conflict("not_valid", format!("the permit is {status}"))),
        }
    }

    pub(crate) fn check_if_match(&self, if_match: Option<&str>) -> Result<(), Problem> {
        let Some(given) = if_match else { return Ok(()) };
        let own = etag(self.version);
        if given.split(',').any(|tag| tag.trim() == "*" || tag.trim() == own) {
            return Ok(());
        }
        Err(Problem::new(
            axum::http::StatusCode::PRECONDITION_FAILED,
            "changed",
            "the permit has changed since it was read",
        ))
    }

    /// The end of validity is a local date of the issuer (box 2), so days are compared in the issuer's time zone.
    pub(crate) fn check_validity(&self, body: &Value) -> Result<(), Problem> {
        let zone = self.face.get("time_zone").and_then(Value::as_str).unwrap_or("UTC");
        // A day alone is a day where the permit was issued.
        let day = body["at"]
            .as_str()
            .and_then(|at| local_day(at, zone).or_else(|| local_day(at, "UTC")))
            .ok_or_else(|| Problem::malformed("`at` is a date, or a date-time with its offset"))?;
        let bound = |name: &str| {
            self.face
                .get(name)
                .and_then(Value::as_str)
                .and_then(|text| local_day(text, zone))
        };
        if bound("valid_from").is_some_and(|from| day < from) {
            return Err(Problem::conflict("not_valid", "the permit is not valid yet"));
        }
        if bound("valid_until").is_some_and(|until| day > until) {
            return Err(Problem::conflict("not_valid", "the permit has expired"));
        }
        Ok(())
    }

    pub(crate) fn check_single_use(&self, declaration: &str) -> Result<(), Problem> {
        let single = self.face.get("use").is_some_and(|kind| kind == "single");
        let other = |e: &&Value| e["status"] == "valid" && !is_for(e, declaration);
        match self.endorsements.iter().find(other) {
            Some(used) if single => Err(Problem::conflict(
                "already_used",
                format!("a single-use permit, used for {}", reference(used)),
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn check_quantities(&self, declaration: &str, wanted: &quantity::Amounts) -> Result<(), Problem> {
        let face = Value::Object(self.face.clone());
        let allowed = quantity::allowed(&face);
        // Copies of this declaration's own stamp are left out: a system that knows no repetition stamps again.
        let others = self.endorsements.iter().filter(|e| !is_for(e, declaration));
        let taken = quantity::taken(others);
        for (line, value) in wanted {
            let (item, unit) = line;
            if quantity::unlimited(&face).any(|unlimited| unlimited == item) {
                continue;
            }
            let Some(limit) = allowed.get(line) else {
                let detail = format!("the permit has no item {item} counted in {unit}");
                return Err(Problem::conflict("over_quantity", detail));
            };
            let left = *limit - taken.get(line).copied().unwrap_or(Decimal::ZERO);
            if *value > left {
                let detail = format!("item {item}: {value} {unit} wanted, {left} left");
                return Err(Problem::conflict("over_quantity", detail));
            }
        }
        Ok(())
    }
}

/// The local day of a bound of validity: a date as it stands, an instant in the issuer's zone.
fn local_day(text: &str, zone: &str) -> Option<Date> {
    if text.len() == 10 {
        return text.parse().ok();
    }
    let at: Timestamp = text.parse().ok()?;
    at.in_tz(zone).ok().map(|local| local.date())
}

/// Whether an endorsement is that of a declaration, which may be named by its value, with its scheme before it
/// (`mrn:...`), or by the endorsement's own id.
pub(crate) fn is_for(endorsement: &Value, declaration: &str) -> bool {
    let value = reference(endorsement);
    let bare = declaration.split_once(':').map_or(declaration, |(_, bare)| bare);
    value == declaration || value == bare || endorsement["id"] == declaration
}

/// The value of the declaration that a document names, as text or as `{scheme, value}`.
pub(crate) fn reference(document: &Value) -> String {
    let declaration = &document["declaration"];
    let text = declaration.as_str().or_else(|| declaration["value"].as_str());
    text.unwrap_or_default().to_owned()
}

/// The entity tag of a permit's version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"v{version}\"")
}
