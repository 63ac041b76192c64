//! Lines that stand in the wrong column: which one, where it belongs, and what it was most likely meant as.
//!
//! The parser says where it cannot go on. What a person needs is the neighbour whose column a line should have, or the dash
//! that is missing: that is told by the blocks that are open above the line.

use std::sync::Arc;

use dragoman_model::{Diagnostic, Source, Span};

use super::slips;
use crate::codes;

/// A list or a mapping that is open at a line.
#[derive(Debug)]
struct Block {
    /// The column of its dashes or of its keys, from nought.
    column: usize,
    /// Whether it is a list.
    list: bool,
    /// The key that it stands under; empty at the top and in a list.
    under: String,
    /// Where each of its items or keys begins.
    entries: Vec<usize>,
    /// The keys of a mapping; of a list, the keys of its last item.
    keys: Vec<String>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    /// An item of a list; with the rest behind its dash.
    Item(&'t str),
    /// A key.
    Key(&'t str),
    /// Anything else.
    Other,
}

/// What is to be said of a line in which the parser stumbled; none where its column is right.
pub(super) fn misplaced(source: &Arc<Source>, line: usize) -> Option<Diagnostic> {
    let text = &source.text;
    let (column, content) = indented(text[line..].lines().next()?);
    if content.is_empty() {
        return None;
    }
    if let Some(diagnostic) = no_dash(source, line) {
        return Some(diagnostic);
    }
    if let Some(diagnostic) = glued_before(source, line, column) {
        return Some(diagnostic);
    }
    let blocks = blocks(&text[..line]);
    let (open, ended) = blocks.split_at(blocks.partition_point(|block| block.column <= column));
    // A list may have its dashes in the column of its key: a key in that column is the next one.
    let under = open.len().checked_sub(2).map(|under| &open[under]);
    let ends_the_list = under.is_some_and(|under| !under.list && under.column == column);
    if ends_the_list && matches!(kind(content), Line::Key(_)) {
        return None;
    }
    let at = line + column;
    let place = Place {
        source,
        at,
        column,
        outer: open.last(),
        // Of several blocks that end here, the outermost is the one whose neighbour the line may be.
        inner: ended.first(),
        blocks: &blocks,
    };
    match kind(content) {
        Line::Item(_) => place.dash(open.iter().any(|block| block.list)),
        Line::Key(key) => place.key(key),
        Line::Other => None,
    }
}

/// A line and the blocks around it.
struct Place<'a> {
    source: &'a Arc<Source>,
    at: usize,
    column: usize,
    /// The innermost block that is not deeper than the line.
    outer: Option<&'a Block>,
    /// The outermost block that is deeper, and that the line ends.
    inner: Option<&'a Block>,
    /// All that were open above the line.
    blocks: &'a [Block],
}

impl Place<'_> {
    fn error(&self, at: usize, message: String) -> Diagnostic {
        Diagnostic::error(codes::NOT_YAML, self.one(at), message)
    }

    /// A dash where no list has its dashes.
    fn dash(&self, in_a_list: bool) -> Option<Diagnostic> {
        let keys = self.outer.filter(|outer| !outer.list && outer.column == self.column);
        if let Some(keys) = keys.filter(|keys| !in_a_list && keys.keys.iter().any(|key| slips::begins_an_item(key))) {
            let (first, key) = (*keys.entries.first()?, keys.keys.first()?);
            let message = format!("a dash is missing: `{key}` begins an item of the list");
            return Some(
                self.error(first, message)
                    .label(self.one(self.at), "the next item of the list")
                    .help(format!(
                        "write `- {key}: ...`, and indent the other keys of this item below `{key}`"
                    )),
            );
        }
        let list = [self.inner, self.outer].into_iter().flatten().find(|block| block.list);
        let list = list.filter(|list| list.column != self.column);
        if let Some(first) = list.and_then(|list| self.first_is_wrong(list, "this dash")) {
            return Some(first);
        }
        let message = "this dash does not begin where the dashes of its list do".to_owned();
        let diagnostic = self.error(self.at, message);
        Some(match list {
            Some(list) => self.neighbour(diagnostic, list, "the list begins here").help(format!(
                "items of one list begin in the same column: write it in column {}",
                list.column + 1
            )),
            None => diagnostic.help("items of one list begin in the same column"),
        })
    }

