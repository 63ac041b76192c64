//! Templates against the shape that is asked for.

use std::sync::Arc;

use dragoman_expression::codes::UNITS;
use dragoman_expression::{Expected, named_unit};
use dragoman_manifest::{self as manifest, ExpressionText, Literal, Spanned};
use dragoman_model::{Diagnostic, Span, Value, meant_among};
use dragoman_schema::{ObjectShape, Shape};

use super::Checker;
use super::literal::{example, wrong_literal};
use super::names::BESIDE_WITH;
use super::scope::Scope;
use crate::{Template, codes};

type Members = [(Spanned<String>, manifest::Template)];

impl Checker<'_> {
    /// Checks a template against what is asked for; none: nothing is asked for.
    ///
    /// Out: the template where it is right, and its shape where that is known.
    pub(super) fn template(
        &mut self,
        said: &manifest::Template,
        expected: Option<&Shape>,
        scope: &mut Scope,
    ) -> (Option<Template>, Option<Shape>) {
        let expected = expected.filter(|e| !matches!(e.present(), Shape::Any));
        match said {
            manifest::Template::Refused(_) => (None, None),
            manifest::Template::Literal(literal) => self.literal(literal, expected, scope),
            manifest::Template::Expression(expression) => {
                if self.quoted_whole(expression, scope) {
                    return (None, expected.map(|e| e.present().clone()));
                }
                let wanted = expected.map_or(Expected::Anything, |e| Expected::Shape(e.clone()));
                match self.expression(expression, &wanted, scope) {
                    Some((expression, shape)) => (Some(Template::Expression(expression)), Some(shape)),
                    None => (None, None),
                }
            }
            manifest::Template::List(items, span) => self.list(items, span, expected, scope),
            manifest::Template::Object(members, span) => self.object(members, span, expected, scope),
        }
    }

    fn literal(
        &mut self,
        literal: &Literal,
        expected: Option<&Shape>,
        scope: &Scope,
    ) -> (Option<Template>, Option<Shape>) {
        let trusting = self.world.trusting;
        if let Some(text) = literal
            .plain
            .as_deref()
            .filter(|text| !trusting && scope.looks_computed(text))
        {
            let message = "this text looks like an expression, and is none without `=`";
            self.report(
                Diagnostic::error(codes::LOOKS_COMPUTED, literal.span.clone(), message)
                    .help(format!("write `={text}`"))
                    .help("where the text itself is meant, put it in quotes"),
            );
            return (None, expected.map(|e| e.present().clone()));
        }
        let Some(expected) = expected else {
            let shape = Shape::of_value(&literal.value);
            return (Some(Template::Literal(literal.value.clone())), Some(shape));
        };
        let wanted = expected.present();
        // A plain scalar takes the type that its place asks for: `1.10` is text where text is asked for.
        let value = match (&literal.plain, wanted) {
            (Some(plain), shape) if shape.is_textual() && !literal.value.is_null() => Value::String(plain.clone()),
            _ => literal.value.clone(),
        };
        if fits(&value, expected) {
            return (Some(Template::Literal(value)), Some(wanted.clone()));
        }
        self.report(wrong_literal(literal, wanted));
        // Who takes the value looks at it as well.
        (trusting.then_some(Template::Literal(value)), Some(wanted.clone()))
    }

    /// Reports an expression that is one text in quotes and would be an expression without them: in `='"a" + b'` the outer
    /// quotes were meant for YAML, and stand behind the sign.
    fn quoted_whole(&mut self, said: &ExpressionText, scope: &Scope) -> bool {
        let text = said.text.trim();
        let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return false;
        };
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        let Some(inner) = inner.filter(|inner| !inner.contains(quote)) else {
            return false;
        };
        let other = if quote == '"' { '\'' } else { '"' };
        let put_together = inner.contains(&format!("{other} +")) || inner.contains(&format!("+ {other}"));
        if self.world.trusting || !put_together && !scope.looks_computed(inner.trim()) {
            return false;
        }
        let message = "this text looks like an expression, and is one text: its quotes stand behind the `=`";
        let right = format!("'={}'", inner.trim().replace('\'', "''"));
        self.report(
            Diagnostic::error(codes::LOOKS_COMPUTED, said.span.clone(), message)
                .help(format!("put the `=` into the quotes: `{right}`"))
                .help("where the text itself is meant, write it without `=`"),
        );
        true
    }

    fn list(
        &mut self,
        items: &[manifest::Template],
        span: &Span,
        expected: Option<&Shape>,
        scope: &mut Scope,
    ) -> (Option<Template>, Option<Shape>) {
        let item = match expected.map(Shape::present) {
            Some(Shape::List(item)) => Some(Shape::clone(item)),
            Some(other) => {
                self.wrong_kind(span, "a list", other);
                return (None, Some(other.clone()));
            }
            None => None,
        };
        let mut templates = Vec::new();
        let mut common: Option<Shape> = None;
        for said in items {
            let (template, shape) = self.template(said, item.as_ref(), scope);
            templates.push(template);
            common = match (common, shape) {
                (Some(a), Some(b)) => Some(a.join(&b).unwrap_or(Shape::Any)),
                (None, b) => b,
                (a, None) => a,
            };
        }
        let templates: Option<Vec<Template>> = templates.into_iter().collect();
        // The empty list has items of no kind, so that it goes together with a list of any.
        let none = if items.is_empty() { Shape::never() } else { Shape::Any };
        let inner = item.or(common).unwrap_or(none);
        (
            templates.map(Template::List),
            Some(Shape::List(Arc::new(inner.present().clone()))),
        )
    }

    fn object(
        &mut self,
        members: &Members,
        span: &Span,
        expected: Option<&Shape>,
        scope: &mut Scope,
    ) -> (Option<Template>, Option<Shape>) {
        match expected.map(Shape::present) {
            None => self.free_object(members, scope),
            Some(Shape::Map(item)) => {
                let item = Shape::clone(item);
                let templates = members
                    .iter()
                    .map(|(name, said)| Some((name.value.clone(), self.template(said, Some(&item), scope).0?)));
                let templates: Vec<Option<(String, Template)>> = templates.collect();
                let whole: Option<Vec<(String, Template)>> = templates.into_iter().collect();
                (whole.map(Template::Object), expected.cloned())
            }
            Some(Shape::OneOf(variants)) => match variant(members, variants) {
                Some(variant) => self.object(members, span, Some(&variant), scope),
                None => {
                    let shape = Shape::OneOf(variants.clone());
                    self.wrong_kind(span, "an object of none of these kinds", &shape);
                    (None, Some(shape))
                }
            },
            Some(shape) if shape.is_quantity() && self.no_code(members) => (None, Some(shape.clone())),
            Some(shape) => match shape.as_object() {
                Some(object) => (self.known_object(members, span, object, scope), Some(shape.clone())),
                None => {
                    self.wrong_kind(span, "an object", shape);
                    (None, Some(shape.clone()))
                }
            },
        }
    }

    /// Reports the unit of a written quantity where it is a sign or a name in place of the code.
    fn no_code(&mut self, members: &Members) -> bool {
        let unit = members.iter().find(|(name, _)| name.value == "unit");
        let Some((_, manifest::Template::Literal(literal))) = unit.filter(|_| !self.world.trusting) else {
            return false;
        };
        let text = literal.value.as_str().unwrap_or_default();
        let Some(code) = named_unit(text) else { return false };
        let message = format!("`{text}` is no code of a unit");
        let diagnostic = Diagnostic::error(UNITS, literal.span.clone(), message);
        self.report(diagnostic.help(format!("units are written with their codes: `{code}`")));
        true
    }

    fn free_object(&mut self, members: &Members, scope: &mut Scope) -> (Option<Template>, Option<Shape>) {
        let mut templates = Vec::new();
        let mut fields = Vec::new();
        for (name, said) in members {
            let (template, shape) = self.template(said, None, scope);
            templates.push(template.map(|t| (name.value.clone(), t)));
            fields.push(shape.map(|s| (name.value.as_str(), s)));
        }
        let templates: Option<Vec<(String, Template)>> = templates.into_iter().collect();
        let fields: Option<Vec<(&str, Shape)>> = fields.into_iter().collect();
        (templates.map(Template::Object), fields.map(Shape::object))
    }

    fn known_object(
        &mut self,
        members: &Members,
        span: &Span,
        object: &ObjectShape,
        scope: &mut Scope,
    ) -> Option<Template> {
        let mut templates = Vec::new();
        for (name, said) in members {
            match object.fields.get(&name.value) {
                Some(shape) => {
                    let template = self.template(said, Some(shape), scope).0;
                    templates.push(template.map(|t| (name.value.clone(), t)));
                }
                None if object.open => {
                    let template = self.template(said, None, scope).0;
                    templates.push(template.map(|t| (name.value.clone(), t)));
                }
                None => {
                    self.unknown_field(name, object, members);
                    if self.world.trusting {
                        let template = self.template(said, None, scope).0;
                        templates.push(template.map(|t| (name.value.clone(), t)));
                    }
                }
            }
        }
        let said: Vec<&str> = members.iter().map(|(name, _)| name.value.as_str()).collect();
        self.missing_fields(span, object, &said);
        templates.into_iter().collect::<Option<Vec<_>>>().map(Template::Object)
    }

    /// Reports the fields that must be there and are not, all of them at once; one that is misspelt was reported as
    /// unknown.
    pub(super) fn missing_fields(&mut self, span: &Span, object: &ObjectShape, said: &[&str]) {
        let strange = || said.iter().filter(|s| !object.fields.contains_key(**s));
        let misspelt = |name: &str| strange().any(|s| fields_meant(s, object, said).contains(&name));
        let missing: Vec<(&String, &Shape)> = object
            .fields
            .iter()
            .filter(|(_, shape)| !shape.is_optional() && **shape != Shape::Any)
            .filter(|(name, _)| !said.contains(&name.as_str()) && !misspelt(name))
            .collect();
        if missing.is_empty() {
            return;
        }
        let of = object.name.as_ref().map_or(String::new(), |n| format!(" of {n}"));
        let names: Vec<String> = missing.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = match names.as_slice() {
            [one] => format!("the field {one}{of} is missing"),
            all => format!("the fields {}{of} are missing", all.join(", ")),
        };
        let mut diagnostic = Diagnostic::error(codes::MISSING_FIELD, span.clone(), message);
        for (name, shape) in missing {
            diagnostic = diagnostic.help(format!("write `{name}: ...` ({})", shape.short()));
        }
        self.report(diagnostic);
    }

    fn unknown_field(&mut self, name: &Spanned<String>, object: &ObjectShape, members: &Members) {
        let said: Vec<&str> = members.iter().map(|(name, _)| name.value.as_str()).collect();
        let message = format!("unknown field `{}`", name.value);
        let mut diagnostic = Diagnostic::error(codes::UNKNOWN_FIELD, name.span.clone(), message);
        let right = fields_meant(&name.value, object, &said);
        diagnostic = match right.as_slice() {
            [_, ..] => diagnostic.help(format!("write `{}`", right.join("` or `"))),
            [] if BESIDE_WITH.contains(&name.value.as_str()) => {
                let key = &name.value;
                diagnostic.help(format!(
                    "`{key}` stands beside `with`, in the column of `call`: indent it less"
                ))
            }
            [] => {
                let all: Vec<&str> = object.fields.keys().map(String::as_str).collect();
                diagnostic.help(format!("the fields are: {}", all.join(", ")))
            }
        };
        self.report(diagnostic);
    }

    fn wrong_kind(&mut self, span: &Span, found: &str, expected: &Shape) {
        let message = format!("found {found}, expected {}", expected.describe());
        let help = match (found, expected) {
            ("a list", other) if !matches!(other, Shape::Map(_)) => {
                format!(
                    "one value stands here: write {}, without brackets and dashes",
                    example(other)
                )
            }
            ("an object", Shape::List(item)) if item.as_object().is_some() => {
                "a list of one has a dash before its first field, or stands in brackets: `[{ ... }]`".to_owned()
            }
            _ => format!("write {}, or an expression that gives one", example(expected)),
        };
        self.report(Diagnostic::error(codes::WRONG_VALUE, span.clone(), message).help(help));
    }
}

