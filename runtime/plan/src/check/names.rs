//! Names of the site: connections, operations, ledgers, senders, roles; and the names that the language keeps.

use dragoman_manifest::Spanned;
use dragoman_manifest::pipeline::OperationName;
use dragoman_model::{Code, Diagnostic, Digest, all_meant};
use dragoman_schema::OperationSurface;

use super::Checker;
use crate::codes;

/// Names that an expression reads as something else.
const RESERVED: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Names that every expression has.
const GIVEN: &[&str] = &["trigger", "site", "run", "steps", "failure"];

/// Keys of a call that are easily indented into its payload.
pub(super) const BESIDE_WITH: &[&str] = &[
    "once",
    "ref",
    "retry",
    "timeout",
    "effect",
    "undo",
    "documents",
    "on_rejected",
    "on_failure",
    "when",
];

/// The diagnostic of a name that is none: with the nearest right one, or where to add it. Without a `place` nothing can be
/// added: it is one of those that there are.
pub(crate) fn unknown_name<'n>(
    name: &Spanned<String>,
    names: impl Iterator<Item = &'n String> + Clone,
    code: Code,
    what: &str,
    place: &str,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(code, name.span.clone(), format!("{what} `{}`", name.value));
    match all_meant(&name.value, names.clone().map(String::as_str)).as_slice() {
        right @ [_, ..] => diagnostic.help(format!("write `{}`", right.join("` or `"))),
        [] => {
            let all: Vec<&str> = names.map(String::as_str).collect();
            if place.is_empty() && !all.is_empty() {
                return diagnostic.help(format!("write one of: {}", all.join(", ")));
            }
            let there = if all.is_empty() {
                "there are none yet".into()
            } else {
                format!("there are: {}", all.join(", "))
            };
            diagnostic.help(format!("add it to {place}; {there}"))
        }
    }
}

impl<'a> Checker<'a> {
    /// Looks a name up; reports it with the nearest right one where it is not there.
    pub(super) fn known<'n>(
        &mut self,
        name: &Spanned<String>,
        names: impl Iterator<Item = &'n String> + Clone,
        code: Code,
        what: &str,
        place: &str,
    ) -> bool {
        if names.clone().any(|n| *n == name.value) {
            return true;
        }
        self.report(unknown_name(name, names, code, what, place));
        false
    }

    /// Finds an operation: its plugin's digest and its surface.
    pub(super) fn operation(&mut self, name: &OperationName) -> Option<(Digest, &'a OperationSurface)> {
        let world = self.world;
        if world.broken_connections.contains(&name.connection.value) {
            return None;
        }
        let place = "`connections` of the site file";
        let known = world.connections.keys().chain(&world.broken_connections);
        if !self.known(
            &name.connection,
            known,
            codes::UNKNOWN_CONNECTION,
            "there is no connection",
            place,
        ) {
            return None;
        }
        let surface = &world.connections.get(&name.connection.value)?.surface;
        let what = format!("the plugin `{}` has no operation", surface.name);
        if !self.known(
            &name.operation,
            surface.operations.keys(),
            codes::UNKNOWN_OPERATION,
            &what,
            "the plugin",
        ) {
            return None;
        }
        self.used.insert(name.connection.value.clone());
        Some((surface.digest, surface.operations.get(&name.operation.value)?))
    }

    /// Looks a ledger up.
    pub(super) fn ledger(&mut self, name: &Spanned<String>) -> bool {
        self.known(
            name,
            self.world.ledgers.iter(),
            codes::UNKNOWN_LEDGER,
            "there is no ledger",
            "`ledgers` of the site file",
        )
    }

    /// Refuses a name that an expression could not use.
    pub(super) fn refuse_reserved(&mut self, name: &Spanned<String>, at_root: bool) {
        let given = at_root && GIVEN.contains(&name.value.as_str());
        if given || RESERVED.contains(&name.value.as_str()) {
            let message = format!("`{}` is a name of the language", name.value);
            let help = format!("write another name, for example `{}_`", name.value);
            self.report(Diagnostic::error(codes::RESERVED_NAME, name.span.clone(), message).help(help));
        }
    }
}
