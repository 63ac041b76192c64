//! From text to a tree with places; the only file that touches the parser of CEL.

use std::ops::Range;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use dragoman_model::Code;
use rust_decimal::Decimal;

use crate::codes;
use crate::scan::{Refusal, WordKind, Words};

/// Trees deeper than this are refused.
const DEPTH: usize = 100;

/// A part of an expression with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Text(String),
    Integer(i64),
    /// A number with a point: exact, as it was written.
    Point(Decimal),
    Boolean(bool),
    Null,
    Name(String),
    Field {
        of: Box<Tree>,
        name: String,
        at: Range<usize>,
    },
    Call {
        function: String,
        at: Range<usize>,
        receiver: Option<Box<Tree>>,
        arguments: Vec<Tree>,
    },
    Operator {
        operator: Operator,
        at: Range<usize>,
        operands: Vec<Tree>,
    },
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
}

/// The operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    If,
    And,
    Or,
    Not,
    Minus,
    Index,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Problem {
    fn new(code: Code, range: Range<usize>, message: impl Into<String>) -> Self {
        Problem {
            code,
            range,
            message: message.into(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

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

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::TooDeep(range) => Problem::new(codes::NESTED, range, "brackets are nested too deeply")
            .help("give a part of it a name with a step `set`"),
        Refusal::TooManyWords(range) => Problem::new(codes::TOO_LONG, range, "the expression has too many words")
            .help("give a part of it a name with a step `set`"),
        Refusal::OpenText(range) => Problem::new(codes::SYNTAX, range, "the text has no closing quote"),
        Refusal::Bracket(range) => Problem::new(codes::SYNTAX, range, "the bracket has no partner"),
    }
}

/// The first of the parser's complaints, in words for people.
fn unreadable(text: &str, words: &Words, errors: &cel::ParseErrors) -> Problem {
    let Some(error) = errors.errors.first() else {
        return Problem::new(codes::SYNTAX, 0..text.len(), "the expression cannot be read");
    };
    let at = offset(text, error.pos);
    let range = match words.0.iter().find(|word| word.range.contains(&at)) {
        Some(word) => word.range.clone(),
        None => at..text[at..].chars().next().map_or(at, |c| at + c.len_utf8()),
    };
    let there = &text[range.clone()];
    if there.is_empty() {
        return Problem::new(codes::SYNTAX, range, "the expression ends too early");
    }
    if let Some(name) = error.msg.strip_prefix("reserved identifier: ") {
        return Problem::new(
            codes::SYNTAX,
            range,
            format!("`{name}` is a reserved word and cannot be a name"),
        );
    }
    if error.msg.starts_with("invalid ") {
        return Problem::new(
            codes::INVALID_LITERAL,
            range,
            format!("`{there}` cannot be read: {}", error.msg),
        );
    }
    let problem = Problem::new(codes::SYNTAX, range, format!("`{there}` is not expected here"));
    match there {
        "=" => problem.help("to compare, write `==`"),
        "&" | "|" => problem.help("write `&&` for and, `||` for or"),
        "and" | "AND" => problem.help("write `&&`"),
        "or" | "OR" => problem.help("write `||`"),
        "not" => problem.help("write `!`"),
        "`" => problem.help("write `x[\"name\"]` for a field whose name is not a word"),
        "{" | "$" | "#" => problem.help("the whole text is the expression: write it without delimiters"),
        _ => problem,
    }
}

/// The byte offset of a line and a column, both from 1, columns in characters.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let (line, column) = (
        usize::try_from(line).unwrap_or(1).max(1),
        usize::try_from(column).unwrap_or(1).max(1),
    );
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let width: usize = text[start..].chars().take(column - 1).map(char::len_utf8).sum();
    start + width
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
            Expr::Map(map) => {
                let mut entries = Vec::new();
                for entry in map.entries {
                    let EntryExpr::MapEntry(entry) = entry.expr else {
                        return Err(self.left_out(self.bracket_range(at), "a message"));
                    };
                    entries.push((self.read(entry.key, depth - 1)?, self.read(entry.value, depth - 1)?));
                }
                Ok(Tree {
                    range: self.bracket_range(at),
                    kind: Kind::Map(entries),
                })
            }
            Expr::Struct(_) => Err(self.left_out(self.bracket_range(at), "a message")),
            Expr::Comprehension(_) | Expr::Unspecified => Err(self.left_out(self.word_range(at), "this")),
        }?;
        Ok(Tree {
            range: self.words.grouped(self.text, tree.range),
            kind: tree.kind,
        })
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
