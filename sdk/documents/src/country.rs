//! Country codes: ISO 3166-1 alpha-2, and the further codes that permits and declarations really use.

use crate::Date;

/// The codes of ISO 3166-1 alpha-2, as of 2024, in one text of two letters each.
const ISO: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ\
DEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKM\
KNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPR\
PSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/// A code outside ISO 3166-1 that documents carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Further {
    /// The code, two letters.
    pub code: &'static str,
    /// What it stands for.
    pub meaning: &'static str,
    /// The first day on which it was in use, as (year, month, day); none where it was always.
    pub since: Option<(u16, u8, u8)>,
    /// The last day on which it was in use, likewise.
    pub until: Option<(u16, u8, u8)>,
}

/// The further codes: the annual report guidelines (XX, XV, ZZ), the Union as a Party, Northern Ireland
/// in customs declarations, and the user-assigned codes that published samples carry (XA, XC).
pub const FURTHER: &[Further] = &[
    Further {
        code: "EU",
        meaning: "European Union, a Party since 8 July 2015",
        since: Some((2015, 7, 8)),
        until: None,
    },
    Further {
        code: "XI",
        meaning: "United Kingdom (Northern Ireland) in customs declarations",
        since: Some((2021, 1, 1)),
        until: None,
    },
    Further {
        code: "XX",
        meaning: "country unknown",
        since: None,
        until: None,
    },
    Further {
        code: "XV",
        meaning: "various countries",
        since: None,
        until: None,
    },
    Further {
        code: "ZZ",
        meaning: "high seas: introduction from the sea",
        since: None,
        until: None,
    },
    Further {
        code: "XA",
        meaning: "a country of samples",
        since: None,
        until: None,
    },
    Further {
        code: "XC",
        meaning: "a country of samples",
        since: None,
        until: None,
    },
];

/// Whether a text is the code of a country, or a further code, whenever it was in use.
#[must_use]
pub fn is_known(code: &str) -> bool {
    let iso = code.len() == 2 && ISO.as_bytes().chunks_exact(2).any(|known| known == code.as_bytes());
    iso || FURTHER.iter().any(|further| further.code == code)
}

/// Whether a code is in use on a day.
#[must_use]
pub fn is_in_use(code: &str, on: Date) -> bool {
    let day = |parts: Option<(u16, u8, u8)>| parts.and_then(|(y, m, d)| Date::new(y, m, d));
    match FURTHER.iter().find(|further| further.code == code) {
        None => is_known(code),
        Some(further) => {
            day(further.since).is_none_or(|since| since <= on) && day(further.until).is_none_or(|until| on <= until)
        }
    }
}
