//! The rules as data: what each checks, what it comes to, and the provision that it stands on.

use dragoman_documents::FindingResult::{self, Fail, Officer, Skipped, Warn};

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as it stands in findings and in the configuration.
    pub id: &'static str,
    /// What it checks.
    pub checks: &'static str,
    /// What it comes to where the facts contradict it.
    pub broken: FindingResult,
    /// What it comes to where a fact that it needs is missing or not certain.
    pub unclear: FindingResult,
    /// The provision that it stands on.
    pub source: &'static str,
}

macro_rules! rules {
    ($($name:ident $id:literal, $broken:ident, $unclear:ident, $checks:literal, $source:literal;)*) => {
        $(
            #[doc = $checks]
            pub(crate) const $name: Rule =
                Rule { id: $id, checks: $checks, broken: $broken, unclear: $unclear, source: $source };
        )*

        /// All rules, in the order in which they are applied.
        pub const RULES: &[Rule] = &[$($name),*];
    };
}

// name, id, broken, unclear,
//     what it checks,
//     source
rules! {
    DECLARATION_DIRECTION "declaration.direction", Fail, Warn,
        "The declaration is for export.",
        "Convention, Art. I (c) and Art. III to V";
    DECLARATION_STATUS "declaration.status", Fail, Officer,
        "Customs has neither refused nor invalidated the declaration, and does not hold the goods.",
        "Res. Conf. 12.3, box 14: customs endorses what it lets go";
    DECLARATION_WAIVER "declaration.waiver", Officer, Officer,
        "No goods item refers to the permit and states at once that none is needed.",
        "Tariff document code Y900 against C400";
    PERMIT_NUMBER "permit.number", Fail, Officer,
        "The permit is the one that the declaration refers to, number and issuing country.",
        "Convention, Art. VI, para. 3; Res. Conf. 12.3, box 1";
    PERMIT_KIND "permit.kind", Fail, Officer,
        "It is an export permit or a re-export certificate.",
        "Convention, Art. III to V; Res. Conf. 12.3, box 1";
    PERMIT_COPY "permit.copy", Officer, Warn,
        "It is the original.",
        "Convention, Art. VI, para. 4";
    PERMIT_STATUS "permit.status", Fail, Officer,
        "It is issued and neither suspended, revoked, cancelled, returned nor replaced.",
        "Res. Conf. 12.3: cancelled and replaced documents";
    PERMIT_USAGE "permit.usage", Fail, Officer,
        "It is not used up, and a permit for one consignment was not endorsed for another declaration.",
        "Convention, Art. VI, para. 5: a permit for each consignment";
    PERMIT_WITHDRAWN "permit.withdrawn", Officer, Officer,
        "No endorsement for this declaration was withdrawn before.",
        "Res. Conf. 12.3, box 14";
    PERMIT_VALIDITY "permit.validity", Fail, Officer,
        "It is valid at the time of export, days counted in the issuer's time zone to their end.",
        "Res. Conf. 12.3, box 2";
    PERMIT_SIX_MONTHS "permit.six_months", Officer, Officer,
        "It is used within six months of its issue; what extends that, as for timber, an officer has to see.",
        "Convention, Art. VI, para. 2: an export permit may only be used within six months; Res. Conf. 12.3";
    PERMIT_TOKEN "permit.token", Warn, Warn,
        "It has a token with which partners may ask its issuer about it.",
        "EPIX: TokenId of GetFinalCitesCertificate";
    PERMIT_CONDITIONS "permit.special_conditions", Warn, Warn,
        "It has no special conditions that a person has to read.",
        "Res. Conf. 12.3, box 5";
    COUNTRY_OF_EXPORT "countries.export", Officer, Warn,
        "The issuing country, and the country of export on the permit, are the declaration's country of export.",
        "Convention, Art. III to V: the State of export issues; Res. Conf. 12.3, boxes 4 and 6";
    COUNTRY_OF_IMPORT "countries.import", Officer, Officer,
        "The country of import on the permit is the declaration's country of destination.",
        "Res. Conf. 12.3, box 3a";
    EXPORTER "parties.exporter", Warn, Skipped,
        "The exporter is the same on both.",
        "Res. Conf. 12.3, box 4";
    IMPORTER "parties.importer", Warn, Skipped,
        "The importer is the same on both.",
        "Res. Conf. 12.3, box 3";
    OFFICE_OF_EXIT "declaration.office_of_exit", Warn, Warn,
        "The office of exit is known, for the place in box 14.",
        "Res. Conf. 12.3, box 14";
    PURPOSE "permit.purpose", Officer, Warn,
        "The purpose is one of the twelve.",
        "Res. Conf. 12.3, box 5a: T, Z, G, Q, S, H, P, M, E, N, B, L";
    ITEM_SOURCE "item.source", Officer, Warn,
        "The source is known; a second one stands only beside I or O.",
        "Res. Conf. 12.3, box 10: W, X, R, D, A, C, F, U, I, O, Y";
    ITEM_APPENDIX "item.appendix", Officer, Officer,
        "The item says in which Appendix its species is.",
        "Res. Conf. 12.3, box 10";
    ITEM_COMMERCIAL "item.commercial", Officer, Skipped,
        "Appendix I specimens for commercial purposes are of registered breeding, artificial propagation or pre-Convention.",
        "Convention, Art. III, para. 3 (c), and Art. VII, para. 2 and 4";
    ITEM_QUOTA "item.quota", Officer, Skipped,
        "The quota in box 11a is not exceeded.",
        "Res. Conf. 12.3, box 11a; Res. Conf. 14.7";
    ITEM_LIVE "item.live", Warn, Skipped,
        "The item is no live animal or plant, for whose transport conditions apply.",
        "Convention, Art. III, para. 2 (d); IATA Live Animals Regulations";
    LISTING_KNOWN "listing.known", Skipped, Skipped,
        "Species+ has answered for the item's species. That it has not is never an obstacle.",
        "Species+, cites_legislation";
    LISTING_APPENDIX "listing.appendix", Officer, Skipped,
        "The species is on the day of export in the Appendix that the permit names.",
        "Convention, Art. XV: amendments in force; Species+, cites_listings";
    LISTING_SPLIT "listing.split", Officer, Skipped,
        "The species is in one Appendix only, whatever the population.",
        "Convention, Art. I (a) and Appendices: split listings; Species+, cites_listings";
    LISTING_RESERVATION "listing.reservation", Officer, Skipped,
        "Neither the country of export nor that of destination has a reservation.",
        "Convention, Art. XV, para. 3, XVI, para. 2, and XXIII";
    LISTING_SUSPENSION "listing.suspension", Officer, Skipped,
        "Trade with the country of export or of origin is not suspended.",
        "Res. Conf. 14.3, notifications to the Parties; Species+, cites_suspensions";
    LISTING_ZERO_QUOTA "listing.zero_quota", Officer, Skipped,
        "The country of export or of origin has no quota of nought.",
        "Res. Conf. 14.7; Species+, cites_quotas";
    LISTING_CHANGE "listing.change_ahead", Warn, Skipped,
        "No change of the listing is known to come.",
        "Convention, Art. XV, para. 1 (c); Species+, cites_listings";
    LINE_MATCHED "line.matched", Officer, Officer,
        "Each line belongs to exactly one item of the permit.",
        "Res. Conf. 12.3, box 14: the quantity of each item";
    LINE_COMMODITY "line.commodity", Warn, Skipped,
        "The goods item's commodity code fits the item's.",
        "Harmonized System; the issuer's own code on the permit";
    LINE_QUANTITY "line.quantity", Officer, Officer,
        "Each line has a quantity of its own above nought; pieces are whole.",
        "Res. Conf. 12.3, box 14: the actual quantity exported";
    LINE_BASIS "line.basis", Officer, Warn,
        "The quantity is what was written off the permit, or that of a goods item with one permit only.",
        "WCO Data Model, WriteOff; UCC data elements 6/1 and 6/2";
    LINE_UNIT "line.unit", Officer, Officer,
        "The unit can be converted exactly into the permit's; mass and number never into each other.",
        "Res. Conf. 12.3, box 11; UN/ECE Recommendation 20";
    LINE_WITHIN "line.within", Fail, Officer,
        "The quantities of all lines and earlier endorsements stay within the item's.",
        "Res. Conf. 12.3, boxes 11 and 14";
    OFFICER_NAMED "officer.named", Officer, Officer,
        "It is settled on whose authority box 14 is signed.",
        "Res. Conf. 12.3, box 14: signature of the inspecting official; the site's setting `officer`";
}
