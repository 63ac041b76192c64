//! The permits and waivers that a declaration refers to.

use crate::config::Config;
use crate::goods::ReadItem;
use dragoman_documents::{Basis, Direction, GoodsDocument, PermitLine, PermitReference, Quantity, Waiver, country};
use dragoman_xml::{Element, Refusal};
use std::collections::BTreeMap;

/// Stands for an unknown country in the annual report guidelines.
const UNKNOWN_COUNTRY: &str = "XX";

/// Gathers permits and waivers of one declaration.
pub(crate) struct Gathering<'a> {
    config: &'a Config,
    /// The country of permits whose number does not say it.
    country: String,
    permits: Vec<PermitReference>,
    /// Where in `permits` a number is.
    places: BTreeMap<&'a str, usize>,
    waivers: Vec<Waiver>,
}

/// One document code's mentions of one permit on one goods item.
struct Mention<'a> {
    rank: usize,
    number: &'a str,
    document: &'a GoodsDocument,
    /// Whether the message states a write-off at all, with a unit or without.
    states_write_off: bool,
}

impl<'a> Gathering<'a> {
    /// Begins with what is known of the country of permits whose number does not say it.
    pub(crate) fn new(config: &'a Config, direction: Option<Direction>, exporting: Option<&str>) -> Self {
        let exporting = exporting.filter(|_| direction == Some(Direction::Export));
        let country = config
            .issuing_country
            .as_deref()
            .or(exporting)
            .unwrap_or(UNKNOWN_COUNTRY);
        Self {
            config,
            country: country.to_owned(),
            permits: Vec::new(),
            places: BTreeMap::new(),
            waivers: Vec::new(),
        }
    }

    /// Takes the documents of one goods item.
    pub(crate) fn take_item(&mut self, read: &'a ReadItem<'_>) -> Result<(), Refusal> {
        let mut mentions: Vec<Mention<'a>> = Vec::new();
        for (document, source) in read.item.documents.iter().zip(&read.sources) {
            let code = code_of(document);
            if self.config.is_waiver(&code) {
                self.waivers.push(waiver(Some(read.item.number), document));
            }
            if let Some(rank) = self.config.permit_rank(&code) {
                mentions.push(mention(rank, document, source)?);
            }
        }
        for same in by_number(&mentions) {
            let lines = lines(read, &same);
            let entry = self.entry(same[0].number);
            // A list of one line takes the room of one only where it is not appended to.
            if entry.lines.is_empty() {
                entry.lines = lines;
            } else {
                entry.lines.extend(lines);
            }
        }
        Ok(())
    }

    /// Takes the documents stated for the whole declaration. With a single goods item they are that item's; with several,
    /// what they write off is kept as the declaration's, because nothing says whose it is.
    pub(crate) fn take_header(
        &mut self,
        header: &'a [(&'a Element, GoodsDocument)],
        items: &[ReadItem<'_>],
    ) -> Result<(), Refusal> {
        let mut mentions: Vec<Mention<'a>> = Vec::new();
        for (source, document) in header {
            let code = code_of(document);
            if self.config.is_waiver(&code) {
                self.waivers.push(waiver(None, document));
            }
            if let Some(rank) = self.config.permit_rank(&code) {
                mentions.push(mention(rank, document, source)?);
            }
        }
        for same in by_number(&mentions) {
            let entry = self.entry(same[0].number);
            match items {
                // Stated again for the only goods item, it is the same line.
                [single] if entry.lines.is_empty() => entry.lines = lines(single, &same),
                [_] => {}
                _ => {
                    entry.written_off = write_offs(&same)
                        .filter_map(|one| one.document.written_off.clone())
                        .collect()
                }
            }
        }
        Ok(())
    }

    /// What was gathered, in the order of the message.
    pub(crate) fn finish(self) -> (Vec<PermitReference>, Vec<Waiver>) {
        (self.permits, self.waivers)
    }

    fn entry(&mut self, number: &'a str) -> &mut PermitReference {
        let index = match self.places.get(number) {
            Some(index) => *index,
            None => {
                self.permits.push(PermitReference {
                    number: number.to_owned(),
                    issuing_country: issuing_country(number).unwrap_or(&self.country).to_owned(),
                    ..PermitReference::default()
                });
                self.places.insert(number, self.permits.len() - 1);
                self.permits.len() - 1
            }
        };
        &mut self.permits[index]
    }
}

