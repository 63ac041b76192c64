//! Names, steps and fields that are none: what was most likely meant.

use std::ops::Range;

use dragoman_model::meant::{has_words, is_same};
use dragoman_model::{all_meant, did_you_mean, meant_among, nearest};
use dragoman_schema::{Lookup, Shape};

use super::{Checker, Typed};
use crate::tree::{Kind, Tree};
use crate::{codes, habits};

/// Names that are there only in some places, and where.
const PLACED: &[(&str, &str)] = &[
    ("failure", "in a handler, such as `on_failure`"),
    ("round", "inside a `repeat`"),
    ("last", "inside a `repeat`"),
];

/// Names that are there in every expression.
const ROOTS: &[&str] = &["trigger", "site", "run", "steps"];

/// So many fields one below the other are looked at for a text that was written without quotes.
const NAMED_DEEP: usize = 4;

/// Whether a text is one of those that a value, or a field of it, can be.
fn takes_text(shape: &Shape, text: &str, deep: usize) -> bool {
    match shape.present() {
        Shape::Enumeration(values) => values.iter().any(|value| value == text),
        Shape::Object(object) if deep > 0 => object.fields.values().any(|field| takes_text(field, text, deep - 1)),
        _ => false,
    }
}

/// Whether an object has a field by this name.
fn has_field(shape: &Shape, field: &str) -> bool {
    let object = shape.present().as_object();
    object.is_some_and(|object| object.fields.contains_key(field))
}

/// The fields of the fields of an object, as paths.
fn inner_fields(shape: &Shape, fields: &[&str]) -> Vec<String> {
    let mut inner = Vec::new();
    for field in fields {
        if let Lookup::Found(part) = shape.field(field)
            && let Shape::Object(object) = part.present()
        {
            inner.extend(object.fields.keys().map(|inner| format!("{field}.{inner}")));
        }
    }
    inner
}

