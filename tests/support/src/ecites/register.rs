//! The permits, and the rules by which they may be endorsed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::quantity;
use crate::now;
use crate::problem::Problem;
use crate::record::{Record, fact};

/// One permit with everything that happened to it.
pub(crate) struct Entry {
    face: Map<String, Value>,
    endorsements: Vec<Value>,
    usages: Vec<Value>,
    history: Vec<Value>,
    version: u64,
    changed_at: Timestamp,
}

/// All permits, by issuing country and number.
pub(crate) struct Register {
    entries: BTreeMap<(String, String), Entry>,
    honours_keys: bool,
    pub(crate) probe: bool,
    endorsed: u64,
}

/// An endorsement's answer: the document, the permit's version after it, and whether it is new.
pub(crate) struct Endorsed {
    pub(crate) endorsement: Value,
    pub(crate) version: u64,
    pub(crate) created: bool,
}

impl Register {
    /// An empty register.
    pub(crate) fn new(honours_keys: bool) -> Self {
        Self {
            entries: BTreeMap::new(),
            honours_keys,
            probe: true,
            endorsed: 0,
        }
    }

    /// Takes a seed in (the shape is in the module's description), or says what is wrong with it.
    pub(crate) fn take(&mut self, seed: &Value) -> Result<(), String> {
        if let Some(honours) = seed["honours_keys"].as_bool() {
            self.honours_keys = honours;
        }
        if let Some(probe) = seed["probe"].as_bool() {
            self.probe = probe;
        }
        for permit in seed["permits"].as_array().into_iter().flatten() {
            self.put_permit(permit)?;
        }
        for (number, token) in seed["tokens"].as_object().into_iter().flatten() {
            let entry = self.find_mut(number, None).map_err(|e| e.detail)?;
            entry.face.insert("token".to_owned(), token.clone());
        }
        Ok(())
    }

