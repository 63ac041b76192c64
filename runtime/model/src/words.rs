//! The words of a name, and which of them say the same: in short, in the plural, or as another word for it.

/// Words that only hold others together.
const BETWEEN: &[&str] = &["of", "the", "for", "a", "an", "is"];

/// How words are shortened, and the words.
const SHORT: &[(&str, &str)] = &[
    ("no", "number"),
    ("nr", "number"),
    ("nbr", "number"),
    ("num", "number"),
    ("qty", "quantity"),
    ("qnty", "quantity"),
    ("quant", "quantity"),
    ("desc", "description"),
    ("descr", "description"),
    ("ctry", "country"),
    ("cntry", "country"),
    ("addr", "address"),
    ("adr", "address"),
    ("ref", "reference"),
    ("refs", "reference"),
    ("id", "identifier"),
    ("ids", "identifier"),
    ("ident", "identifier"),
    ("identification", "identifier"),
    ("amt", "amount"),
    ("dt", "date"),
    ("cd", "code"),
    ("msg", "message"),
    ("txt", "text"),
    ("doc", "document"),
    ("docs", "document"),
    ("org", "organisation"),
    ("organization", "organisation"),
    ("tel", "telephone"),
    ("phone", "telephone"),
    ("email", "mail"),
    ("wt", "weight"),
    ("wgt", "weight"),
    ("val", "value"),
    ("pct", "percent"),
    ("max", "maximum"),
    ("min", "minimum"),
    ("avg", "average"),
    ("cnt", "count"),
    ("pos", "position"),
    ("cat", "category"),
    ("info", "information"),
    ("temp", "temperature"),
    ("dept", "department"),
    ("lang", "language"),
    ("lat", "latitude"),
    ("lon", "longitude"),
    ("lng", "longitude"),
    ("auth", "authority"),
    ("cert", "certificate"),
    ("dest", "destination"),
    ("cur", "currency"),
    ("ccy", "currency"),
    ("nm", "name"),
    ("uom", "unit"),
    ("yr", "year"),
    ("cust", "customer"),
    ("acct", "account"),
    ("acc", "account"),
    ("pkg", "package"),
    ("att", "attachment"),
    ("sig", "signature"),
    ("spec", "specification"),
    ("prev", "previous"),
    ("orig", "original"),
    ("mfr", "manufacturer"),
    ("loc", "location"),
    ("req", "request"),
    ("resp", "response"),
    ("res", "result"),
    ("err", "error"),
];

/// Words of which one is written where another stands.
const ALIKE: &[&[&str]] = &[
    &["weight", "mass"],
    &["date", "at", "on", "time", "day", "timestamp"],
    &["type", "kind", "sort", "category", "class"],
    &["identifier", "reference", "number", "key", "uuid", "code"],
    &["quantity", "amount", "count"],
    &["total", "sum"],
    &["status", "state"],
    &["name", "title", "label"],
    &["item", "line", "position", "entry", "row"],
    &["customer", "client"],
    &["buyer", "purchaser"],
    &["seller", "vendor", "supplier"],
    &["sender", "shipper", "consignor"],
    &["recipient", "receiver", "consignee", "addressee"],
    &["message", "text", "body", "content"],
    &["note", "remark", "comment"],
    &["description", "text", "details"],
    &["place", "location", "address"],
    &["reason", "cause"],
    &["start", "begin", "from", "since"],
    &["end", "until", "expiry", "expires", "expiration", "to"],
    &["due", "deadline"],
    &["source", "origin"],
    &["destination", "target"],
    &["price", "cost", "fee"],
    &["town", "city"],
    &["country", "nation"],
    &["url", "link", "uri"],
    &["created", "made"],
    &["updated", "changed", "modified"],
    &["document", "file", "attachment", "paper"],
    &["office", "authority", "agency"],
    &["issued", "granted"],
    &["sent", "dispatched", "shipped"],
    &["received", "arrived"],
    &["percent", "rate"],
    &["result", "outcome"],
    &["verify", "check", "validate"],
    &["get", "fetch", "read", "load", "find", "retrieve", "query", "lookup"],
    &["create", "add", "new", "insert"],
    &["cancel", "withdraw", "revoke", "undo"],
    &["send", "submit", "post", "notify", "tell"],
];