impl Checker<'_> {
    /// Reports a name that stands for nothing here.
    pub(super) fn unknown_name(&mut self, name: &str, range: &Range<usize>) {
        if self.unheard(codes::UNKNOWN_NAME, range) {
            return;
        }
        let help = if self.environment.steps.contains(name) {
            Some(format!("for the output of the step write `steps.{name}`"))
        } else if let Some((_, place)) = PLACED.iter().find(|(placed, _)| *placed == name) {
            Some(format!("`{name}` is there only {place}"))
        } else {
            let variables = self.variables.iter().map(|(variable, _)| variable.as_str());
            let names = self.environment.names.keys().chain(variables).chain(["steps"]);
            let steps = || nearest(name, self.environment.steps.keys());
            nearest(name, names.clone())
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| self.quoted(name))
                .or_else(|| self.item_called(name))
                .or_else(|| habits::name(name).map(Into::into))
                .or_else(|| self.field_of_a_name(name))
                .or_else(|| steps().map(|near| format!("did you mean `steps.{near}`?")))
                .or_else(|| did_you_mean(&all_meant(name, names)))
        };
        let read = self
            .written
            .text
            .get(range.end..)
            .is_some_and(|rest| rest.starts_with(['.', '(']));
        let known = help.is_some() || read;
        let help = help.unwrap_or_else(|| format!("the names here are {}", self.names()));
        // A word alone may have been meant as a text.
        let text = format!("a text stands in quotes: `\"{name}\"`");
        let all = [help.as_str(), text.as_str()];
        let all = if known { &all[..1] } else { &all[..] };
        self.report(codes::UNKNOWN_NAME, range, format!("unknown name `{name}`"), all);
    }

    /// The name that an item has here, where a word stands for it that other languages have.
    fn item_called(&self, name: &str) -> Option<String> {
        let said = ["this", "self", "it", "item", "items", "element", "each", "current", "_"].contains(&name);
        let known = |name: &str| ROOTS.contains(&name) || PLACED.iter().any(|(placed, _)| *placed == name);
        let variables = self.variables.iter().map(|(variable, _)| variable.as_str());
        let names = self.environment.names.keys();
        let mut items = names.filter(|name| !known(name)).chain(variables);
        let (item, None) = (items.next().filter(|_| said)?, items.next()) else {
            return None;
        };
        Some(format!("the item is called `{item}` here: write `{item}`"))
    }

    /// The operation that was meant: of the same connection, where there is such a one.
    pub(super) fn meant_operation(&self, name: &str) -> String {
        let all = || self.environment.operations.keys().map(String::as_str);
        let (connection, operation) = name.split_once('.').unwrap_or(("", name));
        let own: Vec<&str> = all()
            .filter_map(|known| known.strip_prefix(connection)?.strip_prefix('.'))
            .collect();
        let meant = all_meant(operation, own.iter().copied());
        let whole: Vec<String> = meant.iter().map(|meant| format!("{connection}.{meant}")).collect();
        did_you_mean(&whole).unwrap_or_else(|| match (own.as_slice(), nearest(name, all())) {
            ([], Some(near)) => format!("did you mean `{near}`?"),
            ([], None) => format!("the operations here are {}", all().collect::<Vec<_>>().join(", ")),
            (own, _) => format!("`{connection}` has {}", own.join(", ")),
        })
    }

    /// The name before the field is forgotten: `country` for `site.country`. Only where one or two have such a field.
    fn field_of_a_name(&self, field: &str) -> Option<String> {
        let mut owners: Vec<String> = Vec::new();
        for (name, shape) in self.environment.names.iter() {
            if has_field(shape, field) {
                owners.push(format!("{name}.{field}"));
            }
            let inner = shape.present().as_object().map(|object| object.fields.iter());
            let message = inner.into_iter().flatten().find(|(inner, _)| *inner == "message");
            if message.is_some_and(|(_, shape)| has_field(shape, field)) {
                owners.push(format!("{name}.message.{field}"));
            }
        }
        for (level, (variable, shape)) in self.variables.iter().enumerate() {
            let shadowed = self.variables[level + 1..].iter().any(|(later, _)| later == variable);
            if has_field(shape, field) && !shadowed {
                owners.push(format!("{variable}.{field}"));
            }
        }
        if owners.is_empty() {
            let steps = self.environment.steps.iter();
            let having = steps.filter(|(_, shape)| has_field(shape, field));
            owners.extend(having.map(|(id, _)| format!("steps.{id}.{field}")));
        }
        did_you_mean(&owners).filter(|_| owners.len() <= 2)
    }

    /// Somebody wrote a text without quotes.
    fn quoted(&self, name: &str) -> Option<String> {
        let mut known = self.environment.names.iter().chain(self.environment.steps.iter());
        known
            .any(|(_, shape)| takes_text(shape, name, NAMED_DEEP))
            .then(|| format!("text is written in quotes: `\"{name}\"`"))
    }

    fn names(&self) -> String {
        let variables = self.variables.iter().map(|(variable, _)| variable.as_str());
        let steps = (!self.environment.steps.is_empty()).then_some("steps");
        let names: Vec<&str> = self.environment.names.keys().chain(variables).chain(steps).collect();
        format!("`{}`", names.join("`, `"))
    }

    /// Reports a step that is not there, or not yet.
    pub(super) fn unknown_step(&mut self, id: &str, at: &Range<usize>) {
        if self.unheard(codes::UNKNOWN_NAME, at) {
            return;
        }
        if let Some((why, help)) = self.environment.elsewhere.get(id).map(AsRef::as_ref) {
            let text = format!("the output of the step `{id}` is not there: {why}");
            self.report(codes::STEP_NOT_HERE, at, text, &[help]);
            return;
        }
        let known = self.environment.steps.keys();
        let meant = did_you_mean(&all_meant(id, known.clone()));
        let help = meant.unwrap_or_else(|| match self.environment.steps.is_empty() {
            true if self.environment.names.contains(id) => format!("`{id}` is no step: write it without `steps.`"),
            true => "no step before this one has an id".to_owned(),
            false => format!(
                "the steps before this one are `{}`",
                known.collect::<Vec<_>>().join("`, `")
            ),
        });
        self.report(codes::UNKNOWN_NAME, at, format!("unknown step `{id}`"), &[&help]);
    }

    /// Reports a field that an object does not have.
    pub(super) fn unknown_field(&mut self, tree: &Tree, of: &Tree, base: &Typed, name: &str, at: &Range<usize>) {
        if self.unheard(codes::UNKNOWN_FIELD, at) {
            return;
        }
        // The very name one level further out or further in goes before another one that is only written nearly so.
        let elsewhere = || {
            self.field_beside(of, base, name)
                .or_else(|| self.field_of_items(of, &base.shape, name))
        };
        let direct = self.field_meant(tree, &base.shape, name);
        let help = match direct {
            Some((help, true)) => vec![help],
            Some((help, false)) => match self.field_beside(of, base, name) {
                Some(beside) => vec![help, beside],
                None => vec![elsewhere().unwrap_or(help)],
            },
            None => {
                let fields = || format!("its fields are `{}`", base.shape.field_names().join("`, `"));
                // Whether the one that is elsewhere was meant nobody knows: its own fields are told as well.
                elsewhere().into_iter().chain([fields()]).collect()
            }
        };
        let help: Vec<&str> = help.iter().map(String::as_str).collect();
        let text = format!("{} has no field `{name}`", base.shape.short());
        self.report(codes::UNKNOWN_FIELD, at, text, &help);
        self.offer_fields(tree, of, base, name);
    }

    /// The field, or the field of a field, that was meant; and whether it has all words of the name.
    fn field_meant(&self, tree: &Tree, shape: &Shape, name: &str) -> Option<(String, bool)> {
        let fields = shape.field_names();
        let inner = inner_fields(shape, &fields);
        let found = |path: &str| match path.split_once('.') {
            None => shape.field(path),
            Some((outer, inner)) => match shape.field(outer) {
                Lookup::Found(outer) => outer.field(inner),
                other => other,
            },
        };
        // Of what is wanted as a whole, those are likelier that fit.
        let wanted = self.wanted.as_ref().filter(|(range, _)| *range == tree.range);
        let fits = |path: &str| match (wanted, found(path)) {
            (Some((_, wanted)), Lookup::Found(shape)) => shape != Shape::Any && shape.present().fits(wanted).is_ok(),
            _ => false,
        };
        let paths = || inner.iter().map(String::as_str);
        let same: Vec<&str> = paths().filter(|path| is_same(name, path)).collect();
        if let Some(help) = did_you_mean(&same) {
            return Some((help, true));
        }
        let direct = meant_among(name, fields.iter().copied(), &fits);
        let worded: Vec<&str> = direct.iter().copied().filter(|field| has_words(name, field)).collect();
        let deeper: Vec<&str> = paths().filter(|path| path.ends_with(&format!(".{name}"))).collect();
        let both: Vec<&str> = worded.iter().chain(&deeper).copied().collect();
        if (1..=2).contains(&both.len()) {
            return did_you_mean(&both).map(|help| (help, true));
        }
        if let Some(help) = did_you_mean(&direct) {
            return Some((help, !worded.is_empty()));
        }
        did_you_mean(&meant_among(name, paths(), &fits)).map(|help| (help, false))
    }

    /// The field stands one level further out: `trigger.message.sender` for `trigger.sender`.
    fn field_beside(&self, of: &Tree, base: &Typed, name: &str) -> Option<String> {
        let (Kind::Field { of: outer, .. }, Some(owner)) = (&of.kind, &base.owner) else {
            return None;
        };
        has_field(owner, name).then(|| format!("did you mean `{}.{name}`?", self.shown(&outer.range)))
    }

    /// The field is one of the items of a list.
    fn field_of_items(&self, of: &Tree, shape: &Shape, name: &str) -> Option<String> {
        let lists = shape.field_names().into_iter().filter(|field| {
            let list = shape.field(field);
            matches!(list, Lookup::Found(list) if matches!(list.present(), Shape::List(item) if has_field(item, name)))
        });
        let lists: Vec<&str> = lists.collect();
        let [list] = lists.as_slice() else { return None };
        let list = format!("{}.{list}", self.shown(&of.range));
        Some(format!(
            "each of `{list}` has it: of all of them `{list}.map(x, x.{name})`, of one `first({list}).{name}`, which may be absent"
        ))
    }

    /// Reports a field of something that has no fields.
    pub(super) fn no_fields(&mut self, of: &Tree, shape: &Shape, name: &str, at: &Range<usize>) {
        let shown = self.shown(&of.range);
        let sized = matches!(shape, Shape::List(_) | Shape::Map(_)) || shape.is_textual();
        let help = match shape {
            _ if sized && matches!(name, "length" | "len" | "size" | "count") => {
                vec![format!("write `size({shown})`")]
            }
            Shape::List(item) if matches!(item.field(name), Lookup::Found(_)) => {
                vec![
                    format!("for one: `first({shown}).{name}`, which may be absent"),
                    format!("for all: `{shown}.map(x, x.{name})`"),
                ]
            }
            Shape::List(item) if item.as_object().is_some() => {
                let meant = all_meant(name, item.field_names());
                let meant = did_you_mean(&meant)
                    .unwrap_or_else(|| format!("its items have `{}`", item.field_names().join("`, `")));
                vec![
                    meant,
                    format!("a field of one of them: `first({shown}).<field>`, of all: `{shown}.map(x, x.<field>)`"),
                ]
            }
            Shape::Map(_) => vec![format!("write `{shown}[\"{name}\"]`")],
            _ => vec![format!(
                "write `{shown}` alone, or a field of something that has fields"
            )],
        };
        let help: Vec<&str> = help.iter().map(String::as_str).collect();
        self.report(
            codes::UNKNOWN_FIELD,
            at,
            format!("`{shown}` is {shape}, which has no field `{name}`"),
            &help,
        );
    }
}
