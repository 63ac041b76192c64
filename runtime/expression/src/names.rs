//! A map by name that is cheap to copy: each place of a pipeline has its own, and most of what they hold is the same.

use std::collections::BTreeMap;
use std::sync::Arc;

/// So many changes are kept apart from what is shared, before they are put together with it.
const APART: usize = 24;

/// A map by name. Copies share what was there when they were made; each has its own changes.
#[derive(Debug, Clone)]
pub struct Names<V> {
    shared: Arc<BTreeMap<String, V>>,
    /// Changes since: none where a name was taken away.
    changed: BTreeMap<String, Option<V>>,
}

impl<V> Default for Names<V> {
    fn default() -> Self {
        Names {
            shared: Arc::default(),
            changed: BTreeMap::new(),
        }
    }
}

impl<V: Clone> Names<V> {
    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&V> {
        match self.changed.get(name) {
            Some(changed) => changed.as_ref(),
            None => self.shared.get(name),
        }
    }

    /// Whether it is there.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether none is there.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Adds a name, or gives it another meaning.
    pub fn insert(&mut self, name: &str, value: V) {
        self.change(name, Some(value));
    }

    /// Takes a name away.
    pub fn remove(&mut self, name: &str) {
        if self.contains(name) {
            self.change(name, None);
        }
    }

    /// The names with what they stand for, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> + Clone {
        let mut shared = self.shared.iter().peekable();
        let mut changed = self.changed.iter().peekable();
        std::iter::from_fn({
            move || loop {
                let next = match (shared.peek(), changed.peek()) {
                    (Some((a, _)), Some((b, _))) if a < b => shared.next().map(|(n, v)| (n, Some(v))),
                    (_, Some(_)) => {
                        let (name, value) = changed.next()?;
                        shared.next_if(|(n, _)| *n == name);
                        Some((name, value.as_ref()))
                    }
                    _ => shared.next().map(|(n, v)| (n, Some(v))),
                };
                if let (name, Some(value)) = next? {
                    return Some((name.as_str(), value));
                }
            }
        })
    }

    /// The names, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> + Clone {
        self.iter().map(|(name, _)| name)
    }

    fn change(&mut self, name: &str, value: Option<V>) {
        self.changed.insert(name.to_owned(), value);
        if self.changed.len() <= APART {
            return;
        }
        let shared = Arc::make_mut(&mut self.shared);
        for (name, value) in std::mem::take(&mut self.changed) {
            match value {
                Some(value) => shared.insert(name, value),
                None => shared.remove(&name),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Names;
    use std::collections::BTreeMap;

    #[test]
    fn it_is_the_map_that_its_changes_make_and_copies_do_not_see_each_other() {
        let (mut names, mut map) = (Names::default(), BTreeMap::new());
        let mut copies = Vec::new();
        for number in 0..400_usize {
            // Numbers in no order, some of them again and again.
            let name = format!("n{}", number * 7919 % 90);
            if number % 3 == 2 {
                names.remove(&name);
                map.remove(&name);
            } else {
                names.insert(&name, number);
                map.insert(name, number);
            }
            copies.push((names.clone(), map.clone()));
        }
        for (names, map) in copies {
            let all: Vec<(&str, &usize)> = names.iter().collect();
            assert_eq!(all, map.iter().map(|(n, v)| (n.as_str(), v)).collect::<Vec<_>>());
            assert_eq!(names.is_empty(), map.is_empty());
            assert!(map.iter().all(|(name, value)| names.get(name) == Some(value)));
        }
    }
}
