//! Whether a value of one shape may stand where another is asked for.

use std::fmt;

use dragoman_model::{all_meant, did_you_mean};

use crate::{ObjectShape, Shape};

/// Why a value may not stand where another shape is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// Where inside the value: field names, `[]` for the items of a list; empty for the value itself.
    pub path: Vec<String>,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// Another shape.
    Wrong {
        /// What was asked for.
        expected: Shape,
        /// What is there.
        found: Shape,
    },
    /// A field that is asked for is not there.
    Missing {
        /// Its shape.
        expected: Shape,
    },
    /// A field that is not asked for.
    Unknown {
        /// The names that may have been meant.
        meant: Vec<String>,
    },
    /// It may be absent, and is asked for.
    MaybeAbsent {
        /// What was asked for.
        expected: Shape,
    },
    /// Nothing is known of the value.
    Uncast {
        /// What was asked for.
        expected: Shape,
    },
}

impl Mismatch {
    fn here(problem: Problem) -> Self {
        Mismatch {
            path: Vec::new(),
            problem,
        }
    }

    fn below(mut self, segment: &str) -> Self {
        self.path.insert(0, segment.to_owned());
        self
    }

    /// The path as text: `lines[].quantity`; empty for the value itself.
    pub fn place(&self) -> String {
        let mut out = String::new();
        for segment in &self.path {
            if !out.is_empty() && segment != "[]" {
                out.push('.');
            }
            out.push_str(segment);
        }
        out
    }

    /// What to write instead, where that is known.
    pub fn help(&self) -> Option<String> {
        let conversion = |function: &str| Some(format!("convert it: `{function}(...)`"));
        match &self.problem {
            Problem::Unknown { meant } => did_you_mean(meant),
            Problem::MaybeAbsent { .. } => {
                Some("test it with `has(...)` first, or give another value: `default(..., ...)`".into())
            }
            Problem::Uncast { .. } => Some("say what it is: `cast(..., \"connection.operation\")`".into()),
            Problem::Wrong { expected, found } => match (expected.present(), found) {
                (Shape::Decimal, _) if !found.is_quantity() => conversion("decimal"),
                (Shape::Date, f) if f.is_textual() => conversion("date"),
                (Shape::DateTime, f) if f.is_textual() => conversion("timestamp"),
                (Shape::Integer, f) if f.is_textual() || *f == Shape::Number => conversion("int"),
                (Shape::Text, Shape::Integer | Shape::Number | Shape::Boolean) => conversion("text"),
                (Shape::Enumeration(_), Shape::Enumeration(_)) => {
                    Some(format!("the values are {}", expected.describe()))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        let of = if place.is_empty() {
            String::new()
        } else {
            format!(" for `{place}`")
        };
        match &self.problem {
            Problem::Wrong { expected, found } => {
                write!(f, "expected {expected}{of}, found {found}")
            }
            Problem::Missing { expected } => write!(f, "missing `{place}` ({})", expected.short()),
            Problem::Unknown { .. } => write!(f, "unknown field `{place}`"),
            Problem::MaybeAbsent { expected } => {
                write!(f, "expected {}{of}, found a value that may be absent", expected.short())
            }
            Problem::Uncast { expected } => {
                write!(
                    f,
                    "expected {}{of}, found a value of which nothing is known",
                    expected.short()
                )
            }
        }
    }
}

impl Shape {
    /// Whether a value of this shape may stand where `into` is asked for.
    ///
    /// A named object may have more fields than are asked for (a later minor version may have added them); an
    /// object that was written on the spot may not.
    ///
    /// # Errors
    /// The first thing that does not fit, with its path.
    pub fn fits(&self, into: &Shape) -> Result<(), Mismatch> {
        if self == into {
            return Ok(());
        }
        let wrong = || {
            Mismatch::here(Problem::Wrong {
                expected: into.clone(),
                found: self.clone(),
            })
        };
        match (self, into) {
            (_, Shape::Any) | (Shape::Nothing, Shape::Optional(_)) => Ok(()),
            (_, Shape::Optional(inner)) => self.present().fits(inner),
            (Shape::Any, _) => Err(Mismatch::here(Problem::Uncast { expected: into.clone() })),
            (Shape::Optional(_) | Shape::Nothing, _) => {
                Err(Mismatch::here(Problem::MaybeAbsent { expected: into.clone() }))
            }
            (Shape::Integer, Shape::Number) => Ok(()),
            (Shape::Measured(_), Shape::Quantity) => Ok(()),
            (some, Shape::Measured(_)) if some.is_quantity() => Err(wrong()),
            (Shape::Enumeration(a), Shape::Enumeration(b)) if a.iter().all(|v| b.contains(v)) => Ok(()),
            (some, Shape::Text) if some.is_textual() => Ok(()),
            (Shape::List(a), Shape::List(b)) => a.fits(b).map_err(|m| m.below("[]")),
            (Shape::Map(a), Shape::Map(b)) => a.fits(b).map_err(|m| m.below("*")),
            (Shape::OneOf(variants), _) => variants.iter().try_for_each(|v| v.fits(into)).map_err(|_| wrong()),
            (_, Shape::OneOf(variants)) => fits_one_of(self, variants).ok_or_else(wrong),
            (Shape::Object(object), Shape::Map(item)) => object
                .fields
                .iter()
                .try_for_each(|(name, shape)| shape.present().fits(item).map_err(|m| m.below(name))),
            (a, b) => match (a.as_object(), b.as_object()) {
                (Some(a), Some(b)) => fits_object(a, b),
                _ => Err(wrong()),
            },
        }
    }
}

fn fits_one_of(shape: &Shape, variants: &[Shape]) -> Option<()> {
    variants.iter().any(|variant| shape.fits(variant).is_ok()).then_some(())
}

fn fits_object(from: &ObjectShape, into: &ObjectShape) -> Result<(), Mismatch> {
    // A misspelt field is unknown and leaves another missing: the first says what to write.
    if from.name.is_none() && !into.open {
        let unknown = from.fields.keys().find(|name| !into.fields.contains_key(*name));
        if let Some(name) = unknown {
            let unsaid = into.fields.keys().filter(|n| !from.fields.contains_key(*n));
            let meant = all_meant(name, unsaid.map(String::as_str));
            let meant = meant.into_iter().map(Into::into).collect();
            return Err(Mismatch::here(Problem::Unknown { meant }).below(name));
        }
    }
    for (name, expected) in &into.fields {
        match from.fields.get(name) {
            Some(found) => found.fits(expected).map_err(|m| m.below(name))?,
            None if expected.is_optional() => {}
            None => {
                return Err(Mismatch::here(Problem::Missing {
                    expected: expected.clone(),
                })
                .below(name));
            }
        }
    }
    Ok(())
}
