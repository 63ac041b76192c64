//! Waits for a person: the decision, its answers, the shape of an answer.

use dragoman_expression::{AnswerNeeds, Expression};
use dragoman_manifest as manifest;
use dragoman_manifest::pipeline::{Answer, Decision, Wait};
use dragoman_model::{Diagnostic, Span, Value};
use dragoman_schema::{Marks, Sensitivity, Shape};
use serde_json::{Map, json};

use super::Checker;
use super::scope::Scope;
use super::step::Made;
use crate::{ANSWER, StepKind, Template, WaitStep, codes};

impl<'a> Checker<'a> {
    /// `wait`: the output is `{ answer, by, reason?, at, ...fields }`.
    pub(super) fn wait(&mut self, wait: &Wait, scope: &mut Scope) -> Made {
        let show = match &wait.show {
            Some(said) => self.shown(said, scope),
            None => Some(Template::List(Vec::new())),
        };
        for role in &wait.roles {
            // The roles are those of the language: no site adds one.
            let roles = self.world.roles.iter();
            self.known(role, roles, codes::UNKNOWN_ROLE, "there is no role", "");
        }
        let Some(decision) = self.decision(wait) else {
            return Made::new(None, None);
        };
        let fields = self.answer_fields(&decision);
        let shape = fields.as_ref().map(|fields| answer_shape(&decision, fields));
        let marks = answer_marks(&decision);
        let check = self.answer_check(wait, shape.as_ref(), scope);
        let kind = show.zip(fields).zip(check).map(|((show, fields), check)| {
            StepKind::Wait(Box::new(WaitStep {
                decision: wait.decision.value.clone(),
                answers: decision.answers.iter().map(|a| a.name.value.clone()).collect(),
                fields: (!fields.is_empty()).then(|| answer_schema(&decision)),
                for_ms: wait.for_ms.as_ref().map(|f| f.value),
                show,
                roles: wait.roles.iter().map(|r| r.value.clone()).collect(),
                check,
            }))
        });
        Made::new(kind, shape).marked(marks)
    }

    /// What must hold of an answer. It is evaluated when somebody answers: of what is there only for a moment (`failure`,
    /// `last`), nothing is known then.
    fn answer_check(
        &mut self,
        wait: &Wait,
        shape: Option<&Shape>,
        scope: &Scope,
    ) -> Option<Option<(Expression, String)>> {
        let Some(said) = &wait.check else {
            return Some(None);
        };
        let mut inner = scope.clone();
        inner.remove_name("failure");
        inner.remove_name("last");
        match shape {
            Some(shape) => inner.add_name(ANSWER, given(shape)),
            None => inner.poison(ANSWER.into()),
        }
        let check = self.condition(said, &mut inner)?;
        let refusal = match &wait.refusal {
            Some(refusal) => refusal.value.clone(),
            None => format!("it does not hold that {}", said.text),
        };
        Some(Some((check, refusal)))
    }

    /// What is shown: a list of templates, or an expression that gives a list.
    fn shown(&mut self, said: &manifest::Template, scope: &mut Scope) -> Option<Template> {
        let (template, shape) = self.template(said, None, scope);
        let (found, written) = match (said, &shape) {
            (manifest::Template::Expression(expression), Some(shape)) => {
                if matches!(shape.present(), Shape::List(_) | Shape::Any) {
                    return template;
                }
                (shape.describe(), format!("write `show: [={}]`", expression.text))
            }
            (manifest::Template::Object(..), _) => ("an object".into(), "write it behind a dash".into()),
            (manifest::Template::Literal(literal), _) => {
                let text = literal
                    .value
                    .as_str()
                    .map_or_else(|| literal.value.to_string(), str::to_owned);
                let help = match text.strip_prefix('[') {
                    // `'[trigger.message]'`: a list of expressions, written as one.
                    Some(_) if text.ends_with(']') => format!("write `show: '={text}'`"),
                    _ if scope.looks_computed(&text) => format!("write `show: [={text}]`"),
                    _ => format!("write `show: [{text}]`"),
                };
                ("one value".into(), help)
            }
            _ => return template,
        };
        let message = format!("what is shown is a list, and this is {found}");
        self.report(Diagnostic::error(codes::WRONG_VALUE, with_sign(said.span()), message).help(written));
        None
    }

    /// The decision: said at the wait, else at the top under its name; the wait may add to neither.
    fn decision(&mut self, wait: &Wait) -> Option<Decision> {
        let named = self
            .said
            .decisions
            .iter()
            .find(|(name, _)| name.value == wait.decision.value);
        let mut decision = match (&wait.said, named) {
            (Some(said), Some((_, named))) => Decision {
                answers: if said.answers.is_empty() {
                    named.answers.clone()
                } else {
                    said.answers.clone()
                },
                fields: if said.fields.is_empty() {
                    named.fields.clone()
                } else {
                    said.fields.clone()
                },
            },
            (Some(said), None) => said.clone(),
            (None, Some((_, named))) => named.clone(),
            (None, None) => {
                let names: Vec<&String> = self.said.decisions.iter().map(|(name, _)| &name.value).collect();
                let place = "`decisions` at the top, or write `answers` here";
                self.known(
                    &wait.decision,
                    names.into_iter(),
                    codes::UNKNOWN_DECISION,
                    "there is no decision",
                    place,
                );
                return None;
            }
        };
        if decision.answers.is_empty() {
            let message = format!("the decision `{}` has no answers", wait.decision.value);
            self.report(
                Diagnostic::error(codes::UNKNOWN_DECISION, wait.decision.span.clone(), message)
                    .help("write `answers: [accept, refuse]`"),
            );
            return None;
        }
        self.distinct_answers(&mut decision.answers);
        Some(decision)
    }

