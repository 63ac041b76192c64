//! What is in force on a day, from the rows of a taxon's listings.
//!
//! The API marks what is current today and nothing else, and rows of different years overlap. The rules, read off the
//! recorded rows of split-listed species, with `is_current` as the check:
//!
//! 1. A `+` of an Appendix replaces an earlier `+` of the same one (it is stated again with a new annotation; in
//!    Appendix III by Party).
//! 2. A `+` of an Appendix in which the taxon was not is a transfer: it ends the listings in the other Appendices that are
//!    not stated on the same day, without a `-` row. A new listing of some populations only (its annotation says so) leaves
//!    the others, and one in Appendix III ends nothing.
//! 3. A listing inherited from a higher taxon (its annotation begins `[FAMILY listing ...]`) ends the taxon's own listing
//!    only where it is stricter and does not except it; else the own listing stays and the inherited one does not count.
//! 4. `-` ends the listing in its Appendix (in Appendix III by Party), but not where its annotation speaks of populations.
//! 5. A reservation begins with `R+` and ends only with `R-`, each by its Party.

use dragoman_documents::{Date, Moment};
use serde::Deserialize;

/// A Party or country in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Place {
    /// Its code, ISO 3166-1 alpha-2.
    #[serde(default)]
    pub iso_code2: Option<String>,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
}

impl Place {
    /// Its code, else its name.
    pub(crate) fn code(&self) -> Option<String> {
        self.iso_code2.clone().or_else(|| self.name.clone())
    }
}

/// One row of a taxon's `cites_listings`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Row {
    /// `I`, `II` or `III`.
    #[serde(default)]
    pub appendix: Option<String>,
    /// `+`, `-`, `R+`, `R-`.
    #[serde(default)]
    pub change_type: Option<String>,
    /// When it takes effect.
    #[serde(default)]
    pub effective_at: Option<Moment>,
    /// The annotation.
    #[serde(default)]
    pub annotation: Option<String>,
    /// The Party, for reservations and Appendix III.
    #[serde(default)]
    pub party: Option<Place>,
    /// Whether the API holds it for current today.
    #[serde(default)]
    pub is_current: Option<bool>,
}

impl Row {
    /// The day on which it takes effect. A row without one was always there.
    pub(crate) fn day(&self) -> Option<Date> {
        self.effective_at.as_ref().map(Moment::date)
    }

    fn change(&self) -> &str {
        self.change_type.as_deref().unwrap_or_default()
    }

    pub(crate) fn party(&self) -> Option<String> {
        self.party.as_ref().and_then(Place::code)
    }

    /// Strictness of the Appendix, 3 for I; 0 where there is none.
    fn rank(&self) -> u8 {
        match self.appendix.as_deref() {
            Some("I") => 3,
            Some("II") => 2,
            Some("III") => 1,
            _ => 0,
        }
    }

    fn says(&self, word: &str) -> bool {
        self.annotation
            .as_deref()
            .is_some_and(|text| text.to_lowercase().contains(word))
    }

    fn is_inherited(&self) -> bool {
        self.annotation.as_deref().is_some_and(|text| {
            let inner = text.trim_start().strip_prefix('[');
            let bracket = inner.and_then(|inner| inner.split(']').next());
            bracket.is_some_and(|bracket| bracket.contains(" listing"))
        })
    }

    /// Whether the annotation excepts what is in another Appendix.
    fn excepts(&self, appendix: &str) -> bool {
        let Some(text) = self.annotation.as_deref() else {
            return false;
        };
        let text = text.to_lowercase();
        let named = format!("appendix {}", appendix.to_lowercase());
        text.find("except").is_some_and(|at| {
            text.get(at..)
                .unwrap_or_default()
                .match_indices(&named)
                .any(|(found, _)| {
                    // `Appendix I` is not the beginning of `Appendix II`.
                    !text
                        .get(at + found + named.len()..)
                        .unwrap_or_default()
                        .starts_with('i')
                })
        })
    }

    /// Whether the two are about the same listing: the same Appendix, and in Appendix III the same Party.
    fn same_listing(&self, other: &Row) -> bool {
        self.appendix == other.appendix && (self.rank() != 1 || self.party().is_none() || self.party() == other.party())
    }
}

/// What is in force on a day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InForce<'a> {
    /// The listings, the strictest Appendix first.
    pub listings: Vec<&'a Row>,
    /// The reservations.
    pub reservations: Vec<&'a Row>,
    /// The rows that take effect later, the nearest first.
    pub ahead: Vec<&'a Row>,
}

