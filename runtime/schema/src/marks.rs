//! What must not be shown to everybody: personal data and secrets, as schemas mark them (`x-personal`, `x-secret`).
//!
//! Marks stand beside a shape and follow the value: a field of a marked object is marked, and so is what is built of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_model::Value;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitivity {
    /// It tells of a natural person: `x-personal: true`.
    Personal,
    /// It opens something: `x-secret: true`.
    Secret,
}

/// Which places of a value are marked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marks(Option<Arc<Places>>);

#[derive(Debug, Clone, Default, PartialEq)]
struct Places {
    /// Of all of it, each with the field that the mark comes from.
    whole: BTreeMap<Sensitivity, Arc<str>>,
    /// Of fields by name.
    fields: BTreeMap<String, Marks>,
    /// Of every item of a list, or of every member of a map.
    items: Marks,
}

/// Schemas nested deeper than this have no further marks, as they have no further shape.
const DEPTH: usize = 64;
/// So many places of a schema are read.
const PLACES: usize = 100_000;

impl Marks {
    /// The marks of a schema's values. A reference that leads to itself ends there.
    pub fn of_schema(schema: &Value) -> Marks {
        let mut reader = Reader {
            root: schema,
            open: Vec::new(),
            places: 0,
        };
        reader.read(schema, "the value", DEPTH)
    }

    /// All of it is marked; the field is where that comes from.
    pub fn whole(sensitivity: Sensitivity, field: &str) -> Marks {
        let whole = BTreeMap::from([(sensitivity, Arc::from(field))]);
        Marks::of(Places {
            whole,
            ..Places::default()
        })
    }

    /// Of an object with these fields.
    pub fn object(fields: impl IntoIterator<Item = (String, Marks)>) -> Marks {
        let fields = fields.into_iter().filter(|(_, marks)| !marks.is_none()).collect();
        Marks::of(Places {
            fields,
            ..Places::default()
        })
    }

    /// Of a list of such items, or of a map to such members.
    #[must_use]
    pub fn list(self) -> Marks {
        Marks::of(Places {
            items: self,
            ..Places::default()
        })
    }

    fn of(places: Places) -> Marks {
        Marks((places != Places::default()).then(|| Arc::new(places)))
    }

    /// Whether nothing is marked.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    fn wholly(&self) -> Marks {
        let whole = self.0.as_ref().map(|places| places.whole.clone()).unwrap_or_default();
        Marks::of(Places {
            whole,
            ..Places::default()
        })
    }

    /// The field that a mark of all of it comes from; none: not all of it is marked so.
    pub fn of_all(&self, sensitivity: Sensitivity) -> Option<&str> {
        let field = self.0.as_ref()?.whole.get(&sensitivity)?;
        Some(field)
    }

    /// Of a field, or of a member of a map.
    #[must_use]
    pub fn field(&self, name: &str) -> Marks {
        let Some(places) = &self.0 else {
            return Marks::default();
        };
        let own = places.fields.get(name).unwrap_or(&places.items);
        own.with(&self.wholly())
    }

    /// Of an item of a list. Of an object: of a field, whichever it is.
    #[must_use]
    pub fn item(&self) -> Marks {
        let Some(places) = &self.0 else {
            return Marks::default();
        };
        let all = places.items.with(&self.wholly());
        places.fields.values().fold(all, |all, field| all.with(field))
    }

    /// Of a value that may be the one or the other.
    #[must_use]
    pub fn with(&self, other: &Marks) -> Marks {
        let (left, right) = match (&self.0, &other.0) {
            (None, _) => return other.clone(),
            (_, None) => return self.clone(),
            (Some(left), Some(right)) => (left, right),
        };
        if left == right {
            return self.clone();
        }
        let mut places = Places::clone(left);
        for (sensitivity, field) in &right.whole {
            places.whole.entry(*sensitivity).or_insert_with(|| field.clone());
        }
        for (name, marks) in &right.fields {
            let joined = places.fields.get(name).map_or(marks.clone(), |own| own.with(marks));
            places.fields.insert(name.clone(), joined);
        }
        places.items = places.items.with(&right.items);
        Marks::of(places)
    }

    /// Of what is built of the value, and does not have its fields any more: text of it, its parts put together.
    #[must_use]
    pub fn mixed(&self) -> Marks {
        let mut whole = BTreeMap::new();
        for sensitivity in [Sensitivity::Personal, Sensitivity::Secret] {
            if let Some(field) = self.beyond(&Marks::default(), sensitivity) {
                whole.insert(sensitivity, Arc::from(field));
            }
        }
        Marks::of(Places {
            whole,
            ..Places::default()
        })
    }

    /// The first marked field that stands where `allowed` has no such mark; none where there is none.
    pub fn beyond(&self, allowed: &Marks, sensitivity: Sensitivity) -> Option<&str> {
        let places = self.0.as_ref()?;
        let fine = |marks: &Marks| marks.0.as_ref().is_some_and(|p| p.whole.contains_key(&sensitivity));
        if fine(allowed) {
            return None;
        }
        if let Some(field) = places.whole.get(&sensitivity) {
            return Some(field);
        }
        let fields = places.fields.iter();
        let found = fields
            .filter_map(|(name, marks)| marks.beyond(&allowed.field(name), sensitivity))
            .next();
        found.or_else(|| places.items.beyond(&allowed.item(), sensitivity))
    }
}

struct Reader<'a> {
    root: &'a Value,
    /// The references that are being followed.
    open: Vec<&'a str>,
    places: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self, schema: &'a Value, field: &str, depth: usize) -> Marks {
        self.places += 1;
        let Value::Object(object) = schema else {
            return Marks::default();
        };
        if depth == 0 || self.places > PLACES {
            return Marks::default();
        }
        let marked = |word: &str| object.get(word).is_some_and(|value| value == &Value::Bool(true));
        let mut marks = Marks::default();
        for (word, sensitivity) in [("x-personal", Sensitivity::Personal), ("x-secret", Sensitivity::Secret)] {
            if marked(word) {
                marks = marks.with(&Marks::whole(sensitivity, field));
            }
        }
        if let Some(Value::String(reference)) = object.get("$ref")
            && !self.open.contains(&reference.as_str())
            && let Some(target) = reference.strip_prefix('#').and_then(|path| self.root.pointer(path))
        {
            self.open.push(reference);
            marks = marks.with(&self.read(target, field, depth - 1));
            self.open.pop();
        }
        if let Some(Value::Object(properties)) = object.get("properties") {
            let fields = properties.iter();
            let fields: Vec<(String, Marks)> = fields
                .map(|(name, schema)| (name.clone(), self.read(schema, &below(field, name), depth - 1)))
                .collect();
            marks = marks.with(&Marks::object(fields));
        }
        for word in ["items", "additionalProperties"] {
            if let Some(items) = object.get(word) {
                marks = marks.with(&self.read(items, field, depth - 1).list());
            }
        }
        for word in ["oneOf", "anyOf", "allOf"] {
            for part in object.get(word).and_then(Value::as_array).into_iter().flatten() {
                marks = marks.with(&self.read(part, field, depth - 1));
            }
        }
        marks
    }
}

/// A field's name behind that of what it is a field of: the last two say enough.
fn below(of: &str, name: &str) -> String {
    match of.rsplit('.').next() {
        Some(last) if of != "the value" => format!("{last}.{name}"),
        _ => name.to_owned(),
    }
}
