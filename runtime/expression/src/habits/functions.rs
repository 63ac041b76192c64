//! Functions and names of other languages, each with what is written here.

/// What a function of another language is here.
pub(crate) enum Instead {
    /// Another name of the same.
    Named(&'static str),
    /// It is written in another way.
    Written(&'static str),
}

/// Functions of other languages by what they are here, in small letters and without `_`.
const NAMED: &[(&str, &str)] = &[
    ("size", "len length count cardinality strlen charlength"),
    (
        "default",
        "coalesce orelse orvalue nvl ifnull ifempty isnull withdefault getordefault getorelse fallback valueor unwrapor",
    ),
    ("exists", "any some anymatch ormap detectany"),
    ("all", "every allmatch forall"),
    (
        "map",
        "foreach each collect select transform pluck apply project listmap",
    ),
    ("filter", "where findall selectif keepif grep"),
    ("flatten", "flat unnest concatlists chain spread smoosh"),
    (
        "unique",
        "distinct uniq dedupe dedup deduplicate toset set removeduplicates",
    ),
    ("trim", "strip trimall trimspace trimwhitespace chomp btrim"),
    (
        "upper",
        "touppercase toupper ucase upcase uppercase capitalize strtoupper upperascii",
    ),
    (
        "lower",
        "tolowercase tolower lcase downcase lowercase strtolower casefold lowerascii",
    ),
    (
        "contains",
        "includes include hassubstring strcontains iscontained instr",
    ),
    ("startsWith", "beginswith hasprefix prefix beginwith"),
    ("endsWith", "hassuffix suffix endwith"),
    (
        "text",
        "tostring str totext tochar repr asstring astext stringify tojson",
    ),
    ("int", "integer parseint toint tointeger intval asint long toi"),
    (
        "decimal",
        "number tonumber parsefloat float double todecimal numeric bigdecimal tof parsedecimal uint",
    ),
    ("date", "todate parsedate datevalue asdate localdate strtodate strptime"),
    (
        "timestamp",
        "datetime todatetime totimestamp parsedatetime instant parsetime",
    ),
    (
        "has",
        "isset defined ispresent isdefined exist present notnull isnotnull",
    ),
    ("sum", "total add addup summarize sumof"),
    ("join", "implode concatws stringjoin listagg stringagg mkstring joining"),
    ("split", "explode tokenize splitby"),
    ("first", "head car firstornone firstordefault"),
    ("last", "tail lastordefault"),
    ("at", "nth elementat getat itemat"),
    ("digest", "hash sha256 md5 sha1 checksum fingerprint"),
    ("quantity", "measure withunit amount"),
    ("convert", "tounit convertto inunit unitconvert"),
    ("duration", "timedelta interval period todays days hours minutes"),
];

/// Functions of other languages that are no function here.
const WRITTEN: &[(&str, &str)] = &[
    ("if iif ifelse ternary choose cond", "write `condition ? one : other`"),
    (
        "switch case decode",
        "write `condition ? one : other`, or a step `choose`",
    ),
    ("not", "write `!x`"),
    ("and", "write `a && b`"),
    ("or", "write `a || b`"),
    ("eq equals equal", "write `a == b`"),
    ("ne neq notequals", "write `a != b`"),
    ("gt greaterthan isafter after", "write `a > b`"),
    ("lt lessthan isbefore before", "write `a < b`"),
    ("ge gte", "write `a >= b`"),
    ("le lte", "write `a <= b`"),
    ("between", "write both ends: `x >= from && x <= to`"),
    (
        "concat concatenate append push extend union merge plus format sprintf",
        "texts and lists are put together with `+`: `a + b`, `list + [x]`",
    ),
    ("minus subtract difference", "write `a - b`"),
    ("multiply times", "write `a * b`"),
    ("divide", "write `a / b`"),
    (
        "find detect findfirst",
        "write `first(list.filter(x, condition))`, which may be absent",
    ),
    (
        "findlast",
        "write `last(list.filter(x, condition))`, which may be absent",
    ),
    ("none nonematch", "write `!list.exists(x, condition)`"),
    ("reject exclude", "write `list.filter(x, !(condition))`"),
    ("countif countwhere", "write `size(list.filter(x, condition))`"),
    (
        "sumif sumby",
        "write `sum(list.filter(x, condition).map(x, x.quantity))`",
    ),
    ("flatmap mapmany selectmany", "write `flatten(list.map(x, x.items))`"),
    (
        "reduce fold foldl accumulate aggregate",
        "write `sum(list.map(x, value))`; other folds are a step `each` or a connector's work",
    ),
    (
        "isempty empty isblank",
        "write `size(x) == 0`; for what may be absent `!has(x)`",
    ),
    (
        "notempty isnotempty nonempty",
        "write `size(x) > 0`; for what may be absent `has(x)`",
    ),
    ("iselement isin contained oneof elem", "write `x in list`"),
    ("max greatest", "of two write `a > b ? a : b`"),
    ("min least", "of two write `a < b ? a : b`"),
    ("abs", "write `x < 0 ? -x : x`"),
    (
        "today curdate currentdate",
        "write `date(run.now, \"Europe/Zurich\")`, or another zone",
    ),
    (
        "getdate currenttimestamp utcnow sysdate currenttime",
        "the time at which the run began is `run.now`",
    ),
    (
        "adddays plusdays dateadd addhours addmonths",
        "write `time + duration(\"3d\")`",
    ),
    (
        "datediff daysbetween diff",
        "compare two times: `a < b + duration(\"3d\")`",
    ),
    ("bool boolean tobool toboolean", "compare it: `x == \"true\"`"),
    (
        "uuid guid newid randomuuid",
        "there is no randomness in an expression: the run's own id is `run.id`",
    ),
    ("random rand", "there is no randomness in an expression"),
    (
        "get getvalue getfield getproperty lookup",
        "write the field with a point, `x.name`, or with brackets, `x[\"name\"]`",
    ),
    (
        "containskey haskey hasproperty hasownproperty",
        "write `has(x.name)`, or `\"name\" in x` for a map",
    ),
    (
        "env getenv secret secrets",
        "what a site says is in `site`; secrets are given to connections, not to expressions",
    ),
    (
        "substring substr slice left right mid replace indexof regexreplace padleft padstart lpad",
        "texts are taken apart with `split`, and tested with `startsWith`, `endsWith` and `contains`; more is a connector's work",
    ),
    (
        "sort sorted orderby sortby reverse reversed groupby zip",
        "lists keep the order in which they come; to sort or to group is a connector's work",
    ),
    (
        "round floor ceil ceiling pow power sqrt",
        "there is no rounding in an expression: it is a connector's work",
    ),
    (
        "avg average mean median",
        "there is no average: `sum(list)` and `size(list)` are there",
    ),
    (
        "type typeof isinstance isstring isnumber",
        "the kind of each value is known when the pipeline is checked",
    ),
    (
        "print log console debug",
        "what is to be seen of a run is the output of a step `set`",
    ),
];

/// What a function of another language is here.
pub(crate) fn function(name: &str) -> Option<Instead> {
    let meant = name.to_lowercase().replace('_', "");
    let among = |habits: &str| habits.split(' ').any(|habit| habit == meant);
    let named = NAMED.iter().find(|(_, habits)| among(habits));
    let written = || WRITTEN.iter().find(|(habits, _)| among(habits));
    match named {
        Some((right, _)) => Some(Instead::Named(right)),
        None => written().map(|(_, help)| Instead::Written(help)),
    }
}

/// What a name of another language is here.
pub(crate) fn name(name: &str) -> Option<&'static str> {
    Some(match name {
        "True" | "TRUE" => "write `true`",
        "False" | "FALSE" => "write `false`",
        "None" | "nil" | "undefined" | "NULL" | "Null" | "none" | "NaN" => {
            "what is unknown is absent: test it with `has(x)` or `!has(x)`"
        }
        "this" | "self" | "it" | "item" | "_" => {
            "each item has the name that is given to it: `list.map(x, x.name)`; in an `each`, the one behind `as`"
        }
        "now" | "NOW" | "today" | "current_timestamp" => "the time at which the run began is `run.now`",
        "env" | "ENV" | "config" | "settings" | "vars" => "what the site file says for all pipelines is `site`",
        "message" | "msg" | "payload" | "body" | "input" | "inputs" | "event" | "request" | "data" | "params" => {
            "what began the run is `trigger.message`"
        }
        "outputs" | "output" | "results" => "the output of a step is `steps.<id>`",
        "error" | "err" | "exception" => "in a handler it is called `failure`",
        "index" | "loop" | "iteration" => "the number of the round is `round`, inside a `repeat`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{NAMED, WRITTEN};

    #[test]
    fn no_function_has_two_meanings() {
        let named = NAMED.iter().map(|(_, habits)| *habits);
        let mut all: Vec<&str> = named
            .chain(WRITTEN.iter().map(|(habits, _)| *habits))
            .flat_map(|h| h.split(' '))
            .collect();
        let spelt = |habit: &&str| habit.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(
            all.iter().all(spelt),
            "habits are compared in small letters, without `_`"
        );
        let count = all.len();
        all.sort_unstable();
        let twice: Vec<&str> = all
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        assert!(twice.is_empty(), "{count} habits, twice: {twice:?}");
    }
}