/// Evaluates the rows of one taxon on a day.
#[must_use]
pub fn in_force(rows: &[Row], as_of: Date) -> InForce<'_> {
    let mut known: Vec<&Row> = rows.iter().collect();
    // On one day, endings come before beginnings: a listing that is replaced by itself stands.
    known.sort_by_key(|row| (row.day(), row.change().ends_with('+')));
    let mut state = InForce::default();
    let mut rest = known.as_slice();
    while let Some(first) = rest.first() {
        let day = first.day();
        let end = rest.iter().take_while(|row| row.day() == day).count();
        let (today, after) = rest.split_at(end);
        rest = after;
        if day.is_some_and(|day| day > as_of) {
            state.ahead.extend(today);
        } else {
            apply(&mut state, today);
        }
    }
    state
        .listings
        .sort_by_key(|row| (std::cmp::Reverse(row.rank()), row.party()));
    state
}

/// Applies the rows of one day.
fn apply<'a>(state: &mut InForce<'a>, today: &[&'a Row]) {
    let before: Vec<&Row> = state.listings.clone();
    for row in today {
        match row.change() {
            "+" if row.rank() > 0 => begin(&mut state.listings, &before, today, row),
            "-" if !row.says("population") => {
                state.listings.retain(|one| !row.same_listing(one));
            }
            "R+" => {
                state.reservations.retain(|one| !same_reservation(row, one));
                state.reservations.push(row);
            }
            "R-" => state.reservations.retain(|one| !same_reservation(row, one)),
            _ => {}
        }
    }
}

fn same_reservation(row: &Row, other: &Row) -> bool {
    let appendix = row.appendix.is_none() || row.appendix == other.appendix;
    appendix && row.party() == other.party()
}