    /// A key where no mapping has its keys.
    fn key(&self, key: &str) -> Option<Diagnostic> {
        if let Some(list) = self.outer.filter(|outer| outer.list && outer.column == self.column) {
            return self.among_dashes(list, key);
        }
        // Dashes are no neighbours of a key.
        let [inner, outer] = [self.inner, self.outer].map(|block| block.filter(|block| !block.list));
        if outer.is_some_and(|outer| outer.column == self.column) {
            return None;
        }
        // What stands between two columns belongs to the nearer one.
        let to_inner = inner.map(|inner| (inner.column - self.column, inner));
        let to_outer = outer.map(|outer| (self.column - outer.column, outer));
        let meant = match (to_inner, to_outer) {
            (Some((right, inner)), Some((left, _))) if right <= left => inner,
            (Some((_, inner)), None) => inner,
            (_, Some((_, outer))) => outer,
            (None, None) => return None,
        };
        if let Some(first) = self.first_is_wrong(meant, &format!("`{}`", meant.keys.first().map_or("", |key| key))) {
            return Some(first);
        }
        if let Some(before) = outer
            .filter(|_| inner.is_none())
            .and_then(|outer| self.not_indented(outer))
        {
            return Some(before);
        }
        let (mine, theirs) = (self.column + 1, meant.column + 1);
        let message = format!("`{key}` begins in column {mine}, and its neighbours in column {theirs}");
        let rule = "keys of one mapping begin in the same column";
        let help = match meant.entries.len() {
            1 => format!("{rule}: write it in column {theirs}, or its neighbour in column {mine}"),
            _ => format!("{rule}: write it in column {theirs}"),
        };
        let diagnostic = self.error(self.at, message);
        Some(self.neighbour(diagnostic, meant, "the block begins here").help(help))
    }

    /// Of two neighbours in two columns, the first is the wrong one where the second stands where it would be looked for: two
    /// columns to the right of what both belong to. `what`: the first, for people.
    fn first_is_wrong(&self, block: &Block, what: &str) -> Option<Diagnostic> {
        let [first] = block.entries.as_slice() else { return None };
        let wanted = self.usual(block)?;
        if self.column != wanted || block.column == wanted {
            return None;
        }
        let (there, wanted) = (block.column + 1, wanted + 1);
        let message = format!("{what} begins in column {there}, and its neighbours in column {wanted}");
        Some(
            self.error(*first, message)
                .label(self.one(self.at), format!("its neighbour, in column {wanted}"))
                .help(format!(
                    "neighbours begin in the same column: write it in column {wanted}"
                )),
        )
    }

    /// The key before stands beside the one that it belongs into, which is empty; this line stands where both belong.
    fn not_indented(&self, block: &Block) -> Option<Diagnostic> {
        let [.., holder, before] = block.entries.as_slice() else {
            return None;
        };
        let [.., holds, key] = block.keys.as_slice() else {
            return None;
        };
        let text = &self.source.text;
        // Nothing stands between the two but the end of the line.
        let empty = text[*holder..*before]
            .trim_end()
            .strip_suffix(':')
            .is_some_and(|key| !key.contains('\n'));
        if !empty || self.column != block.column + 2 {
            return None;
        }
        let (there, wanted) = (block.column + 1, self.column + 1);
        let message = format!("`{key}` begins in column {there}, and its neighbours in column {wanted}");
        Some(
            self.error(*before, message)
                .label(self.one(self.at), format!("its neighbour, in column {wanted}"))
                .help(format!("it belongs into `{holds}`: write it in column {wanted}")),
        )
    }

    /// The column in which the entries of a block are looked for; none where that is not known.
    fn usual(&self, block: &Block) -> Option<usize> {
        let at = self.blocks.iter().position(|other| std::ptr::eq(other, block))?;
        let Some(around) = at.checked_sub(1).map(|around| &self.blocks[around]) else {
            return Some(0);
        };
        // The dashes of a list of one item may be as wrong as the item itself.
        let around_is_sure = !around.list || around.entries.len() > 1;
        match around_is_sure {
            true => Some(around.column + 2),
            false => self.usual(around).map(|column| column + 2),
        }
    }

    /// A key in the column of the dashes: it lacks a dash of its own, belongs to the item above, or is one of several keys
    /// of which the first was given a dash.
    fn among_dashes(&self, list: &Block, key: &str) -> Option<Diagnostic> {
        let (first, last) = (*list.entries.first()?, *list.entries.last()?);
        let usual = self.usual(list)?;
        if list.entries.len() == 1 && usual + 2 == self.column {
            let message = "this dash stands where the keys of its item do".to_owned();
            return Some(
                self.error(first, message)
                    .label(self.one(self.at), "the next key of the item")
                    .help(format!("write the dash in column {}", usual + 1)),
            );
        }
        if list.entries.len() == 1 && slips::holds_keys(&list.under) {
            let message = format!("`{}` holds keys, and this is an item of a list", list.under);
            return Some(
                self.error(first, message)
                    .label(self.one(self.at), "the next of its keys")
                    .help("take the dash away: each key stands on a line of its own, in the same column"),
            );
        }
        let again = list.keys.iter().any(|before| before == key);
        let second = slips::begins_an_item(key) && list.keys.iter().any(|before| slips::begins_an_item(before));
        if again || second {
            let message = format!("a dash is missing: `{key}` begins an item of the list");
            return Some(
                self.error(self.at, message)
                    .label(self.one(last), "the item before")
                    .help(format!("write `- {key}: ...`")),
            );
        }
        let column = self.inner.map_or(list.column + 2, |inner| inner.column);
        let message = format!("`{key}` stands in the column of the dashes, and belongs to the item above");
        Some(
            self.error(self.at, message)
                .label(self.one(last), "the item begins here")
                .help(format!(
                    "indent it to column {}, below the first key of the item",
                    column + 1
                )),
        )
    }