/// The fields that a strange one may have been meant as: of those that are not said, those before the others that must
/// be there.
fn fields_meant<'o>(name: &str, object: &'o ObjectShape, said: &[&str]) -> Vec<&'o str> {
    let free = object.fields.keys().map(String::as_str).filter(|f| !said.contains(f));
    let needed = |field: &str| object.fields.get(field).is_some_and(|shape| !shape.is_optional());
    meant_among(name, free, &needed)
}

/// The variant that an object's written discriminator names; else the only one that has all of its fields.
fn variant(members: &Members, variants: &[Shape]) -> Option<Shape> {
    let objects = || variants.iter().filter_map(|v| v.as_object().map(|o| (v, o)));
    let named = objects().find(|(_, object)| {
        members
            .iter()
            .any(|(name, said)| match (object.fields.get(&name.value), said) {
                (Some(Shape::Enumeration(one)), manifest::Template::Literal(literal)) if one.len() == 1 => {
                    literal.value.as_str() == Some(one[0].as_str())
                }
                _ => false,
            })
    });
    let having =
        || objects().find(|(_, object)| members.iter().all(|(name, _)| object.fields.contains_key(&name.value)));
    named.or_else(having).map(|(variant, _)| variant.clone())
}

/// Whether a written value fits: its shape is accepted, and a decimal, date or time is one.
fn fits(value: &Value, expected: &Shape) -> bool {
    if value.is_null() {
        return expected.is_optional();
    }
    expected.present().accepts(value)
}
