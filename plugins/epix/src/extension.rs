//! What the canonical permit knows and the toolkit's message has no element for (status, usage, a second source, who
//! withdrew an endorsement): carried as document context parameters, which the schema allows any number of.
//!
//! A parameter is a JSON Pointer and a value. The message itself always counts: a parameter fills in what is absent,
//! puts an entry into a list, or corrects what the reader only derives. So a message that another system has changed
//! is never read as it was before.

use crate::error::Error;
use crate::signatories::is_signature;
use dragoman_documents::{Endorsement, EndorsementStatus, Permit, PermitItem};
use dragoman_xml::{Element, Refusal, Writer, short};
use serde_json::Value;

const PARAMETER: &str = "BIMSpecifiedDocumentContextParameter";
const AGENCY: &str = "dragoman";
const SCHEME: &str = "permit";

/// Lists that get whole entries by parameters; by the name of their member.
const LISTS: [&str; 3] = ["signatories", "endorsements", "items"];

/// What the reader derives from elsewhere in the message, so that a parameter may correct it; `*` is any one step.
const DERIVED: &[&str] = &[
    "issuing_country",
    "country_of_import",
    "country_of_export",
    "transport_document",
    "composite",
    "applicant",
    "applicant/*",
    "attachments/*/name",
    "signatories/*/name",
    "signatories/*/authority",
    "items/*/origin/*/type_code",
    "endorsements/*/permit",
    "endorsements/*/issuing_country",
    "endorsements/*/office",
    "endorsements/*/office/*",
    "endorsements/*/endorsed_by",
    "endorsements/*/endorsed_by/*",
];

/// One parameter: where, and what is to be there (null: nothing).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) pointer: String,
    pub(crate) value: Value,
}

fn is_derived(pointer: &str) -> bool {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    DERIVED.iter().any(|pattern| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        pattern.len() == steps.len() && pattern.iter().zip(&steps).all(|(one, step)| *one == "*" || one == step)
    })
}

/// Takes the parameters of a message into the permit that was read from it.
pub(crate) fn apply(root: &Element, permit: Permit) -> Result<Permit, Refusal> {
    let parameters = read(root)?;
    if parameters.is_empty() {
        return Ok(permit);
    }
    let broken = |error: serde_json::Error| {
        Refusal::unreadable(root, format!("the context parameters do not fit a permit: {error}"))
    };
    let mut json = serde_json::to_value(permit).map_err(broken)?;
    for parameter in parameters {
        put(&mut json, parameter);
    }
    serde_json::from_value(json).map_err(broken)
}

/// The parameters of ours in a message.
fn read(root: &Element) -> Result<Vec<Parameter>, Refusal> {
    let mut found = Vec::new();
    for element in root.all(&format!("SpecifiedExchangedDocumentContext/{PARAMETER}")) {
        let Some(id) = element.child("ID") else {
            continue;
        };
        if id.attribute("schemeAgencyID") != Some(AGENCY) || id.attribute("schemeID") != Some(SCHEME) {
            continue;
        }
        let pointer = id.text().unwrap_or_default();
        let value = element.text_of("Value").unwrap_or_default();
        let value = serde_json::from_str(value).map_err(|error| {
            Refusal::unreadable(
                element,
                format!("the parameter `{}` is not JSON: {error}", short(pointer)),
            )
        })?;
        found.push(Parameter {
            pointer: pointer.to_owned(),
            value,
        });
    }
    Ok(found)
}

/// Puts one parameter in its place; one whose place is not there any more is passed over.
pub(crate) fn put(json: &mut Value, Parameter { pointer, value }: Parameter) {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let Some((last, way)) = steps.split_last() else {
        return;
    };
    // What the permit allows is in the message or nowhere.
    if way == ["items"] {
        return;
    }
    let mut place = json;
    for step in way {
        let next = match place {
            Value::Object(members) => {
                if LISTS.contains(step) && !members.contains_key(*step) {
                    members.insert((*step).to_owned(), Value::Array(Vec::new()));
                }
                members.get_mut(*step)
            }
            Value::Array(entries) => step.parse().ok().and_then(|index: usize| entries.get_mut(index)),
            _ => None,
        };
        let Some(next) = next else { return };
        place = next;
    }
    let is_list = way.last().is_some_and(|name| LISTS.contains(name));
    match place {
        Value::Object(members) => {
            let derived = is_derived(&pointer);
            if value.is_null() && derived {
                members.remove(*last);
            } else if !value.is_null() && (derived || !members.contains_key(*last)) {
                members.insert((*last).to_owned(), value);
            }
        }
        Value::Array(entries) if is_list => {
            if let Ok(index) = last.parse::<usize>()
                && index <= entries.len()
            {
                entries.insert(index, value);
            }
        }
        _ => {}
    }
}

