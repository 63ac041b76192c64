//! Parties and their addresses: toolkit v2 has the country flat in the address, v1 as an element of its own.

use crate::values::{country, every, said, text};
use dragoman_documents::{Address, Party};
use dragoman_xml::{Element, Writer};

/// Reads a party such as `ConsigneeTradeParty`; none where it says nothing.
pub(crate) fn party(element: &Element) -> Option<Party> {
    let party = Party {
        id: text(element, "ID"),
        name: text(element, "Name"),
        address: element.child("PostalTradeAddress").and_then(address),
    };
    (party != Party::default()).then_some(party)
}

fn address(element: &Element) -> Option<Address> {
    let mut lines = every(element, "StreetName");
    lines.extend(every(element, "PostOfficeBox"));
    let either = |flat: &str, nested: &str| text(element, flat).or_else(|| text(element, nested));
    let address = Address {
        street: settled_lines(&lines.join("\n")),
        city: text(element, "CityName"),
        postcode: text(element, "PostcodeCode"),
        subdivision: either(
            "CountrySubDivisionName",
            "CountryIdentificationTradeCountry/SubordinateTradeCountrySubDivision/Name",
        ),
        country: country(element, "CountryID").or_else(|| country(element, "CountryIdentificationTradeCountry/ID")),
    };
    (address != Address::default()).then_some(address)
}

/// The lines of a text without white space at their ends, lines of nothing but `?`, and blank ones before and behind;
/// none where nothing is left.
pub(crate) fn settled_lines(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| line.is_empty() || said(line).is_some()).collect();
    said(&lines.join("\n")).map(str::to_owned)
}

/// Name of the person who signs for a party, else of the one who represents it.
pub(crate) fn person(element: &Element) -> Option<String> {
    text(element, "SpecifiedAuthoritativeSignatoryPerson/Name")
        .or_else(|| text(element, "SpecifiedRepresentativePerson/Name"))
}

/// Writes a party, with the person who signs for it; nothing where there is neither.
pub(crate) fn write(writer: &mut Writer, name: &str, party: Option<&Party>, person: Option<&str>) {
    if party.is_none() && person.is_none() {
        return;
    }
    writer.element(name, &[], |writer| {
        if let Some(party) = party {
            writer.optional("r:ID", &[], party.id.as_deref());
            writer.optional("r:Name", &[], party.name.as_deref());
            if let Some(address) = &party.address {
                write_address(writer, address);
            }
        }
        if let Some(person) = person {
            writer.element("r:SpecifiedAuthoritativeSignatoryPerson", &[], |writer| {
                writer.leaf("r:Name", &[], person);
            });
        }
    });
}

fn write_address(writer: &mut Writer, address: &Address) {
    writer.element("r:PostalTradeAddress", &[], |writer| {
        writer.optional("r:PostcodeCode", &[], address.postcode.as_deref());
        match address.street.as_deref() {
            // An empty element is no line to a reader: a blank line stands only inside of one.
            Some(street) if street.lines().any(|line| line.trim().is_empty()) => {
                writer.leaf("r:StreetName", &[], street);
            }
            street => {
                for line in street.iter().flat_map(|street| street.lines()) {
                    writer.leaf("r:StreetName", &[], line);
                }
            }
        }
        writer.optional("r:CityName", &[], address.city.as_deref());
        writer.optional("r:CountryID", &[], address.country.as_deref());
        writer.optional("r:CountrySubDivisionName", &[], address.subdivision.as_deref());
    });
}
