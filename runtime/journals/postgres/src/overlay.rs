//! Rows in memory, with what a transaction changed of them, and the way back.

use std::collections::HashMap;
use std::hash::Hash;

/// A row that was read or written; no value: there is none.
#[derive(Debug, Clone)]
struct Cell<V> {
    value: Option<V>,
    changed: bool,
}

/// Rows of a table by their keys.
#[derive(Debug)]
pub(crate) struct Overlay<K, V> {
    rows: HashMap<K, Cell<V>>,
    /// What was there before each change; none: it was not known.
    before: Vec<(K, Option<Cell<V>>)>,
}

impl<K, V> Default for Overlay<K, V> {
    fn default() -> Self {
        Overlay {
            rows: HashMap::new(),
            before: Vec::new(),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Overlay<K, V> {
    /// Takes a row as the database has it.
    pub(crate) fn found(&mut self, key: K, value: V) {
        let value = Some(value);
        self.rows.insert(key, Cell { value, changed: false });
    }

    /// The row; none where there is none.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)?.value.as_ref()
    }

    /// Writes a row; no value: it goes.
    pub(crate) fn set(&mut self, key: K, value: Option<V>) {
        let changed = Cell { value, changed: true };
        let before = self.rows.insert(key.clone(), changed);
        self.before.push((key, before));
    }

    /// Changes a row that is there.
    pub(crate) fn change(&mut self, key: &K, change: impl FnOnce(&mut V)) {
        if let Some(mut value) = self.get(key).cloned() {
            change(&mut value);
            self.set(key.clone(), Some(value));
        }
    }

    /// Completes a row as the database has it.
    pub(crate) fn amend(&mut self, key: &K, amend: impl FnOnce(&mut V)) {
        if let Some(value) = self.rows.get_mut(key).and_then(|cell| cell.value.as_mut()) {
            amend(value);
        }
    }

    /// The keys of rows that were read or written.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.rows.keys()
    }

    /// This moment, for [`Overlay::back`].
    pub(crate) fn here(&self) -> usize {
        self.before.len()
    }

    /// Undoes what was written since a moment.
    pub(crate) fn back(&mut self, to: usize) {
        while self.before.len() > to {
            match self.before.pop() {
                Some((key, Some(cell))) => {
                    self.rows.insert(key, cell);
                }
                Some((key, None)) => {
                    self.rows.remove(&key);
                }
                None => return,
            }
        }
    }

    /// Rows that were written, as they are now; no value: it went.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&K, Option<&V>)> {
        let changed = self.rows.iter().filter(|(_, cell)| cell.changed);
        changed.map(|(key, cell)| (key, cell.value.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_since_a_moment_is_undone() {
        let mut rows = Overlay::default();
        rows.found("a", 1);
        rows.set("b", Some(2));
        let here = rows.here();
        rows.change(&"a", |a| *a += 10);
        rows.change(&"a", |a| *a += 10);
        rows.set("b", None);
        rows.set("c", Some(3));
        rows.change(&"nowhere", |a| *a = 0);
        assert_eq!(
            (rows.get(&"a"), rows.get(&"b"), rows.get(&"c")),
            (Some(&21), None, Some(&3))
        );
        rows.back(here);
        assert_eq!(
            (rows.get(&"a"), rows.get(&"b"), rows.get(&"c")),
            (Some(&1), Some(&2), None)
        );
        let changed: Vec<_> = rows.changed().collect();
        assert_eq!(changed, [(&"b", Some(&2))], "what was only read is not written");
    }
}