/// The parameters that make `found` into `wanted`, and the places where no parameter can.
pub(crate) fn differences(found: &Value, wanted: &Value) -> Result<Vec<Parameter>, Error> {
    let mut parameters = Vec::new();
    let mut wrong = Vec::new();
    compare(found, wanted, "", &mut parameters, &mut wrong);
    if wrong.is_empty() {
        return Ok(parameters);
    }
    let what = format!("it would not be read back as it is at {}", wrong.join(", "));
    Err(Error::unwritable(wrong, what))
}

fn compare(found: &Value, wanted: &Value, at: &str, parameters: &mut Vec<Parameter>, wrong: &mut Vec<String>) {
    match (found, wanted) {
        _ if found == wanted => {}
        (Value::Object(found), Value::Object(wanted)) => {
            for (name, value) in wanted {
                let at = format!("{at}/{name}");
                match found.get(name) {
                    Some(known) => compare(known, value, &at, parameters, wrong),
                    None => parameters.push(Parameter {
                        pointer: at,
                        value: value.clone(),
                    }),
                }
            }
            for name in found.keys().filter(|name| !wanted.contains_key(*name)) {
                settle(format!("{at}/{name}"), Value::Null, parameters, wrong);
            }
        }
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
            for (index, (known, value)) in found.iter().zip(wanted).enumerate() {
                compare(known, value, &format!("{at}/{index}"), parameters, wrong);
            }
        }
        _ => settle(at.to_owned(), wanted.clone(), parameters, wrong),
    }
}

/// A difference that only a derived place may have.
fn settle(pointer: String, value: Value, parameters: &mut Vec<Parameter>, wrong: &mut Vec<String>) {
    if is_derived(&pointer) {
        parameters.push(Parameter { pointer, value });
    } else {
        wrong.push(pointer);
    }
}

/// Parts a settled permit into what goes into the message's own elements, and entries that must not or cannot:
/// withdrawn endorsements (a reader that does not know of withdrawals would take them for valid), signatures beyond
/// the four of the form, endorsed items that are not on the permit.
pub(crate) fn split(permit: &Permit) -> Result<(Permit, Vec<Parameter>), serde_json::Error> {
    let mut plain = permit.clone();
    let mut apart = Vec::new();
    let mut roles = Vec::new();
    plain.signatories.clear();
    for (index, signatory) in permit.signatories.iter().enumerate() {
        let fits = signatory.role.is_some_and(|role| !roles.contains(&role));
        if fits && is_signature(signatory) {
            roles.extend(signatory.role);
            plain.signatories.push(signatory.clone());
        } else {
            apart.push(Parameter {
                pointer: format!("/signatories/{index}"),
                value: serde_json::to_value(signatory)?,
            });
        }
    }
    plain.endorsements.clear();
    for (index, endorsement) in permit.endorsements.iter().enumerate() {
        let (part, lines) = split_lines(endorsement, &permit.items, index)?;
        if says_something(&part) {
            plain.endorsements.push(part);
            apart.extend(lines);
        } else {
            apart.push(Parameter {
                pointer: format!("/endorsements/{index}"),
                value: serde_json::to_value(endorsement)?,
            });
        }
    }
    Ok((plain, apart))
}

fn split_lines(
    endorsement: &Endorsement,
    items: &[PermitItem],
    index: usize,
) -> Result<(Endorsement, Vec<Parameter>), serde_json::Error> {
    let mut part = endorsement.clone();
    let mut apart = Vec::new();
    part.items.clear();
    for (line, endorsed) in endorsement.items.iter().enumerate() {
        let on_permit = items.iter().any(|item| item.id == endorsed.item);
        let again = part.items.iter().any(|one| one.item == endorsed.item);
        if on_permit && !again {
            part.items.push(endorsed.clone());
        } else {
            apart.push(Parameter {
                pointer: format!("/endorsements/{index}/items/{line}"),
                value: serde_json::to_value(endorsed)?,
            });
        }
    }
    Ok((part, apart))
}

/// Whether an endorsement stands, and box 14 has an element for any of it.
fn says_something(endorsement: &Endorsement) -> bool {
    let office = endorsement.office.as_ref();
    let by = endorsement.endorsed_by.as_ref();
    endorsement.status == EndorsementStatus::Valid
        && endorsement.withdrawal.is_none()
        && (endorsement.at.is_some()
            || endorsement.port.is_some()
            || office.is_some()
            || by.is_some_and(|by| by.name.is_some() || by.authority.is_some())
            || !endorsement.items.is_empty())
}

/// Writes the parameters.
pub(crate) fn write(writer: &mut Writer, parameters: &[Parameter]) {
    for Parameter { pointer, value } in parameters {
        writer.element(&format!("r:{PARAMETER}"), &[], |writer| {
            let scheme = [("schemeID", SCHEME), ("schemeAgencyID", AGENCY)];
            writer.leaf("r:ID", &scheme, pointer);
            writer.leaf("r:Value", &[], &value.to_string());
        });
    }
}
