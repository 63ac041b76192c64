//! Box 14, read: what was really exported. The header has one examination event for each endorsement (time, port,
//! customs), each item has one for each endorsement with its quantity.

use crate::parties::person;
use crate::quantities;
use crate::values::{moment, text};
use dragoman_documents::{Actor, EndorsedItem, Endorsement, Moment, Office, PermitItem, Port, Quantity};
use dragoman_xml::{Element, Refusal};

/// The name of an examination's element, in the consignment and in its items.
pub(crate) const EVENT: &str = "ExaminationTransportEvent";

/// So many endorsements a permit may have, each with its event: more is no permit, and would not fit into a connector's memory.
const MOST: usize = 1_000;

/// One examination event, as far as it says anything.
#[derive(Debug, Clone, Default, PartialEq)]
struct Event {
    at: Option<Moment>,
    port: Option<Port>,
    office: Option<Office>,
    by: Option<Actor>,
    quantity: Option<Quantity>,
}

/// Reads the endorsements of a consignment.
pub(crate) fn read(consignment: &Element, items: &[PermitItem]) -> Result<Vec<Endorsement>, Refusal> {
    let header = events(consignment)?;
    let mut endorsed: Vec<(Event, Vec<EndorsedItem>)> = header.into_iter().map(|event| (event, Vec::new())).collect();
    let stated = endorsed.len();
    for (element, item) in consignment.children_named(crate::items::ITEM).zip(items) {
        let events = events(element)?;
        let aligned = stated <= 1 || events.len() == stated;
        for (place, event) in events.into_iter().enumerate() {
            if event == Event::default() {
                continue;
            }
            let place = match stated {
                0 => by_time(&mut endorsed, &event),
                1 => 0,
                _ if aligned => place,
                _ => by_time(&mut endorsed, &event),
            };
            add(&mut endorsed[place], item, event);
        }
        if endorsed.len() > MOST {
            return Err(too_many(element));
        }
    }
    if let ([item], [(event, lines)]) = (items, endorsed.as_mut_slice())
        && lines.is_empty()
        && let Some(quantity) = event.quantity.take()
    {
        // The only quantity there is can only be that of the only item.
        lines.push(EndorsedItem {
            item: item.id.clone(),
            quantity,
        });
    }
    Ok(endorsed.into_iter().filter_map(endorsement).collect())
}

/// The place of the endorsement of the same moment; a new one where there is none.
fn by_time(endorsed: &mut Vec<(Event, Vec<EndorsedItem>)>, event: &Event) -> usize {
    let known = endorsed.iter().position(|(one, _)| one.at == event.at);
    known.unwrap_or_else(|| {
        let event = Event {
            quantity: None,
            ..event.clone()
        };
        endorsed.push((event, Vec::new()));
        endorsed.len() - 1
    })
}

/// Adds an item's event to an endorsement: its quantity, and what the header left out.
fn add((header, lines): &mut (Event, Vec<EndorsedItem>), item: &PermitItem, event: Event) {
    header.at = header.at.take().or(event.at);
    header.port = header.port.take().or(event.port);
    header.office = header.office.take().or(event.office);
    header.by = header.by.take().or(event.by);
    if let Some(quantity) = event.quantity {
        lines.push(EndorsedItem {
            item: item.id.clone(),
            quantity,
        });
    }
}

fn endorsement((event, items): (Event, Vec<EndorsedItem>)) -> Option<Endorsement> {
    let says_nothing =
        event.at.is_none() && event.port.is_none() && event.office.is_none() && event.by.is_none() && items.is_empty();
    (!says_nothing).then(|| Endorsement {
        at: event.at,
        port: event.port,
        office: event.office,
        endorsed_by: event.by,
        items,
        ..Endorsement::default()
    })
}

fn too_many(element: &Element) -> Refusal {
    Refusal::unreadable(
        element,
        format!("a permit of more than {MOST} endorsements is not read"),
    )
}

/// The events of a consignment or of an item, empty ones included: their place counts.
fn events(parent: &Element) -> Result<Vec<Event>, Refusal> {
    if let Some(element) = parent.children_named(EVENT).nth(MOST) {
        return Err(too_many(element));
    }
    parent.children_named(EVENT).map(event).collect()
}

fn event(element: &Element) -> Result<Event, Refusal> {
    let port = Port {
        code: text(element, "OccurrenceLogisticsLocation/ID"),
        name: text(element, "OccurrenceLogisticsLocation/Name"),
    };
    let (office, by) = element
        .children_named("CertifyingTradeParty")
        .map(certifier)
        .find(|(office, by)| office.is_some() || by.is_some())
        .unwrap_or_default();
    let amounts = ["UnitQuantity", "InspectedUnitQuantity"];
    let amounts: Vec<&Element> = element
        .children()
        .filter(|child| amounts.contains(&child.name()))
        .collect();
    Ok(Event {
        at: moment(element, "ActualOccurrenceDateTime")?,
        port: (port != Port::default()).then_some(port),
        office,
        by,
        quantity: quantities::total(&amounts)?,
    })
}

/// The customs party: an identifier makes it an office, its name is the authority, its signatory the officer.
fn certifier(element: &Element) -> (Option<Office>, Option<Actor>) {
    let authority = text(element, "Name");
    let office = text(element, "ID").map(|code| Office {
        code: Some(code),
        name: authority.clone(),
    });
    let by = Actor {
        name: person(element),
        authority,
        ..Actor::default()
    };
    (office, (by != Actor::default()).then_some(by))
}