    fn neighbour(&self, diagnostic: Diagnostic, block: &Block, what: &str) -> Diagnostic {
        match block.entries.first() {
            Some(first) => diagnostic.label(self.one(*first), format!("{what}, in column {}", block.column + 1)),
            None => diagnostic,
        }
    }

    fn one(&self, at: usize) -> Span {
        let width = self.source.text[at..].chars().next().map_or(0, char::len_utf8);
        Span::new(self.source, at..at + width)
    }
}

/// What was meant as the dash of an item and is none, a key without its colon, a mark behind a bracket: in the line, or in
/// the one before it.
pub(super) fn no_dash(source: &Arc<Source>, line: usize) -> Option<Diagnostic> {
    let text = &source.text;
    let before = text[..line].trim_end().rfind('\n').map_or(0, |end| end + 1);
    let mut starts = vec![line];
    starts.extend((before < line).then_some(before));
    starts.into_iter().find_map(|start| {
        let (column, content) = indented(text[start..].lines().next()?);
        let at = start + column;
        let error = |range, message: String, help| {
            Diagnostic::error(codes::NOT_YAML, Span::new(source, range), message).help(help)
        };
        if let Some((width, message, help)) = slips::no_dash(content) {
            return Some(error(at..at + width, message, help));
        }
        if let Some((key, value)) = slips::without_colon(content) {
            let key_at = at + content.find(key)?;
            let message = format!("a colon is missing behind `{key}`");
            return Some(error(
                key_at..key_at + key.len(),
                message,
                format!("write `{key}: {value}`"),
            ));
        }
        let mark = slips::mark_behind(content)?;
        let end = at + content.len();
        let message = format!("`{mark}` ends no line here");
        Some(error(end - 1..end, message, format!("take `{mark}` away")))
    })
}

/// A key without a space behind its colon, in the line before: YAML reads it as a text, and stumbles over what follows.
fn glued_before(source: &Arc<Source>, line: usize, column: usize) -> Option<Diagnostic> {
    let text = &source.text;
    let above = text[..line].trim_end();
    let start = above.rfind('\n').map_or(0, |end| end + 1);
    let (depth, content) = indented(&text[start..above.len()]);
    let (name, value) = content.split_once(':')?;
    let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if depth != column || !named || !value.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let span = Span::new(source, start + depth..above.len());
    let diagnostic = Diagnostic::error(codes::NOT_YAML, span, "a space is missing behind the colon");
    Some(diagnostic.help(format!("write `{name}: {value}`")))
}

/// The column of a line and what stands in it.
fn indented(line: &str) -> (usize, &str) {
    let content = line.trim_start_matches(' ');
    (line.len() - content.len(), content.trim_end())
}

fn kind(content: &str) -> Line<'_> {
    if content == "-" {
        return Line::Item("");
    }
    if let Some(rest) = content.strip_prefix("- ") {
        return Line::Item(rest);
    }
    let name = content
        .split_once(':')
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with(' '));
    match name.map(|(name, _)| name.trim_matches(['"', '\''])) {
        Some(name) if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-./".contains(c)) => {
            Line::Key(name)
        }
        _ => Line::Other,
    }
}

/// The blocks that are open at the end of a text, the outermost first.
fn blocks(text: &str) -> Vec<Block> {
    let mut open: Vec<Block> = Vec::new();
    let mut start = 0;
    // A text behind `|` or `>` goes on as long as its lines are deeper than its key.
    let mut folded: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let (column, content) = indented(line);
        if content.is_empty() || content.starts_with('#') || folded.is_some_and(|key| column > key) {
            continue;
        }
        folded = slips::begins_a_text(content).then_some(column);
        note(&mut open, at, column, content);
    }
    open
}

/// Puts a line into the blocks: an item is a line in a list, and what stands behind its dash a line in the item.
fn note(open: &mut Vec<Block>, at: usize, column: usize, content: &str) {
    let (list, key, rest) = match kind(content) {
        Line::Item(rest) => (true, "", rest),
        Line::Key(key) => (false, key, ""),
        Line::Other => return,
    };
    open.retain(|block| block.column <= column);
    // A list may have its dashes in the column of the key that it stands under.
    if !list && open.last().is_some_and(|block| block.list && block.column == column) {
        open.pop();
    }
    let same = open
        .last()
        .is_some_and(|block| block.list == list && block.column == column);
    if !same {
        let under = open
            .last()
            .filter(|block| !block.list)
            .and_then(|block| block.keys.last().cloned());
        open.push(Block {
            column,
            list,
            under: under.unwrap_or_default(),
            entries: Vec::new(),
            keys: Vec::new(),
        });
    }
    if let Some(block) = open.last_mut() {
        block.entries.push(at + column);
        match list {
            true => block.keys.clear(),
            false => block.keys.push(key.to_owned()),
        }
    }
    // The keys of an item are known to its list too, which is all that is left of it when it has ended.
    let item = open.len().checked_sub(2).filter(|item| !list && open[*item].list);
    if let Some(item) = item {
        open[item].keys.push(key.to_owned());
    }
    let inside = rest.trim_start_matches(' ');
    if list && !inside.is_empty() {
        note(open, at, column + content.len() - inside.len(), inside);
    }
}
