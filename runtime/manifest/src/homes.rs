//! Where a key is right that is none where it stands: one level deeper, or one further out. The tables of the language say so.

use crate::language::{BLOCK, Document, Kind, Map, STEP};

/// A mapping, the key under which it stands, and the mapping that has this key.
type Place = (&'static Map, &'static str, &'static Map);

/// Where a key belongs.
pub(crate) enum Home {
    /// Under one of these keys of the same mapping.
    Under(Vec<&'static str>),
    /// Beside the key under which the mapping stands.
    Beside(Vec<&'static str>),
}

/// Where a key belongs that stands in a mapping with these keys; none where it is right at neither of the two levels.
pub(crate) fn home(key: &str, known: &[&str]) -> Option<Home> {
    let mut places = Vec::new();
    for document in [Document::Pipeline, Document::Site, Document::Case] {
        walk(document.root(), &mut places);
    }
    let maps = places.iter().flat_map(|(inner, _, outer)| [*inner, *outer]);
    let here = maps
        .filter(|map| !known.is_empty() && known.iter().all(|name| map.key(name).is_some()))
        .min_by_key(|map| map.keys.len())?;
    if here.key(key).is_some() {
        return None;
    }
    let mut under: Vec<&str> = Vec::new();
    let mut beside: Vec<&str> = Vec::new();
    for (inner, by, outer) in places {
        // A list has no keys: what belongs into an item of it cannot be said in so few words.
        let listed = |by: &str| matches!(outer.key(by).map(|k| &k.kind), Some(Kind::List(_) | Kind::Steps));
        if std::ptr::eq(outer, here) && inner.key(key).is_some() && !under.contains(&by) && !listed(by) {
            under.push(by);
        }
        let fits = |owner: &'static Map| {
            let found = owner.key(key);
            found.is_some_and(|found| found.beside.is_empty() || found.beside.contains(&by))
        };
        if std::ptr::eq(inner, here) && fits(outer) && !beside.contains(&by) {
            beside.push(by);
        }
    }
    match (under.is_empty(), beside.is_empty()) {
        (false, _) => Some(Home::Under(under)),
        (true, false) => Some(Home::Beside(beside)),
        (true, true) => None,
    }
}

fn walk(map: &'static Map, places: &mut Vec<Place>) {
    for key in map.keys {
        inside(&key.kind, &mut |inner| {
            let known = places.iter().any(|(other, ..)| std::ptr::eq(*other, inner));
            let place = (inner, key.name, map);
            let same = |p: &Place| std::ptr::eq(p.0, inner) && p.1 == key.name && std::ptr::eq(p.2, map);
            if !places.iter().any(same) {
                places.push(place);
            }
            if !known {
                walk(inner, places);
            }
        });
    }
}

/// The mappings that a key takes.
fn inside(kind: &'static Kind, each: &mut dyn FnMut(&'static Map)) {
    match kind {
        Kind::Map(map) => each(map),
        Kind::List(kind) => inside(kind, each),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| inside(kind, each)),
        Kind::Steps => each(&STEP),
        Kind::Block | Kind::Handler => each(&BLOCK),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Home, home};

    #[test]
    fn a_key_is_at_home_one_level_deeper_or_one_further_out() {
        let top = ["dragoman", "pipeline", "on", "steps", "limits"];
        let limits = ["concurrent", "backlog", "per_key", "rate", "deadline"];
        for (key, known, expected) in [
            ("deadline", top.as_slice(), "under limits"),
            ("steps", &limits, "beside limits"),
            ("by", &limits, "under per_key"),
            ("from", &["id", "http", "read", "amqp"], "under http event amqp"),
            ("banana", &top, ""),
            ("deadline", &[], ""),
        ] {
            let found = match home(key, known) {
                Some(Home::Under(keys)) => format!("under {}", keys.join(" ")),
                Some(Home::Beside(keys)) => format!("beside {}", keys.join(" ")),
                None => String::new(),
            };
            assert_eq!(found, expected, "{key}");
        }
    }
}