    fn put_permit(&mut self, permit: &Value) -> Result<(), String> {
        let mut face = permit.as_object().ok_or("a permit is an object")?.clone();
        let text = |name: &str| {
            let value = permit[name]
                .as_str()
                .ok_or(format!("a permit has `{name}`"))?;
            Ok::<_, String>(value.to_owned())
        };
        let key = (text("issuing_country")?, text("number")?);
        let given = face.remove("endorsements");
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            face: Map::new(),
            endorsements: given
                .and_then(|list| list.as_array().cloned())
                .unwrap_or_default(),
            usages: Vec::new(),
            history: Vec::new(),
            version: 0,
            changed_at: Timestamp::now(),
        });
        let act = if entry.version == 0 {
            "issued"
        } else {
            "altered"
        };
        face.entry("status").or_insert_with(|| json!("issued"));
        entry.face = face;
        entry.happened(act, json!({ "status": entry.face["status"] }));
        Ok(())
    }

    fn key(&self, number: &str, country: Option<&str>) -> Result<(String, String), Problem> {
        let mut fitting = self.entries.keys().filter(|(issuer, own)| {
            own == number && country.is_none_or(|country| country == issuer)
        });
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key.clone()),
            (None, _) => Err(Problem::not_found(format!("no permit {number}"))),
            (Some(_), Some(_)) => Err(Problem::malformed(
                "several countries issued this number: name the issuing_country",
            )),
        }
    }

    fn find(&self, number: &str, country: Option<&str>) -> Result<&Entry, Problem> {
        Ok(&self.entries[&self.key(number, country)?])
    }

    fn find_mut(&mut self, number: &str, country: Option<&str>) -> Result<&mut Entry, Problem> {
        let key = self.key(number, country)?;
        self.entries
            .get_mut(&key)
            .ok_or_else(|| Problem::not_found(format!("no permit {number}")))
    }

    /// A permit with its endorsements and usage, and its version.
    pub(crate) fn permit(
        &self,
        number: &str,
        country: Option<&str>,
    ) -> Result<(Value, u64), Problem> {
        let entry = self.find(number, country)?;
        Ok((entry.document(), entry.version))
    }

    /// The permits changed at or after an instant; all where none is given.
    pub(crate) fn changed_since(&self, since: Option<Timestamp>) -> Vec<Value> {
        self.entries
            .values()
            .filter(|entry| since.is_none_or(|since| entry.changed_at >= since))
            .map(Entry::document)
            .collect()
    }

    /// What happened to a permit, oldest first.
    pub(crate) fn history(&self, number: &str) -> Result<Vec<Value>, Problem> {
        Ok(self.find(number, None)?.history.clone())
    }

    /// Endorses a permit for one declaration, by all the rules of such a system.
    pub(crate) fn endorse(
        &mut self,
        record: &Record,
        number: &str,
        declaration: &str,
        body: &Value,
        if_match: Option<&str>,
    ) -> Result<Endorsed, Problem> {
        let honours_keys = self.honours_keys;
        let next = self.endorsed + 1;
        let entry = self.find_mut(number, body["issuing_country"].as_str())?;
        check_body(body, declaration)?;
        let wanted = quantity::lines(&body["items"]).map_err(Problem::malformed)?;
        if honours_keys && let Some(known) = entry.of(declaration).last() {
            if let Some(answer) = entry.known_endorsement(known, body, &wanted)? {
                return Ok(answer);
            }
        }
        entry.check_status()?;
        entry.check_if_match(if_match)?;
        entry.check_validity(body)?;
        entry.check_single_use(declaration)?;
        entry.check_quantities(declaration, &wanted)?;
        let mut endorsement = body.as_object().cloned().unwrap_or_default();
        for (name, value) in [
            ("id", json!(format!("EN-{next:06}"))),
            ("permit", json!(number)),
            ("issuing_country", entry.face["issuing_country"].clone()),
            ("status", json!("valid")),
        ] {
            endorsement.insert(name.to_owned(), value);
        }
        endorsement
            .entry("declaration")
            .or_insert_with(|| json!(declaration));
        let endorsement = Value::Object(endorsement);
        entry.endorsements.push(endorsement.clone());
        let by = endorsement["endorsed_by"].clone();
        entry.happened(
            "endorsed",
            json!({ "endorsement": endorsement["id"], "by": by }),
        );
        let version = entry.version;
        record.effect(fact("endorsed", &[number, &reference(&endorsement)]));
        self.endorsed = next;
        Ok(Endorsed {
            endorsement,
            version,
            created: true,
        })
    }

    /// The newest endorsement of a permit for a declaration (or with that id), and the permit's version.
    pub(crate) fn endorsement(
        &self,
        number: &str,
        declaration: &str,
    ) -> Result<(Value, u64), Problem> {
        let entry = self.find(number, None)?;
        let found = entry.of(declaration).last().cloned();
        let found = found.ok_or_else(|| Problem::not_found("no such endorsement"))?;
        Ok((found, entry.version))
    }

    /// Withdraws an endorsement: the record stays, with reason and person.
    pub(crate) fn withdraw(
        &mut self,
        record: &Record,
        number: &str,
        declaration: &str,
        body: &Value,
    ) -> Result<(Value, u64), Problem> {
        let honours_keys = self.honours_keys;
        let entry = self.find_mut(number, None)?;
        let reason = body["reason"].as_str().filter(|reason| !reason.is_empty());
        if reason.is_none() || !body["by"].is_object() {
            return Err(Problem::malformed(
                "a withdrawal names its `reason` and `by` whom",
            ));
        }
        let place = entry
            .endorsements
            .iter()
            .rposition(|e| is_for(e, declaration));
        let place = place.ok_or_else(|| Problem::not_found("no such endorsement"))?;
        let already = entry.endorsements[place]["status"] == "withdrawn";
        if !(already && honours_keys) {
            let withdrawal = json!({ "reason": body["reason"], "by": body["by"], "at": now() });
            entry.endorsements[place]["status"] = json!("withdrawn");
            entry.endorsements[place]["withdrawal"] = withdrawal.clone();
            let id = entry.endorsements[place]["id"].clone();
            entry.happened(
                "withdrawn",
                json!({ "endorsement": id, "by": withdrawal["by"] }),
            );
            let about = reference(&entry.endorsements[place]);
            record.effect(fact("withdrawn", &[number, &about]));
        }
        Ok((entry.endorsements[place].clone(), entry.version))
    }

    /// Keeps what a partner confirmed about the use of a permit; answers whether it is new.
    pub(crate) fn confirm(
        &mut self,
        record: &Record,
        number: &str,
        usage: &Value,
    ) -> Result<(Value, bool), Problem> {
        let honours_keys = self.honours_keys;
        let entry = self.find_mut(number, usage["issuing_country"].as_str())?;
        if !usage["positions"].is_array() {
            return Err(Problem::malformed("a usage has `positions`"));
        }
        if honours_keys && entry.usages.contains(usage) {
            return Ok((usage.clone(), false));
        }
        entry.usages.push(usage.clone());
        entry.happened("confirmed", json!({ "usage": usage }));
        record.effect(fact("confirmed", &[number, &reference(usage)]));
        Ok((usage.clone(), true))
    }

    /// Status, validity, what is left, and a digest of the permit for who knows number and token; nothing personal.
    pub(crate) fn verify(&self, body: &Value) -> Result<Value, Problem> {
        let number = body["number"].as_str().unwrap_or_default();
        let entry = self.find(number, body["issuing_country"].as_str())?;
        if entry
            .face
            .get("token")
            .is_some_and(|token| *token != body["token"])
        {
            // The same answer as for no permit: a guesser learns nothing.
            return Err(Problem::not_found(format!("no permit {number}")));
        }
        let document = entry.document();
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, document.to_string().as_bytes());
        let hex: String = digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let valid =
            entry.check_status().is_ok() && entry.check_validity(&json!({ "at": now() })).is_ok();
        let mut answer = json!({
            "number": number,
            "status": document["status"],
            "usage": document["usage"],
            "valid": valid,
            "remaining": entry.remaining(),
            "digest": format!("sha256:{hex}"),
        });
        for name in ["valid_from", "valid_until", "time_zone"] {
            if let Some(value) = entry.face.get(name) {
                answer[name] = value.clone();
            }
        }
        Ok(answer)
    }
}

