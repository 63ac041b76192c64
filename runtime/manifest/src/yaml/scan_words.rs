//! The parser's errors in our words: what is wrong, and what to write.

use serde_saphyr::granit_parser::ErrorKind;

/// What is wrong, and what to write.
type Words = (String, Vec<&'static str>);

const QUOTE: &str =
    "a text with `: `, ` #`, or one that begins with a quote, a bracket or one of `&*!|>%@` is put in quotes";
const EXPRESSION: &str =
    "an expression with brackets, braces, commas or a colon inside `{ }` is put in quotes: `'=first(a, b)'`";

/// What is wrong, and what to write.
pub(super) fn words(kind: &ErrorKind) -> Words {
    let known = of_lines(kind)
        .or_else(|| of_brackets(kind))
        .or_else(|| of_texts(kind))
        .or_else(|| of_documents(kind));
    known.unwrap_or_else(|| (format!("this is not YAML: {kind}"), vec![QUOTE]))
}

/// Keys, items and indentation.
fn of_lines(kind: &ErrorKind) -> Option<Words> {
    use ErrorKind as K;
    let (message, help): (&str, Vec<&'static str>) = match kind {
        K::TabNotAllowed
        | K::TabInBlockIndentation
        | K::TabInIndentation
        | K::TabAtBlockScalarStart
        | K::TabInPlainScalar => ("a tab stands where YAML takes only spaces", vec!["indent with spaces"]),
        K::InvalidIndentation
        | K::InvalidBlockScalarIndent
        | K::InvalidQuotedScalarIndent
        | K::InvalidFlowScalarIndent => (
            "the indentation does not fit",
            vec!["keys of one mapping, and items of one list, begin in the same column"],
        ),
        K::MappingValueNotAllowed | K::InvalidMappingValueWhitespace | K::InvalidColonPlacement => (
            "a colon stands where no value can begin",
            vec![QUOTE, "a key begins in the same column as its neighbours"],
        ),
        K::ExpectedBlockMappingKey | K::MappingKeyNotAllowed | K::SimpleKeyExpected | K::InvalidSimpleKey => (
            "a key and a colon were expected here",
            vec!["write `key: value`, in the same column as the keys above", QUOTE],
        ),
        K::ExpectedBlockSequenceEntry | K::BlockSequenceEntryNotAllowed | K::InvalidBlockEntryWhitespace => (
            "an item of a list, `- `, was expected or stands wrongly here",
            vec!["items of one list begin in the same column"],
        ),
        _ => return None,
    };
    Some((message.into(), help))
}

/// Documents, directives and tags.
fn of_documents(kind: &ErrorKind) -> Option<Words> {
    use ErrorKind as K;
    let (message, help): (&str, Vec<&'static str>) = match kind {
        K::ExpectedDocumentStart | K::InvalidDocumentEnd | K::MissingDocumentEndBeforeDirective => (
            "this line does not go with what stands before it",
            vec!["keys at the top begin in the first column, each with a colon and a space behind it"],
        ),
        K::BomInsideDocument => (
            "a byte order mark (U+FEFF), which is not seen, stands in the middle of the text",
            vec!["take it away: it is often left where two files were put together"],
        ),
        K::DirectiveDisallowed
        | K::DuplicateVersionDirective
        | K::UnsupportedYamlMajorVersion
        | K::DuplicateTagDirective
        | K::InvalidDirectiveTerminator
        | K::MissingYamlVersionSeparator
        | K::MissingDirectiveName
        | K::InvalidDirectiveName
        | K::YamlVersionTooLong
        | K::MissingYamlVersion
        | K::InvalidTagDirectiveTerminator
        | K::ExpectedTagDirectiveBang => (
            "a line that begins with `%` is a directive of YAML, and is not taken",
            vec!["take it away"],
        ),
        K::UndeclaredTagHandle
        | K::ExpectedTagBang
        | K::InvalidGlobalTagCharacter
        | K::InvalidTagTerminator
        | K::MissingTagUri
        | K::UnclosedVerbatimTag
        | K::InvalidTagEscape => (
            "`!` begins a tag of YAML, and is not taken",
            vec!["put a text that begins with `!` in quotes"],
        ),
        K::UnexpectedEof | K::UnexpectedEofBlockSequence | K::UnexpectedEofBlockMapping => {
            ("the text ends in the middle of something", vec!["write the rest of it"])
        }
        _ => return None,
    };
    Some((message.into(), help))
}

/// Brackets and what stands in them.
fn of_brackets(kind: &ErrorKind) -> Option<Words> {
    use ErrorKind as K;
    let (message, help): (&str, Vec<&'static str>) = match kind {
        K::BlockEntryInFlowCollection => (
            "`- ` stands inside `[ ]` or `{ }`",
            vec!["write `[a, b]`, or each item on a line of its own"],
        ),
        K::ExpectedFlowMappingSeparator | K::ExpectedFlowSequenceSeparator | K::FlowMappingValueAdjacentCollection => {
            ("a comma or the closing bracket was expected here", vec![EXPRESSION])
        }
        K::MismatchedFlowCollectionEnd { open, close } => {
            let message = format!("`{open}` is closed by `{close}`");
            return Some((message, vec!["close each bracket with its own kind", EXPRESSION]));
        }
        K::UnclosedFlowCollection { open } => {
            let message = format!("`{open}` is never closed");
            return Some((message, vec!["write the closing bracket", EXPRESSION]));
        }
        K::UnexpectedEofFlowSequence | K::UnexpectedEofFlowMapping | K::UnexpectedEofImplicitFlowMapping => {
            ("the text ends inside `[ ]` or `{ }`", vec!["write the closing bracket"])
        }
        K::MisplacedFlowCollectionEnd => (
            "this bracket closes nothing",
            vec!["take it away, or quote the text", EXPRESSION],
        ),
        _ => return None,
    };
    Some((message.into(), help))
}

/// Texts, quotes and escapes.
fn of_texts(kind: &ErrorKind) -> Option<Words> {
    use ErrorKind as K;
    let (message, help): (&str, Vec<&'static str>) = match kind {
        K::UnclosedQuotedScalar | K::DocumentIndicatorInQuotedScalar => {
            ("a quote is never closed", vec!["write the closing quote"])
        }
        K::InvalidTrailingSingleQuotedScalar | K::InvalidTrailingDoubleQuotedScalar => (
            "something stands behind the closing quote",
            vec!["an expression that begins with a quote is put in quotes of the other kind: `'\"a\" + b'`"],
        ),
        K::UnknownQuotedScalarEscape
        | K::InvalidQuotedScalarHexEscape
        | K::InvalidLowSurrogateHexEscape
        | K::InvalidLowSurrogate
        | K::MissingLowSurrogate
        | K::UnpairedLowSurrogate
        | K::InvalidUnicodeEscape => (
            "an escape that YAML does not know",
            vec!["in double quotes a backslash is written `\\\\`; in single quotes it stands for itself"],
        ),
        K::UnexpectedCharacter { character } => {
            return Some((
                format!("`{character}` cannot begin a text"),
                match character {
                    '`' => vec![
                        "write an expression without backticks, behind `=`: `=failure.code`; a text stands in quotes",
                    ],
                    _ => vec!["put the text in quotes"],
                },
            ));
        }
        K::RecursionLimitExceeded => ("nested too deep", vec!["split it into several files"]),
        K::UnknownAnchor | K::MissingAnchorOrAliasName => (
            "`*` and `&` begin an alias or an anchor of YAML, which are not taken",
            vec!["put the text in quotes"],
        ),
        K::ExpectedNodeContent | K::UnexpectedEndOfPlainScalar | K::PlainScalarStartsWithDashFlowIndicator => {
            ("a value was expected here", vec![QUOTE])
        }
        K::ExpectedWhitespace => (
            "a space is missing here",
            vec!["write a space behind `:` and `-`, and outside of quotes"],
        ),
        K::ZeroBlockScalarIndent | K::InvalidBlockScalarHeader => (
            "behind `|` or `>` the line ends",
            vec!["write the text on the next lines, indented"],
        ),
        K::CommentNotSeparated | K::CommentInterceptedScalar => (
            "a comment stands inside a text",
            vec!["a text with `#` is put in quotes"],
        ),
        _ => return None,
    };
    Some((message.into(), help))
}