/// Mentions of one permit together, in the order of their first ones.
fn by_number<'m, 'a>(mentions: &'m [Mention<'a>]) -> Vec<Vec<&'m Mention<'a>>> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut together: Vec<Vec<&Mention<'a>>> = Vec::new();
    for one in mentions {
        match places.get(one.number) {
            Some(place) => together[*place].push(one),
            None => {
                places.insert(one.number, together.len());
                together.push(vec![one]);
            }
        }
    }
    together
}

/// `C400` from its two halves.
fn code_of(document: &GoodsDocument) -> String {
    let half = |text: &Option<String>| text.clone().unwrap_or_default().to_ascii_uppercase();
    half(&document.category_code) + &half(&document.type_code)
}

fn mention<'a>(rank: usize, document: &'a GoodsDocument, source: &Element) -> Result<Mention<'a>, Refusal> {
    // Passing over a permit because its number is missing would let the goods go unendorsed.
    let number = document
        .reference
        .as_deref()
        .ok_or_else(|| Refusal::incomplete(source, format!("the document {} has no ID", code_of(document))))?;
    Ok(Mention {
        rank,
        number,
        document,
        states_write_off: source.value_of("WriteOff/QuantityQuantity").is_some(),
    })
}

fn waiver(goods_item: Option<u32>, document: &GoodsDocument) -> Waiver {
    Waiver {
        goods_item,
        category_code: document.category_code.clone(),
        type_code: document.type_code.clone(),
        reference: document.reference.clone(),
        text: document.name.clone(),
    }
}

/// The mentions of one permit that write something off. Where several document codes name the permit, those of the leading
/// code count and the others repeat them.
fn write_offs<'m, 'a>(mentions: &'m [&'m Mention<'a>]) -> impl Iterator<Item = &'m Mention<'a>> {
    let stating = || mentions.iter().copied().filter(|one| one.states_write_off);
    let leading = stating().map(|one| one.rank).min();
    stating().filter(move |one| Some(one.rank) == leading)
}

/// The lines of one permit on one goods item: its write-offs; without any, the goods item's own quantity.
fn lines(read: &ReadItem<'_>, mentions: &[&Mention<'_>]) -> Vec<PermitLine> {
    let goods_item = read.item.number;
    let written_off: Vec<PermitLine> = write_offs(mentions)
        .map(|one| {
            let quantity = one.document.written_off.clone();
            // A write-off without a unit stays without a quantity: the goods item's own would be another one.
            line(goods_item, quantity.map(|quantity| (quantity, Basis::WriteOff)))
        })
        .collect();
    if !written_off.is_empty() {
        return written_off;
    }
    let own = read
        .item
        .tariff_quantity
        .clone()
        .map(|quantity| (quantity, Basis::TariffQuantity));
    let own = own.or_else(|| read.item.net_mass.clone().map(|quantity| (quantity, Basis::NetMass)));
    vec![line(goods_item, own)]
}

fn line(goods_item: u32, quantity: Option<(Quantity, Basis)>) -> PermitLine {
    let (quantity, basis) = quantity.unzip();
    PermitLine {
        goods_item,
        item: None,
        quantity,
        basis,
    }
}

/// The issuing country of a number of the form `<country>CP<number>`, with at most one letter before `CP`
/// (`XIICP553202734852`, `GBCP54321`); none where the number does not follow that habit.
fn issuing_country(number: &str) -> Option<&str> {
    let prefix = number.get(..2).filter(|prefix| country::is_known(prefix))?;
    let rest = &number[2..];
    let behind = rest.strip_prefix("CP").or_else(|| {
        let letter = rest.chars().next().filter(char::is_ascii_uppercase)?;
        rest[letter.len_utf8()..].strip_prefix("CP")
    })?;
    behind.starts_with(|c: char| c.is_ascii_digit()).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::issuing_country;

    #[test]
    fn the_country_is_read_from_numbers_that_follow_the_habit() {
        let cases = [
            ("XIICP553202734852", Some("XI")),
            ("GBICP160/2017", Some("GB")),
            ("GBCP54321", Some("GB")),
            ("FRECP12568", Some("FR")),
            ("FR1202501030-R", None),
            ("23CZ034504", None),
            ("QQCP1", None),
            ("GBICP", None),
            ("GBIICP1", None),
            ("G", None),
            ("éé", None),
            ("", None),
        ];
        for (number, expected) in cases {
            assert_eq!(issuing_country(number), expected, "{number}");
        }
    }
}
