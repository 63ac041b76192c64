//! All permits, and what is done with them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::entry::{Endorsed, Entry, is_for, reference};
use super::quantity;
use crate::now;
use crate::problem::Problem;
use crate::record::{Record, fact};

/// All permits, by issuing country and number.
pub(crate) struct Register {
    entries: BTreeMap<(String, String), Entry>,
    honours_keys: bool,
    pub(crate) probe: bool,
    endorsed: u64,
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
            let value = permit[name].as_str().ok_or(format!("a permit has `{name}`"))?;
            Ok::<_, String>(value.to_owned())
        };
        let key = (text("issuing_country")?, text("number")?);
        let given = face.remove("endorsements");
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            face: Map::new(),
            endorsements: given.and_then(|list| list.as_array().cloned()).unwrap_or_default(),
            usages: Vec::new(),
            history: Vec::new(),
            version: 0,
            changed_at: Timestamp::now(),
        });
        let act = if entry.version == 0 { "issued" } else { "altered" };
        face.entry("status").or_insert_with(|| json!("issued"));
        entry.face = face;
        entry.happened(act, json!({ "status": entry.face["status"] }));
        Ok(())
    }

    fn key(&self, number: &str, country: Option<&str>) -> Result<(String, String), Problem> {
        let mut fitting = self
            .entries
            .keys()
            .filter(|(issuer, own)| own == number && country.is_none_or(|country| country == issuer));
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
    pub(crate) fn permit(&self, number: &str, country: Option<&str>) -> Result<(Value, u64), Problem> {
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
        if honours_keys
            && let Some(known) = entry.of(declaration).last()
            && let Some(answer) = entry.known_endorsement(known, body, &wanted)?
        {
            return Ok(answer);
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
        endorsement.entry("declaration").or_insert_with(|| json!(declaration));
        let endorsement = Value::Object(endorsement);
        entry.endorsements.push(endorsement.clone());
        let by = endorsement["endorsed_by"].clone();
        entry.happened("endorsed", json!({ "endorsement": endorsement["id"], "by": by }));
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
    pub(crate) fn endorsement(&self, number: &str, declaration: &str) -> Result<(Value, u64), Problem> {
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
            return Err(Problem::malformed("a withdrawal names its `reason` and `by` whom"));
        }
        let place = entry.endorsements.iter().rposition(|e| is_for(e, declaration));
        let place = place.ok_or_else(|| Problem::not_found("no such endorsement"))?;
        let already = entry.endorsements[place]["status"] == "withdrawn";
        if !(already && honours_keys) {
            let withdrawal = json!({ "reason": body["reason"], "by": body["by"], "at": now() });
            entry.endorsements[place]["status"] = json!("withdrawn");
            entry.endorsements[place]["withdrawal"] = withdrawal.clone();
            let id = entry.endorsements[place]["id"].clone();
            entry.happened("withdrawn", json!({ "endorsement": id, "by": withdrawal["by"] }));
            let about = reference(&entry.endorsements[place]);
            record.effect(fact("withdrawn", &[number, &about]));
        }
        Ok((entry.endorsements[place].clone(), entry.version))
    }

    /// Keeps what a partner confirmed about the use of a permit; answers whether it is new.
    pub(crate) fn confirm(&mut self, record: &Record, number: &str, usage: &Value) -> Result<(Value, bool), Problem> {
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
        if entry.face.get("token").is_some_and(|token| *token != body["token"]) {
            // The same answer as for no permit: a guesser learns nothing.
            return Err(Problem::not_found(format!("no permit {number}")));
        }
        let document = entry.document();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, document.to_string().as_bytes());
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let valid = entry.check_status().is_ok() && entry.check_validity(&json!({ "at": now() })).is_ok();
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
