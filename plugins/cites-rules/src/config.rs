//! What the operator sets for a connection to the rules.

use crate::table::RULES;
use dragoman_documents::FindingResult;
use dragoman_guest::Issue;
use dragoman_guest::prelude::record;

/// On whose authority box 14 is signed.
#[record]
#[derive(Copy, Eq, Default)]
pub enum Officer {
    /// On the authority of the office on duty, which the site names: what is clear goes on by itself.
    #[default]
    DutyAuthority,
    /// A person confirms every endorsement.
    Confirm,
    /// The officer whom the customs message names; without one a person is asked.
    FromMessage,
}

/// A row of the site's table from commodity codes to what permits say.
#[record]
#[derive(Eq, Default)]
pub struct HsRow {
    /// The beginning of the commodity code, at least four digits: `4113`.
    pub hs_code: String,
    /// Words of which the goods description must hold one, in any case; all descriptions unless given.
    pub words: Option<Vec<String>>,
    /// The scientific name that the permit's item must have.
    pub scientific_name: Option<String>,
    /// The term code that the permit's item must have: `SKI`.
    pub term_code: Option<String>,
}

/// What a tightened rule comes to.
#[record]
#[derive(Copy, Eq)]
pub enum TighterResult {
    /// An officer decides.
    Officer,
    /// It is refused.
    Fail,
}

/// A rule that the site tightens: what it comes to where the facts contradict it.
#[record]
#[derive(Eq)]
pub struct Tighter {
    /// The rule's name.
    pub rule: String,
    /// What it comes to.
    pub result: TighterResult,
}

/// The settings of the rules.
#[record]
#[derive(Eq, Default)]
pub struct Config {
    /// On whose authority box 14 is signed: `duty_authority` (unless said otherwise), `confirm` or `from_message`.
    pub officer: Option<Officer>,
    /// Which items goods may be, by commodity code and words of the description; for permits of several items.
    pub hs_table: Option<Vec<HsRow>>,
    /// The issuer's time zone, for permits that do not say it: an IANA name or an offset.
    pub time_zone: Option<String>,
    /// Rules that this site takes more strictly.
    pub stricter: Option<Vec<Tighter>>,
}

impl Config {
    /// What a rule comes to at this site: the stricter of the table's result and the site's.
    pub(crate) fn result(&self, rule: &str, result: FindingResult) -> FindingResult {
        let own = self
            .stricter
            .iter()
            .flatten()
            .find(|one| one.rule == rule)
            .map(|one| match one.result {
                TighterResult::Officer => FindingResult::Officer,
                TighterResult::Fail => FindingResult::Fail,
            });
        match (result, own) {
            (FindingResult::Fail, _) | (_, None) => result,
            (_, Some(own)) => own,
        }
    }

    /// What is wrong with the settings beyond their schema.
    #[must_use]
    pub fn check(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        let mut wrong = |path: String, message: String| {
            issues.push(Issue::new(path, "config.invalid", message));
        };
        for (index, row) in self.hs_table.iter().flatten().enumerate() {
            if row.hs_code.len() < 4 || !row.hs_code.bytes().all(|byte| byte.is_ascii_digit()) {
                wrong(
                    format!("/hs_table/{index}/hs_code"),
                    format!(
                        "`{}` is no beginning of a commodity code: write four digits or more",
                        row.hs_code
                    ),
                );
            }
            if row.scientific_name.is_none() && row.term_code.is_none() {
                wrong(
                    format!("/hs_table/{index}"),
                    "the row says neither `scientific_name` nor `term_code`".to_owned(),
                );
            }
        }
        if let Some(zone) = &self.time_zone
            && !crate::validity::is_zone(zone)
        {
            wrong(
                "/time_zone".to_owned(),
                format!("`{zone}` is no time zone: write `Europe/Warsaw` or `+01:00`"),
            );
        }
        for (index, one) in self.stricter.iter().flatten().enumerate() {
            if !RULES.iter().any(|rule| rule.id == one.rule) {
                wrong(
                    format!("/stricter/{index}/rule"),
                    format!("there is no rule `{}`", one.rule),
                );
            }
        }
        issues
    }
}
