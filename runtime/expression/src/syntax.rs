//! From text to a tree with places; the only file that touches the parser of CEL.

use std::ops::Range;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, SourceInfo, operators};
use rust_decimal::Decimal;

use crate::codes;
use crate::complaint::{Problem, refused, unreadable};
use crate::scan::{WordKind, Words};
use crate::tree::{Kind, Operator, Tree};

/// Trees deeper than this are refused.
const DEPTH: usize = 100;

/// Reads an expression.
pub(crate) fn parse(text: &str) -> Result<Tree, Problem> {
    let words = Words::of(text).map_err(refused)?;
    if words.0.is_empty() {
        return Err(Problem::new(codes::SYNTAX, 0..text.len(), "the expression is empty"));
    }
    // An environment without macros leaves `has`, `all` and `map` as the calls that were written.
    let parsed = cel::Env::default().parser().parse_with_source_info(text);
    let (expression, places) = parsed.map_err(|errors| unreadable(text, &words, &errors))?;
    Reader {
        text,
        words: &words,
        places: &places,
    }
    .read(expression, DEPTH)
}

struct Reader<'a> {
    text: &'a str,
    words: &'a Words,
    places: &'a SourceInfo,
}

impl Reader<'_> {
    fn read(&self, expression: IdedExpr, depth: usize) -> Result<Tree, Problem> {
        let at = self
            .places
            .offset_for(expression.id)
            .map_or(0, |(start, _)| start as usize);
        let at = at.min(self.text.len());
        if depth == 0 {
            return Err(
                Problem::new(codes::NESTED, at..at, "the expression is nested too deeply")
                    .help("give a part of it a name with a step `set`"),
            );
        }
        let tree = match expression.expr {
            Expr::Literal(literal) => self.literal(literal, at),
            Expr::Ident(name) if name.starts_with('.') => {
                Err(self.left_out(self.word_range(at), "a name with a leading point"))
            }
            Expr::Ident(name) => Ok(Tree {
                range: self.word_range(at),
                kind: Kind::Name(name),
            }),
            Expr::Select(select) => {
                let of = self.read(*select.operand, depth - 1)?;
                let name = self.words.at(at).map_or(at..at, |point| self.nth(point + 1));
                let range = of.range.start..name.end.max(of.range.end);
                Ok(Tree {
                    range,
                    kind: Kind::Field {
                        of: Box::new(of),
                        name: select.field,
                        at: name,
                    },
                })
            }
            Expr::Call(call) => self.call(call, at, depth),
            Expr::List(list) => {
                let items = list.elements.into_iter().map(|item| self.read(item, depth - 1));
                let kind = Kind::List(items.collect::<Result<_, _>>()?);
                Ok(Tree {
                    range: self.bracket_range(at),
                    kind,
                })
            }
            Expr::Map(map) => Ok(Tree {
                range: self.bracket_range(at),
                kind: self.entries(map, at, depth)?,
            }),
            Expr::Struct(_) => Err(self.left_out(self.bracket_range(at), "a message")),
            Expr::Comprehension(_) | Expr::Unspecified => Err(self.left_out(self.word_range(at), "this")),
        }?;
        Ok(Tree {
            range: self.words.grouped(self.text, tree.range),
            kind: tree.kind,
        })
    }

    fn entries(&self, map: MapExpr, at: usize, depth: usize) -> Result<Kind, Problem> {
        let mut entries = Vec::new();
        for entry in map.entries {
            let EntryExpr::MapEntry(entry) = entry.expr else {
                return Err(self.left_out(self.bracket_range(at), "a message"));
            };
            entries.push((self.read(entry.key, depth - 1)?, self.read(entry.value, depth - 1)?));
        }
        Ok(Kind::Map(entries))
    }

    fn literal(&self, literal: LiteralValue, at: usize) -> Result<Tree, Problem> {
        let mut range = self.word_range(at);
        let kind = match literal {
            LiteralValue::Boolean(value) => Kind::Boolean(value.into_inner()),
            LiteralValue::Int(value) => {
                range = self.signed(range, value.into_inner() < 0);
                Kind::Integer(value.into_inner())
            }
            LiteralValue::Double(value) => {
                let negative = value.into_inner().is_sign_negative();
                let written = &self.text[range.clone()];
                if written.starts_with('.') {
                    let end = self.words.at(at).map_or(range.end, |point| self.nth(point + 1).end);
                    let (message, whole) = ("a number begins with a digit", range.start..end);
                    let help = format!("write `0{}`", &self.text[whole.clone()]);
                    return Err(Problem::new(codes::INVALID_LITERAL, whole, message).help(help));
                }
                let number = Decimal::from_str_exact(written).or_else(|_| Decimal::from_scientific(written));
                let Ok(mut number) = number else {
                    return Err(Problem::new(
                        codes::INVALID_LITERAL,
                        range,
                        "the number is too large or too long",
                    ));
                };
                number.set_sign_negative(negative);
                range = self.signed(range, negative);
                Kind::Point(number)
            }
            LiteralValue::String(text) => Kind::Text(text.inner().to_owned()),
            LiteralValue::Null => Kind::Null,
            LiteralValue::UInt(_) => {
                return Err(self.left_out(range, "an unsigned number").help("leave out the `u`"));
            }
            LiteralValue::Bytes(_) => {
                return Err(self.left_out(range, "a text of bytes").help("leave out the `b`"));
            }
        };
        Ok(Tree { range, kind })
    }

    fn call(&self, call: CallExpr, at: usize, depth: usize) -> Result<Tree, Problem> {
        let receiver = call.target.map(|target| self.read(*target, depth - 1)).transpose()?;
        let parts = call.args.into_iter().map(|argument| self.read(argument, depth - 1));
        let parts = parts.collect::<Result<Vec<Tree>, Problem>>()?;
        if let Some(operator) = operator(&call.func_name) {
            let mark = self.mark(at);
            let start = parts
                .first()
                .map_or(mark.start, |first| first.range.start.min(mark.start));
            let end = match operator {
                Operator::Index => self.bracket_range(at).end,
                _ => parts.last().map_or(mark.end, |last| last.range.end.max(mark.end)),
            };
            return Ok(Tree {
                range: start..end,
                kind: Kind::Operator {
                    operator,
                    at: mark,
                    operands: parts,
                },
            });
        }
        let bracket = self.bracket_range(at);
        let name = self
            .words
            .at(at)
            .and_then(|open| open.checked_sub(1))
            .map_or(at..at, |word| self.nth(word));
        if call.func_name.starts_with('.') {
            return Err(self.left_out(name, "a function with a leading point"));
        }
        let start = receiver.as_ref().map_or(name.start, |receiver| receiver.range.start);
        let kind = Kind::Call {
            function: call.func_name,
            at: name,
            receiver: receiver.map(Box::new),
            arguments: parts,
        };
        Ok(Tree {
            range: start..bracket.end,
            kind,
        })
    }

    fn left_out(&self, range: Range<usize>, what: &str) -> Problem {
        Problem::new(codes::NOT_IN_LANGUAGE, range, format!("{what} is not in the language"))
    }

    fn nth(&self, word: usize) -> Range<usize> {
        self.words
            .0
            .get(word)
            .map_or(self.text.len()..self.text.len(), |word| word.range.clone())
    }

    fn word_range(&self, at: usize) -> Range<usize> {
        self.words.at(at).map_or(at..at, |word| self.nth(word))
    }

    /// The marks of an operator that lie side by side: `&&`, `>=`; a word for `in`.
    fn mark(&self, at: usize) -> Range<usize> {
        let Some(first) = self.words.at(at) else {
            return at..at;
        };
        let range = self.nth(first);
        let second = self.nth(first + 1);
        let pair = ["&&", "||", "==", "!=", "<=", ">="];
        match self.text.get(range.start..second.end) {
            Some(both) if pair.contains(&both) => range.start..second.end,
            _ => range,
        }
    }

    /// From a bracket to its partner.
    fn bracket_range(&self, at: usize) -> Range<usize> {
        let open = self.words.at(at);
        let close = open.and_then(|open| self.words.0[open].partner);
        at..close.map_or(at, |close| self.nth(close).end)
    }

    /// With the minus before a number.
    fn signed(&self, range: Range<usize>, negative: bool) -> Range<usize> {
        let before = self.words.at(range.start).and_then(|word| word.checked_sub(1));
        match before.map(|word| &self.words.0[word]) {
            Some(word) if negative && word.kind == WordKind::Mark(b'-') => word.range.start..range.end,
            _ => range,
        }
    }
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        operators::CONDITIONAL => Operator::If,
        operators::LOGICAL_AND => Operator::And,
        operators::LOGICAL_OR => Operator::Or,
        operators::LOGICAL_NOT => Operator::Not,
        operators::NEGATE => Operator::Minus,
        operators::INDEX => Operator::Index,
        operators::IN => Operator::In,
        operators::ADD => Operator::Add,
        operators::SUBSTRACT => Operator::Subtract,
        operators::MULTIPLY => Operator::Multiply,
        operators::DIVIDE => Operator::Divide,
        operators::MODULO => Operator::Remainder,
        operators::EQUALS => Operator::Equal,
        operators::NOT_EQUALS => Operator::Unequal,
        operators::LESS => Operator::Less,
        operators::LESS_EQUALS => Operator::LessOrEqual,
        operators::GREATER => Operator::Greater,
        operators::GREATER_EQUALS => Operator::GreaterOrEqual,
        _ => return None,
    })
}
