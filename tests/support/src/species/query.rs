//! Query parameters, and pages of results.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

/// The largest and the usual number of taxa on a page.
const PAGE_LIMIT: usize = 500;

/// Checked parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    given: BTreeMap<String, String>,
}

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
}

impl Query {
    /// The parameters of a search for taxa, or what is wrong with them.
    pub(crate) fn taxa(raw: &str) -> Result<Self, String> {
        let query = Self::read(
            raw,
            &[
                "page",
                "per_page",
                "updated_since",
                "name",
                "with_descendants",
                "taxonomy",
                "language",
                "with_eu_listings",
            ],
        )?;
        for name in ["page", "per_page"] {
            let number = query.given.get(name).map_or(Ok(1), |text| text.parse::<usize>());
            let limit = if name == "page" { usize::MAX } else { PAGE_LIMIT };
            if !number.is_ok_and(|number| (1..=limit).contains(&number)) {
                return Err(format!("Invalid value for parameter ({name})"));
            }
        }
        for (name, values) in [
            ("taxonomy", &["CITES", "CMS"][..]),
            ("with_descendants", &["true", "false"]),
            ("with_eu_listings", &["true", "false"]),
        ] {
            query.one_of(name, values)?;
        }
        if query.is("with_descendants") && query.text("name").is_none() {
            return Err("with_descendants needs a name".to_owned());
        }
        if query.text("updated_since").is_some() && query.since().is_none() {
            return Err("Invalid value for parameter (updated_since)".to_owned());
        }
        Ok(query)
    }

    /// The parameters of one taxon's part, or what is wrong with them.
    pub(crate) fn part(raw: &str, allowed: &[&str]) -> Result<Self, String> {
        let query = Self::read(raw, allowed)?;
        query.one_of("scope", &["current", "historic", "all"])?;
        query.one_of("language", &["en", "fr", "es", "EN", "FR", "ES"])?;
        Ok(query)
    }

    fn read(raw: &str, allowed: &[&str]) -> Result<Self, String> {
        let mut given = BTreeMap::new();
        let mut unknown = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name);
            if allowed.contains(&&*name) {
                given.insert(name, decode(value));
            } else {
                unknown.push(name);
            }
        }
        if unknown.is_empty() {
            Ok(Self { given })
        } else {
            Err(format!("Unpermitted parameters ({})", unknown.join(", ")))
        }
    }

    fn one_of(&self, name: &str, values: &[&str]) -> Result<(), String> {
        match self.text(name) {
            Some(given) if !values.contains(&given) => Err(format!("Invalid value for parameter ({name})")),
            _ => Ok(()),
        }
    }

    /// A parameter's value.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// Whether a parameter is `true`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// The instant of `updated_since`: a day begins at midnight UTC.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        let text = self.text("updated_since")?;
        if let Ok(day) = text.parse::<Date>()
            && text.len() == 10
        {
            return day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp());
        }
        text.parse().ok()
    }

    /// The page asked for.
    pub(crate) fn page(&self) -> Page {
        let number = |name: &str, default| self.text(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        Page {
            number: number("page", 1),
            size: number("per_page", PAGE_LIMIT),
        }
    }
}

impl Page {
    /// The place of its first entry.
    pub(crate) fn first(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    /// The `Link` header: absolute addresses of the first, previous, next and last page, where there are such.
    pub(crate) fn links(self, base: &str, query: &Query, total: usize) -> String {
        let last = total.div_ceil(self.size).max(1);
        let mut links = Vec::new();
        let mut link = |rel: &str, number: usize| {
            let mut parameters: Vec<String> = query
                .given
                .iter()
                .filter(|(name, _)| *name != "page")
                .map(|(name, value)| format!("{name}={}", encode(value)))
                .collect();
            parameters.push(format!("page={number}"));
            links.push(format!("<{base}?{}>; rel=\"{rel}\"", parameters.join("&")));
        };
        if self.number > 1 {
            link("first", 1);
            link("prev", self.number - 1);
        }
        if self.number < last {
            link("last", last);
            link("next", self.number + 1);
        }
        links.join(", ")
    }
}

/// Undoes form encoding; what is not valid UTF-8 is replaced.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let hex = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => bytes.push(if byte == b'+' { b' ' } else { byte }),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                (byte as char).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: Result<(usize, usize), &str>) {
        let found = Query::taxa(raw).map(|query| (query.page().number, query.page().size));
        assert_eq!(found, expected.map_err(str::to_owned), "{raw}");
    }

    #[test]
    fn parameters_are_checked() {
        check("", Ok((1, 500)));
        check("page=2&per_page=3", Ok((2, 3)));
        check("name=Loxodonta%20africana&with_descendants=true", Ok((1, 500)));
        check("updated_since=2024-01-01", Ok((1, 500)));
        check("page=0", Err("Invalid value for parameter (page)"));
        check("per_page=501", Err("Invalid value for parameter (per_page)"));
        check(
            "updated_since=lately",
            Err("Invalid value for parameter (updated_since)"),
        );
        check("taxonomy=IUCN", Err("Invalid value for parameter (taxonomy)"));
        check("with_descendants=true", Err("with_descendants needs a name"));
        check("nmae=x&b=1", Err("Unpermitted parameters (nmae, b)"));
    }

    #[test]
    fn text_survives_its_encoding() {
        for text in ["Loxodonta africana", "Eléphant d'Afrique", "a+b%zz&c=d"] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(decode("a+b%20c%"), "a b c%");
    }
}
