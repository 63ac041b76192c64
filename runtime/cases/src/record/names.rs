//! What is private in a run.

use std::collections::BTreeSet;

use dragoman_model::Value;

use crate::bench::Bench;

/// Names of members that hold what belongs to a person, where neither a plugin nor a site says so.
const PERSONAL: [&str; 26] = [
    "address",
    "addresses",
    "applicant",
    "birth_date",
    "city",
    "contact",
    "declarant",
    "email",
    "family_name",
    "fax",
    "first_name",
    "given_name",
    "last_name",
    "name",
    "person",
    "person_id",
    "phone",
    "postcode",
    "signatories",
    "signatory",
    "street",
    "surname",
    "tax_id",
    "telephone",
    "vat_number",
    "remarks",
];

/// What is private, and what is not.
#[derive(Debug, Clone, Default)]
pub struct Privacy {
    /// Members to hide besides: a name, or a JSON Pointer into a message or an output.
    pub hide: Vec<String>,
    /// Members to keep although they would be hidden: a name, or a JSON Pointer.
    pub keep: Vec<String>,
    /// Whether numbers by which business is found stay as they are.
    pub keep_ids: bool,
}

/// The names of the members to hide: those that plugins mark with `x-personal` in their schemas, the usual ones, and
/// those that were asked for.
pub(super) fn hidden_names(bench: &Bench, privacy: &Privacy) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = PERSONAL.iter().map(|n| (*n).to_owned()).collect();
    for surface in bench.surfaces.values() {
        for operation in surface.operations.values() {
            marked(&operation.input_schema, &mut names);
            marked(&operation.output_schema, &mut names);
        }
    }
    names.extend(privacy.hide.iter().filter(|n| !n.starts_with('/')).cloned());
    for kept in privacy.keep.iter().filter(|n| !n.starts_with('/')) {
        names.remove(kept);
    }
    names
}

/// Members whose schema says `x-personal: true`.
fn marked(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| marked(item, names)),
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                let personal = properties.iter().filter(|(_, p)| p["x-personal"] == true);
                names.extend(personal.map(|(name, _)| name.clone()));
            }
            members.values().for_each(|member| marked(member, names));
        }
        _ => {}
    }
}
