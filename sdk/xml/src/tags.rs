//! Names of elements and attributes, each kept once however often a message writes it.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A name as written, and the namespace that its prefix stood for.
#[derive(Debug)]
pub(crate) struct Tag {
    whole: Box<str>,
    local: usize,
    namespace: Option<Rc<str>>,
}

impl Tag {
    /// The name without its prefix.
    pub(crate) fn name(&self) -> &str {
        self.whole.get(self.local..).unwrap_or_default()
    }

    /// The prefix as written.
    pub(crate) fn prefix(&self) -> Option<&str> {
        self.whole.get(..self.local.checked_sub(1)?)
    }

    /// The URI of the namespace.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }
}

/// A tag by its name as written.
struct Named(Rc<Tag>);

impl Borrow<str> for Named {
    fn borrow(&self) -> &str {
        &self.0.whole
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.whole == other.0.whole
    }
}

impl Eq for Named {}

impl PartialOrd for Named {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Named {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.whole.cmp(&other.0.whole)
    }
}

/// The tags of one reading. A tree, not a hash table: names are a stranger's, and may be made to collide.
#[derive(Default)]
pub(crate) struct Tags {
    known: BTreeSet<Named>,
}

impl Tags {
    /// The tag of a name in a namespace, and how many bytes it newly takes. `local` is the name without its prefix.
    pub(crate) fn of(&mut self, whole: &str, local: &str, namespace: Option<Rc<str>>) -> (Rc<Tag>, usize) {
        if let Some(Named(known)) = self.known.get(whole)
            && known.namespace == namespace
        {
            return (known.clone(), 0);
        }
        let tag = Rc::new(Tag {
            whole: whole.into(),
            local: whole.len() - local.len(),
            namespace,
        });
        // The last one of a name counts: a search through all of them is what a hostile message would want.
        self.known.replace(Named(tag.clone()));
        (tag, whole.len())
    }
}
