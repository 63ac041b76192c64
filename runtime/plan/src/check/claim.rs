//! Claims on a ledger, releases, and voids of a reference.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_expression::codes::UNITS;
use dragoman_expression::{Expected, unit_kind};
use dragoman_manifest::{ExpressionText, Spanned, pipeline as said};
use dragoman_model::Diagnostic;
use dragoman_schema::{Lookup, Marks, ObjectShape, Shape};

use super::Checker;
use super::scope::Scope;
use super::step::Made;
use crate::{ClaimStep, StepKind, codes};

/// The states of an effect that a void lists.
const STATES: [&str; 5] = ["open", "done", "failed", "parked", "undone"];

/// The unit of all lines, where it is known and one.
fn unit_of(lines: &Shape) -> Option<Arc<str>> {
    let Shape::List(line) = lines.present() else {
        return None;
    };
    match line.field("quantity") {
        Lookup::Found(quantity) => match quantity.present() {
            Shape::Measured(unit) => Some(Arc::clone(unit)),
            _ => None,
        },
        _ => None,
    }
}

impl Checker<'_> {
    /// `claim`: the output is `{ ledger, account, lines }`.
    pub(super) fn claim(&mut self, claim: &said::Claim, scope: &mut Scope) -> Made {
        self.ledger(&claim.ledger);
        let account = self.expression(&claim.account, &Expected::Key, scope);
        // A limit without a quantity is one that nobody knows: the ledger then refuses what no person decided on.
        let most = Expected::Shape(lines(Shape::Quantity.optional()));
        let limits = self.expression(&claim.limits, &most, scope);
        let limits = limits.filter(|(_, shape)| self.says_how_much(&claim.limits, shape));
        // What is claimed is most likely in the unit of its limit.
        let most = limits.as_ref().and_then(|(_, shape)| unit_of(shape));
        let taken = scope.measured_in(most, |scope| {
            self.expression(&claim.lines, &Expected::Shape(lines(Shape::Quantity)), scope)
        });
        if let (Some((_, taken)), Some((_, most))) = (&taken, &limits) {
            self.one_unit(claim, taken, most);
        }
        let mut condition = |said: Option<&ExpressionText>| match said {
            None => Some(None),
            Some(said) => self.expression(said, &Expected::Condition, scope).map(|(e, _)| Some(e)),
        };
        let flags = condition(claim.decided.as_ref()).zip(condition(claim.single.as_ref()));
        let shape = Shape::object([
            ("ledger", Shape::Text),
            ("account", Shape::Text),
            ("lines", lines(Shape::Quantity)),
        ]);
        let marks = [("account", &account), ("lines", &taken)].map(|(name, said)| {
            let marks = said.as_ref().map(|(said, _)| said.marks().clone()).unwrap_or_default();
            (name.to_owned(), marks)
        });
        let kind = match (account, taken, limits, flags) {
            (Some((account, _)), Some((lines, _)), Some((limits, _)), Some((decided, single))) => {
                let ledger = claim.ledger.value.clone();
                Some(StepKind::Claim(Box::new(ClaimStep {
                    ledger,
                    account,
                    lines,
                    limits,
                    decided,
                    single,
                })))
            }
            _ => None,
        };
        Made::new(kind, Some(shape)).marked(Marks::object(marks))
    }

    /// What is claimed and its limit are compared by the ledger, which converts nothing.
    fn one_unit(&mut self, claim: &said::Claim, taken: &Shape, most: &Shape) {
        let (Some(taken), Some(most)) = (unit_of(taken), unit_of(most)) else {
            return;
        };
        if taken == most {
            return;
        }
        let message = format!("what is claimed is in `{taken}`, and its limit in `{most}`: no claim would ever fit");
        let help = match (unit_kind(&taken), unit_kind(&most)) {
            (Some(one), Some(other)) if one == other => {
                format!("write both in one unit: `convert(..., \"{taken}\")`")
            }
            (Some(one), Some(other)) => {
                format!("a {one} is never a {other}: give both in one unit, for example `quantity(..., \"{taken}\")`")
            }
            _ => format!("give both in one unit, for example `quantity(..., \"{taken}\")`"),
        };
        let diagnostic = Diagnostic::error(UNITS, claim.limits.span.clone(), message)
            .label(claim.lines.span.clone(), "what is claimed")
            .help(help);
        self.report(diagnostic);
    }

    /// Whether limits may have a quantity. Where they have other fields in its place, every limit would be one that
    /// nobody knows.
    fn says_how_much(&mut self, said: &ExpressionText, shape: &Shape) -> bool {
        let Shape::List(line) = shape.present() else {
            return true;
        };
        let Some(line) = line.present().as_object().filter(|line| !line.open) else {
            return true;
        };
        let others: Vec<&str> = line
            .fields
            .keys()
            .map(String::as_str)
            .filter(|f| *f != "item")
            .collect();
        if others.is_empty() || others.contains(&"quantity") {
            return true;
        }
        let message = "no limit here has a `quantity`: each would be one that nobody knows";
        let diagnostic = Diagnostic::error(codes::UNKNOWN_FIELD, said.span.clone(), message);
        self.report(match others.as_slice() {
            [other] => diagnostic.help(format!("write `quantity` in place of `{other}`")),
            others => diagnostic.help(format!(
                "a limit has `item` and `quantity`; these have `{}`",
                others.join("`, `")
            )),
        });
        false
    }

    /// `release`.
    pub(super) fn release(&mut self, ledger: &Spanned<String>, once: &ExpressionText, scope: &mut Scope) -> Made {
        self.ledger(ledger);
        let once = self.expression(once, &Expected::Key, scope);
        let kind = once.map(|(once, _)| StepKind::Release {
            ledger: ledger.value.clone(),
            once,
        });
        Made::new(kind, Some(Shape::Nothing))
    }

    /// What can have been done under a reference: an operation of the site with an effect, or a claim on a ledger. Where a
    /// connection cannot be used, its operations are not known; an edition of before may mean ones that were there then.
    fn scopes(&self) -> Shape {
        let world = self.world;
        if world.trusting || !world.broken_connections.is_empty() {
            return Shape::Text;
        }
        let operations = world.connections.iter().flat_map(|(name, connection)| {
            let operations = connection.surface.operations.iter();
            let acts = operations.filter(|(_, surface)| !surface.effect.is_read());
            acts.map(move |(operation, _)| format!("{name}.{operation}"))
        });
        let ledgers = world.ledgers.iter().map(|ledger| format!("ledger:{ledger}"));
        let all: Vec<String> = operations.chain(ledgers).collect();
        if all.is_empty() {
            Shape::Text
        } else {
            Shape::enumeration(all)
        }
    }

    /// `void`: the output is `{ effects: [...] }`, what was done under the reference.
    pub(super) fn void(&mut self, reference: &ExpressionText, scope: &mut Scope) -> Made {
        let reference = self.expression(reference, &Expected::Key, scope);
        let effect = Shape::object([
            ("run", Shape::Text),
            ("path", Shape::Text),
            ("scope", self.scopes()),
            ("key", Shape::Text),
            ("state", Shape::enumeration(STATES)),
            ("input", Shape::Any),
            ("output", Shape::Any),
        ]);
        let shape = Shape::object([("effects", Shape::List(Arc::new(effect)))]);
        Made::new(
            reference.map(|(reference, _)| StepKind::Void { reference }),
            Some(shape),
        )
    }
}

/// Lines of a claim: an item and its quantity; what else a line has is no objection.
fn lines(quantity: Shape) -> Shape {
    let fields: BTreeMap<String, Shape> = [("item".to_owned(), Shape::Text), ("quantity".to_owned(), quantity)]
        .into_iter()
        .collect();
    let line = ObjectShape {
        name: None,
        fields,
        open: true,
    };
    Shape::List(Arc::new(Shape::Object(Arc::new(line))))
}
