//! Validation of instances at run time, against the whole schema and not only its shape.

use dragoman_model::{Value, nearest};
use jsonschema::error::ValidationErrorKind;

use crate::Error;
use crate::accepts::{is_date, is_date_time, is_decimal};

/// So many issues are listed; a message of ten thousand wrong lines does not become ten thousand sentences.
const LISTED: usize = 50;

/// A schema, compiled: formats are asserted, `decimal` included.
#[derive(Debug)]
pub struct Validator {
    compiled: jsonschema::Validator,
}

/// One thing that is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// JSON Pointer to the place in the value.
    pub path: String,
    /// The keyword of JSON Schema that refuses it: `required`, `type`, `format`, ...
    pub code: String,
    /// In a sentence. It never repeats a long value.
    pub message: String,
}

impl Validator {
    /// Compiles a schema. References that lead out of it are refused: nothing is fetched.
    ///
    /// # Errors
    /// The schema is not valid JSON Schema.
    pub fn new(schema: &Value) -> Result<Self, Error> {
        let compiled = jsonschema::options()
            .should_validate_formats(true)
            .with_format("decimal", is_decimal)
            .with_format("date", is_date)
            .with_format("date-time", is_date_time)
            .build(schema)
            .map_err(|error| Error::InvalidSchema {
                what: "a value".into(),
                reason: error.to_string(),
            })?;
        Ok(Validator { compiled })
    }

    /// Whether a value is valid; the quick answer.
    pub fn accepts(&self, value: &Value) -> bool {
        self.compiled.is_valid(value)
    }

    /// What is wrong with a value, at most 50 things; empty where it is valid.
    pub fn check(&self, value: &Value) -> Vec<Issue> {
        if self.compiled.is_valid(value) {
            return Vec::new();
        }
        self.compiled
            .iter_errors(value)
            .take(LISTED)
            .map(|error| Issue {
                path: error.instance_path().to_string(),
                code: error.kind().keyword().to_owned(),
                message: sentence(&error),
            })
            .collect()
    }
}

fn sentence(error: &jsonschema::ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("`{}` is missing", property.as_str().unwrap_or_default())
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<&str> = options
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let near = error
                .instance()
                .as_str()
                .and_then(|found| nearest(found, options.iter().copied()));
            let hint = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            format!("{} is not one of {}{hint}", shown(error.instance()), options.join(", "))
        }
        ValidationErrorKind::Format { format } => {
            format!("{} is not a {format}", shown(error.instance()))
        }
        ValidationErrorKind::Type { .. } => {
            format!("{} is of the wrong type", shown(error.instance()))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("unknown field `{}`", unexpected.join("`, `"))
        }
        _ => error.masked().to_string(),
    }
}

/// A value in a message: scalars up to 60 characters, else what it is.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        scalar => {
            let text = scalar.to_string();
            if text.chars().count() > 60 {
                text.chars().take(57).chain("...".chars()).collect()
            } else {
                text
            }
        }
    }
}