    /// Which fields each answer of a wait must bring.
    pub(super) fn answers_of(&self, wait: &Wait) -> AnswerNeeds {
        let named = self
            .said
            .decisions
            .iter()
            .find(|(name, _)| name.value == wait.decision.value);
        let said = wait
            .said
            .as_ref()
            .filter(|d| !d.answers.is_empty())
            .or(named.map(|(_, d)| d));
        let answers = said.map_or(&[][..], |d| &d.answers[..]);
        let needs = |answer: &Answer| answer.needs.iter().map(|f| f.value.clone()).collect();
        answers
            .iter()
            .map(|answer| (answer.name.value.clone(), needs(answer)))
            .collect()
    }

    fn distinct_answers(&mut self, answers: &mut Vec<Answer>) {
        let mut seen: Vec<String> = Vec::new();
        answers.retain(|Answer { name: answer, .. }| {
            let again = seen.contains(&answer.value);
            if again {
                let message = format!("the answer `{}` is here twice", answer.value);
                self.diagnostics.push(
                    Diagnostic::error(codes::DUPLICATE_ID, answer.span.clone(), message)
                        .help("take one of the two away"),
                );
            }
            seen.push(answer.value.clone());
            !again
        });
    }

    /// The further fields of an answer with their shapes; none where one cannot be read.
    fn answer_fields(&mut self, decision: &Decision) -> Option<Vec<(String, Shape)>> {
        let mut good = true;
        let mut fields = Vec::new();
        for field in &decision.fields {
            let name = &field.name;
            if ["answer", "by", "reason", "at"].contains(&name.value.as_str()) {
                let message = format!("every answer has the field `{}`", name.value);
                self.report(
                    Diagnostic::error(codes::ANSWER_FIELDS, name.span.clone(), message)
                        .help("take it away, or give it another name"),
                );
                good = false;
            }
            match self.field_shape(field) {
                Some(shape) => fields.push((name.value.clone(), shape)),
                None => good = false,
            }
        }
        for answer in &decision.answers {
            for field in &answer.needs {
                let place = format!("`fields` of the decision (for `{}`)", answer.name.value);
                let names = decision.fields.iter().map(|f| &f.name.value);
                good &= self.known(field, names, codes::ANSWER_FIELDS, "the answer has no field", &place);
            }
        }
        good.then_some(fields)
    }
}

/// The place of a template, with the `=` before an expression: what goes into a list is all of it.
fn with_sign(span: &Span) -> Span {
    let before = span.source.text[..span.range.start].ends_with('=');
    Span::new(&span.source, span.range.start - usize::from(before)..span.range.end)
}

/// The shape of an answer. A field is there where every answer must bring it; else it may be absent.
fn answer_shape(decision: &Decision, fields: &[(String, Shape)]) -> Shape {
    let answers = decision.answers.iter().map(|a| a.name.value.clone());
    let by = Shape::object([
        ("id", Shape::Text),
        ("name", Shape::Text.optional()),
        ("kind", Shape::Text),
        ("authentication", Shape::Text),
    ]);
    let mut all = vec![
        ("answer", Shape::enumeration(answers)),
        ("by", by),
        ("reason", Shape::Text.optional()),
        ("at", Shape::DateTime),
    ];
    for (name, shape) in fields {
        let always = decision
            .answers
            .iter()
            .all(|answer| answer.needs.iter().any(|f| f.value == *name));
        all.push((
            name.as_str(),
            if always {
                shape.clone()
            } else {
                shape.clone().optional()
            },
        ));
    }
    Shape::object(all)
}

/// The shape of an answer as it is given: who gave it and when is not known before it is taken.
fn given(shape: &Shape) -> Shape {
    let Some(object) = shape.as_object() else {
        return shape.clone();
    };
    let fields = object
        .fields
        .iter()
        .filter(|(name, _)| !["by", "at"].contains(&name.as_str()));
    Shape::object(fields.map(|(name, shape)| (name.as_str(), shape.clone())))
}

/// What of an answer tells of a natural person: the name of who answered, and what the fields' schemas say.
fn answer_marks(decision: &Decision) -> Marks {
    let name = Marks::whole(Sensitivity::Personal, "by.name");
    let by = Marks::object([("name".to_owned(), name)]);
    let fields = decision.fields.iter();
    let fields = fields.map(|field| (field.name.value.clone(), Marks::of_schema(&field.schema)));
    Marks::object(fields.chain([("by".to_owned(), by)]))
}

/// JSON Schema of an answer's fields: with `answer` among its members, it demands what that answer must bring.
fn answer_schema(decision: &Decision) -> Value {
    let mut properties: Map<String, Value> = decision
        .fields
        .iter()
        .map(|f| (f.name.value.clone(), f.schema.clone()))
        .collect();
    let answers: Vec<&str> = decision.answers.iter().map(|a| a.name.value.as_str()).collect();
    properties.insert("answer".into(), json!({ "enum": answers }));
    let mut conditions = Vec::new();
    for answer in &decision.answers {
        let needed: Vec<&str> = answer.needs.iter().map(|f| f.value.as_str()).collect();
        if !needed.is_empty() {
            conditions.push(json!({
                "if": { "properties": { "answer": { "const": answer.name.value } }, "required": ["answer"] },
                "then": { "required": needed },
            }));
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if let (false, Some(members)) = (conditions.is_empty(), schema.as_object_mut()) {
        members.insert("allOf".into(), Value::Array(conditions));
    }
    schema
}