/// A name as the words that it is made of, each as every form of it is compared.
#[derive(Debug)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// `issueDate`, `issue-date`, `issue_date` and `date_of_issue` have the same words.
    pub(crate) fn of(name: &str) -> Words {
        let all = apart(name);
        let kept: Vec<&String> = all.iter().filter(|word| !BETWEEN.contains(&word.as_str())).collect();
        let kept = if kept.is_empty() { all.iter().collect() } else { kept };
        Words(kept.into_iter().map(|word| plain(word)).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The word that the others are about: the last one, but before `of` the last one before it.
    pub(crate) fn heads(name: &str) -> Option<String> {
        let all = apart(name);
        let end = all.iter().position(|word| word == "of").unwrap_or(all.len());
        all[..end].last().map(|word| plain(word))
    }

    /// Whether each of its words is, in any order, one of the other's, said in the same way or in another word for it.
    pub(crate) fn within(&self, other: &Words, alike: bool) -> bool {
        let mut free: Vec<&String> = other.0.iter().collect();
        self.0.iter().all(|word| {
            let found = free.iter().position(|one| *one == word || alike && is_alike(word, one));
            found.map(|at| free.remove(at)).is_some()
        })
    }

    /// Whether all of its words are words that have others for them: such a name is none that was misspelt.
    pub(crate) fn are_known(&self) -> bool {
        let known = |word: &String| ALIKE.iter().any(|group| group.iter().any(|one| stem(one) == *word));
        self.0.iter().all(known)
    }

    /// Whether each of its words is the other's in the same place, or shortens it.
    pub(crate) fn shorten(&self, other: &Words) -> bool {
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .zip(&other.0)
                .all(|(one, long)| one == long || shortens(one, long))
    }
}

/// The words of a name as they are written, in small letters.
fn apart(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for character in name.chars() {
        let begins = !character.is_alphanumeric() || character.is_uppercase() && before.is_lowercase();
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A word in full, as one of one and not of many, without its ending.
fn plain(word: &str) -> String {
    let full = SHORT
        .iter()
        .find(|(short, _)| *short == word)
        .map_or(word, |(_, full)| full);
    stem(full)
}

/// A word without the ending of many, of what was done and of what does.
fn stem(word: &str) -> String {
    let long = |rest: &&str| rest.len() >= 3;
    let one = word.strip_suffix("ies").filter(long).map(|rest| format!("{rest}y"));
    let one = one.unwrap_or_else(|| match word.strip_suffix('s') {
        Some(rest) if rest.len() >= 3 && !rest.ends_with(['s', 'u', 'i']) => rest.to_owned(),
        _ => word.to_owned(),
    });
    let bare = ["ing", "ed"].iter().find_map(|end| one.strip_suffix(end).filter(long));
    let bare = bare.unwrap_or(&one);
    bare.strip_suffix('e').filter(long).unwrap_or(bare).to_owned()
}

fn is_alike(word: &str, other: &str) -> bool {
    let has = |group: &&[&str], word: &str| group.iter().any(|one| stem(one) == word);
    ALIKE.iter().any(|group| has(group, word) && has(group, other))
}

/// Whether a word is the beginning of a longer one, or has its first letter, its last and others between in their order.
fn shortens(short: &str, whole: &str) -> bool {
    if short.len() < 2 || short.len() >= whole.len() {
        return false;
    }
    if short.len() > 2 && whole.starts_with(short) {
        return true;
    }
    let mut letters = whole.chars();
    let ends = short.chars().next() == whole.chars().next() && short.chars().last() == whole.chars().last();
    ends && short.len() * 4 >= whole.len() && short.chars().all(|one| letters.any(|other| other == one))
}