fn begin<'a>(listings: &mut Vec<&'a Row>, before: &[&Row], today: &[&Row], row: &&'a Row) {
    let inherited = row.is_inherited();
    if inherited {
        let stays = |own: &&Row| {
            !own.is_inherited()
                && own.appendix != row.appendix
                && (own.rank() > row.rank() || own.appendix.as_deref().is_some_and(|one| row.excepts(one)))
        };
        if listings.iter().any(stays) {
            return;
        }
    }
    let restated = before.iter().any(|one| one.appendix == row.appendix);
    // A transfer ends the other listings; those stated on the same day are part of the same decision.
    let transfer = !restated && row.rank() > 1 && (inherited || !row.says("population"));
    let stated_today = |one: &Row| {
        today
            .iter()
            .any(|other| other.change() == "+" && other.appendix == one.appendix)
    };
    listings.retain(|one| !row.same_listing(one) && (!transfer || one.appendix == row.appendix || stated_today(one)));
    listings.push(row);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as `date change appendix party; annotation`.
    fn rows(lines: &[&str]) -> Vec<Row> {
        lines
            .iter()
            .map(|line| {
                let (facts, annotation) = line.split_once(';').unwrap_or((line, ""));
                let facts: Vec<&str> = facts.split_whitespace().collect();
                let some = |text: &str| (!text.is_empty()).then(|| text.trim().to_owned());
                Row {
                    effective_at: Some(facts[0].parse().unwrap()),
                    change_type: some(facts[1]),
                    appendix: some(facts[2]),
                    party: facts.get(3).map(|code| Place {
                        iso_code2: some(code),
                        name: None,
                    }),
                    annotation: some(annotation),
                    is_current: None,
                }
            })
            .collect()
    }

    fn check(lines: &[&str], on: &[(&str, &str)]) {
        let rows = rows(lines);
        for (day, expected) in on {
            let state = in_force(&rows, day.parse().unwrap());
            let shown = |row: &&Row| {
                let day = row.day().unwrap().to_string();
                format!("{}@{}", row.appendix.as_deref().unwrap(), &day[..4])
            };
            let listings: Vec<String> = state.listings.iter().map(shown).collect();
            let mut said = listings.join(" ");
            for row in &state.reservations {
                said.push_str(&format!(" R:{}", row.party().unwrap()));
            }
            for row in &state.ahead {
                said.push_str(&format!(" >{}{}", row.change(), shown(row)));
            }
            assert_eq!(said.trim(), *expected, "{lines:?} on {day}");
        }
    }

    #[test]
    fn listings_are_stated_again_and_transferred_without_deletions() {
        check(
            &[
                "1976-02-26 + III GH",
                "1977-02-04 + II",
                "1990-01-18 + I",
                "1997-09-18 + I; All populations except those of A.",
                "1997-09-18 + II; Populations of A.",
                "2017-01-02 + I; except the populations of A",
                "2017-01-02 + II; The populations of A",
                "2019-11-26 + II; The populations of A",
            ],
            &[
                (
                    "1975-01-01",
                    ">+III@1976 >+II@1977 >+I@1990 >+I@1997 >+II@1997 >+I@2017 >+II@2017 >+II@2019",
                ),
                (
                    "1976-02-26",
                    "III@1976 >+II@1977 >+I@1990 >+I@1997 >+II@1997 >+I@2017 >+II@2017 >+II@2019",
                ),
                (
                    "1989-12-31",
                    "II@1977 >+I@1990 >+I@1997 >+II@1997 >+I@2017 >+II@2017 >+II@2019",
                ),
                ("1990-01-18", "I@1990 >+I@1997 >+II@1997 >+I@2017 >+II@2017 >+II@2019"),
                ("2000-01-01", "I@1997 II@1997 >+I@2017 >+II@2017 >+II@2019"),
                ("2026-11-17", "I@2017 II@2019"),
            ],
        );
    }

    #[test]
    fn populations_and_deletions() {
        let part = ["1977-01-01 + I", "1990-01-01 + II; Population of A", "2000-01-01 - II"];
        check(
            &part,
            &[("1995-01-01", "I@1977 II@1990 >-II@2000"), ("2001-01-01", "I@1977")],
        );
        let gone = ["1977-02-04 + II", "2010-06-23 - II"];
        check(&gone, &[("2010-06-22", "II@1977 >-II@2010"), ("2010-06-23", "")]);
        check(
            &["1977-01-01 + II", "1980-01-01 - II; Population of B"],
            &[("1981-01-01", "II@1977")],
        );
        check(
            &["1977-01-01 + II", "1980-01-01 - II", "1980-01-01 + I"],
            &[("1980-01-01", "I@1980")],
        );
        check(
            &["1977-01-01 + II", "1980-01-01 + II", "1980-01-01 - II"],
            &[("1980-01-01", "II@1980")],
        );
    }

    #[test]
    fn appendix_three_is_by_party() {
        let third = [
            "1976-01-01 + III GH",
            "1980-01-01 + III BW",
            "1990-01-01 + III GH",
            "2000-01-01 - III GH",
        ];
        check(
            &third,
            &[
                ("1985-01-01", "III@1980 III@1976 >+III@1990 >-III@2000"),
                ("1995-01-01", "III@1980 III@1990 >-III@2000"),
                ("2001-01-01", "III@1980"),
            ],
        );
        check(
            &["1976-01-01 + III GH", "1977-01-01 + II"],
            &[("1978-01-01", "II@1977")],
        );
    }

    #[test]
    fn inherited_listings_give_way_to_the_taxons_own() {
        let felid = [
            "1975-07-01 + I",
            "1977-02-04 + II; [FAMILY listing Felidae spp.] Except the species included in Appendix I.",
        ];
        check(&felid, &[("2026-01-01", "I@1975")]);
        check(
            &["1975-07-01 + II", "1980-01-01 + I; [GENUS listing X spp.]"],
            &[("1981-01-01", "I@1980")],
        );
        check(
            &[
                "1975-07-01 + II",
                "1980-01-01 + I; [GENUS listing X spp.] Except the species in Appendix II.",
            ],
            &[("1981-01-01", "II@1975")],
        );
        check(
            &["1975-07-01 + II; [ORDER listing Y spp.]", "1980-01-01 + I"],
            &[("1981-01-01", "I@1980")],
        );
        check(
            &[
                "1976-01-01 + III CA",
                "1977-02-04 + II; [FAMILY listing Z spp.] Except the species in Appendix I.",
            ],
            &[("1978-01-01", "II@1977")],
        );
    }

    #[test]
    fn reservations_end_only_by_withdrawal() {
        let reserved = [
            "1990-01-18 + I",
            "1990-01-18 R+ I MW",
            "1990-01-18 R+ I GB",
            "1990-07-18 R- I GB",
            "1997-01-01 + II",
        ];
        check(
            &reserved,
            &[
                ("1990-02-01", "I@1990 R:MW R:GB >R-I@1990 >+II@1997"),
                ("2020-01-01", "II@1997 R:MW"),
            ],
        );
    }
}