impl Entry {
    /// The canonical permit: its face, the endorsements (box 14) and how far it is used.
    fn document(&self) -> Value {
        let mut document = self.face.clone();
        if !self.endorsements.is_empty() {
            document.insert("endorsements".to_owned(), json!(self.endorsements));
        }
        document.insert("usage".to_owned(), json!(self.usage()));
        Value::Object(document)
    }

    fn usage(&self) -> &'static str {
        let taken = quantity::taken(self.endorsements.iter());
        if taken.is_empty() {
            return "unused";
        }
        let single = self.face.get("use").is_some_and(|kind| kind == "single");
        let left = quantity::allowed(&Value::Object(self.face.clone()))
            .iter()
            .any(|(line, value)| taken.get(line).is_none_or(|taken| taken < value));
        if single || !left {
            "used"
        } else {
            "partly_used"
        }
    }

    fn remaining(&self) -> Vec<Value> {
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

    fn happened(&mut self, act: &str, what: Value) {
        self.version += 1;
        self.changed_at = Timestamp::now();
        let mut event = json!({ "at": self.changed_at.to_string(), "act": act });
        for (name, value) in what.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        self.history.push(event);
    }

    fn of(&self, declaration: &str) -> impl Iterator<Item = &Value> {
        self.endorsements
            .iter()
            .filter(move |e| is_for(e, declaration))
    }

    /// What to answer where this declaration has been here before: the same again, a refusal, or `None` where the
    /// request supersedes a withdrawn endorsement and is to be judged like a new one.
    fn known_endorsement(
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

    fn check_status(&self) -> Result<(), Problem> {
        match self.face.get("status").and_then(Value::as_str) {
            Some("issued") | None => Ok(()),
            Some(status @ ("revoked" | "cancelled")) => Err(Problem::conflict(
                "revoked",
                format!("the permit is {status}"),
            )),
            Some(status) => Err(Problem::conflict(
                "not_valid",
                format!("the permit is {status}"),
            )),
        }
    }

    fn check_if_match(&self, if_match: Option<&str>) -> Result<(), Problem> {
        let Some(given) = if_match else { return Ok(()) };
        let own = etag(self.version);
        if given
            .split(',')
            .any(|tag| tag.trim() == "*" || tag.trim() == own)
        {
            return Ok(());
        }
        Err(Problem::new(
            axum::http::StatusCode::PRECONDITION_FAILED,
            "changed",
            "the permit has changed since it was read",
        ))
    }

    /// The end of validity is a local date of the issuer (box 2), so days are compared in the issuer's time zone.
    fn check_validity(&self, body: &Value) -> Result<(), Problem> {
        let at: Timestamp = body["at"]
            .as_str()
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| Problem::malformed("`at` is a date-time with its offset"))?;
        let zone = self
            .face
            .get("time_zone")
            .and_then(Value::as_str)
            .unwrap_or("UTC");
        let day = at.in_tz(zone).map_or_else(
            |_| at.to_zoned(jiff::tz::TimeZone::UTC).date(),
            |local| local.date(),
        );
        let bound = |name: &str| {
            self.face
                .get(name)
                .and_then(Value::as_str)
                .and_then(|text| local_day(text, zone))
        };
        if bound("valid_from").is_some_and(|from| day < from) {
            return Err(Problem::conflict(
                "not_valid",
                "the permit is not valid yet",
            ));
        }
        if bound("valid_until").is_some_and(|until| day > until) {
            return Err(Problem::conflict("not_valid", "the permit has expired"));
        }
        Ok(())
    }

    fn check_single_use(&self, declaration: &str) -> Result<(), Problem> {
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

    fn check_quantities(
        &self,
        declaration: &str,
        wanted: &quantity::Amounts,
    ) -> Result<(), Problem> {
        let allowed = quantity::allowed(&Value::Object(self.face.clone()));
        // Copies of this declaration's own stamp are left out: a system that knows no repetition stamps again.
        let others = self.endorsements.iter().filter(|e| !is_for(e, declaration));
        let taken = quantity::taken(others);
        for (line, value) in wanted {
            let (item, unit) = line;
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

fn check_body(body: &Value, declaration: &str) -> Result<(), Problem> {
    let officer = &body["endorsed_by"];
    let named = |name: &str| officer[name].as_str().is_some_and(|text| !text.is_empty());
    if !named("person_id") && !named("name") {
        return Err(Problem::malformed("`endorsed_by` names the officer"));
    }
    if !reference(body).is_empty() && !is_for(body, declaration) {
        let detail = "the body and the address name different declarations";
        return Err(Problem::malformed(detail));
    }
    Ok(())
}

/// Whether an endorsement is that of a declaration, which may be named by its value, with its scheme before it
/// (`mrn:...`), or by the endorsement's own id.
fn is_for(endorsement: &Value, declaration: &str) -> bool {
    let value = reference(endorsement);
    let bare = declaration
        .split_once(':')
        .map_or(declaration, |(_, bare)| bare);
    value == declaration || value == bare || endorsement["id"] == declaration
}

/// The value of the declaration that a document names, as text or as `{scheme, value}`.
fn reference(document: &Value) -> String {
    let declaration = &document["declaration"];
    let text = declaration
        .as_str()
        .or_else(|| declaration["value"].as_str());
    text.unwrap_or_default().to_owned()
}

/// The entity tag of a permit's version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"v{version}\"")
}
